"""A claim set: a checked table of claims and what its rows cannot say."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from bitsperfact import tables
from bitsperfact.claims.notes import Note
from bitsperfact.files import hash_pieces
from bitsperfact.rows import InMemory, Rows
from bitsperfact.tables import ClaimSetInfo

if TYPE_CHECKING:
    import datasets

# `claim_id` already hashes claim_set, prefix and target.
_HASHED = ("claim_id", "group", "is_fact", "grade", "stratum", "source")


@dataclass(frozen=True, eq=False)
class ClaimSet:
    """Claims with their truth, and the census of the set they come from.

    `frame` has the columns of `tables.COLUMNS["claims"]`; `prefix + target` is a claim's text and `group` its
    entity. `notes`: what of its source is no claim, and what looks odd. Raises BadInput, naming the cell, where
    the frame is no claims table.
    """

    frame: pd.DataFrame
    info: ClaimSetInfo
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "frame", tables.check("claims", self.frame, f"claim set {self.info.name}"))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the rows, in order, and of `info`, in hexadecimal; equal across machines."""
        return fingerprint_of(self.info, InMemory("claims", self.frame))

    def to_dataset(self) -> "datasets.Dataset":
        """Return the rows as a `datasets.Dataset` with typed columns; its description ends with `info` in JSON."""
        import datasets

        described = (
            f"{self.info.description}\n\n{json.dumps(asdict(self.info), ensure_ascii=False, sort_keys=True)}"
        )
        info = datasets.DatasetInfo(
            description=described.strip(),
            license=self.info.licence,
            features=_features(),
            dataset_name=self.info.name,
        )
        return datasets.Dataset.from_pandas(self.frame, features=_features(), info=info, preserve_index=False)


@dataclass(frozen=True)
class ClaimStream:
    """A claim set whose rows come in batches, from the first again at each call, and have not been checked."""

    info: ClaimSetInfo
    batches: Callable[[], Iterator[pd.DataFrame]]
    notes: tuple[Note, ...] = ()


def fingerprint_of(info: ClaimSetInfo, rows: Rows) -> str:
    """Hash `rows`, in order, and `info`: what `sha256_of_text` gives of columns written as JSON lists."""
    digest = hashlib.sha256()
    hash_pieces(digest, lambda: [json.dumps(asdict(info), sort_keys=True)])
    for name in _HASHED:
        # A text's length comes before it, so the column is written twice rather than held.
        hash_pieces(digest, partial(_json_list, rows, name))
    return digest.hexdigest()


def _json_list(rows: Rows, column: str) -> Iterator[str]:
    between = "["
    for batch in rows.batches([column]):
        yield between + json.dumps(batch[column].tolist())[1:-1]
        between = ", "
    yield "]" if between == ", " else "[]"


def _features() -> "datasets.Features":
    import datasets

    kinds = {str: "string", bool: "bool", float: "float64", int: "int64"}
    return datasets.Features(
        {name: datasets.Value(kinds[kind]) for name, kind in tables.COLUMNS["claims"].items()}
    )
