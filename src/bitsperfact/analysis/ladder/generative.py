"""The other capacity: bits that a network trained to write facts has memorised."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from bitsperfact.analysis.evidence import Verdict, figure
from bitsperfact.analysis.ladder.capacity import laws
from bitsperfact.analysis.ladder.evidence import LadderEvidence
from bitsperfact.analysis.ladder.measure import SCORES
from bitsperfact.analysis.ladder.regression import mean_of
from bitsperfact.analysis.ladder.said import ALL_SETS
from bitsperfact.analysis.status import judged
from bitsperfact.theory import published_constants

#: Relative difference from the published constant that still agrees with it.
CLOSE = 0.1


def generative_capacity(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Judge per architecture the plateau over n of [entropy - NLL] of the facts, in bits per parameter.

    As Morris et al. 2025 (arXiv 2505.24832) measure it: `measured` is the mean over sizes of `memorised`, with the
    t-interval over sizes; predicted is their 3.6, a tenth more or less allowed. A capacity after training short of
    its plateau is a lower bound: its upper end is infinite, so that only too much can be violated.
    """
    membership = {
        law.architecture: law.bits_per_parameter.value for law in laws(evidence) if law.measure == "bits_effective"
    }
    found = memorised(evidence.cells)
    known = max(constant.bits_per_parameter for constant in published_constants())
    for architecture, of_sizes in found.groupby("architecture", sort=True):
        plateau = mean_of(of_sizes["bits_per_parameter"].to_numpy(dtype=np.float64))
        lower, upper = plateau.ends(found["architecture"].nunique())
        upper = upper if bool(of_sizes["finished"].all()) or np.isnan(upper) else np.inf
        side = membership.get(str(architecture), np.nan)
        beside = f"; membership, by effective bits, {side:.2f}" if np.isfinite(side) else ""
        reason = f"{plateau.value:.2f} bits memorised per parameter at the plateau over n"
        reason += f" ({figure(lower)} to {figure(upper)}), {known:g} within a tenth allowed{beside}"
        reason += "." if np.isfinite(upper) else "; training had not reached its plateau: a lower bound."
        status = judged(lower, upper, (1 - CLOSE) * known, (1 + CLOSE) * known)
        numbers = known, plateau.value, lower, upper
        score = SCORES["next-symbol"]
        yield Verdict(str(architecture), ALL_SETS, score, "generative_capacity", *numbers, status, reason)


def memorised(cells: pd.DataFrame) -> pd.DataFrame:
    """The plateau over n of bits memorised per parameter, one row per architecture and size that writes facts.

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
