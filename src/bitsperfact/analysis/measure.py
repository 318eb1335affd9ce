"""One model, one claim set, one score, one stratum: every quantity of the separation table, with its interval."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bitsperfact import estimate
from bitsperfact.analysis.levels import coarse
from bitsperfact.analysis.sparse import membership_bits, sparsity_ratio
from bitsperfact.constants import END_ERROR
from bitsperfact.estimate import Interval, Pool
from bitsperfact.estimate.bits import is_resolution_limited
from bitsperfact.estimate.certificate import certified_bits
from bitsperfact.estimate.clusters import clusters_of
from bitsperfact.estimate.worth import bounds
from bitsperfact.quantities import QUANTITIES
from bitsperfact.theory import hallucination_odds

BOOTSTRAP = "cluster bootstrap by entity"
CERTIFICATE = "ROC bounds at levels of recall, clusters by entity"
THRESHOLD_AND_SHARE = "exact bounds by entity of the threshold and of the share, whose errors add up to 5 %"

CUTS = "thresholds that the sample does not rule out, by entity"
CHOICES = "questions whose fact outscores every non-fact, ties shared; Clopper-Pearson over questions"
LAWS = "log-likelihood of held-out entities behind that of the best of four laws; normal, by entity"

#: How quantities beside bits_per_fact and bits_certified are estimated.
ESTIMATORS: dict[str, str] = {
    "bits_effective": f"log-loss of the binned posterior, jackknifed; {BOOTSTRAP}",
    "membership_information": f"binned digamma times F_p / KL; {BOOTSTRAP}",
    "sparsity_ratio": f"F_p / KL in the same bins; {BOOTSTRAP}",
    "hallucination_rate": f"share of non-facts accepted at 95 % recall; {THRESHOLD_AND_SHARE}",
    "auc": "pairs, ties count half; Wilson at its effective size, by entity",
    "miss_rate": f"isotonic posterior below 1/2; {CUTS}",
    "abstention_mass": f"isotonic posterior in [1/4, 3/4]; {CUTS}",
    "x_star": "median isotonic posterior of facts; binomial bounds of the odds on either side, by entity",
    "q_star": f"share of non-facts above the threshold of the nearest channel; {CUTS}",
    "channel_miss_rate": "share of facts below the threshold of the nearest channel; Clopper-Pearson, by entity",
    "channel_distance": f"Kolmogorov distance to the nearest channel, less its noise; {CUTS}",
    "full_recall_rate": "share of non-facts accepted at 98 % recall; order statistics, by entity",
    "evenness": f"mean over largest log-ratio in bins of facts, shrunken; band of all bins, {BOOTSTRAP}",
    "spread": f"deviation of the log-ratio in bins of facts, less its noise; {BOOTSTRAP}",
    "forgotten_share": "least share of facts in quarters of the non-facts; binomial bounds, by entity",
    "auc_accepted": "AUC above a threshold from other entities; Wilson at its effective size, by entity",
    "behind_smooth": LAWS,
    "behind_channel": LAWS,
    "behind_forgetting": LAWS,
    "behind_abstaining": LAWS,
    "bits_above_pattern": (
        f"binned digamma less the pattern's or 0; paired {BOOTSTRAP}, or certificate less the pattern's upper end"
    ),
    "own_x_star": "median confidence in facts; order statistics, by entity",
    "own_miss_rate": "counted; Clopper-Pearson, by entity",
    "own_loss": "mean log-loss of the model's own log-odds; normal, by entity",
    "own_bits": "worth of the model's own log-loss; normal, by entity",
    "own_odds": "q* x*/(1-x*) by the model's own x*; corners of both intervals",
}

#: Accepted non-facts from which on their share has a logarithm to speak of.
LEAST_PASSING = 10

#: Entities of each class that laws are fitted to at least.
LEAST_FOR_LAWS = 60


@dataclass(frozen=True)
class Sample:
    """What is measured: `facts` and `nonfacts` are masks of shape (n_claims,), `groups` the entities, p = n/u.

    `questions`: shape (n_claims,), the question that each claim answers; None where that is the entity.
    """

    facts: NDArray[np.bool_]
    nonfacts: NDArray[np.bool_]
    groups: NDArray[np.int32]
    p: float
    seed: int
    replicates: int
    questions: NDArray[np.int32] | None = None

    @property
    def n_facts(self) -> int:
        """Number of facts (1, a count)."""
        return int(self.facts.sum())

    @property
    def n_nonfacts(self) -> int:
        """Number of non-facts (1, a count)."""
        return int(self.nonfacts.sum())

    @property
    def has_both(self) -> bool:
        """Whether there are facts and non-facts, without which nothing can be measured."""
        return bool(self.facts.any() and self.nonfacts.any())

    def within(self, rows: NDArray[np.bool_]) -> "Sample":
        """Return the part of the sample in `rows`, a mask of shape (n_claims,); it has as many claims as that."""
        questions = None if self.questions is None else self.questions[rows]
        facts, nonfacts = self.facts[rows], self.nonfacts[rows]
        return replace(self, facts=facts, nonfacts=nonfacts, groups=self.groups[rows], questions=questions)

    def split(self, values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return scores (..., n_claims) of the facts and of the non-facts."""
        return values[..., self.facts], values[..., self.nonfacts]

    def bootstrap(
        self, statistics: dict[str, Callable[..., float]], values: NDArray[np.float64]
    ) -> dict[str, Interval]:
        """Intervals of statistics of `values`, (n_claims,) or (views, n_claims); many are counted at `levels`."""
        facts, nonfacts = self.split(values)
        if facts.ndim == 1:
            facts, nonfacts = coarse(facts, nonfacts)
        return estimate.bootstrap(statistics, facts, nonfacts, self.labels, self.seed, self.replicates)

    @property
    def labels(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Entities of the facts and of the non-facts."""
        return self.groups[self.facts], self.groups[self.nonfacts]

    @property
    def question_labels(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Questions that the facts and the non-facts answer."""
        questions = self.groups if self.questions is None else self.questions
        return questions[self.facts], questions[self.nonfacts]


@dataclass(frozen=True)
class Measurement:
    """A number of the separation table with its 95 % interval; NaN ends where it has none."""

    quantity: str
    value: float
    lower: float
    upper: float
    unit: str
    estimator: str
    resolution_limited: bool


def basics(sample: Sample, values: NDArray[np.float64]) -> Iterator[Measurement]:
    """Yield bits_per_fact, bits_certified and hallucination_rate of `values` (n_claims,)."""
    bits = estimate.bits_per_fact(*sample.split(values), sample.labels, sample.seed, sample.replicates)
    limited = bits.resolution_limited
    estimator = f"{bits.estimator}; {BOOTSTRAP}"
    lower, upper = bits.lower, bits.upper
    if limited:
        # Where hardly any non-fact is accepted, resampling cannot know how many would be; the certificate can.
        estimator, lower, upper = f"{estimator}, or the certificate", min(lower, bits.certified), np.inf
    yield Measurement("bits_per_fact", bits.estimate, lower, upper, "bits", estimator, limited)
    # A lower bound has no upper end; NaN says so, where infinity would claim to know one.
    yield Measurement("bits_certified", bits.certified, bits.certified, np.nan, "bits", CERTIFICATE, False)
    yield _quantity("hallucination_rate", _hallucination_rate(sample, values), limited)


def ranks(sample: Sample, values: NDArray[np.float64]) -> Iterator[Measurement]:
    """Yield what depends on the order of `values` (n_claims,) alone, the AUC first."""
    exact = coarse(*sample.split(values))
    for name, interval in estimate.shape(*exact, sample.labels, sample.seed, sample.replicates).items():
        yield _quantity(name, interval, False)


def quantities(sample: Sample, values: NDArray[np.float64]) -> Iterator[Measurement]:
    """Yield what `values` (n_claims,) separate."""
    found = list(basics(sample, values))
    yield from found
    for name, interval in sample.bootstrap(_statistics(sample.p), values).items():
        yield _quantity(name, interval, found[0].resolution_limited)
    uneven = estimate.evenness(*sample.split(values), sample.labels, sample.seed, sample.replicates)
    for name in ("evenness", "spread", "forgotten_share", "auc_accepted"):
        yield _quantity(name, getattr(uneven, name), found[0].resolution_limited)
    yield from ranks(sample, values)


def missed(sample: Sample, values: NDArray[np.float64]) -> Measurement:
    """Return the share of facts that the nearest channel of `values` (n_claims,) rejects.

    The threshold counts as known: facts near it are few where scores are those of a channel.
    """
    facts, nonfacts = sample.split(values)
    rejected = facts < estimate.nearest_channel(facts, nonfacts).threshold
    ends = bounds(rejected, clusters_of(sample.labels, facts.size, nonfacts.size)[0], END_ERROR)
    found = Interval(float(rejected.mean()), *ends, facts.size, nonfacts.size, sample.seed)
    return _quantity("channel_miss_rate", found, False)


def own(
    sample: Sample, values: NDArray[np.float64], fact_weight: float, q_star: Measurement
) -> Iterator[Measurement]:
    """Yield what rests on the model's own confidence, its log-odds `values` (n_claims,), and on their `q_star`.

    `fact_weight`: a, weight of facts in the model's loss. own_odds has no interval where fewer than ten non-facts
    pass.
    """
    found = estimate.own_confidence(*sample.split(values), sample.labels, fact_weight, sample.seed)
    for name, interval in found.items():
        yield _quantity(name, interval, False)
    x_star = found["own_x_star"]
    ends = [
        float(hallucination_odds(q, x))
        for q, x in (
            (q_star.value, x_star.estimate),
            (q_star.lower, x_star.lower),
            (q_star.upper, x_star.upper),
        )
    ]
    with np.errstate(divide="ignore"):
        odds, lower, upper = np.log2(ends)
    if not np.isfinite([odds, lower, upper]).all() or q_star.value * sample.n_nonfacts < LEAST_PASSING:
        lower = upper = np.nan
    if not np.isfinite(odds):
        odds = np.nan
    yield _quantity("own_odds", replace(x_star, estimate=odds, lower=lower, upper=upper), False)


def choices(sample: Sample, values: NDArray[np.float64]) -> Iterator[Measurement]:
    """Yield how often a question's fact outscores its non-facts, beside chance, and how much one entity holds.

    Neither is about memory: a list of candidates holds the fact by construction, and where one entity holds most
    of the claims the numbers are about that entity.
    """
    found = estimate.choice_accuracy(*sample.split(values), sample.question_labels)
    ends = found.estimate, found.lower, found.upper
    yield Measurement("choice_accuracy", *ends, "1", CHOICES, resolution_limited=False)
    yield Measurement("choice_chance", found.chance, np.nan, np.nan, "1", "one of a question's candidates", False)
    held = max(float(np.bincount(labels).max()) / labels.size for labels in sample.labels)
    yield Measurement(
        "largest_entity_share", held, np.nan, np.nan, "1", "counted, of the class it holds more of", False
    )


def laws(sample: Sample, values: NDArray[np.float64]) -> Iterator[Measurement]:
    """Yield how far each law that `values` (n_claims,) may follow is behind the best, given claims enough.

    Each class needs entities enough to hold some out (`LEAST_FOR_LAWS`).
    """
    if min(np.unique(labels).size for labels in sample.labels) < LEAST_FOR_LAWS:
        return
    for name, interval in estimate.behind(*sample.split(values), sample.labels, sample.seed).items():
        yield _quantity(name, interval, False)


def bits_above(
    sample: Sample, values: NDArray[np.float64], pattern: NDArray[np.float64], bits: Measurement
) -> Measurement:
    """Return by how many bits more `values` (n_claims,) separate than the `pattern` scores of the same claims.

    Like is taken from like: an estimate from an estimate, on the same resamples; but where the sample resolves one
    of the two no more, from the certificate of `values` an upper bound of the pattern's bits, so that both hold
    together at 95 %. A pattern below 0 counts as 0, and neither the value nor an end of the interval lies above
    that of `bits`, the cell's own bits_per_fact. Below 0 (the text alone tells more) the value stays as it is.
    """
    statistics = {"above": _difference, "pattern": _pattern_bits}
    found = sample.bootstrap(statistics, np.stack([values, pattern]))
    above, text = found["above"], found["pattern"]
    lower, upper, unbounded = above.lower, above.upper, _is_limited(sample, pattern)
    limited = unbounded or bits.resolution_limited or _is_limited(sample, values)
    if limited:
        certified = _certified(sample, values) - text.upper
        # Nothing is certain above a pattern that the sample cannot bound.
        lower, upper = min(lower, certified, 0.0 if unbounded else np.inf), np.inf
    value = min(above.estimate, bits.value)
    kept = replace(
        above, estimate=value, lower=min(lower, bits.lower, value), upper=max(min(upper, bits.upper), value)
    )
    return _quantity("bits_above_pattern", kept, limited)


def _certified(sample: Sample, values: NDArray[np.float64]) -> float:
    """Return the certificate at 97.5 %: a 95 % interval's upper end is too low in the other 2.5 %."""
    facts, nonfacts = sample.split(values)
    return certified_bits(facts, nonfacts, *clusters_of(sample.labels, facts.size, nonfacts.size), 1 - END_ERROR)


def _is_limited(sample: Sample, values: NDArray[np.float64]) -> bool:
    pool = Pool.of(*sample.split(values))
    return is_resolution_limited(pool, estimate.binned_bits(pool))


def _quantity(name: str, interval: Interval, limited: bool) -> Measurement:
    # A debiased estimate and its interval may lie beyond what the quantity can be.
    declared = QUANTITIES[name]
    ends = np.array([interval.estimate, interval.lower, interval.upper])
    value, lower, upper = np.clip(ends, declared.lowest, declared.highest)
    return Measurement(
        name, value, lower, upper, declared.unit, ESTIMATORS[name], limited and declared.unit == "bits"
    )


def _hallucination_rate(sample: Sample, values: NDArray[np.float64]) -> Interval:
    facts, nonfacts = sample.split(values)
    of = clusters_of(sample.labels, facts.size, nonfacts.size)
    ends = estimate.hallucination_interval(facts, nonfacts, *of)
    return Interval(*ends, facts.size, nonfacts.size, sample.seed)


def _statistics(p: float) -> dict[str, Callable[..., float]]:
    return {
        "bits_effective": estimate.bits_effective,
        "membership_information": partial(membership_bits, p=p),
        "sparsity_ratio": partial(sparsity_ratio, p=p),
    }


def _difference(model: Pool, pattern: Pool) -> float:
    return estimate.binned_bits(model) - _pattern_bits(model, pattern)


def _pattern_bits(model: Pool, pattern: Pool) -> float:  # noqa: ARG001
    return max(0.0, estimate.binned_bits(pattern))
