"""Separation of simulated scores whose law, and hence every quantity, is known in closed form."""

import numpy as np
import pandas as pd
import pytest
from tests.analysis.sets import abbreviations, derangement, info, model, names, random_codes, scores

from bitsperfact.analysis import analyse, separate
from bitsperfact.analysis.baseline import pattern_scores
from bitsperfact.analysis.evidence import gather
from bitsperfact.analysis.seeds import derived_seed
from bitsperfact.tables import BEST_SCORE, PATTERN_MODEL
from bitsperfact.theory import membership_information

N_FACTS, K = 150, 15
REPLICATES = 100


def code_set(seed=0, name="codes", n=N_FACTS, k=K, fresh=0, coding=None):
    rng = np.random.default_rng(seed)
    subjects = names(rng, n)
    codes = coding(rng, subjects) if coding else random_codes(rng, n)
    return derangement(rng, subjects, codes, k, name, fresh)


def channel(claims, q, seed=1):
    """The hallucination channel with jitter: facts score high, non-facts with probability q. KL = log2(1/q)."""
    rng = np.random.default_rng(seed)
    high = claims["is_fact"].to_numpy(dtype=bool) | (rng.random(len(claims)) < q)
    return np.where(high, 4.0, -4.0) + 0.3 * rng.standard_normal(len(claims))


def rows_of(separation, name="small", stratum="pooled"):
    found = separation[(separation["model"] == name) & (separation["stratum"] == stratum)]
    return found.set_index("quantity")


def holds(row, truth, low=0.06):
    """Whether the truth lies in the interval, where bits may be estimated low by 6 %, as binning loses some."""
    reach = row["upper"] * (1 + low) if row["unit"] == "bits" else row["upper"]
    return row["lower"] <= truth <= reach


@pytest.fixture(scope="module")
def claims():
    return code_set()


@pytest.mark.parametrize("q", [1 / 2, 1 / 8, 1 / 16])
def test_the_channel_is_measured_as_it_was_drawn(claims, q):
    p = 1 / 1000
    separation = separate(
        claims, scores(claims, channel(claims, q)), [info(n_facts=1000, universe_size=10**6)], [model("small")]
    )
    found = rows_of(separation)
    mu_fact, mu_nonfact = [1.0, 0.0], [q, 1 - q]
    truths = {
        "bits_per_fact": np.log2(1 / q),
        "membership_information": float(membership_information(mu_fact, mu_nonfact, p)),
        "bits_above_pattern": np.log2(1 / q),
        "auc": 1 - q / 2,
        "hallucination_rate": 0.95 * q,
        "x_star": 1 / (1 + q),
        "q_star": q,
        # At q = 1/2 the channel's own x* lies between 1/4 and 3/4.
        "abstention_mass": (1 + q) / 2 if 1 / (1 + q) <= 3 / 4 else 0.0,
        # Of m hallucinations among a question's K non-facts the fact comes first in one case of 1 + m.
        "choice_accuracy": (1 - (1 - q) ** (K + 1)) / ((K + 1) * q),
    }
    for quantity, truth in truths.items():
        assert holds(found.loc[quantity], truth), quantity
    assert found.loc["bits_certified", "value"] <= np.log2(1 / q)
    assert np.isnan(found.loc["bits_certified", "upper"])
    # Not 0: 150 facts in some 20 bins have that much noise.
    assert found.loc["channel_distance", "value"] < 0.1 * (1 + q)
    assert found.loc["channel_distance", "lower"] <= found.loc["channel_distance", "value"]
    assert (found.loc[["x_star", "q_star", "channel_distance"], "unit"] == "1").all()
    assert found.loc["miss_rate", "value"] == 0
    assert found.loc["choice_chance", "value"] == pytest.approx(1 / (K + 1))
    assert found.loc["largest_entity_share", "value"] == pytest.approx(1 / N_FACTS)
    assert (found["n_facts"] == N_FACTS).all()
    assert (found["n_nonfacts"] == N_FACTS * K).all()


def test_a_set_that_is_not_sparse_needs_fewer_bits(claims):
    values = scores(claims, channel(claims, 1 / 16))
    found = rows_of(
        separate(claims, values, [info(n_facts=200, universe_size=1000)], [model("small")], replicates=REPLICATES)
    )
    exact = float(membership_information([1.0, 0.0], [1 / 16, 15 / 16], 0.2))
    assert holds(found.loc["membership_information"], exact)
    assert found.loc["sparsity_ratio", "value"] == pytest.approx(exact / 4, rel=0.05)


