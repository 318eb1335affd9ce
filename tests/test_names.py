"""Names of the package: no class name stands for two things, and none is a word that readers have to guess."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "bitsperfact"
#: Words that are no terms of the field, or mean another thing in it. Telling two laws apart is a term.
GUESSED = re.compile(
    r"(?i)(^|_)(ways?|asked|said|foretell\w*|telling|told(?!_apart)|parcels?|hired?|tickets?|judging|bench)(_|$)"
)


@cache
def _nodes():
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in SOURCE.rglob("*.py"))
    return [node for tree in trees for node in ast.walk(tree)]


def test_no_class_name_is_used_twice():
    names = Counter(node.name for node in _nodes() if isinstance(node, ast.ClassDef))
    assert len(names) > 100
    assert [name for name, times in names.items() if times > 1] == []


def test_names_are_terms_of_the_field():
    named = {node.name for node in _nodes() if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    named |= {node.id for node in _nodes() if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    named |= {node.arg for node in _nodes() if isinstance(node, ast.arg)}
    named |= {path.stem for path in SOURCE.rglob("*.py")}
    assert len(named) > 1000
    assert sorted(name for name in named if GUESSED.search(name)) == []
