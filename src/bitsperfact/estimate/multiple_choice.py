"""Multiple-choice accuracy: how often the fact outscores every other candidate of its question.

A quantity of any score, not a score: the candidates of a question hold the fact by construction, so its comparison
uses what no membership tester may know, and neither bits nor a certificate follow from it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bitsperfact.constants import CONFIDENCE
from bitsperfact.estimate.pool import checked_scores
from bitsperfact.estimate.shares import share_bounds

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ChoiceAccuracy:
    """Share of questions answered rightly, its bounds, and what guessing gives; all 1, in [0, 1].

    NaN, with bounds 0 and 1, where `n_questions` is 0.
    """

    estimate: float
    lower: float
    upper: float
    chance: float
    n_questions: int


def choice_accuracy(
    facts: ArrayLike,
    nonfacts: ArrayLike,
    questions: tuple[ArrayLike, ArrayLike],
    confidence: float = CONFIDENCE,
) -> ChoiceAccuracy:
    """Return how often a question's fact outscores its non-facts; k of them that tie with it leave 1/(k + 1).

    `facts` (n,) and `nonfacts` (N,) are scores, `questions` the labels of the question that each is of (entity and
    prefix). Of several facts each is compared with the non-facts alone, and a question counts for their mean.
    Questions without a fact or without a non-fact are left out. Chance gives one of k + 1 candidates. Bounds are
    Clopper-Pearson's over questions; fractions of a success vary less than successes, so they are not too narrow.
    ValueError where scores are not finite or labels are missing.
    """
    of_facts, of_nonfacts = _shared_labels(*questions)
    scores, others = checked_scores("facts", facts), checked_scores("nonfacts", nonfacts)
    if of_facts.shape != scores.shape or of_nonfacts.shape != others.shape:
        raise ValueError("questions must have one label for each score")
    n_labels = 1 + max(of_facts.max(), of_nonfacts.max())
    rivals = np.bincount(of_nonfacts, minlength=n_labels)[of_facts]
    has_rival = rivals > 0
    best = np.full(n_labels, -np.inf)
    np.maximum.at(best, of_nonfacts, others)
    ties = np.bincount(of_nonfacts, others == best[of_nonfacts], minlength=n_labels)[of_facts]
    right = np.where(scores > best[of_facts], 1.0, np.where(scores == best[of_facts], 1 / (1 + ties), 0.0))
    return _over_questions(right[has_rival], 1 / (1 + rivals[has_rival]), of_facts[has_rival], confidence)


def _over_questions(right: Array, chance: Array, question: NDArray[np.intp], confidence: float) -> ChoiceAccuracy:
    labels, place = np.unique(question, return_inverse=True)
    if not labels.size:
        return ChoiceAccuracy(np.nan, 0.0, 1.0, np.nan, 0)
    facts = np.bincount(place)
    shares = np.bincount(place, right) / facts
    low, high = share_bounds(float(shares.sum()), labels.size, (1 - confidence) / 2)
    by_chance = np.bincount(place, chance) / facts
    return ChoiceAccuracy(float(shares.mean()), float(low), float(high), float(by_chance.mean()), labels.size)


def _shared_labels(facts: ArrayLike, nonfacts: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Labels of both as numbers from 0."""
    first, second = np.asarray(facts), np.asarray(nonfacts)
    _, place = np.unique(np.concatenate([first, second]), return_inverse=True)
    return place[: first.size], place[first.size :]
