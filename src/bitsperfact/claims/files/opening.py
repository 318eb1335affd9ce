"""From what a user has, a path, a Hub name or an object in memory, to a table of rows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bitsperfact.claims.files.formats import (
    check_once,
    is_there,
    open_part,
    parquet_metadata,
    stem_of,
    suffix_of,
)
from bitsperfact.claims.files.infos import KEY, from_card, from_metadata
from bitsperfact.claims.files.schemas import identifying_columns, plain_columns
from bitsperfact.claims.files.table import Part, Row, SourceTable, sha256_of_rows
from bitsperfact.claims.notes import Note
from bitsperfact.errors import BadInput
from bitsperfact.files import sha256_of_file, sha256_of_text
from bitsperfact.tables import ClaimSetInfo

#: `split` that takes every split, one after the other.
ALL_SPLITS = "all"
_HUB = re.compile(r"hub:(?P<repo>[\w.-]+(/[\w.-]+)?)(@(?P<revision>[\w./-]+))?(#(?P<config>[\w .-]+))?")
#: Files that describe a data set and hold no rows.
_NO_ROWS = ("dataset_info.json", "dataset_infos.json", "state.json", "dataset_dict.json", "README.md", "LICENSE")


def open_table(
    source: object, *, split: str = ALL_SPLITS, config: str | None = None, revision: str | None = None
) -> SourceTable:
    """Open a file, a folder, `hub:org/name[@revision][#config]`, a DataFrame, a Dataset or a list of dicts.

    `split` (default: all, one after the other) is one of a data set's, and `config` and `revision` say which one a
    folder or a Hub name means. Raises BadInput for what cannot be opened, or lacks the split.
    """
    if isinstance(source, (str, Path)):
        if (named := _HUB.fullmatch(str(source))) is not None:
            return open_hub(
                named["repo"],
                split=split,
                config=config or named["config"],
                revision=revision or named["revision"],
                where=str(source),
            )
        path = Path(source)
        if is_there(path, Path.is_dir):
            return open_folder(path, split=split, config=config)
        return open_file(path)
    return _in_memory(source, split)


def open_file(path: Path) -> SourceTable:
    """Open one file; raise BadInput where it cannot be read."""
    part = open_part(path)
    infos: Mapping[str, ClaimSetInfo] = {}
    if suffix_of(path) in (".parquet", ".pq"):
        infos = from_metadata(parquet_metadata(path), path)
    return SourceTable(str(path), path.name, stem_of(path), (part,), partial(sha256_of_file, path), infos)


def open_folder(path: Path, *, split: str, config: str | None, where: object = None) -> SourceTable:
    """Open a folder of files, in the splits and configs that `datasets` sees in it, or one it saved to disk."""
    if (path / "state.json").is_file() or (path / "dataset_dict.json").is_file():
        opened = _loaded(lambda datasets: datasets.load_from_disk(str(path)), where or path, path)
        return replace(_of_datasets(opened, split, str(path), path.name), source=path.name)
    if (path / "run.json").is_file() and (path / "claims.parquet").is_file():
        return open_file(path / "claims.parquet")  # a run's folder holds scores as well
    if not any(file.is_file() for file in path.rglob("*.*")):
        raise BadInput(where or path, "a folder with files of rows", "none in it")
    builder = _builder(str(path), config, None, where or path)
    files = _files(builder, split, where or path)
    if files is None:
        return replace(_prepared(builder, split, where or path), source=path.name, name=path.name)
    table = _of_files([Path(file) for file in files], str(path), builder)
    read = {Path(file).resolve() for each in builder.config.data_files.values() for file in each}
    return replace(table, source=path.name, name=path.name, notes=_not_read(path, read))


def open_hub(repo: str, *, split: str, config: str | None, revision: str | None, where: object) -> SourceTable:
    """Open a data set of the Hub; its files are read as those of the disk are. Raises BadInput where offline."""
    builder = _builder(repo, config, revision, where)
    files = _files(builder, split, where)
    source = f"hub {repo}" + (f"@{revision}" if revision else "")
    if files is None:
        table = _prepared(builder, split, where)
    else:
        table = _of_files([_downloaded(file, where) for file in files], repo, builder)
        if not table.infos:
            table = replace(table, infos=_of_readme(repo, revision))
    return replace(table, where=repo, source=source, name=repo.rpartition("/")[2])


def _of_files(paths: Sequence[Path], where: str, builder: Any) -> SourceTable:
    parts: list[Part] = []
    infos: dict[str, ClaimSetInfo] = {}
    labels = _labels(builder.info.features or {})
    for path in paths:
        file = open_file(path)
        parts += [replace(part, labels={**labels, **part.labels}) for part in file.parts]
        infos.update(file.infos)
    if not infos and paths:
        readme = next((p / "README.md" for p in list(paths[0].parents)[:3] if (p / "README.md").is_file()), None)
        infos.update(from_card(readme) if readme else {})

    def sha256() -> str:
        return sha256_of_text(*map(sha256_of_file, paths))

    return SourceTable(where, where, where, tuple(parts), sha256, infos)


def _builder(path: str, config: str | None, revision: str | None, where: object) -> Any:
    return _loaded(lambda datasets: datasets.load_dataset_builder(path, config, revision=revision), where, path)


def _loaded(load: Any, where: object, what: object) -> Any:
    import datasets

    hidden = datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        return load(datasets)
    except Exception as error:
        # Whatever the library and the network may raise, the user's remedy is the same.
        online = "" if Path(str(what)).is_dir() else " (online?)"
        expected = f"data set {str(what)!r}, from the Hub or a local folder{online}"
        raise BadInput(where, expected, str(error) or type(error).__name__) from None
    finally:
        if not hidden:
            datasets.enable_progress_bars()


def _files(builder: Any, split: str, where: object) -> list[str] | None:
    """Return the files of a split, or None where they are none that are read here: `datasets` prepares those."""
    by_split = {str(name): list(files) for name, files in (builder.config.data_files or {}).items()}
    if not by_split:
        return None
    chosen = [file for files in _of_split(by_split, split, where) for file in files]
    return chosen if all(suffix_of(Path(_bare(file))) for file in chosen) else None


def _of_split(by_split: Mapping[str, Any], split: str, where: object) -> list[Any]:
    if split == ALL_SPLITS:
        return list(by_split.values())
    if split not in by_split:
        raise BadInput(where, f"split {split!r}", f"splits {', '.join(by_split)}")
    return [by_split[split]]


def _bare(file: str) -> str:
    """Return a file's address without what `datasets` says of its packing."""
    return file.rpartition("::")[2]


