"""Held-out folds of claims: by entity, and by answer where answers are as good as names.

Non-facts made by derangement reuse the facts' targets, so each target occurs a fixed number of times in all. A
model that has seen a target only as a non-fact can then tell, by elimination, where it is a fact: no pattern, but
the missing row of a table. Holding out entities alone does not stop that (on random three-letter codes it leaves
about one bit), so a claim is scored by a model that has seen neither its entity nor its target.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_FOLDS = 3
#: Answers that this many facts share on average are classes, not names: elimination gains nothing from them.
FACTS_PER_COMMON_ANSWER = 50


@dataclass(frozen=True)
class Split:
    """Rows to learn from and rows to score: boolean masks of shape (n_claims,), never both true."""

    train: NDArray[np.bool_]
    test: NDArray[np.bool_]


def held_out_splits(
    groups: NDArray[np.str_], targets: NDArray[np.str_], is_fact: NDArray[np.bool_], seed: int
) -> Iterator[Split]:
    """Yield splits whose test rows cover every claim once; no entity or target is on both sides of a split.

    `groups`, `targets` and `is_fact` have shape (n_claims,). Where few answers serve many facts (50 facts to an
    answer), only entities are held out. The folds depend on the names and the seed, not on the rows' order.
    """
    by_entity, by_target = np.random.SeedSequence(seed).spawn(2)
    if are_classes(targets, is_fact):
        yield from entity_splits(groups, seed)
        return
    entity_fold = _dealt(groups, by_entity)
    target_fold = _dealt(targets, by_target)
    for i in range(N_FOLDS):
        for j in range(N_FOLDS):
            yield Split(
                train=(entity_fold != i) & (target_fold != j), test=(entity_fold == i) & (target_fold == j)
            )


def are_classes(targets: NDArray[np.str_], is_fact: NDArray[np.bool_]) -> bool:
    """Return whether few answers serve many facts, so that targets are not held out; arguments as above."""
    return bool(len(np.unique(targets[is_fact])) * FACTS_PER_COMMON_ANSWER <= is_fact.sum())


def weights_by_target(targets: NDArray[np.str_], is_fact: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Weigh training rows, shape (n_claims,), under which no target is a fact more often than another.

    Where targets cannot be held out, facts of one that happen to be among those trained on are missing among those
    that are scored. So a target's facts weigh as much as its non-facts together; it counts for the fewer of them,
    not at all if it has one class alone.
    """
    _, place = np.unique(targets, return_inverse=True)
    n_facts, n_nonfacts = np.bincount(place, is_fact)[place], np.bincount(place, ~is_fact)[place]
    return np.asarray(np.minimum(n_facts, n_nonfacts) / np.where(is_fact, n_facts, n_nonfacts))


def entity_splits(groups: NDArray[np.str_], seed: int) -> Iterator[Split]:
    """Yield splits whose test rows cover every claim once; no entity is on both sides, targets may be."""
    fold = _dealt(groups, np.random.SeedSequence(seed).spawn(2)[0])
    yield from (Split(fold != i, fold == i) for i in range(N_FOLDS))


def _dealt(names: NDArray[np.str_], seed: np.random.SeedSequence) -> NDArray[np.int64]:
    """Deal the distinct names to folds of equal size, in random order."""
    distinct, place = np.unique(names, return_inverse=True)
    fold = np.random.default_rng(seed).permutation(len(distinct)) % N_FOLDS
    dealt: NDArray[np.int64] = fold[place]
    return dealt
