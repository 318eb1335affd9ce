from importlib.metadata import version

import numpy as np
import pandas as pd
import pytest
import torch
from tokenizers import pre_tokenizers

from bitsperfact import scoring, tables
from bitsperfact.errors import BadInput
from bitsperfact.estimate import bits_per_fact
from bitsperfact.rows import InMemory
from bitsperfact.scoring import segments, tasks
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.score import Answers, ScoreInput
from bitsperfact.scoring.scores.calibrated import calibrated
from bitsperfact.scoring.scores.probe import SCORE as PROBE
from bitsperfact.scoring.shards import shards_of
from bitsperfact.scoring.views import Labelled
from tests.networks import byte_tokenizer, tiny_model
from tests.scoring.made import plan_of, score_table
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
    np.testing.assert_array_equal(scored["logprob"]["n_tokens"], n_tokens)
    for i, (prefix, target) in enumerate(zip(claims["prefix"], claims["target"], strict=True)):
        # All five other subjects are references: fewer than the score takes.
        others = logprob[(claims["prefix"] != prefix) & (claims["target"] == target)]
        assert scored["calibrated"]["value"][i] == pytest.approx(logprob[i] - others.mean(), abs=1e-3)
        prompt = f"Is the following statement true or false?\nStatement: {prefix}{target}\nAnswer:"
        asked = [logprob_one_by_one(loaded, prompt, answer)[0] for answer in (" True", " False")]
        assert scored["p_true"]["value"][i] == pytest.approx(asked[0] - asked[1], abs=1e-3)


def test_pmi_takes_off_the_tokens_that_the_target_has_in_the_claim():
    """A tokenizer that puts a space before every text cuts a target alone into others."""
    tokenizer = byte_tokenizer(adds_bos=True)
    tokenizer._tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=False)
    loaded, claims = tiny_model(tokenizer=tokenizer), claim_frame(2)
    claims["target"] = claims["target"].str.strip()
    found = score_table(loaded, claims, ["pmi"])
    for row, claim in zip(found.itertuples(), claims.itertuples(), strict=True):
        ids = tokenizer.convert_tokens_to_ids(["<s>", *claim.target])
        with torch.no_grad():
            logprobs = torch.log_softmax(loaded.model(torch.tensor([ids])).logits[0].double(), dim=-1)
        free = sum(float(logprobs[k, token]) for k, token in enumerate(ids[1:]))
        assert row.value == pytest.approx(row.logprob_sum - free, abs=1e-4)


def test_calibrated_needs_a_second_prefix(loaded):
    lonely = claim_frame().query("group == 'A'")
    with pytest.raises(BadInput, match="score calibrated, claim set codes: expected claims of several prefixes"):
        score_table(loaded, lonely, ["calibrated"])


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


def probed(hidden, is_fact, groups, targets):
    frame = pd.DataFrame({"is_fact": is_fact, "group": groups, "target": targets})
    (need,) = PROBE.needs
    answers = Answers({"hidden": hidden.astype(np.float32)}, np.arange(len(frame))[:, None])
    return PROBE.value(ScoreInput(Labelled(InMemory("claims", frame)), {need.name: answers}))


def auc(values, is_fact):
    facts, others = values[is_fact][:, None], values[~is_fact]
    return np.mean(facts > others) + np.mean(facts == others) / 2


def test_probe_reads_a_linear_truth_and_finds_none_in_noise():
    rng = np.random.default_rng(0)
    groups, targets = np.repeat([f"entity {i}" for i in range(100)], 4), np.array([f"t{i}" for i in range(400)])
    is_fact = np.tile([True, False, False, False], 100)
    noise = rng.normal(size=(400, 16))
    assert auc(probed(noise + is_fact[:, None], is_fact, groups, targets), is_fact) > 0.97
    assert abs(auc(probed(noise, is_fact, groups, targets), is_fact) - 0.5) < 0.1


def test_probe_never_learns_from_the_entity_it_scores():
    # Each entity's label is readable only from its own feature: held out, nothing can be read.
    groups = np.repeat([f"entity {i}" for i in range(40)], 2)
    is_fact = np.tile([True, False], 40)
    hidden = np.zeros((80, 40))
    hidden[np.arange(80), np.repeat(np.arange(40), 2)] = np.where(is_fact, 1.0, -1.0)
    held_out = probed(hidden, is_fact, groups, np.array([f"t{i}" for i in range(80)]))
    assert np.ptp(held_out) < 1e-6 or abs(np.corrcoef(held_out, is_fact)[0, 1]) < 0.2


@pytest.mark.parametrize(("n_answers", "n_others"), [(200, 10), (20, 5), (2, 1)])
def test_probe_tells_nothing_by_elimination(n_answers, n_others):
    """Answers dealt at random to 200 people; the states say which answer it is, and nothing else.

    With entities alone held out: 2.1 bits, AUC .10, for 200 answers.
    """
    rng = np.random.default_rng(1)
    people = np.repeat(np.arange(200), 1 + n_others)
    is_fact = np.tile(np.arange(1 + n_others) == 0, 200)
    own = rng.permutation(200) % n_answers
    wrong = [(a + 1 + rng.permutation(n_answers - 1)[:n_others]) % n_answers for a in own]
    answers = np.concatenate([[a, *w] for a, w in zip(own, wrong, strict=True)])
    hidden = np.c_[np.eye(n_answers)[answers], rng.normal(size=(200, 4))[people]]
    values = probed(hidden, is_fact, people.astype(str), answers.astype(str))
    assert auc(values, is_fact) == pytest.approx(0.5, abs=0.05)
    bits = bits_per_fact(values[is_fact], values[~is_fact], (people[is_fact], people[~is_fact]), replicates=50)
    assert bits.lower == bits.certified == 0


