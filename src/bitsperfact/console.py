"""What every command does around its work: one line for bad input, and an exit status that says what happened.

What is printed never decides how a command ends: characters that the output cannot hold are written with those
that it can, and where nobody reads on (`| head`), the work goes on unheard.
"""

import io
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO

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
    with redirect_stdout(Output(sys.stdout)) as out, redirect_stderr(Output(sys.stderr)):

        def work() -> Any:
            result = command(standalone_mode=False)
            out.flush()  # a full disk is found out here, not after the status is known
            return result

        status = status_of(work)
    raise SystemExit(status)


class Output(io.TextIOBase):
    """A text stream that writes what `inner` can encode in place of what it cannot, and outlives its reader."""

    #: What stands for characters of the tables; others lose their accents, or become "?".
    LIKE = str.maketrans(
        dict.fromkeys("–—−‐‑─━", "-")
        | dict.fromkeys("‘’", "'")
        | dict.fromkeys("“”„", '"')
        | {"≥": ">=", "≤": "<=", "∞": "inf", "✓": "+", "✗": "x", "·": "|", "…": "...", "→": "->", "×": "x"}
        | {"½": "1/2", "¼": "1/4", "¾": "3/4"}
    )

    def __init__(self, inner: TextIO | None) -> None:
        # A process may start without the stream.
        self._inner = inner

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of what is written."""
        return getattr(self._inner, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Write a text and return its length."""
        if self._inner is not None:
            self._try(lambda: self._inner.write(self._encodable(text)))  # type: ignore[union-attr]
        return len(text)

    def flush(self) -> None:
        """Hand on what was written."""
        if self._inner is not None:
            self._try(self._inner.flush)

    def isatty(self) -> bool:
        """Return whether a person reads it."""
        return self._inner is not None and self._inner.isatty()

    def fileno(self) -> int:
        """Return the number of the file that is written to; OSError where there is none."""
        return super().fileno() if self._inner is None else self._inner.fileno()

    def writable(self) -> bool:
        """Return that it can be written to."""
        return True

    def _encodable(self, text: str) -> str:
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return "".join(self._encodable_character(character) for character in text)
        return text

    def _encodable_character(self, character: str) -> str:
        for form in (character, character.translate(self.LIKE), unicodedata.normalize("NFKD", character)):
            if kept := form.encode(self.encoding, "ignore").decode(self.encoding):
                return kept
        return "?"

    def _try(self, action: Callable[[], Any]) -> None:
        try:
            action()
        except OSError as error:
            # What is left in the stream must go somewhere, or the interpreter fails on it as it ends.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            if not isinstance(error, BrokenPipeError):
                raise


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
