"""Scores -> separation: how far each model's scores set facts apart from non-facts, beside the text alone."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact import tables
from bitsperfact.analysis.best import best_quantities
from bitsperfact.analysis.inputs import ScoredSet, claim_sets_of, scored_sets, scores_of
from bitsperfact.analysis.measure import (
    Measurement,
    Sample,
    basics,
    bits_above,
    choices,
    laws,
    missed,
    own,
    quantities,
    ranks,
)
from bitsperfact.analysis.pattern import FittedPattern, fitted_pattern, unknown_above
from bitsperfact.analysis.seeds import derived_seed
from bitsperfact.analysis.sets import SetOfClaims
from bitsperfact.errors import BadInput
from bitsperfact.rows import Rows, rows_of
from bitsperfact.tables import BEST_SCORE, PATTERN_MODEL, POOLED, ClaimSetInfo, ModelInfo
from bitsperfact.threads import single_threaded

#: Name of the score that is a model's own confidence: log-odds that a claim is a fact.
OWN_SCORE = "log_odds"
#: Called with the number of cells done and the number of all.
Progress = Callable[[int, int], None]
Row = dict[str, Any]


def separate(
    claims: pd.DataFrame | Rows,
    scores: pd.DataFrame | Rows,
    claim_sets: list[ClaimSetInfo],
    models: list[ModelInfo],
    seed: int = 0,
    replicates: int = 200,
    progress: Progress | None = None,
    *,
    cells: pd.DataFrame | None = None,
    partial: bool = False,
) -> pd.DataFrame:
    """Return the separation table: one row per model, claim set, score, stratum of non-facts and quantity.

    Quantities in bits: bits_per_fact, bits_certified (a lower bound: lower = value, upper = NaN), bits_effective,
    membership_information (F_p at the set's p), bits_above_pattern (over the pattern baseline, paired;
    below 0 where the text alone tells more, never above bits_per_fact).
    Of unit 1, in [0, 1]: auc, hallucination_rate (at 95 % recall), miss_rate, abstention_mass, sparsity_ratio
    (F_p / KL), of the nearest channel x_star, q_star, channel_distance, full_recall_rate, and how evenly bits are
    spent: evenness, spread (bits), forgotten_share, auc_accepted (`estimate.evenness`; NaN where nothing is
    known). Of the pooled stratum, in nats per claim: behind_smooth, behind_channel, behind_forgetting,
    behind_abstaining, how far each law is behind the best (`estimate.behind`); and of unit 1 choice_accuracy,
    choice_chance (`estimate.choice_accuracy`) and largest_entity_share. Of the score `log_odds`, a model's own
    confidence: own_x_star, own_miss_rate, own_loss, own_bits, own_odds (`estimate.own_confidence`), at the
    weight that facts have in the loss of the network, 1/2 where `cells` names none. Of these networks alone:
    channel_miss_rate, the share of facts below the nearest channel's threshold. The baseline's own
    rows have model and score `pattern` and 0 parameters; from `pattern.MOST_CLAIMS` claims on, they and
    bits_above_pattern rest on a sample of entities, which their counts tell. Models with several scores on a set
    have bits_per_fact and bits_certified of score `best` too, its selection paid for. Stratum `pooled` takes all
    non-facts together. Intervals are 95 %, by entity (`group`), from `replicates` resamples; from
    `levels.MOST_EXACT` claims on, scores are lowered to one of some ten thousand levels for all but bits_per_fact,
    bits_certified and hallucination_rate.

    `cells`: the networks that the run trained, if any (`tables.COLUMNS`). They are asked of sets of their own, and
    of as many non-facts as their bits need; facts are drawn as non-facts are, so that their text tells nothing
    and has no baseline. On controls of theirs, and of networks without any memory, only what verdicts on controls
    need is measured: bits_per_fact, bits_certified, hallucination_rate and auc.

    `partial`: a model may lack scores, of whole sets or of some claims; it is measured on those that it has, which
    its rows count, and on the strata of which it has non-facts. Sets whose claims have no text (empty targets)
    have no baseline, and bits_above_pattern of NaN.

    A cell's random numbers depend on the seed, set and stratum alone, not on the order of rows or what else is in
    the run, and all models see the same resamples. Raises BadInput where claims, scores and metadata do not fit.
    """
    if replicates < 2:
        raise ValueError(f"replicates must be at least 2, got {replicates}")
    measuring = _Measuring(seed, replicates, _trained(cells))
    sets = claim_sets_of(rows_of("claims", claims), claim_sets)
    scored = scored_sets(scores_of(scores), sets, models, measuring.made(models), partial=partial)
    rows: list[Row] = []
    done, total = 0, len(scored) + len(sets)
    with single_threaded():
        for each in sets:
            of_set = [one for one in scored if one.claims is each]
            patterns = measuring.patterns(each, of_set)
            for one in [None, *of_set] if patterns else of_set:
                rows += measuring.rows(each, one, patterns)
                done += 1
                if progress is not None:
                    progress(done, total)
            rows += measuring.best_rows(each, of_set)
    return tables.check("separation", pd.DataFrame(rows), "separation")


def _trained(cells: pd.DataFrame | None) -> dict[str, tuple[str, float]]:
    """Claim set and weight of facts of each network that was trained."""
    if cells is None:
        return {}
    named = cells[["model", "claim_set", "fact_weight"]].itertuples(index=False, name=None)
    return {str(model): (str(claim_set), float(weight)) for model, claim_set, weight in named}


@dataclass(frozen=True)
class _Measuring:
    """How a run is measured; `trained`: by network that the run trained, its claim set and its weight of facts."""

    seed: int
    replicates: int
    trained: Mapping[str, tuple[str, float]] = field(default_factory=dict)

    def made(self, models: list[ModelInfo]) -> set[str]:
        """Return the names of networks of the run: those that were trained, and those before training."""
        bare = {info.name for info in models if info.memory_bits == 0} if self.trained else set()
        return bare | set(self.trained)

    def patterns(self, each: SetOfClaims, scored: list[ScoredSet]) -> dict[str, FittedPattern]:
        """Return the text's baseline by stratum; none where all models were made for the set, or without texts."""
        made = self.made([one.model for one in scored])
        if not each.has_text or all(one.model.name in made for one in scored):
            return {}
        strata = _distinct_strata(each).items()
        return {name: fitted_pattern(each, nonfacts, name, self.seed) for name, nonfacts in strata}

    def rows(self, each: SetOfClaims, one: ScoredSet | None, patterns: dict[str, FittedPattern]) -> Iterator[Row]:
        """Yield rows of a model's scores, or of the baseline's where `one` is None."""
        values = None if one is None else one.values()
        scored = None if values is None else np.isfinite(values)
        for stratum, sample in self._samples(each):
            if one is None or values is None or scored is None:
                pattern = patterns[stratum]
                shared = sample.within(pattern.rows)
                measured: Iterator[tuple[Sample, Measurement]] = (
                    (shared, quantity) for quantity in quantities(shared, pattern.values)
                )
            else:
                part = _scored_part(one, stratum, sample, scored)
                if part is None:
                    continue
                if one.model.name in self.made([one.model]):
                    measured = ((part, quantity) for quantity in self._of_network(one, part, values[scored]))
                else:
                    text = patterns[stratum].among(scored) if stratum in patterns else None
                    measured = self._of_model(one, part, values[scored], text, stratum == POOLED)
            yield from self._written(each, stratum, _who(one), measured)

    def _of_network(self, one: ScoredSet, sample: Sample, values: NDArray[np.float64]) -> Iterator[Measurement]:
        """Quantities of a network that was trained on the set's facts; of any other, what controls need."""
        claim_set, _ = self.trained.get(one.model.name, ("", 0.5))
        if one.claims.info.name == claim_set:
            yield from self._whole(one, sample, values)
            yield missed(sample, values)
        else:
            yield from basics(sample, values)
            yield next(each for each in ranks(sample, values) if each.quantity == "auc")

    def _whole(
        self, one: ScoredSet | None, sample: Sample, values: NDArray[np.float64], is_pooled: bool = True
    ) -> Iterator[Measurement]:
        found = list(quantities(sample, values))
        yield from found
        if is_pooled:
            yield from choices(sample, values)
            yield from laws(sample, values)
        if one is not None and one.score == OWN_SCORE:
            weight = self.trained.get(one.model.name, ("", 0.5))[1]
            yield from own(sample, values, weight, next(each for each in found if each.quantity == "q_star"))

    def _of_model(
        self,
        one: ScoredSet | None,
        sample: Sample,
        values: NDArray[np.float64],
        pattern: FittedPattern | None,
        is_pooled: bool,
    ) -> Iterator[tuple[Sample, Measurement]]:
        """Each quantity with the sample that it is measured on."""
        measured = list(self._whole(one, sample, values, is_pooled))
        yield from ((sample, quantity) for quantity in measured)
        shared = sample if pattern is None else sample.within(pattern.rows)
        if pattern is None or not shared.has_both:
            yield shared, unknown_above()
        else:
            yield shared, bits_above(shared, values[pattern.rows], pattern.values, measured[0])

    def best_rows(self, each: SetOfClaims, scored: list[ScoredSet]) -> Iterator[Row]:
        """Yield rows of the best score of every model that has several on a set."""
        for model in dict.fromkeys(one.model.name for one in scored):
            of_model = [one for one in scored if one.model.name == model]
            if len(of_model) < 2:
                continue
            who = _who(of_model[0]) | {"score": BEST_SCORE}
            names, views = [one.score for one in of_model], np.stack([one.values() for one in of_model])
            by_all: NDArray[np.bool_] = np.asarray(np.isfinite(views).all(axis=0))
            for stratum, sample in self._samples(each):
                part = sample if by_all.all() else sample.within(by_all)
                if part.has_both:
                    found = best_quantities(names, views[:, by_all], part)
                    yield from self._written(each, stratum, who, ((part, quantity) for quantity in found))

    def _samples(self, each: SetOfClaims) -> Iterator[tuple[str, Sample]]:
        for stratum, nonfacts in _distinct_strata(each).items():
            seed = derived_seed(self.seed, each.info.name, stratum)
            about = each.groups, each.info.p, seed, self.replicates, each.questions
            yield stratum, Sample(each.is_fact, nonfacts, *about)

    def _written(
        self, each: SetOfClaims, stratum: str, who: Row, measured: Iterator[tuple[Sample, Measurement]]
    ) -> Iterator[Row]:
        """Rows of what was measured, also under the name of the only stratum where that is what is pooled."""
        rows = [
            {"seed": self.seed} | asdict(quantity) | {"n_facts": of.n_facts, "n_nonfacts": of.n_nonfacts}
            for of, quantity in measured
        ]
        for name in each.strata() if len(each.strata()) == 2 else [stratum]:
            for row in rows:
                yield who | {"claim_set": each.info.name, "stratum": name} | row


def _scored_part(one: ScoredSet, stratum: str, sample: Sample, scored: NDArray[np.bool_]) -> Sample | None:
    """Return the part of a sample that a model has scores of; None for a stratum of which it lacks a class."""
    part = sample if scored.all() else sample.within(scored)
    if part.has_both:
        return part
    if stratum != POOLED:
        return None
    where = f"model {one.model.name}, claim set {one.claims.info.name}, score {one.score}"
    raise BadInput(where, "scores of facts and of non-facts", f"{part.n_facts} and {part.n_nonfacts}")


def _distinct_strata(each: SetOfClaims) -> dict[str, NDArray[np.bool_]]:
    """Strata to measure: one stratum alone is what is pooled, and is measured once."""
    strata = each.strata()
    return {POOLED: strata[POOLED]} if len(strata) == 2 else strata


def _who(one: ScoredSet | None) -> Row:
    if one is None:
        return {"model": PATTERN_MODEL, "n_params": 0, "memory_bits": 0.0, "score": PATTERN_MODEL}
    memory_bits = np.nan if one.model.memory_bits is None else float(one.model.memory_bits)
    return {
        "model": one.model.name,
        "n_params": one.model.n_params,
        "memory_bits": memory_bits,
        "score": one.score,
    }
