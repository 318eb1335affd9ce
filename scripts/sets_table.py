"""Write the table of claim sets into data/README.md: python scripts/sets_table.py."""

from bitsperfact import claims
from bitsperfact.files import write_text
from bitsperfact.locations import data_folder

_BEGIN, _END = "<!-- sets: begin -->\n", "<!-- sets: end -->\n"


def with_table(readme: str, table: str) -> str:
    """The README's text with the table between its two marks."""
    before, _, rest = readme.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return before + _BEGIN + table + _END + after


if __name__ == "__main__":
    path = data_folder() / "README.md"
    write_text(path, with_table(path.read_text(encoding="utf-8"), claims.overview()))