def test_scores_of_the_text_alone_have_no_bits_above_it():
    claims = code_set(coding=abbreviations)
    values = pattern_scores(claims, derived_seed(0, "codes", "pooled", "pattern"))
    separation = separate(claims, scores(claims, values), [info()], [model("small")], replicates=REPLICATES)
    above = rows_of(separation).loc["bits_above_pattern"]
    # Paired: the two are the same on every resample. Too many facts score above the non-facts to bound either.
    assert above["value"] == pytest.approx(0, abs=1e-12)
    assert above["lower"] <= 0 <= above["upper"]
    assert above["resolution_limited"]
    pattern = rows_of(separation, PATTERN_MODEL).loc["bits_per_fact"]
    assert pattern["lower"] > 1
    assert pattern["value"] == rows_of(separation).loc["bits_per_fact", "value"]


def test_random_facts_have_no_bits():
    claims = code_set(seed=4)
    values = np.random.default_rng(2).standard_normal(len(claims))
    separation = separate(claims, scores(claims, values), [info()], [model("small")], replicates=REPLICATES)
    for name in ("small", PATTERN_MODEL):
        assert rows_of(separation, name).loc["bits_per_fact", "lower"] == 0
    above = rows_of(separation).loc["bits_above_pattern"]
    assert above["lower"] <= 0 <= above["upper"]


def test_only_the_order_of_scores_matters(claims):
    values = channel(claims, 1 / 8)
    one, other = (
        separate(claims, scores(claims, each), [info()], [model("small")], replicates=REPLICATES)
        for each in (values, np.exp(values / 2) - 7)
    )
    # All but the likelihoods of laws, which are those of log-odds.
    one, other = (table[~table["quantity"].str.startswith("behind_")] for table in (one, other))
    pd.testing.assert_frame_equal(one, other)


def test_graded_scores_are_far_from_the_channel(claims):
    values = np.random.default_rng(0).standard_normal(len(claims)) + 2 * claims["is_fact"].to_numpy()
    found = rows_of(separate(claims, scores(claims, values), [info()], [model("small")], replicates=REPLICATES))
    distance = found.loc["channel_distance"]
    assert 0.05 < distance["lower"] <= distance["value"] <= distance["upper"] <= 1


def test_strata_are_measured_apart_and_together():
    claims = code_set(n=80, k=8, fresh=5)
    # Fresh non-facts are told apart, derangements are not.
    noise = np.random.default_rng(0).standard_normal(len(claims))
    values = noise - 20 * (claims["stratum"] == "fresh").to_numpy()
    separation = separate(claims, scores(claims, values), [info()], [model("small")], replicates=REPLICATES)
    parts = {name: rows_of(separation, stratum=name) for name in ("derangement", "fresh", "pooled")}
    assert parts["derangement"].loc["bits_per_fact", "lower"] == 0
    assert parts["fresh"].loc["bits_per_fact", "lower"] > 3
    assert parts["fresh"].loc["auc", "value"] == 1
    pooled = parts["pooled"].loc["auc", "value"]
    assert pooled == pytest.approx((8 * parts["derangement"].loc["auc", "value"] + 5) / 13)
    assert {name: int(part["n_nonfacts"].iloc[0]) for name, part in parts.items()} == {
        "derangement": 640,
        "fresh": 400,
        "pooled": 1040,
    }


def test_one_stratum_is_what_is_pooled(claims):
    separation = separate(
        claims, scores(claims, channel(claims, 0.1)), [info()], [model("small")], replicates=REPLICATES
    )
    for name in ("small", PATTERN_MODEL):
        pd.testing.assert_frame_equal(
            rows_of(separation, name).drop(columns="stratum"),
            rows_of(separation, name, "derangement").drop(columns="stratum"),
        )


