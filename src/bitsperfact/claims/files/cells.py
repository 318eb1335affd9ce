"""What a cell says: one text, or several; the same whatever kind of file it stood in."""

import ast
import datetime as dt
import json
import math
import re
import warnings
from collections.abc import Iterator
from typing import Any

from bitsperfact.errors import BadInput

#: How numpy prints texts and numbers: no commas between them.
_NUMPY_ITEM = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[-+.\w]+""", re.DOTALL)
_NUMPY_ARRAY = re.compile(r"^\s*array\((.*?)(?:,\s*dtype=[\w'<>]+)?\s*\)\s*$", re.DOTALL)
#: How lists and dicts of texts begin, whole or cut short.
_CUT = re.compile(r"""^[\[{]\s*['"]""")
#: A float beyond this no longer tells neighbouring whole numbers apart.
_EXACT = 2**53


def is_missing(value: object) -> bool:
    """Return whether a cell says nothing: null, not a number, or a blank text."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return True
    if isinstance(value, float):
        return math.isnan(value)
    return type(value).__name__ in ("NAType", "NaTType")


def is_unlabelled(value: object) -> bool:
    """Return whether a label or answer is not given: a gap, or -1 as in unlabelled test splits."""
    return is_missing(value) or (not is_list(value) and value in (-1, "-1"))


def is_list(value: object) -> bool:
    """Return whether a cell holds several values, whatever kind of list that is."""
    return isinstance(value, (list, tuple, set, frozenset, dict)) or bool(getattr(value, "ndim", 0))


def text_of(value: Any, where: object) -> str:
    """Return a cell as one text without blanks around it, "" where it is missing.

    Numbers are written as people write them: a whole number without a fraction, even where a gap in its column has
    made all of it floats. Raises BadInput, naming `where`, for a cell that holds several values.
    """
    if is_missing(value):
        return ""
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return text_of(value.item(), where)
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
        return str(int(value))
    if isinstance(value, bytes):
        return _decoded(value, where)
    if isinstance(value, dt.datetime) and value.time() == dt.time.min:
        return value.date().isoformat()
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if is_list(value) or hasattr(value, "tolist"):
        raise BadInput(where, "one value in a cell", f"{type(value).__name__} {str(value)[:80]}")
    return str(value)


def texts_of(value: Any, where: object, separator: str = "") -> tuple[str, ...]:
    """Return a cell as texts, in order, each once: the items of a list, or the one text that there is.

    A list may be one, or be written as JSON, as a Python literal, as numpy prints it, as lines, or with
    `separator` between its items. Missing items are left out. Raises BadInput, naming `where`, for a dict, and
    for what looks like a list and cannot be read as one.
    """
    return tuple(dict.fromkeys(text for text in items_of(value, where, separator) if text))


def items_of(value: Any, where: object, separator: str = "") -> list[str]:
    """Return what `texts_of` reads, every item at its place, "" where one is missing."""
    return list(_items(value, where, separator))


def _items(value: Any, where: object, separator: str) -> Iterator[str]:
    if isinstance(value, str):
        yield from _items_of_text(value, where, separator)
    elif isinstance(value, dict):
        raise BadInput(where, "a text or a list of texts", f"a dict {str(value)[:80]}")
    elif hasattr(value, "tolist") and getattr(value, "ndim", None):
        yield from _items(value.tolist(), where, separator)
    elif isinstance(value, (list, tuple)):
        for item in value:
            # Items are texts as they are: what was split once is not split again.
            yield from _items(item, where, "") if isinstance(item, (list, tuple, dict)) else [text_of(item, where)]
    else:
        yield text_of(value, where)


def _items_of_text(text: str, where: object, separator: str) -> Iterator[str]:
    stripped = text.strip()
    found = list_in(stripped, where)
    if found is not None:
        yield from _items(found, where, "")
    elif separator:
        yield from (part.strip() for part in stripped.split(separator))
    else:
        yield from (line.strip() for line in stripped.splitlines())


def list_in(text: str, where: object) -> list[Any] | None:
    """Return the list that a text without blanks around it spells out; None where it does not look like one.

    Raises BadInput, naming `where`, for a dict, or what looks like a list and is none that is known here.
    """
    if (array := _NUMPY_ARRAY.match(text)) is not None:
        text = array[1].strip()
    ends = text[:1] + text[-1:]
    if _CUT.match(text) and ends not in ("[]", "{}"):
        raise BadInput(where, "a whole list", f"the beginning of one: {text[:80]}")
    if ends not in ("[]", "{}", "()") or len(text) < 2:
        return None
    # First, for Python reads texts beside each other as one; a single text is JSON's or Python's, by its escapes.
    if ends == "[]" and len(items := _numpy_items(text[1:-1])) > 1:
        return items
    found = _parsed(text)
    if ends == "()" and not (isinstance(found, tuple) and any(isinstance(item, str) for item in found)):
        return None  # a remark in brackets, or coordinates
    if isinstance(found, (list, tuple)):
        return list(found)
    kind = "a dict" if isinstance(found, dict) else f"what looks like a list or dict ({ends})"
    raise BadInput(where, "a text, or a list as JSON, Python or numpy write it", f"{kind}: {text[:80]}")


def _parsed(text: str) -> Any:
    for parse in (json.loads, _literal):
        try:
            return parse(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return None


def _literal(text: str) -> Any:
    """Value of a Python literal; of a set, a list in the order written. Names stand for nothing but nan."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a backslash in someone's text
        node = _Missing().visit(ast.parse(text, mode="eval")).body
    if isinstance(node, ast.Set):
        return [ast.literal_eval(item) for item in node.elts]
    return ast.literal_eval(node)


class _Missing(ast.NodeTransformer):
    """Reads the name nan, which a list of pandas' holds where it lacks a text, as None."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.copy_location(ast.Constant(None), node) if node.id == "nan" else node


def _numpy_items(inside: str) -> list[Any]:
    """Return what stands between numpy's brackets, where that is quoted texts, or numbers, and blanks alone."""
    items = _NUMPY_ITEM.findall(inside)
    if _NUMPY_ITEM.sub("", inside).strip():
        return []
    quoted = [item[0] in "'\"" for item in items]
    try:
        if all(quoted):
            return [_literal(item) for item in items]
        return [] if any(quoted) else [_number(item) for item in items]
    except (ValueError, SyntaxError):
        return []


def _number(item: str) -> float | None:
    number = float(item)
    return None if math.isnan(number) else number


def _decoded(value: bytes, where: object) -> str:
    try:
        return value.decode().strip()
    except UnicodeDecodeError:
        raise BadInput(where, "text in UTF-8", f"bytes {value[:20]!r}") from None
