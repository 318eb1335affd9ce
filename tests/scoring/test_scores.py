import math
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitsperfact import scoring, tables
from bitsperfact.errors import BadInput
from bitsperfact.scoring.choice import log_odds_against_rest
from bitsperfact.scoring.probe import SCORE as PROBE
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.shards import shards_of
from tests.networks import byte_tokenizer, tiny_model
from tests.scoring.reference import logprob_one_by_one


def claim_frame(n_subjects: int = 6) -> pd.DataFrame:
    rows = []
    for i in range(n_subjects):
        for j in range(n_subjects):
            prefix, target = f"The code of {chr(65 + i)} is", f" {chr(97 + j) * (j + 1)}"
            rows.append(
                {
                    "claim_id": tables.claim_id("codes", prefix, target),
                    "claim_set": "codes",
                    "group": chr(65 + i),
                    "prefix": prefix,
                    "target": target,
                    "is_fact": i == j,
                    "grade": float(i == j),
                    "stratum": "fact" if i == j else "derangement",
                    "source": "test",
                }
            )
    return tables.check("claims", pd.DataFrame(rows), "test")


#: Scores of causal language models; `log_odds` is of another kind of model.
CAUSAL = [name for name in scoring.names() if name != "log_odds"]


def score_table(loaded, claims, names, **settings) -> pd.DataFrame:
    with tempfile.TemporaryDirectory() as folder:
        asked = scoring.Questions(claims, Path(folder))
        plan = scoring.Plan(loaded.info, asked, tuple(names), scoring.Settings(**settings), lambda: loaded)
        results = {task.key: task.run(task.opener()) for task in plan.tasks}
        return tables.check("scores", plan.assemble(results.__getitem__), "test")


@pytest.fixture(scope="module")
def loaded():
    return tiny_model(tokenizer=byte_tokenizer(adds_bos=True))


@pytest.fixture(scope="module")
def scored(loaded) -> dict[str, pd.DataFrame]:
    frame = score_table(loaded, claim_frame(), CAUSAL)
    return {name: part.reset_index(drop=True) for name, part in frame.groupby("score")}


def test_every_score_gives_every_claim_one_finite_value(scored):
    assert sorted(scored) == CAUSAL
    for part in scored.values():
        assert list(part["claim_id"]) == list(claim_frame()["claim_id"])
        assert np.isfinite(part["value"]).all()


def test_each_score_is_its_definition(loaded, scored):
    claims = claim_frame()
    one = [logprob_one_by_one(loaded, p, t) for p, t in zip(claims["prefix"], claims["target"], strict=True)]
    logprob = np.array([total for total, _ in one])
    n_tokens = np.array([n for _, n in one])
    prior = np.array([logprob_one_by_one(loaded, "", t)[0] for t in claims["target"]])
    np.testing.assert_allclose(scored["logprob"]["value"], logprob, atol=1e-4)
    np.testing.assert_allclose(scored["logprob_mean"]["value"], logprob / n_tokens, atol=1e-4)
    np.testing.assert_allclose(scored["pmi"]["value"], logprob - prior, atol=1e-4)
    np.testing.assert_array_equal(scored["choice"]["n_tokens"], n_tokens)
    for i, (prefix, target) in enumerate(zip(claims["prefix"], claims["target"], strict=True)):
        rivals = logprob[(claims["prefix"] == prefix) & (claims["target"] != target)]
        expected = logprob[i] - math.log(math.fsum(np.exp(rivals)))
        assert scored["choice"]["value"][i] == pytest.approx(expected, abs=1e-3)
        prompt = f"Is the following statement true or false?\nStatement: {prefix}{target}\nAnswer:"
        asked = [logprob_one_by_one(loaded, prompt, answer)[0] for answer in (" True", " False")]
        assert scored["p_true"]["value"][i] == pytest.approx(asked[0] - asked[1], abs=1e-3)


