"""What every command does around its work: one line for bad input, and an exit status that says what happened."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import typer

from bitsperfact.errors import BadInput

#: 0 ran; 1 a prediction is violated under --strict; 2 bad input; 130 interrupted (as shells count it).
VIOLATED, BAD_INPUT, INTERRUPTED = 1, 2, 130

app_settings: dict[str, Any] = {
    "add_completion": False,
    "rich_markup_mode": None,
    "pretty_exceptions_enable": False,
}


def main(command: Callable[..., Any]) -> None:
    """Run a Typer app and leave the process with its exit status; expected failures print one line."""
    raise SystemExit(status_of(lambda: command(standalone_mode=False)))


def status_of(work: Callable[[], Any]) -> int:
    """Run `work` and return its exit status."""
    try:
        result = work()
    except BadInput as error:
        return _fail(str(error))
    except typer.TyperException as error:
        return _fail(_one_line(error))
    except typer.Exit as leaving:
        return int(leaving.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        print("interrupted; the same command goes on from here", file=sys.stderr)  # noqa: T201
        return INTERRUPTED
    except OSError as error:  # a full disk, a folder without permission: not a fault of the program
        return _fail(f"{error.filename or 'files'}: expected to read or write, got {error.strerror or error}")
    return int(result or 0)


def _one_line(error: typer.TyperException) -> str:
    """Return the message in the form that `BadInput` has: where, then what was expected."""
    message = " ".join(error.format_message().split())
    return re.sub(r"^Invalid value for '(--[\w-]+).*?': (?:Value error, )?", r"\1: ", message)


@contextmanager
def progress(what: str, unit: str, *, shown: bool | None = True) -> Iterator[Callable[[int, int], None]]:
    """Show a bar; yield what moves it, called with how much is done of how much. `shown` None: on a terminal."""
    from tqdm import tqdm

    with tqdm(desc=what, unit=unit, disable=None if shown is None else not shown, leave=shown is None) as bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield advance


def status_under(strict: bool, statuses: Iterable[str]) -> int:
    """Exit status of a probe that ran: 1 under `--strict` where a prediction is violated."""
    return VIOLATED if strict and "violated" in set(statuses) else 0


def _fail(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)  # noqa: T201
    return BAD_INPUT
