"""Which changes to a module do its tests let pass? One comparison, operator, number or status at a time.

    python scripts/mutate.py analysis.sharing=tests/analysis/test_sharing.py [MODULE=TESTS,TESTS ...]
        [--number 10] [--seed 0] [--constant]

No file is touched: each mutant is a module's tree, changed in memory and imported in a forked process that runs
the tests up to the first failure. Tests that start processes of their own run the code as it stands there, and
kill nothing. `--constant` asks of predictions instead: does a test notice where every verdict has one status?
"""

import argparse
import ast
import copy
import importlib.util
import os
import random
import sys
from collections.abc import Iterator
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
#: Third-party modules that every child would import again.
SLOW = ("numpy", "pandas", "scipy.stats", "scipy.optimize", "pandera", "datasets", "torch", "pytest")
#: Plugins that those import come too late to have their asserts rewritten, which is no fault of the tests.
LATE = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
#: Arguments of zip and dataclass that refuse mistakes, and change nothing where there is none.
GUARDS = ("strict", "frozen", "eq")
STATUSES = ("consistent", "violated", "undecided")
_PAIRS = ["Lt GtE", "Gt LtE", "Eq NotEq", "In NotIn", "Is IsNot", "Add Sub", "Mult Div", "BitAnd BitOr", "And Or"]
_TURNS = [[getattr(ast, name) for name in pair.split()] for pair in _PAIRS]
OTHER = {one: two for pair in _TURNS for one, two in (pair, pair[::-1])}


def changed(node: ast.AST) -> ast.AST | None:
    """Return the node with one thing turned round, or None where it has nothing to turn."""
    new = copy.deepcopy(node)
    match new:
        case ast.Compare(ops=[op, *more]) if type(op) in OTHER:
            new.ops = [OTHER[type(op)](), *more]
        case ast.BinOp(op=op) | ast.BoolOp(op=op) if type(op) in OTHER:
            new.op = OTHER[type(op)]()
        case ast.Constant(value=str(word)) if word in STATUSES:
            new.value = STATUSES[(STATUSES.index(word) + 1) % len(STATUSES)]
        case ast.Constant(value=bool(truth)):
            new.value = not truth
        case ast.Constant(value=int(number)):
            new.value = 2 * number + 1
        case ast.Constant(value=float(number)):
            new.value = 1.7 * number + 0.013
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return inner
        case ast.Call(func=ast.Name(id="min" | "max" as name)):
            new.func = ast.Name({"min": "max", "max": "min"}[name], ast.Load())
        case _:
            return None
    return new


class _Swap:
    """Put the changed node in the place of the `at`-th that can change; what computes nothing stays."""

    def __init__(self, at: int) -> None:
        self.at, self.seen, self.said = at, 0, ""

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.keyword) and node.arg in GUARDS:
            return node
        new = changed(node)
        self.seen += new is not None
        if new is not None and self.seen == self.at:
            self.said = f"{getattr(node, 'lineno', 0)} {ast.unparse(node)} -> {ast.unparse(new)}"
            return ast.copy_location(new, node)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns"):
                continue
            if isinstance(value, ast.AST):
                setattr(node, name, self.visit(value))
            elif isinstance(value, list):
                value[:] = [self.visit(each) if isinstance(each, ast.AST) else each for each in value]
        return node


def mutants(source: str, number: int, seed: int) -> Iterator[tuple[str, ast.AST]]:
    """Yield at most `number` mutants of a module, drawn without putting back: what was changed, and the tree."""
    count = _Swap(0)
    count.visit(ast.parse(source))
    for at in random.Random(seed).sample(range(1, count.seen + 1), min(number, count.seen)):
        swap = _Swap(at)
        tree = swap.visit(ast.parse(source))
        yield swap.said, ast.fix_missing_locations(tree)


def constants(source: str) -> Iterator[tuple[str, ast.AST]]:
    """Yield a prediction's module with a judge whose verdicts all have one status, once for each status."""
    for status in STATUSES:
        judge = f"lambda seen: [replace(v, status={status!r}) for v in _JUDGED.judge(seen)]"
        more = (
            "from dataclasses import replace",
            "_JUDGED = PREDICTION",
            f"PREDICTION = replace(_JUDGED, judge={judge})",
        )
        yield f"always {status}", ast.parse("\n".join((source, *more)))


class _Mutant(MetaPathFinder, Loader):
    """Give the mutant where its module is imported."""

    def __init__(self, name: str, path: Path, tree: ast.AST) -> None:
        self.name, self.path, self.code = name, path, compile(tree, str(path), "exec")  # type: ignore[call-overload]

    def find_spec(self, name: str, _path: object, _target: ModuleType | None = None) -> ModuleSpec | None:
        folder = [str(self.path.parent)] if self.path.name == "__init__.py" else None
        found = importlib.util.spec_from_file_location(
            name, self.path, loader=self, submodule_search_locations=folder
        )
        return found if name == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)


def survives(name: str, path: Path, tree: ast.AST, tests: list[str]) -> bool:
    """Whether all tests pass on the mutant, in a process of its own."""
    if (child := os.fork()) == 0:
        import pytest

        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        sys.meta_path.insert(0, _Mutant(name, path, tree))
        os._exit(pytest.main(["-x", "-q", "-W", LATE, "-p", "no:cacheprovider", "-p", "no:xdist", *tests]))
    return os.waitpid(child, 0)[1] == 0


def main() -> None:
    """Print each mutant and whether it was killed, then the count; tests that fail without one are refused."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="+", metavar="MODULE=TESTS")
    parser.add_argument("--number", type=int, default=10, help="mutants per module (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--constant", action="store_true", help="predictions that always say the same")
    args = parser.parse_args()
    sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
    for name in SLOW:
        importlib.import_module(name)
    lived = []
    for each in args.modules:
        module, tests = each.split("=")
        path = ROOT / "src/bitsperfact" / Path(*module.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        source = path.read_text(encoding="utf-8")
        at = f"bitsperfact.{module}", path
        if not survives(*at, ast.parse(source), tests.split(",")):
            parser.error(f"the tests of {module} must pass as it stands: {tests}")
        for said, tree in constants(source) if args.constant else mutants(source, args.number, args.seed):
            lived.append(survives(*at, tree, tests.split(",")))
            print("SURVIVED" if lived[-1] else "killed  ", f"{module}:{said}", flush=True)
    print(f"{len(lived) - sum(lived)} of {len(lived)} killed")


if __name__ == "__main__":
    main()
