"""The other capacity: bits that networks trained to write facts have memorised."""

import numpy as np
import pandas as pd


def memorised(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the plateau over n of bits memorised per parameter, by architecture and size that writes facts.

    Args: the table of cells. Columns: architecture, parameters, n_facts (where the plateau is), seeds,
    bits_per_parameter (mean over these), finished (whether all of these are), gain (of the last doubling of
    training, 1; their mean), membership_bits_per_parameter and membership_n_facts (the same by effective bits for
    networks of that architecture and size that were trained to judge, NaN where there are none).
    """
    even = cells[cells["fact_weight"] == 0.5]
    capacity = even.assign(bits_per_parameter=even["bits"] / even["parameters_per_fact"])
    keys = ["objective", "architecture", "parameters", "n_facts"]
    means = capacity.groupby(keys, as_index=False).agg(
        bits_per_parameter=("bits_per_parameter", "mean"),
        gain=("gain", "mean"),
        seeds=("seed", "nunique"),
        finished=("finished", "all"),
    )
    best = means.loc[means.groupby(keys[:3])["bits_per_parameter"].idxmax()]
    parts = {str(name): part.drop(columns="objective") for name, part in best.groupby("objective")}
    if "next-symbol" not in parts:
        return best.head(0).assign(membership_bits_per_parameter=np.nan, membership_n_facts=np.nan)
    judged = parts.get("membership", best.head(0))[["architecture", "parameters", "bits_per_parameter", "n_facts"]]
    names = {name: f"membership_{name}" for name in ("bits_per_parameter", "n_facts")}
    found = parts["next-symbol"].merge(judged.rename(columns=names), on=["architecture", "parameters"], how="left")
    return found.sort_values(["architecture", "parameters"]).reset_index(drop=True)
