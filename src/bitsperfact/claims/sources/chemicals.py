"""Chemicals and their CAS Registry Numbers, from the identifier tables of chemicals."""

import re
from collections.abc import Iterator
from pathlib import Path

from bitsperfact.claims.kinds import MADE_OF_CODES, SourceKind
from bitsperfact.claims.packages import versions
from bitsperfact.claims.recipes import Recipe
from bitsperfact.claims.shapes import CodeShape, cas_check_digit
from bitsperfact.claims.subjects import Facts, Subject, unambiguous
from bitsperfact.errors import BadInput

_TABLES = ("chemical identifiers pubchem small.tsv", "chemical identifiers pubchem large.tsv")
_CAS = re.compile(r"[1-9]\d{1,6}-\d\d-\d")
_NAME, _SYNONYMS = 8, 7


def read(recipe: Recipe) -> Facts:
    """CAS number of every chemical whose common name is a name, unique and of at most `options.longest_name`.

    All further CAS numbers listed among a chemical's synonyms (retired ones, say) count as true of it.
    """
    source = versions(recipe.packages, recipe.path)
    longest = recipe.options.get("longest_name", 60)
    taken: set[str] = set()
    subjects: dict[str, Subject] = {}
    for number, name, others in _chemicals(recipe):
        taken |= {number, *others}
        if number not in subjects and valid_cas(number) and len(name) <= longest and _is_name(name):
            prefix = recipe.filled(recipe.prefix, {"name": name})
            subjects[number] = Subject(name, prefix, (number,), also_true=others)
    return Facts(unambiguous(subjects.values()), source, CodeShape(**recipe.shape), taken=frozenset(taken))


def valid_cas(text: str) -> bool:
    """Return whether text is a CAS Registry Number with the right check digit."""
    return bool(_CAS.fullmatch(text)) and text[-1] == cas_check_digit(text[:-1])


def _chemicals(recipe: Recipe) -> Iterator[tuple[str, str, frozenset[str]]]:
    import chemicals

    # The package's own index holds every synonym of every chemical in memory; the tables are read once instead.
    folder = Path(chemicals.__file__).parent / "Identifiers"
    for table in _TABLES:
        if not (folder / table).is_file():
            raise BadInput(recipe.path, f"table {table!r} in package chemicals", "no such file")
        with (folder / table).open(encoding="utf-8") as lines:
            for line in lines:
                cells = line.rstrip("\n").split("\t")
                yield (
                    cells[1],
                    cells[_NAME].strip(),
                    frozenset(s for s in cells[_SYNONYMS:] if s[-2:-1] == "-" and valid_cas(s)),
                )


def _is_name(text: str) -> bool:
    letters = sum(c.isalpha() for c in text)
    return (
        letters >= 3 and 2 * letters > len(text) and not re.fullmatch(r"[A-Z0-9-]*\d{4,}[A-Z0-9-]*", text.upper())
    )


KIND = SourceKind(read, MADE_OF_CODES, {"longest_name": int}, CodeShape)