def test_shards_are_shared_between_scores_and_keyed_by_what_decides_them(loaded, tmp_path):
    claims = claim_frame()

    def keys(names, model=loaded.info, **settings):
        return {task.key for task in plan_of(model, claims, names, tmp_path, **settings).tasks}

    assert keys(("logprob",)) == keys(("logprob_mean",)) == keys(("logprob", "logprob_mean"))
    assert keys(("logprob",)) < keys(("pmi",))
    assert keys(("logprob",)) < keys(("calibrated",))
    assert keys(("logprob",)) == keys(("logprob",), batch_tokens=7, seed=5)
    other = tiny_model(seed=1).info
    for different in (keys(("logprob",), model=other), keys(("logprob",), bos="never"), keys(("p_true",))):
        assert not different & keys(("logprob",))


#: Keys of the shards of 25 claims, by score and need, and of the folder of cached answers, under version 5 of all.
KEYS = {
    "logprob": {"conditional": "dc89ecf8eec684adeebb56b4799cb5d7"},
    "pmi": {
        "conditional": "dc89ecf8eec684adeebb56b4799cb5d7",
        "unconditional": "afa54feab73b0476a342ec044882b3f8",
    },
    "calibrated": {
        "conditional": "dc89ecf8eec684adeebb56b4799cb5d7",
        "elsewhere@8": "b73d5a80793a4b9f8a8abd71994ec247",
    },
    "p_true": {"judgement": "851fe7344678fd2f0fd95d002e422a79"},
    "probe": {"probe@0.6": "72c186044248e7ed2b757775e8dc33d5"},
    "log_odds": {"log_odds": "8a242852b7b9c12725c2dcdbcde1d60d"},
}
CACHE_FOLDER = "184ab3259a223c7a684426f3dfd7b97c"


@pytest.mark.parametrize("name", KEYS)
def test_shards_of_earlier_runs_are_found_again(name, tmp_path, monkeypatch):
    monkeypatch.setattr(tasks, "version", lambda _: "5")
    causal = tables.ModelInfo("m", "0", "f" * 64, 1, "float32", "LlamaForCausalLM")
    classifier = tables.ModelInfo("j", "0", "e" * 64, 1, "float32", "BertForSequenceClassification")
    model = classifier if name == "log_odds" else causal
    # Prompts were plain text then, and completions still are.
    plan = plan_of(model, claim_frame(5), (name,), tmp_path, chat="never" if name == "p_true" else "auto")
    assert {need: [task.key for task in shards] for need, shards in plan.shards.items()} == {
        need: [key] for need, key in KEYS[name].items()
    }
    folders = {segments.folder_of(task.cached_for).name for task in plan.tasks if task.cached_for is not None}
    assert (CACHE_FOLDER in folders) == (name not in {"probe", "log_odds"})
    assert len(folders) == {"probe": 0, "log_odds": 0, "pmi": 2}.get(name, 1)


@pytest.mark.parametrize("renewed", ["transformers", "tokenizers"])
def test_another_version_of_what_reads_models_and_text_finds_nothing_of_earlier_ones(
    renewed, loaded, tmp_path, monkeypatch
):
    def names():
        plan = plan_of(loaded.info, claim_frame(), ("calibrated", "p_true", "probe"), tmp_path)
        return {task.key for task in plan.tasks} | {task.cached_for for task in plan.tasks} - {None}

    before = names()
    assert names() == before
    monkeypatch.setattr(tasks, "version", lambda name: "5.99" if name == renewed else version(name))
    assert not names() & before


def test_two_needs_of_one_name_are_refused(loaded, tmp_path):
    other = calibrated("mine", 8)  # asks as `calibrated` does, but whatever it costs
    with pytest.raises(
        BadInput, match=r"score mine: expected needs with names of their own, .* another 'elsewhere@8'"
    ):
        plan_of(loaded.info, claim_frame(), ("calibrated", other), tmp_path)


def test_what_knows_which_claims_are_facts_is_no_score():
    assert "choice" not in scoring.names()
    with pytest.raises(BadInput, match=r"^score choice: .* logprob or calibrated, got .* choice_accuracy"):
        scoring.score("choice")


def test_unknown_score_lists_the_known():
    with pytest.raises(BadInput, match="calibrated, log_odds, logprob, logprob_mean, p_true, pmi, probe"):
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


def test_a_model_that_fails_is_named_with_claim_set_and_scores(tmp_path):
    model = tiny_model(tokenizer=byte_tokenizer(adds_bos=True))
    with torch.no_grad():
        model.model.get_output_embeddings().weight.fill_(float("nan"))
    plan = plan_of(model.info, claim_frame(3), ("calibrated", "logprob", "p_true"), tmp_path)
    (shared,) = plan.shards["conditional"]
    said = r"claim '.*', claim set .*, score calibrated, logprob: expected a finite"
    with pytest.raises(BadInput, match=said):
        shared.run(model)
