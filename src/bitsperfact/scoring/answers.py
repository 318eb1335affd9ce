"""Answers to the distinct requests of a need, put together from finished shards: 17 bytes a log-probability."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class _Finished(Protocol):
    @property
    def key(self) -> str: ...
    @property
    def n_items(self) -> int: ...


def columns_of(
    tasks: Sequence[_Finished], read: Callable[[str], pd.DataFrame], kinds: Mapping[str, str]
) -> dict[str, NDArray[Any]]:
    """Read the tables of finished tasks, in order: columns of `kinds`, name -> (n_requests, ...).

    `read` returns a finished task's table by its key.
    """
    n = sum(task.n_items for task in tasks)
    columns: dict[str, NDArray[Any]] = {}
    start = 0
    for task in tasks:
        table = read(task.key)
        here = slice(start, start := start + task.n_items)
        for name, kind in kinds.items():
            part = _array(table[name], kind)
            if name not in columns:
                columns[name] = np.empty((n, *part.shape[1:]), dtype=kind)
            columns[name][here] = part
    return columns


def _array(column: "pd.Series[Any]", kind: str) -> NDArray[Any]:
    """Return a column of numbers, or of arrays of one shape, as one array."""
    return np.stack(column.to_list()) if column.dtype == object else column.to_numpy(dtype=kind)
