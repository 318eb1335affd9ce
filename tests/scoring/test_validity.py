"""Bits are a bound of memory: no score finds more than a tester has, or any where there is none.

Every score there is is tested, so a new one is by its existence. The full battery: scripts/check_scores.py.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import pytest

from bitsperfact import analysis, scoring, tables
from bitsperfact.scoring.reader import CLASSIFIER
from tests.scoring.known_testers import REST, known_tester
from tests.scoring.made import score_table
from tests.scripts import load_script

worlds = load_script("scripts/score_worlds.py")
battery = load_script("scripts/check_scores.py")

#: Filters by the bits that they hold per fact.
WORLDS = {
    "filter": worlds.World("", 4, worlds.drawn_apart(240, 200, 10), worlds.accepting(4)),
    "two values": worlds.World("", 3, worlds.drawn_apart(240, 200, 10), worlds.accepting(3, noise=0.0)),
    "offsets": worlds.World("", 4, worlds.drawn_apart(240, 200, 10), worlds.accepting(4, spread=3.0)),
    "permutation": worlds.World("", 4, worlds.permuted(240, 10), worlds.accepting(4)),
    "permutation, offsets": worlds.World("", 6, worlds.permuted(240, 10), worlds.accepting(6, spread=3.0)),
}


def claims_of(dealt) -> pd.DataFrame:
    prefixes, targets = [f"s{s} is" for s in dealt.subject], [f" a{a}" for a in dealt.answer]
    frame = pd.DataFrame(
        {
            "claim_id": [tables.claim_id("made", p, t) for p, t in zip(prefixes, targets, strict=True)],
            "claim_set": "made",
            "group": [f"s{s}" for s in dealt.subject],
            "prefix": prefixes,
            "target": targets,
            "is_fact": dealt.is_fact,
            "grade": dealt.is_fact.astype(float),
            "stratum": np.where(dealt.is_fact, "fact", "derangement"),
            "source": "test",
        }
    )
    return tables.check("claims", frame, "test")


def entries_of(world, dealt, rng) -> np.ndarray:
    """What the world's law says of every pair."""
    n_subjects, n_answers = 1 + dealt.subject.max(), 1 + dealt.answer.max()
    subject, answer = (x.ravel() for x in np.mgrid[-1:n_subjects, 0:n_answers])
    fact = np.zeros((1 + n_subjects, n_answers), dtype=bool)
    fact[1 + dealt.subject[dealt.is_fact], dealt.answer[dealt.is_fact]] = True
    return world.law(worlds.Pairs(subject, answer, fact.ravel()), rng).reshape(fact.shape)


@dataclass(frozen=True)
class Scored:
    """A network that is the tester of a world, its claims and its scores: values by score, (n_claims,)."""

    model: tables.ModelInfo
    claims: pd.DataFrame
    scores: pd.DataFrame
    entries: np.ndarray
    dealt: object

    def value(self, name):
        return self.scores.loc[self.scores["score"] == name, "value"].to_numpy()


def is_of_classifiers(name):
    return all(need.reader.kind is CLASSIFIER for need in scoring.score(name).needs)


@cache
def scored(name: str, *, classifies: bool) -> Scored:
    """Every score that the network's kind of head can give."""
    world, rng = WORLDS[name], np.random.default_rng(1)
    dealt = world.deal(rng)
    entries = entries_of(world, dealt, rng)
    claims, loaded = claims_of(dealt), known_tester(entries, classifies=classifies)
    names = [name for name in scoring.names() if is_of_classifiers(name) == classifies]
    scores = score_table(loaded, claims, names, batch_tokens=1 << 13)
    return Scored(loaded.info, claims, scores, entries, dealt)


def test_the_networks_are_the_testers_they_are_called():
    found = scored("offsets", classifies=False)
    own = found.entries[1 + found.dealt.subject, found.dealt.answer]
    np.testing.assert_allclose(found.value("logprob"), own - REST, atol=1e-4)
    np.testing.assert_allclose(found.value("pmi"), own - found.entries[0, found.dealt.answer], atol=1e-4)
    np.testing.assert_allclose(found.value("p_true"), own, atol=1e-4)
    np.testing.assert_allclose(scored("offsets", classifies=True).value("log_odds"), own, atol=1e-4)


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("name", scoring.names())
def test_no_score_finds_more_bits_than_a_tester_has(name, world):
    found = scored(world, classifies=is_of_classifiers(name))
    bits = battery.estimate(found.value(name), found.dealt, seed=0, replicates=30)
    assert bits.lower <= WORLDS[world].memory
    assert bits.certified <= WORLDS[world].memory
    assert bits.estimate > 1  # it is the network that is asked


@pytest.fixture(scope="module")
def found_in_nothing():
    """Outcomes of all scores on worlds in which nothing is known, by score."""
    every = {name: scoring.score(name) for name in scoring.names()}
    outcomes = [o for world in worlds.nulls() for o in battery.examined(world, every, 2, replicates=30)]
    return {name: [o for o in outcomes if o.score == name] for name in every}


@pytest.mark.parametrize("name", scoring.names())
def test_no_score_finds_bits_where_there_are_none(found_in_nothing, name):
    """Each of 14 intervals may exclude 0 in one of twenty; so many do with chance below .005."""
    outcomes = found_in_nothing[name]
    assert sum(lower > 0 for o in outcomes for lower in o.lower) <= 3
    assert sum(certified > 0 for o in outcomes for certified in o.certified) <= 3


def test_the_analysis_says_what_the_estimate_says():
    found = scored("permutation, offsets", classifies=False)
    chosen = found.scores[found.scores["score"] == "calibrated"]
    info = tables.ClaimSetInfo("made", 240, 240 * 240, "CC0-1.0", "0" * 64, 0)
    rows = analysis.separate(found.claims, chosen, [info], [found.model], replicates=5)
    rows = rows[(rows["score"] == "calibrated") & (rows["stratum"] == tables.POOLED)].set_index("quantity")
    assert rows.loc["bits_per_fact", "lower"] <= 6
    assert 1 < rows.loc["bits_certified", "value"] <= 6


def test_comparing_with_candidates_of_which_one_is_a_fact_finds_bits_that_no_memory_holds():
    """Why `choice` is no score: the battery must be able to tell."""
    _, choice = battery.examined(WORLDS["filter"], {"logprob": scoring.score("logprob")}, 2, replicates=30)
    assert min(choice.lower) > 4
