"""Prediction: networks trained to write facts memorise as many bits per parameter as was published."""

from collections.abc import Iterator

import numpy as np

from bitsperfact.analysis.capacity import laws
from bitsperfact.analysis.evidence import Evidence, Verdict, figure
from bitsperfact.analysis.ladders import ladders_of
from bitsperfact.analysis.memorised import memorised
from bitsperfact.analysis.predictions import Prediction
from bitsperfact.analysis.regression import mean_of
from bitsperfact.analysis.status import judged
from bitsperfact.tables import ALL_SETS
from bitsperfact.theory import published_constants

#: Relative difference from the published constant that still agrees with it.
CLOSE = 0.1


def generative_capacity(evidence: Evidence) -> Iterator[Verdict]:
    """Judge per architecture the plateau over n of [entropy - NLL] of the facts, in bits per parameter.

    As Morris et al. 2025 (arXiv 2505.24832) measure it: `measured` is the mean over sizes of `memorised`, with the
    t-interval over sizes; predicted is their 3.6, a tenth more or less allowed. A capacity after training short of
    its plateau is a lower bound: its upper end is infinite, so that only too much can be violated.
    """
    scores = {each.architecture: each.score for each in ladders_of(evidence).each(0.5, "next-symbol")}
    if not scores:
        return
    membership = {
        law.architecture: law.bits_per_parameter.value for law in laws(evidence) if law.measure == "own_bits"
    }
    found = memorised(ladders_of(evidence).cells)
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
        score = scores[str(architecture)]
        yield Verdict(str(architecture), ALL_SETS, score, "generative_capacity", *numbers, status, reason)


PREDICTION = Prediction(
    "generative_capacity",
    "evidence",
    "cells",
    "networks memorise as many bits per parameter as was published",
    generative_capacity,
    48,
)
