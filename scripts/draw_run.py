"""Draw a finished run as one picture: python scripts/draw_run.py RUN_FOLDER PICTURE.png (or .svg)."""

import sys
from pathlib import Path

import bitsperfact
from bitsperfact import report
from bitsperfact.errors import BadInput


def main(arguments: list[str]) -> int:
    """Score distributions of the clearest claim set beside bits against parameters; exit status 2 on bad input."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        run = bitsperfact.load_run(arguments[0])
        report.save_figure(report.headline_figure(run), Path(arguments[1]))
    except BadInput as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
