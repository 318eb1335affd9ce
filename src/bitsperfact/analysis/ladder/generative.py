"""The other capacity: bits that a network trained to foretell facts has memorised."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from bitsperfact.analysis.evidence import Verdict
from bitsperfact.analysis.ladder.capacity import laws
from bitsperfact.analysis.ladder.evidence import ALL_SETS, LadderEvidence
from bitsperfact.analysis.ladder.measure import SCORES
from bitsperfact.tables import Status
from bitsperfact.theory import published_constants


def generative_capacity(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Report per architecture the plateau over n of [entropy - NLL] of the facts, in bits per parameter.

    As Morris et al. 2025 (arXiv 2505.24832) measure it: `measured` is the mean over sizes of `memorised`;
    predicted is their 3.6. A capacity measured after short training is a
    lower bound, so a smaller one is `undecided`; a larger one `violated`.
    """
    membership = {
        law.architecture: law.bits_per_parameter[0] for law in laws(evidence) if law.measure == "bits_effective"
    }
    for architecture, of_sizes in memorised(evidence.cells).groupby("architecture", sort=True):
        plateau = of_sizes["bits_per_parameter"]
        value, low, high = float(plateau.mean()), float(plateau.min()), float(plateau.max())
        known = max(constant.bits_per_parameter for constant in published_constants())
        side = membership.get(str(architecture), np.nan)
        beside = f"; membership, by effective bits, {side:.2f}" if np.isfinite(side) else ""
        reason = f"{value:.2f} bits memorised per parameter at the plateau over n"
        reason += f" ({low:.2f} to {high:.2f} by size){beside}."
        status: Status = "consistent" if low <= known <= high else "violated" if low > known else "undecided"
        numbers = known, value, low, high
        yield Verdict(
            str(architecture), ALL_SETS, SCORES["next-symbol"], "generative_capacity", *numbers, status, reason
        )


def memorised(cells: pd.DataFrame) -> pd.DataFrame:
    """The plateau over n of bits memorised per parameter, one row per architecture and size that foretells facts.

    Args: the table of cells. Columns: architecture, parameters, n_facts (where the plateau is), seeds,
    bits_per_parameter (mean over these), gain (of the last doubling of training, 1; their mean),
    membership_bits_per_parameter and membership_n_facts (the same by effective bits for networks of that
    architecture and size that were trained to judge, NaN where there are none).
    """
    even = cells[cells["fact_weight"] == 0.5]
    capacity = even.assign(bits_per_parameter=even["bits"] / even["parameters_per_fact"])
    keys = ["objective", "architecture", "parameters", "n_facts"]
    means = capacity.groupby(keys, as_index=False).agg(
        bits_per_parameter=("bits_per_parameter", "mean"), gain=("gain", "mean"), seeds=("seed", "nunique")
    )
    best = means.loc[means.groupby(keys[:3])["bits_per_parameter"].idxmax()]
    parts = {str(name): part.drop(columns="objective") for name, part in best.groupby("objective")}
    if "next-symbol" not in parts:
        return best.head(0).assign(membership_bits_per_parameter=np.nan, membership_n_facts=np.nan)
    judged = parts.get("membership", best.head(0))[["architecture", "parameters", "bits_per_parameter", "n_facts"]]
    names = {name: f"membership_{name}" for name in ("bits_per_parameter", "n_facts")}
    found = parts["next-symbol"].merge(judged.rename(columns=names), on=["architecture", "parameters"], how="left")
    return found.sort_values(["architecture", "parameters"]).reset_index(drop=True)
