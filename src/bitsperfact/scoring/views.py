"""The claims of one set as a score may see them: without the columns that say what is true, unless supervised."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from bitsperfact.rows import Rows

#: Columns of a claims table that an unsupervised score may see.
UNLABELLED = ("claim_id", "claim_set", "group", "prefix", "target")


@dataclass(frozen=True)
class Unlabelled:
    """The claims of one set, as far as an unsupervised score may see them, in batches of columns."""

    _rows: Rows
    _allowed: ClassVar[tuple[str, ...]] = UNLABELLED

    def batches(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """Yield the claims in order; ValueError for a column that must not be seen."""
        return self._rows.batches(self._checked(columns))

    def row(self, at: int, columns: Sequence[str]) -> "pd.Series[Any]":
        """Return one claim, by its position; ValueError as for `batches`."""
        return self._rows.row(at, self._checked(columns))

    @property
    def name(self) -> str:
        """The claim set's."""
        return str(self.row(0, ["claim_set"])["claim_set"])

    def _checked(self, columns: Sequence[str]) -> Sequence[str]:
        if not set(columns) <= set(self._allowed):
            raise ValueError(f"columns must be some of {', '.join(self._allowed)}, not {columns!r}")
        return columns


@dataclass(frozen=True)
class Labelled(Unlabelled):
    """The claims of one set with their labels, for supervised scores alone."""

    _allowed: ClassVar[tuple[str, ...]] = (*UNLABELLED, "is_fact")
