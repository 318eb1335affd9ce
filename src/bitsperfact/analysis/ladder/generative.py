"""The other capacity: bits that a network trained to foretell facts has memorised."""

from collections.abc import Iterator

import numpy as np

from bitsperfact.analysis.evidence import Verdict
from bitsperfact.analysis.ladder.capacity import laws
from bitsperfact.analysis.ladder.evidence import ALL_SETS, LadderEvidence
from bitsperfact.analysis.ladder.measure import SCORES
from bitsperfact.tables import Status
from bitsperfact.theory import published_constants


def generative_capacity(evidence: LadderEvidence) -> Iterator[Verdict]:
    """Report per architecture the plateau over n of [entropy - NLL] of the facts, in bits per parameter.

    As Morris et al. 2025 (arXiv 2505.24832) measure it: `measured` is the largest mean, over sizes, of bits
    memorised per parameter at one load; predicted is their 3.6. A capacity measured after short training is a
    lower bound, so a smaller one is `undecided`; a larger one `violated`.
    """
    membership = {
        law.architecture: law.bits_per_parameter[0] for law in laws(evidence) if law.measure == "bits_effective"
    }
    for architecture, objective, cells in evidence.ladders(None):
        if objective != "next-symbol":
            continue
        bits = cells["bits"] * cells["n_facts"] / cells["parameters"]
        plateau = bits.groupby(cells["parameters"]).max()
        value, low, high = float(plateau.mean()), float(plateau.min()), float(plateau.max())
        known = max(constant.bits_per_parameter for constant in published_constants())
        side = membership.get(architecture, np.nan)
        beside = f"; membership, by effective bits, {side:.2f}" if np.isfinite(side) else ""
        reason = f"{value:.2f} bits memorised per parameter at the plateau over n"
        reason += f" ({low:.2f} to {high:.2f} by size){beside}."
        status: Status = "consistent" if low <= known <= high else "violated" if low > known else "undecided"
        numbers = known, value, low, high
        yield Verdict(architecture, ALL_SETS, SCORES[objective], "generative_capacity", *numbers, status, reason)
