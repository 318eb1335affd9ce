"""A run folder: what one probe was asked, what it measured and what follows, as four tables and `run.json`."""

import json
import platform
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from bitsperfact import joining, parquet, tables
from bitsperfact.errors import BadInput
from bitsperfact.files import clear_partial, write_text
from bitsperfact.rows import InMemory, Rows, Stored
from bitsperfact.tables import ClaimSetInfo, ModelInfo


class _Table:
    """A field that holds a table: a frame, or rows of a file, which are read when they are first asked for."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, run: "Run | None", owner: type) -> pd.DataFrame:
        if run is None:  # the class is asked for a default value
            raise AttributeError(self._name)
        value: pd.DataFrame | Rows = run.__dict__[self._name]
        if isinstance(value, Rows):
            value = run.__dict__[self._name] = value.frame()
        return value

    def __set__(self, run: "Run", given: pd.DataFrame | Rows) -> None:
        run.__dict__[self._name] = given


@dataclass(frozen=True, repr=False)
class Run:
    """The contents of a run folder.

    `claims`, `scores`, `separation` and `verdict` are DataFrames (columns: `bitsperfact.tables.COLUMNS`). The
    first two may be given as rows of files, read when they are first asked for; `rows` has them in batches.
    `cells` (networks that were trained) and `known` (what models are by construction) are those of some probes.
    `claim_sets` and `models` say what the rows are about; `manifest` is `run.json` (command, versions, status).
    """

    path: Path
    separation: pd.DataFrame
    verdict: pd.DataFrame
    claim_sets: list[ClaimSetInfo]
    models: list[ModelInfo]
    manifest: dict[str, Any]
    claims: _Table = _Table()
    scores: _Table = _Table()
    cells: pd.DataFrame | None = None
    known: pd.DataFrame | None = None

    def rows(self, table: Literal["claims", "scores"]) -> Rows:
        """Return a table in batches; it is not read whole unless it has been."""
        value: pd.DataFrame | Rows = self.__dict__[table]
        return value if isinstance(value, Rows) else InMemory(table, value)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"


def load_run(path: str | Path, *more: str | Path) -> Run:
    """Load a finished run folder, or several as one; raise BadInput where one is none or has not finished.

    Of several, tables stand one after the other, and rows that are alike, such as the text's baseline on a claim
    set that two of them have, stand there once; see `joining`. Verdicts on which runs differ are left out: those
    on several models are about the models of one run (`bitsperfact analyse RUN RUN` judges all together).
    Raises BadInput where runs contradict each other: in a claim set, a model, a score or what was measured.
    """
    return _joined([_loaded(Path(each)) for each in (path, *more)]) if more else _loaded(Path(path))


def _loaded(folder: Path) -> Run:
    manifest = read_manifest(folder)
    if manifest.get("status") != "complete":
        raise BadInput(folder / "run.json", 'status "complete"', repr(manifest.get("status")))
    return Run(
        path=folder,
        claims=stored("claims", folder),
        scores=stored("scores", folder),
        separation=parquet.read("separation", folder / "separation.parquet"),
        verdict=parquet.read("verdict", folder / "verdict.parquet"),
        claim_sets=[ClaimSetInfo(**entry) for entry in manifest["claim_sets"]],
        models=[ModelInfo(**entry) for entry in manifest["models"]],
        manifest=manifest,
        **{
            name: parquet.read(name, path)
            for name in tables.OPTIONAL
            if (path := folder / f"{name}.parquet").is_file()
        },
    )


def _joined(runs: list[Run]) -> Run:
    """Return several runs as one, without a folder of its own."""
    named = [(str(run.path), run) for run in runs]
    models = joining.infos("model", [(name, run.models) for name, run in named])
    frames: dict[str, pd.DataFrame | None] = {
        table: joining.rows(table, [(name, getattr(run, table)) for name, run in named])
        for table in ("claims", "scores", "separation", *tables.OPTIONAL)
    }
    claim_sets = joining.infos("claim set", [(name, run.claim_sets) for name, run in named])
    verdict = joining.agreed("verdict", [run.verdict for run in runs])
    manifest = {"status": "complete", "runs": [name for name, _ in named]}
    about: dict[str, Any] = {"claim_sets": claim_sets, "models": models, "manifest": manifest}
    return Run(path=Path(), verdict=verdict, **about, **frames)  # type: ignore[arg-type]


def stored(table: tables.Table, folder: Path) -> Stored:
    """Return a table of a run folder, as rows of its file."""
    return Stored(table, folder / f"{table}.parquet")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read `run.json`; raise BadInput where it is missing or broken."""
    path = folder / "run.json"
    if not path.is_file():
        raise BadInput(folder, "a run folder (with run.json)", "no run.json")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput(path, "JSON", error) from None
    if not isinstance(manifest, dict):
        raise BadInput(path, "a JSON object", type(manifest).__name__)
    return manifest