def _downloaded(file: str, where: object) -> Path:
    from huggingface_hub import HfFileSystem, hf_hub_download

    def fetch(_: Any) -> str:
        named: Any = HfFileSystem().resolve_path(_bare(file))
        return hf_hub_download(named.repo_id, named.path_in_repo, repo_type="dataset", revision=named.revision)

    return Path(_loaded(fetch, where, file))


def _of_readme(repo: str, revision: str | None) -> dict[str, ClaimSetInfo]:
    """Return the claim set that a repository's card describes; none where it has no card."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return from_card(Path(hf_hub_download(repo, "README.md", repo_type="dataset", revision=revision)))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError):
        return {}


def _prepared(builder: Any, split: str, where: object) -> SourceTable:
    def prepare(_: Any) -> Any:
        builder.download_and_prepare()
        return builder.as_dataset()

    opened = _loaded(prepare, where, builder.dataset_name)
    return _of_datasets(opened, split, str(where), builder.dataset_name)


def _not_read(folder: Path, read: set[Path]) -> tuple[Note, ...]:
    """Count files of a folder that hold no row of the table, hidden ones and those that only describe it apart."""
    left = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.resolve() not in read
        and path.name not in _NO_ROWS
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    return (Note("files of the folder not read", len(left), left[0].name),) if left else ()


def _in_memory(source: Any, split: str) -> SourceTable:
    import datasets
    import pandas as pd

    if isinstance(source, pd.DataFrame):
        columns = list(check_once("data frame", [str(name).strip() for name in source.columns]))
        part = Part("data frame", tuple(columns), partial(_frame_rows, source.set_axis(columns, axis=1)))
        return _of_parts((part,), "data frame")
    if isinstance(source, (datasets.Dataset, datasets.DatasetDict)):
        return _of_datasets(source, split, "data set", "claims")
    if isinstance(source, (list, tuple)) and all(isinstance(row, Mapping) for row in source):
        columns = list(dict.fromkeys(str(name) for row in source for name in row))
        return _of_parts((Part("list", tuple(columns), partial(_mapping_rows, source)),), "list")
    expected = "a path, a name, a DataFrame, a Dataset or a list of dicts"
    raise BadInput("claims", expected, f"{type(source).__name__} {str(source)[:60]}")


def _of_parts(parts: tuple[Part, ...], where: str, name: str = "claims") -> SourceTable:
    table = SourceTable(where, where, name, parts, lambda: "")
    return replace(table, sha256=partial(sha256_of_rows, table.rows))


def _of_datasets(opened: Any, split: str, where: str, name: str) -> SourceTable:
    by_split = dict(opened) if isinstance(opened, dict) else {"train": opened}
    parts = [
        Part(
            place,
            tuple(each.column_names),
            partial(_dataset_rows, each),
            _labels(each.features),
            plain_columns(each.features.arrow_schema),
        )
        for place, each in _of_split(_placed(by_split, where), split, where)
    ]
    infos: dict[str, ClaimSetInfo] = {}
    for each in by_split.values():
        infos.update(_described(each.info.description, where))
    table = _of_parts(tuple(parts), where, name)
    columns = {column for each in by_split.values() for column in identifying_columns(each.features.arrow_schema)}
    return replace(table, infos=infos, sha256=partial(sha256_of_rows, partial(table.rows, tuple(columns))))


def _placed(by_split: Mapping[str, Any], where: str) -> dict[str, tuple[str, Any]]:
    """Return each split with how messages name it."""
    one = len(by_split) == 1
    return {name: (where if one else f"{where}, split {name}", rows) for name, rows in by_split.items()}


def _described(description: str | None, where: object) -> dict[str, ClaimSetInfo]:
    """Return the claim sets that paragraphs of a data set's description spell out (`to_dataset`).

    `datasets` puts descriptions one after the other where it concatenates.
    """
    paragraphs = (description or "").split("\n\n")
    spelt = [each for each in paragraphs if each.startswith("{") and '"recipe_sha256"' in each]
    return from_metadata({KEY.encode(): f"[{','.join(spelt)}]".encode()}, where)


def _labels(features: Mapping[str, Any]) -> dict[str, list[str]]:
    return {name: list(each.names) for name, each in features.items() if hasattr(each, "int2str")}


def _frame_rows(frame: Any, wanted: Sequence[str]) -> Iterator[Row]:
    columns = [frame[name].tolist() for name in wanted]
    return (dict(zip(wanted, cells, strict=True)) for cells in zip(*columns, strict=True))


def _mapping_rows(rows: Sequence[Row], wanted: Sequence[str]) -> Iterator[Row]:
    return ({name: row[name] for name in wanted if name in row} for row in rows)


def _dataset_rows(opened: Any, wanted: Sequence[str]) -> Iterator[Row]:
    for batch in opened.select_columns(list(wanted)).with_format("arrow").iter(1 << 12):
        yield from batch.to_pylist()
