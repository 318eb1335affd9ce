"""A ladder in markdown: cells averaged over seeds, laws, verdicts, and what was memorised."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bitsperfact.report.cells import columns_of, gained, seed_means, whole
from bitsperfact.report.wording import number, percent, printable, words

Write = Callable[[Any], str]

_LAWS = {"q_star": "log2(1/q)", "bits_per_fact": "KL", "own_bits": "effective bits"}


def _signed(value: float) -> str:
    return number(value) if np.isnan(value) or value < 0 else f"+{number(value)}"


def _interval(write: Write, value: float, low: float, high: float) -> str:
    return f"{write(value)} ({write(low)} to {write(high)})"


_MEMORISED: tuple[tuple[str, str, Write], ...] = (
    ("P", "parameters", whole),
    ("n at the plateau", "n_facts", whole),
    ("memorised, bits per parameter", "bits_per_parameter", number),
    ("last doubling", "gain", gained),
    ("judged, effective bits per parameter", "membership_bits_per_parameter", number),
    ("n there", "membership_n_facts", whole),
)


def cells_markdown(table: pd.DataFrame) -> str:
    """Return cells of one architecture and objective, a row per size, n and weight of facts: means over seeds.

    `table`: of `report.cells.measured_cells`.
    """
    return markdown(seed_means(table), columns_of(str(table["objective"].iloc[0])))


def law_rows(laws: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Return headings and rows of one architecture's laws, of `analysis.law_table`, as text."""
    heads = ["law", "cells", "c, bits per parameter", "error at larger loads", "at larger sizes"]
    heads += ["c per doubling of P", "of P/n", "intercept, bits", "best cell"]
    rows = [
        [
            _LAWS[str(law["measure"])],
            f"with {law['unfinished']} unfinished" if law["unfinished"] else "finished",
            _interval(number, law["bits_per_parameter"], law["lower"], law["upper"]),
            percent(law["heldout_loads"]),
            percent(law["heldout_sizes"]),
            *(
                _interval(write, *(law[f"{name}{end}"] for end in ("", "_lower", "_upper")))
                for name, write in (("size_slope", gained), ("load_slope", gained), ("intercept", _signed))
            ),
            number(law["best"]),
        ]
        for law in laws.to_dict("records")
    ]
    return heads, rows


def laws_markdown(laws: pd.DataFrame) -> str:
    """Return one architecture's rows of `analysis.law_table`."""
    return _table(*law_rows(laws))


def verdicts_markdown(verdict: pd.DataFrame) -> str:
    """Tabulate verdicts of one architecture as a whole, evidence first: status, kind, prediction, reason."""
    rows = [
        [str(row["status"]), str(row["kind"]), words(str(row["prediction"])), printable(row["reason"])]
        for row in verdict.sort_values("kind", ascending=False, kind="stable").to_dict("records")
    ]
    return _table(["verdict", "kind", "prediction", "what was seen"], rows)


def memorised_markdown(found: pd.DataFrame) -> str:
    """Return one architecture's rows of `analysis.memorised`."""
    return markdown(found, _MEMORISED)


def markdown(frame: pd.DataFrame, columns: Sequence[tuple[str, str, Write]]) -> str:
    """Return a table of the columns (heading, name, how a value is written) of a frame."""
    rows = [[write(row[name]) for _, name, write in columns] for row in frame.to_dict("records")]
    return _table([head for head, _, _ in columns], rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *[[cell.replace("|", "\\|") for cell in row] for row in rows]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
