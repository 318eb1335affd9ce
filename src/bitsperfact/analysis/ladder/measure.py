"""Scores of one cell -> rows of the separation table."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import binom, norm, rankdata

from bitsperfact import estimate, theory
from bitsperfact.analysis.seeds import derived_seed

Array = NDArray[np.float64]
Row = dict[str, Any]

#: Name of the score in every table: the network's own log-odds, or log-likelihood.
SCORES = {"membership": "log_odds", "next-symbol": "log_likelihood"}
#: Pairs of strata whose bits must be none: what a network never saw, and a network that never saw anything.
CONTROLS = {"shuffled": "fresh", "untrained-fact": "untrained-fresh"}
_NEAR = ("near-1", "near-2", "near-3")
#: Claims of each class behind the comparison of shapes.
_MOST_SHAPED = 10_000
_ERROR = 0.025
_NO_ENDS = (float("nan"), float("nan"))


def measure_cell(cell: Mapping[str, Any], scores: pd.DataFrame, seed: int, replicates: int) -> list[Row]:
    """Rows of the separation table for one row of the table of cells and its scores (columns stratum, score).

    Stratum `pooled`, unit bits: bits_per_fact, bits_certified, bits_effective (what the network's own loss is
    worth, at its fact weight), odds (log2 of q x*/(1-x*)). Unit nats: loss. Unit 1: x_star (median confidence in
    facts), q_star and miss_rate (shares of non-facts and of facts beyond the channel's threshold),
    abstention_mass, channel_distance and channel_p_value, which have no interval. Unit nats: behind_LAW, how far
    each law of `estimate.fit_channel` is behind the best on held-out claims. Strata near-1 to near-3: q_star, the
    share of non-facts so near to a fact that pass the same threshold. Strata shuffled and untrained-fact:
    bits_per_fact and auc, which must be 0 and 1/2. Intervals are 95 %: bootstrap for bits, binomial for shares,
    order statistics for x_star, normal for the rest. Next-symbol cells have no confidence, hence neither loss,
    effective bits, odds nor x_star.
    """
    values = {str(name): part.to_numpy(dtype=np.float64) for name, part in scores.groupby("stratum")["score"]}
    facts, fresh = values["fact"], values["fresh"]
    cell_seed = derived_seed(seed, str(cell["model"]))
    identity = {
        "model": str(cell["model"]),
        "n_params": int(cell["parameters"]),
        "memory_bits": 32.0 * int(cell["parameters"]),
        "claim_set": str(cell["claim_set"]),
        "score": SCORES[str(cell["objective"])],
        "seed": seed,
    }
    channel = estimate.nearest_channel(facts, fresh)
    rows = [*_bits("pooled", facts, fresh, cell_seed, replicates)]
    rows += _channel_rows(facts, fresh, channel, cell_seed, replicates)
    if cell["objective"] == "membership":
        rows += _confidence_rows(facts, fresh, channel, float(cell["fact_weight"]))
    for name in _NEAR:
        if name in values:
            rows.append(_share("q_star", name, values[name] >= channel.threshold, len(facts)))
    for name, against in CONTROLS.items():
        if values.get(name, np.empty(0)).size > 1:
            rows += list(_bits(name, values[name], values[against], cell_seed, replicates))[:1]
            rows.append(_auc(name, values[name], values[against]))
    return [identity | row for row in rows]


def _row(
    quantity: str, stratum: str, ends: tuple[float, float, float], unit: str, by: str, n: int, N: int, **more: bool
) -> Row:
    value, lower, upper = (float(end) for end in ends)
    numbers = {"value": value, "lower": lower, "upper": upper, "unit": unit, "estimator": by}
    limited = {"resolution_limited": more.get("limited", False)}
    return {"stratum": stratum, "quantity": quantity} | numbers | limited | {"n_facts": n, "n_nonfacts": N}


def _bits(stratum: str, facts: Array, fresh: Array, seed: int, replicates: int) -> Iterator[Row]:
    found = estimate.bits_per_fact(facts, fresh, seed=seed, replicates=replicates)
    counts, limited = (facts.size, fresh.size), found.resolution_limited
    by = f"{found.estimator}; bootstrap"
    ends = found.estimate, found.lower, found.upper
    yield _row("bits_per_fact", stratum, ends, "bits", by, *counts, limited=limited)
    ends = found.certified, found.certified, np.nan
    yield _row("bits_certified", stratum, ends, "bits", "ROC bounds at levels of recall", *counts)


def _auc(stratum: str, facts: Array, fresh: Array) -> Row:
    """Probability that a fact scores above a non-fact, with its normal interval (DeLong et al. 1988)."""
    n, N = facts.size, fresh.size
    midrank = rankdata(np.concatenate([facts, fresh]))
    below_facts, below_fresh = (midrank[:n] - rankdata(facts)) / N, (midrank[n:] - rankdata(fresh)) / n
    value, error = below_facts.mean(), np.sqrt(below_facts.var(ddof=1) / n + below_fresh.var(ddof=1) / N)
    half = norm.isf(_ERROR) * error
    ends = value, max(0.0, value - half), min(1.0, value + half)
    return _row("auc", stratum, ends, "1", "Mann-Whitney; DeLong", n, N)


def _channel_rows(
    facts: Array,
    fresh: Array,
    channel: estimate.NearestChannel,
    seed: int,
    replicates: int,
) -> Iterator[Row]:
    yield _share("q_star", "pooled", fresh >= channel.threshold, facts.size)
    missed = facts < channel.threshold
    yield _share("miss_rate", "pooled", missed, facts.size) | {"n_nonfacts": fresh.size}
    boot = estimate.bootstrap({"abstention_mass": estimate.abstention_mass}, facts, fresh, None, seed, replicates)
    mass = boot["abstention_mass"]
    ends = mass.estimate, max(0.0, mass.lower), min(1.0, mass.upper)
    counts = facts.size, fresh.size
    yield _row("abstention_mass", "pooled", ends, "1", "isotonic posterior; bootstrap", *counts)
    fit = _shape(facts, fresh, seed, replicates)
    # Neither has an interval: the distance is biased upwards in samples, and a p-value estimates nothing.
    yield _row("channel_distance", "pooled", (channel.distance, *_NO_ENDS), "1", "nearest channel", *counts)
    by = "parametric bootstrap of a sample"
    yield _row("channel_p_value", "pooled", (fit.p_value, *_NO_ENDS), "1", by, *counts)
    for rival in fit.rivals:
        half = float(norm.isf(_ERROR)) * rival.behind_se
        ends = rival.behind_nats, rival.behind_nats - half, rival.behind_nats + half
        yield _row(f"behind_{rival.name}", "pooled", ends, "nats", "held-out log-likelihood of a sample", *counts)


def _shape(facts: Array, fresh: Array, seed: int, replicates: int) -> estimate.ChannelFit:
    rng = np.random.default_rng(seed)
    parts = [rng.choice(x, min(x.size, _MOST_SHAPED), replace=False) for x in (facts, fresh)]
    return estimate.fit_channel(parts[0], parts[1], seed=seed, replicates=replicates)


def _confidence_rows(
    facts: Array, fresh: Array, channel: estimate.NearestChannel, fact_weight: float
) -> Iterator[Row]:
    counts = facts.size, fresh.size
    low, middle, high = _median(facts)
    yield _row("x_star", "pooled", tuple(expit([middle, low, high])), "1", "median; order statistics", *counts)
    loss, error = _loss(facts, fresh, fact_weight)
    ends = loss, max(0.0, loss - error), loss + error
    yield _row("loss", "pooled", ends, "nats", "mean log-loss; normal", *counts)
    worth = theory.effective_bits(np.array(ends), fact_weight)
    ends = float(worth[0]), float(worth[2]), float(worth[1])
    yield _row("bits_effective", "pooled", ends, "bits", "own log-loss; normal", *counts)
    q, q_low, q_high = _binomial(int((fresh >= channel.threshold).sum()), fresh.size)
    with np.errstate(divide="ignore"):
        odds = np.log2([q, q_low, q_high]) + np.array([middle, low, high]) / np.log(2)
    limited = q * fresh.size < 10
    ends = float(odds[0]), float(odds[1]), float(odds[2])
    if not np.isfinite(ends).all():
        ends = np.nan, np.nan, np.nan
    yield _row("odds", "pooled", ends, "bits", "q x*/(1-x*); corners", *counts, limited=bool(limited))


def _median(values: Array) -> tuple[float, float, float]:
    """Lower bound, median and upper bound by order statistics."""
    ordered, n = np.sort(values), values.size
    low = max(int(binom.ppf(_ERROR, n, 0.5)) - 1, 0)
    high = min(int(binom.ppf(1 - _ERROR, n, 0.5)), n - 1)
    return float(ordered[low]), float(np.median(ordered)), float(ordered[high])


def _loss(facts: Array, fresh: Array, fact_weight: float) -> tuple[float, float]:
    """Weighted log-loss and half the width of its interval, nats."""
    of_facts, of_fresh = np.logaddexp(0.0, -facts), np.logaddexp(0.0, fresh)
    loss = fact_weight * of_facts.mean() + (1 - fact_weight) * of_fresh.mean()
    variance = fact_weight**2 * of_facts.var() / facts.size + (1 - fact_weight) ** 2 * of_fresh.var() / fresh.size
    return float(loss), float(norm.ppf(1 - _ERROR) * np.sqrt(variance))


def _binomial(count: int, n: int) -> tuple[float, float, float]:
    """A share with its Clopper-Pearson bounds."""
    low, high = estimate.share_bounds(count, n, _ERROR)
    return count / n, float(low), float(high)


def _share(quantity: str, stratum: str, passed: NDArray[np.bool_], n_facts: int) -> Row:
    ends = _binomial(int(passed.sum()), passed.size)
    return _row(quantity, stratum, ends, "1", "counted; Clopper-Pearson", n_facts, passed.size)
