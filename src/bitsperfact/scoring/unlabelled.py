"""The claims of one set as a score may see them: without the columns that say what is true."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bitsperfact.rows import Rows

#: Columns of a claims table that an unsupervised score may see.
UNLABELLED = ["claim_id", "claim_set", "group", "prefix", "target"]


@dataclass(frozen=True)
class Unlabelled:
    """The claims of one set, as far as an unsupervised score may see them, in batches of columns."""

    _rows: Rows

    def batches(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """Yield the claims in order; ValueError for a column that says what is true."""
        return self._rows.batches(_checked(columns))

    def row(self, at: int, columns: Sequence[str]) -> "pd.Series[Any]":
        """One claim, by its position."""
        return self._rows.row(at, _checked(columns))

    @property
    def name(self) -> str:
        """The claim set's."""
        return str(self.row(0, ["claim_set"])["claim_set"])


def _checked(columns: Sequence[str]) -> Sequence[str]:
    if not set(columns) <= set(UNLABELLED):
        raise ValueError(f"columns must be some of {', '.join(UNLABELLED)}, not {columns!r}")
    return columns
