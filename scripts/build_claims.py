"""Build claim sets as parquet files with their cards, or refresh the table in data/README.md."""

import argparse
import sys
from pathlib import Path

from bitsperfact import claims, tables
from bitsperfact.errors import BadInput
from bitsperfact.files import write_text
from bitsperfact.locations import data_folder

_BEGIN, _END = "<!-- sets: begin -->\n", "<!-- sets: end -->\n"


def with_table(readme: str, table: str) -> str:
    """The README's text with the table between its two marks."""
    before, _, rest = readme.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return before + _BEGIN + table + _END + after


def build(names: list[str], folder: Path, limit: int | None, seed: int) -> list[str]:
    """Write `NAME.parquet` and `NAME.md` for every set; return a line for each that could not be made."""
    failed = []
    for name in names:
        try:
            made = claims.load(name, limit=limit, seed=seed)
        except BadInput as problem:
            failed.append(str(problem))
            continue
        tables.write("claims", made.frame, folder / f"{name}.parquet")
        write_text(folder / f"{name}.md", claims.card(made))
        print(f"{name}: {len(made.frame):,} claims")
    return failed


def main(arguments: list[str] | None = None) -> int:
    """Command line; exit status 2 where a set could not be made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", help="sets to build (default: all)")
    parser.add_argument("--out", type=Path, default=Path("claims"))
    parser.add_argument("--limit", type=int, help="facts per set (default: all)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--table", action="store_true", help="only rewrite the table in data/README.md")
    options = parser.parse_args(arguments)
    if options.table:
        readme = data_folder() / "README.md"
        write_text(readme, with_table(readme.read_text(encoding="utf-8"), claims.overview()))
        return 0
    failed = build(options.sets or claims.names(), options.out, options.limit, options.seed)
    print(*failed, sep="\n", end="\n" if failed else "", file=sys.stderr)
    return 2 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