def write_manifest(
    folder: Path, status: str, claim_sets: list[ClaimSetInfo], models: list[ModelInfo], **facts: Any
) -> None:
    """Write `run.json` atomically. `status` is "complete" only once every table of the run is in place."""
    manifest = {
        "status": status,
        "claim_sets": [asdict(info) for info in claim_sets],
        "models": [asdict(info) for info in models],
        **facts,
    }
    write_text(folder / "run.json", json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Make a run folder and hold it for this process. The lock is the system's, so a killed run frees it.

    Raises BadInput where another run holds the folder, or it is a file.
    """
    from filelock import FileLock, Timeout

    if folder.exists() and not folder.is_dir():
        raise BadInput(f"--out {folder}", "a folder", "a file")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", blocking=False):
            clear_partial(folder)
            yield
    except Timeout:
        raise BadInput(f"--out {folder}", "a folder that no other run writes to", "one in use") from None


class RunWriter:
    """The way to write a run folder, which is not complete from the first change of a table to the last.

    `begin` says what the run is about and takes the status "complete" away; then tables go in, in any order;
    `complete` gives it back. A run that ends in between, however, leaves a folder that `load_run` refuses. Open
    one with `writing`, which holds the folder for this process.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._about: tuple[list[ClaimSetInfo], list[ModelInfo]] | None = None
        self._facts: dict[str, Any] = {}

    def begin(self, status: str, claim_sets: list[ClaimSetInfo], models: list[ModelInfo], **facts: Any) -> None:
        """Write `run.json` with what the run is about; `status` says what is being done, never "complete"."""
        if status == "complete":
            raise ValueError('status must say what is being done, got "complete"')
        self._about, self._facts = (claim_sets, models), facts
        write_manifest(self.folder, status, claim_sets, models, **facts)

    def path(self, table: tables.Table) -> Path:
        """Return where a table belongs."""
        return self.folder / f"{table}.parquet"

    def write(self, table: tables.Table, frame: pd.DataFrame) -> None:
        """Check a table and put it in its place, atomically; RuntimeError before `begin`."""
        self._begun()
        parquet.write(table, frame, self.path(table))

    def write_parts(self, table: tables.Table, parts: Iterable[pd.DataFrame]) -> None:
        """Write the same, one part in memory at a time."""
        self._begun()
        parquet.write_parts(table, parts, self.path(table))

    def complete(self, **facts: Any) -> None:
        """Say that the run is complete, with more `facts`; RuntimeError where one of its tables is missing."""
        about = self._begun()
        for table in get_args(tables.Table):
            if table not in tables.OPTIONAL and not self.path(table).is_file():
                raise RuntimeError(f"a run is complete with {table}.parquet, which is missing")
        write_manifest(self.folder, "complete", about[0], about[1], **(self._facts | facts))

    def _begun(self) -> tuple[list[ClaimSetInfo], list[ModelInfo]]:
        if self._about is None:
            raise RuntimeError("a run begins before it is written")
        return self._about


@contextmanager
def writing(folder: Path) -> Iterator[RunWriter]:
    """Hold a run folder and write it; see `only_writer` and `RunWriter`."""
    with only_writer(folder):
        yield RunWriter(folder)


def provenance(packages: Sequence[str], command: Sequence[str] | None = None) -> dict[str, Any]:
    """Record what made a run, for `run.json`: command (default: this process's), versions, machine, commit."""
    return {
        "command": list(sys.argv if command is None else command),
        "versions": {name: version(name) for name in packages},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "git_commit": _git_commit(),
    }


def _git_commit() -> str | None:
    """Return the checkout's commit, where the package runs from one."""
    import subprocess

    checkout = Path(__file__).parents[2]
    if not (checkout / ".git").exists():
        return None
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--abbrev=40"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None
