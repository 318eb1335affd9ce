"""What a ladder trained beside what was measured of it: one join, one list of columns for whoever shows them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact.report.wording import MISSING, number, percent
from bitsperfact.tables import POOLED

#: What cells share that differ in their seed alone.
CELL = ["architecture", "objective", "parameters", "n_facts", "fact_weight"]


def measured_cells(cells: pd.DataFrame, separation: pd.DataFrame) -> pd.DataFrame:
    """Return the table of cells with columns `measured_QUANTITY` of each network on its own facts, pooled.

    Beside them `c_kl` and `c_bits`: divergence, and effective bits, per parameter.
    """
    own = separation[separation["stratum"] == POOLED].merge(cells[["model", "claim_set"]])
    wide = own.drop_duplicates(["model", "quantity"]).pivot_table(
        index="model", columns="quantity", values="value", aggfunc="first"
    )
    joined = cells.join(wide.add_prefix("measured_"), on="model")
    for name in ("bits_per_fact", "q_star", "own_x_star", "channel_miss_rate"):
        if f"measured_{name}" not in joined:
            joined[f"measured_{name}"] = np.nan
    load = joined["parameters_per_fact"]
    return joined.assign(c_kl=joined["measured_bits_per_fact"] / load, c_bits=joined["bits"] / load)


def seed_means(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per size, number of facts and fact weight: means over `seeds` of them."""
    groups = table.groupby(CELL, sort=True)
    return (
        groups.mean(numeric_only=True).assign(seeds=groups.size(), finished=groups["finished"].all()).reset_index()
    )


def whole(value: float) -> str:
    """Return a rounded number with commas between thousands; missing is an en dash."""
    return MISSING if pd.isna(value) else f"{round(value):,}"


def gained(value: float) -> str:
    """Return a relative change with its sign."""
    return f"+{percent(value)}" if value > 0 else percent(value)


def weight(value: float) -> str:
    """Return the weight of facts in the loss."""
    return f"{value:g}"


def share(value: float) -> str:
    """Return a share of two significant digits, however small."""
    return number(value) if pd.isna(value) else f"{value:.2g}"


def confidence(value: float) -> str:
    """Return a confidence, with three decimals."""
    return number(value, 3)


@dataclass(frozen=True)
class CellColumn:
    """A column of `seed_means`: its heading and how it is written; `short`: its heading in the terminal, if there.

    `judged`, `written`: whether networks that judge claims have it, and networks that write facts; under
    `written_as` where these call it otherwise.
    """

    name: str
    heading: str
    write: Callable[[Any], str]
    short: str = ""
    judged: bool = True
    written: bool = True
    written_as: str = ""


COLUMNS = (
    CellColumn("parameters", "P", whole),
    CellColumn("n_facts", "n", whole, "n"),
    CellColumn("fact_weight", "a", weight, "a", written=False),
    CellColumn("parameters_per_fact", "P/n", number, "P/n"),
    CellColumn("measured_bits_per_fact", "KL", number, "KL"),
    CellColumn("bits", "b_eff", number, "b_eff", written_as="bits memorised per fact"),
    CellColumn("measured_q_star", "q", share, "q", written=False),
    CellColumn("measured_own_x_star", "x*", confidence, "x*", written=False),
    CellColumn("measured_channel_miss_rate", "facts missed", percent, "missed", written=False),
    CellColumn("c_kl", "c by KL", number, written=False),
    CellColumn("c_bits", "c by b_eff", number, "c", written_as="per parameter"),
    CellColumn("gain", "last doubling", gained, "gain"),
    CellColumn("exposures", "exposures", whole),
    CellColumn("seeds", "seeds", whole),
)


def columns_of(objective: str) -> list[tuple[str, str, Callable[[Any], str]]]:
    """Return heading, column and writer of the table of cells trained on an objective."""
    if objective == "membership":
        return [(column.heading, column.name, column.write) for column in COLUMNS if column.judged]
    return [(c.written_as or c.heading, c.name, c.write) for c in COLUMNS if c.written]


def log2_inverse(shares: pd.Series) -> NDArray[np.float64]:
    """Return log2(1/q) of shares, NaN where none was counted."""
    values = shares.to_numpy(dtype=np.float64)
    return np.asarray(-np.log2(np.where(values > 0, values, np.nan)))
