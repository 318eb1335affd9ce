"""The rows of a table of scores, whatever holds it: cells as they are written, nothing inferred."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bitsperfact.claims.files.opening import open_table
from bitsperfact.outside.cells import READ

Source = str | Path | pd.DataFrame | Sequence[Mapping[str, Any]]


def table(source: Source) -> tuple[str, pd.DataFrame]:
    """Return what a table is called in messages, and its rows: cells of type object, columns named as written.

    A frame, a list of rows, or any file of rows that claims are read from. Cells of CSV and TSV are texts, an
    absent cell is None, and so is one of a column that no score needs. Raises BadInput, naming the row (from 1),
    for what cannot be read.
    """
    opened = open_table(source)
    wanted = [name for name in opened.columns if name.strip() in READ]
    rows = [row for _, row in opened.rows(wanted)]
    cells = {name: [row.get(name) for row in rows] if name in wanted else None for name in opened.columns}
    frame = pd.DataFrame(cells, index=range(len(rows)), columns=list(opened.columns), dtype=object)
    return ("scores" if opened.where in ("list", "data frame") else opened.where), frame