def test_numbers_depend_on_neither_order_nor_company():
    sets = {name: code_set(seed, name, 40, 6) for seed, name in enumerate(("codes", "others"))}
    infos = [info(name) for name in sets]
    claims = pd.concat(sets.values())
    values = pd.concat(
        scores(each, channel(each, q, seed), name)
        for name, q, seed in (("small", 0.3, 5), ("large", 0.1, 6))
        for each in sets.values()
    )
    models = [model("small"), model("large", 2_000_000)]
    whole = separate(claims, values, infos, models, replicates=20)
    claims, values = (frame.sample(frac=1, random_state=3) for frame in (claims, values))
    shuffled = separate(claims, values, infos[::-1], models[::-1], replicates=20)
    pd.testing.assert_frame_equal(whole, shuffled)
    alone = values[(values["model"] == "large") & values["claim_id"].isin(sets["others"]["claim_id"])]
    part = separate(sets["others"], alone, infos[1:], models[1:], replicates=20)
    same = whole[whole["model"].isin(["large", PATTERN_MODEL]) & (whole["claim_set"] == "others")]
    pd.testing.assert_frame_equal(part, same.reset_index(drop=True))
    assert not whole.equals(separate(claims, values, infos, models, seed=1, replicates=20))


def test_entities_are_drawn_whole():
    """Copies of each entity's claims add no information, so the interval must not shrink."""
    single = code_set(n=60, k=6)
    values = channel(single, 1 / 4) // 2
    copies = pd.concat([single.assign(prefix=single["prefix"] + " " * k) for k in range(4)], ignore_index=True)
    copies["claim_id"] = [f"{k:06d}" for k in range(len(copies))]
    widths = []
    for claims, each in ((single, values), (copies, np.tile(values, 4))):
        found = rows_of(separate(claims, scores(claims, each), [info()], [model("small")]))
        row = found.loc["auc"]
        widths.append(row["upper"] - row["lower"])
    assert widths[1] == pytest.approx(widths[0], rel=0.25)


def test_two_facts_are_enough_to_say_something():
    claims = code_set(n=2, k=1)
    separation, verdict = analyse(claims, scores(claims, [1.0, 0.0, 2.0, -1.0]), [info()], [model("small")])
    assert rows_of(separation).loc["auc", "value"] == 1
    assert len(verdict)


def test_progress_counts_to_the_end(claims):
    seen = []
    separate(
        claims,
        scores(claims, channel(claims, 0.1)),
        [info()],
        [model("small")],
        0,
        10,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(1, 2), (2, 2)]


def test_analyse_is_separate_and_judge():
    claims = code_set(n=120)
    models = [model(f"lab/net-{2**k}M", 10**6 * 2**k) for k in range(4)]
    values = pd.concat(
        [scores(claims, channel(claims, 2.0**-k / 2, k), each.name) for k, each in enumerate(models)]
    )
    separation, verdict = analyse(claims, values, [info(universe_size=10**5)], models, replicates=REPLICATES)
    status = verdict.set_index("prediction")["status"]
    assert (status != "violated").all(), verdict[verdict["status"] == "violated"]
    assert status["bits_grow_with_size"] == "consistent"
    assert (status["bits_are_effective"] == "consistent").any()
    growth = verdict[verdict["prediction"] == "bits_grow_with_size"].iloc[0]
    assert growth["lower"] <= 1 <= growth["upper"]
    assert set(separation["model"]) == {PATTERN_MODEL, *(each.name for each in models)}


def test_too_few_replicates_are_refused(claims):
    with pytest.raises(ValueError, match="replicates must be at least 2, got 1"):
        separate(claims, scores(claims, channel(claims, 0.1)), [info()], [model("small")], replicates=1)


def test_the_best_score_of_a_model_has_rows_of_its_own():
    claims = code_set(n=60, k=6)
    good, noise = channel(claims, 1 / 4), np.random.default_rng(0).standard_normal(len(claims))
    values = pd.concat(
        [
            scores(claims, good).assign(score="a"),
            scores(claims, noise).assign(score="b"),
            scores(claims, good, "one").assign(score="a"),
        ]
    )
    separation = separate(claims, values, [info()], [model("small"), model("one")], replicates=20)
    of_best = separation[separation["score"] == BEST_SCORE]
    assert set(of_best["model"]) == {"small"}
    assert set(of_best["quantity"]) == {"bits_per_fact", "bits_certified"}
    assert set(of_best["stratum"]) == set(separation["stratum"])
    found = rows_of(of_best)
    alone = rows_of(separation[separation["score"] == "a"])
    assert found.loc["bits_per_fact", "value"] == alone.loc["bits_per_fact", "value"]
    assert "a best in 100 %" in found.loc["bits_per_fact", "estimator"]
    assert found.loc["bits_certified", "value"] < alone.loc["bits_certified", "value"]
    # It is no score that predictions are asked about.
    assert {key.score for key in gather(separation, [info()], [model("small"), model("one")]).scored()} == {
        "a",
        "b",
    }