@given(st.lists(st.floats(-1e4, 0), min_size=2, max_size=8))
def test_choice_is_the_log_odds_of_a_softmax_and_never_saturates(logprobs):
    values = np.array(logprobs)
    odds = log_odds_against_rest(values)
    assert np.isfinite(odds).all()
    best, runner_up = np.sort(values)[::-1][:2]
    assert best - runner_up - math.log(len(values)) <= odds.max() + 1e-9 <= best - runner_up + 2e-9 + 1e-9
    if np.ptp(values) < 30:  # where a softmax in floats still resolves every alternative
        share = np.exp(values - np.logaddexp.reduce(values))
        np.testing.assert_allclose(odds, np.log(share / (1 - share)), atol=1e-2)


def test_choice_with_a_single_candidate_is_refused(loaded):
    lonely = claim_frame().query("is_fact")
    with pytest.raises(BadInput, match="at least 2 candidates"):
        score_table(loaded, lonely, ["choice"])


def test_pmi_of_bare_statements_is_refused(loaded):
    bare = claim_frame().assign(prefix="")
    with pytest.raises(BadInput, match="claims with a prefix"):
        score_table(loaded, bare, ["pmi"])


def test_unsupervised_scores_are_blind_to_labels(loaded, scored):
    blind = claim_frame()
    blind["is_fact"], blind["stratum"], blind["grade"] = ~blind["is_fact"], "given", 0.5
    names = [n for n in CAUSAL if n != "probe"]
    again = score_table(loaded, blind, names)
    for name, part in again.groupby("score"):
        np.testing.assert_array_equal(part["value"], scored[name]["value"])


def test_probe_reads_a_linear_truth_and_finds_none_in_noise():
    rng = np.random.default_rng(0)
    groups = np.repeat([f"entity {i}" for i in range(100)], 4)
    is_fact = np.tile([True, False, False, False], 100)
    noise = rng.normal(size=(400, 16)).astype(np.float32)
    truthful = noise + np.outer(is_fact, np.full(16, 1.0)).astype(np.float32)

    def auc(values):
        return np.mean(values[is_fact][:, None] > values[~is_fact][None, :])

    assert auc(PROBE.value(truthful, is_fact, groups, 0)) > 0.97
    assert abs(auc(PROBE.value(noise, is_fact, groups, 0)) - 0.5) < 0.1


def test_probe_never_learns_from_the_entity_it_scores():
    # Each entity's label is readable only from its own feature: held out, nothing can be read.
    groups = np.repeat([f"entity {i}" for i in range(40)], 2)
    is_fact = np.tile([True, False], 40)
    hidden = np.zeros((80, 40), dtype=np.float32)
    hidden[np.arange(80), np.repeat(np.arange(40), 2)] = np.where(is_fact, 1.0, -1.0)
    held_out = PROBE.value(hidden, is_fact, groups, 0)
    assert np.ptp(held_out) < 1e-6 or abs(np.corrcoef(held_out, is_fact)[0, 1]) < 0.2


def test_shards_are_shared_between_scores_and_keyed_by_what_decides_them(loaded, tmp_path):
    claims = claim_frame()

    def keys(names, model=loaded.info, **settings):
        plan = scoring.Plan(
            model, scoring.Questions(claims, tmp_path), names, scoring.Settings(**settings), lambda: loaded
        )
        return {task.key for task in plan.tasks}

    assert keys(("choice",)) == keys(("logprob",)) == keys(("logprob", "logprob_mean", "choice"))
    assert keys(("choice",)) < keys(("choice", "pmi"))
    assert keys(("choice",)) == keys(("choice",), batch_tokens=7, seed=5)
    other = tiny_model(seed=1).info
    for different in (keys(("choice",), model=other), keys(("choice",), bos="never"), keys(("p_true",))):
        assert not different & keys(("choice",))


def test_unknown_score_lists_the_known():
    with pytest.raises(BadInput, match="choice, log_odds, logprob, logprob_mean, p_true, pmi, probe"):
        scoring.score("vibes")


def test_shards_are_sorted_and_cut_no_context():
    asked = [Request(f"context {i % 4}", f" {i}") for i in range(12)] + [
        Request("long", f" {i}") for i in range(7)
    ]
    shards = list(shards_of(sorted(asked), 5))
    assert [request for shard in shards for request in shard] == sorted(asked)
    assert all(len(shard) <= 5 for shard in shards)
    for context in {request.context for request in asked} - {"long"}:
        assert sum(any(r.context == context for r in shard) for shard in shards) == 1
