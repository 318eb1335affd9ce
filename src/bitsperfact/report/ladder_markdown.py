"""A ladder in markdown: cells averaged over seeds, laws, verdicts, and what was memorised."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bitsperfact.report.wording import MISSING, number, percent, printable, words

Write = Callable[[Any], str]

_LAWS = {"q_star": "log2(1/q)", "bits_per_fact": "KL", "bits_effective": "effective bits"}
_PLACE = ("parameters", "n_facts", "fact_weight")


def _count(value: Any) -> str:
    return MISSING if pd.isna(value) else f"{round(value):,}"


def _signed(value: float) -> str:
    return number(value) if np.isnan(value) or value < 0 else f"+{number(value)}"


def _interval(write: Write, value: float, low: float, high: float) -> str:
    return f"{write(value)} ({write(low)} to {write(high)})"


def _gain(value: float) -> str:
    return f"+{percent(value)}" if value > 0 else percent(value)


#: Heading, column and how it is written, of the table of either objective.
_JUDGED: tuple[tuple[str, str, Write], ...] = (
    ("P", "parameters", _count),
    ("n", "n_facts", _count),
    ("a", "fact_weight", "{:g}".format),
    ("P/n", "parameters_per_fact", number),
    ("KL", "measured_bits_per_fact", number),
    ("b_eff", "bits", number),
    ("q", "measured_q_star", "{:.2g}".format),
    ("x*", "measured_x_star", "{:.3f}".format),
    ("facts missed", "measured_miss_rate", percent),
    ("c by KL", "c_kl", number),
    ("c by b_eff", "c_bits", number),
    ("last doubling", "gain", _gain),
    ("exposures", "exposures", _count),
    ("seeds", "seeds", _count),
)
_WRITTEN: tuple[tuple[str, str, Write], ...] = (
    ("P", "parameters", _count),
    ("n", "n_facts", _count),
    ("P/n", "parameters_per_fact", number),
    ("KL", "measured_bits_per_fact", number),
    ("bits memorised per fact", "bits", number),
    ("per parameter", "c_bits", number),
    ("last doubling", "gain", _gain),
    ("exposures", "exposures", _count),
    ("seeds", "seeds", _count),
)
_MEMORISED: tuple[tuple[str, str, Write], ...] = (
    ("P", "parameters", _count),
    ("n at the plateau", "n_facts", _count),
    ("memorised, bits per parameter", "bits_per_parameter", number),
    ("last doubling", "gain", _gain),
    ("judged, effective bits per parameter", "membership_bits_per_parameter", number),
    ("n there", "membership_n_facts", _count),
)


def cells_markdown(table: pd.DataFrame) -> str:
    """Cells of one architecture and objective, averaged over seeds: one row per size, n and weight of facts.

    `table`: of `report.ladder.quantities`.
    """
    rows = table.assign(
        c_kl=table["measured_bits_per_fact"] / table["parameters_per_fact"],
        c_bits=table["bits"] / table["parameters_per_fact"],
    )
    means = rows.groupby(list(_PLACE)).mean(numeric_only=True)
    means["seeds"] = rows.groupby(list(_PLACE)).size()
    judged = (table["objective"] == "membership").any()
    return markdown(means.reset_index(), _JUDGED if judged else _WRITTEN)


def laws_markdown(laws: pd.DataFrame) -> str:
    """One architecture's rows of `analysis.ladder.law_table`."""
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
                for name, write in (("size_slope", _gain), ("load_slope", _gain), ("intercept", _signed))
            ),
            number(law["best"]),
        ]
        for law in laws.to_dict("records")
    ]
    return _table(heads, rows)


def verdicts_markdown(verdict: pd.DataFrame) -> str:
    """What was said of one architecture as a whole, evidence before checks: status, kind, prediction, reason."""
    rows = [
        [str(row["status"]), str(row["kind"]), words(str(row["prediction"])), printable(row["reason"])]
        for row in verdict.sort_values("kind", ascending=False, kind="stable").to_dict("records")
    ]
    return _table(["verdict", "kind", "prediction", "what was seen"], rows)


def memorised_markdown(found: pd.DataFrame) -> str:
    """One architecture's rows of `analysis.ladder.memorised`."""
    return markdown(found, _MEMORISED)


def markdown(frame: pd.DataFrame, columns: Sequence[tuple[str, str, Write]]) -> str:
    """A table of the columns (heading, name, how a value is written) of a frame."""
    rows = [[write(row[name]) for _, name, write in columns] for row in frame.to_dict("records")]
    return _table([head for head, _, _ in columns], rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *[[cell.replace("|", "\\|") for cell in row] for row in rows]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
