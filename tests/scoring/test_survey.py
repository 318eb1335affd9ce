"""Where requests are scored from, what is too long or unknown, and what a run says of it."""

import dataclasses
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from bitsperfact import pipeline, tables
from bitsperfact.errors import BadInput
from bitsperfact.models import ModelInputs
from bitsperfact.report import page
from bitsperfact.report.sections import sections_of
from bitsperfact.scoring import survey
from bitsperfact.scoring.claim_requests import ClaimRequests
from bitsperfact.scoring.reader import Settings
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.scores.log_odds import LOGIT
from bitsperfact.scoring.scores.logprob import CONDITIONAL
from bitsperfact.scoring.shards import runs_of, write_shards
from bitsperfact.scoring.surveyed import SurveyedShards, moved
from bitsperfact.scoring.surveyor import Surveyor
from bitsperfact.scoring.tokens import Encoder
from tests.networks import byte_tokenizer, tiny_model
from tests.scoring.made import score_table
from tests.scoring.reference import logprob_one_by_one


def surveyed(requests, tokenizer, folder, max_tokens=None, most=3, need=CONDITIONAL) -> SurveyedShards:
    shards = write_shards(runs_of(sorted(requests), most), folder / "requests")
    (found,) = Surveyor(ModelInputs(tokenizer, max_tokens), Settings()).survey([(need, shards)])
    return SurveyedShards(shards, found)


def read(shards):
    return [request for at in range(len(shards.sizes)) for request in shards.read(at)]


def test_words_and_digits_after_a_space_are_scored_from_before_it(tmp_path):
    """The space merges with the words alone; digits would be conditioned on it."""
    tokenizer = byte_tokenizer(merges=(("Ġ", "P"), ("Ġ", "L")))
    asked = [Request("It is ", each) for each in ("12", "Paris", "Lima", "7", "8")]
    asked += [Request("It is", f" {each}") for each in ("12", "Paris")]
    found = read(surveyed(asked, tokenizer, tmp_path))
    assert {request.context for request in found} == {"It is"}
    assert sorted(request.continuation for request in found) == [
        " 12",
        " 12",
        " 7",
        " 8",
        " Lima",
        " Paris",
        " Paris",
    ]


def test_a_space_that_moves_in_one_context_moves_in_all_that_end_in_it(tmp_path):
    """Or subjects whose answers are all numbers would be spared what the others' words pay for."""
    tokenizer = byte_tokenizer(merges=(("Ġ", "P"),))
    numbers = [Request("A is ", each) for each in ("1", "2")]
    assert read(surveyed(numbers, tokenizer, tmp_path)) == numbers  # as ever, where no boundary of a set is cut
    found = read(surveyed([*numbers, Request("B is ", "P"), Request("C is:", "3")], tokenizer, tmp_path))
    assert found == [("A is", " 1"), ("A is", " 2"), ("B is", " P"), ("C is:", "3")]


LETTERS = st.text("ab ", min_size=1, max_size=6)
MERGES = [("a", "b"), ("Ġ", "a"), ("b", "Ġ"), ("a", "a"), ("ab", "Ġ"), ("Ġa", "b")]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(LETTERS, LETTERS), min_size=1, max_size=12),
    st.integers(0, len(MERGES)),
    st.integers(1, 5),
)
def test_all_continuations_of_a_context_are_scored_after_the_same_tokens(tmp_path_factory, pairs, n_merges, most):
    tokenizer = byte_tokenizer(adds_bos=True, merges=MERGES[:n_merges])
    encoder, given_requests = Encoder(tokenizer), sorted({Request(*pair) for pair in pairs})
    found = read(surveyed(given_requests, tokenizer, tmp_path_factory.mktemp("s"), most=most))
    assert ["".join(request) for request in found] == ["".join(request) for request in given_requests]
    rest = {given_requests[k].context[len(request.context) :] for k, request in enumerate(found)}
    spaces = [text for text in rest if text.isspace()]
    for context in {request.context for request in given_requests}:
        own = [k for k, request in enumerate(given_requests) if request.context == context]
        encoded = encoder.encode([found[k] for k in own])
        assert len({each.ids[: each.n_context] for each in encoded}) == 1
        assert all(each.boundary_ok for each in encoded)
        (kept,) = {found[k].context for k in own}
        most = len(context) - max((len(text) for text in spaces if context.endswith(text)), default=0)
        for n in range(len(kept) + 1, most + 1):  # and no longer beginning of the context would do
            longer = encoder.encode([moved(given_requests[k], len(context) - n) for k in own])
            assert not all(each.boundary_ok for each in longer)


def claims_of(prefixes, targets, name="made") -> pd.DataFrame:
    rows = [(p, t, i == j) for i, p in enumerate(prefixes) for j, t in enumerate(targets)]
    frame = pd.DataFrame(rows, columns=["prefix", "target", "is_fact"])
    frame["claim_id"] = [tables.claim_id(name, p, t) for p, t, _ in rows]
    frame["stratum"] = np.where(frame["is_fact"], "fact", "derangement")
    return tables.check("claims", frame.assign(claim_set=name, group=frame["prefix"], grade=0.5, source="t"), "t")


def test_a_space_in_the_prefix_costs_no_candidate_anything():
    """A set with the space at the end of the prefix, one with it before the target: the reference's number."""
    loaded = tiny_model(tokenizer=byte_tokenizer(merges=(("Ġ", "P"), ("Ġ", "L"))))
    scores = ["logprob", "pmi", "calibrated", "p_true"]
    prefixes, targets = ["The code of A is", "The code of B is"], ["Paris", "12", "Lima"]
    there = score_table(loaded, claims_of([f"{p} " for p in prefixes], targets), scores)
    here = score_table(loaded, claims_of(prefixes, [f" {t}" for t in targets]), scores)
    np.testing.assert_allclose(there["value"], here["value"], atol=1e-5)
    of_logprob = there["score"] == "logprob"
    # A token spans the boundary before words alone, which is why digits too are scored from before it.
    assert there.loc[of_logprob, "boundary_ok"].tolist() == [False, True, False] * 2
    assert here["boundary_ok"].all()
    expected = [logprob_one_by_one(loaded, p, f" {t}")[0] for p in prefixes for t in targets]
    np.testing.assert_allclose(there.loc[of_logprob, "value"], expected, atol=1e-4)


def test_claims_that_are_too_long_have_no_row_and_change_no_other():
    loaded = tiny_model(tokenizer=byte_tokenizer(adds_bos=True))
    names = ["logprob", "logprob_mean", "pmi", "calibrated", "p_true", "probe"]
    prefixes = [f"The code of {letter} is" for letter in "ABCDEF"]
    short = claims_of(prefixes, [f" {letter}" for letter in "abcdef"])
    long = short.copy()
    long.loc[3, "prefix"] = "x" * 600
    alone = score_table(loaded, short.drop(index=3), names[:3])
    found = score_table(loaded, long, names)
    assert len(found) == len(names) * (len(short) - 1)
    assert np.isfinite(found["value"]).all()
    part = found[found["score"].isin(names[:3])].reset_index(drop=True)
    pd.testing.assert_frame_equal(part, alone, atol=1e-5)


def test_a_reference_that_is_too_long_is_left_out_of_the_mean():
    loaded = tiny_model(tokenizer=byte_tokenizer(adds_bos=True))
    claims = claims_of(["The code of A is", "The code of B is", "z" * 600], [" a", " b", " c"])
    scores = score_table(loaded, claims, ["logprob", "calibrated"])
    found = scores.pivot_table(index="claim_id", columns="score", values="value")
    by_claim = claims.set_index("claim_id").loc[found.index]
    for target in (" a", " b", " c"):
        own = found[by_claim["target"] == target]
        assert len(own) == 2
        # Two subjects are left, each the other's only reference.
        np.testing.assert_allclose(own["calibrated"], own["logprob"] - own["logprob"].to_numpy()[::-1], atol=1e-5)


def test_where_all_claims_are_too_long_nothing_is_computed():
    loaded = tiny_model()
    with pytest.raises(
        BadInput, match="model random:llama, claim set made: expected claims of at most 512 tokens"
    ):
        score_table(loaded, claims_of(["y" * 600], [" a", " b"]), ["logprob"])


def test_classifiers_are_limited_as_their_tokenizer_says(tmp_path):
    tokenizer = byte_tokenizer(adds_bos=True)
    tokenizer.model_max_length = 6
    asked = [Request("", text) for text in ("12345", "123456")]
    assert read(surveyed(asked, tokenizer, tmp_path, max_tokens=8, need=LOGIT)) == asked[:1]


def test_unknown_characters_in_targets_are_counted(tmp_path):
    words = {"[UNK]": 0, "it": 1, "is": 2, "so": 3}
    backend = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]")
    tokenizer.bos_token = "is"
    requests = ClaimRequests(claims_of(["it is", "what is"], [" so", " Nauru", " Æ"]), tmp_path)
    found = survey.survey("m", requests, [CONDITIONAL], 4, ModelInputs(tokenizer, None), Settings())
    assert (found.counts.n_unknown, found.counts.n_claims) == (4, 6)
    assert "4 of 6 targets (0.67 of them)" in survey.unknown_line(found.counts)
    assert survey.unknown_line(dataclasses.replace(found.counts, n_unknown=0)) == ""


@pytest.fixture
def options(tmp_path):
    """Six subjects and answers: every prefix ends in a space, and one claim is longer than tiny models read."""
    rows = [f"{i},The capital of {i} is ,{'ab' * (1 + j)},{int(i == j)}" for i in range(6) for j in range(6)]
    rows[3] = f"0,{'The capital of ' * 200}it is,abab,0"
    (tmp_path / "six.csv").write_text("\n".join(["group,prefix,target,is_fact", *rows]) + "\n", encoding="utf-8")
    return pipeline.Options(
        model=("random:tiny", "random:tiny-bos"),
        claims=(str(tmp_path / "six.csv"),),
        out=tmp_path / "run",
        score=("logprob",),
        replicates=5,
        progress=False,
    )


def test_a_run_sets_one_claim_aside_and_says_so_everywhere(options, apart, monkeypatch):
    reported = []
    monkeypatch.setattr(pipeline, "_report", lambda _, run: reported.append(run))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = pipeline.run(options)
    assert len(run.claims) == 36
    assert run.scores.groupby(["model", "score"]).size().tolist() == [35] * 2
    assert set(run.separation.loc[run.separation["score"] == "logprob", "n_nonfacts"]) == {29}
    plain, with_bos = run.manifest["tokenization"]
    assert (plain["precedes"], with_bos["precedes"]) == ([], ["<|bos|>"])
    assert plain["n_too_long"] == with_bos["n_too_long"] == 1
    of_plain = run.scores[(run.scores["model"] == "random:tiny") & (run.scores["score"] == "logprob")]
    assert plain["n_merged"] == (~of_plain["boundary_ok"]).sum()
    lines = survey.lines(run.manifest)
    assert "before every claim, random:tiny: nothing" in lines
    assert "before every claim, random:tiny-bos: <|bos|>" in lines
    assert any("random:tiny, six: 1 of 36 claims have more than 512 tokens and are set aside" in s for s in lines)
    section = dict(sections_of(reported[0]))["tokenization"]
    contents = section.contents(SimpleNamespace(run=reported[0]))
    body = page._environment().from_string(page._MACROS + section.template).render(contents)
    assert body.count(plain["too_long_example"]) == 2


def test_a_set_without_facts_left_is_refused_before_anything_is_computed(options, apart, tmp_path, monkeypatch):
    rows = [f"{i},{'long ' * 600 * (i == j)}{i} is,{j},{int(i == j)}" for i in range(3) for j in range(3)]
    (tmp_path / "no.csv").write_text("\n".join(["group,prefix,target,is_fact", *rows]) + "\n", encoding="utf-8")
    monkeypatch.setattr(pipeline, "_computed", lambda *_: pytest.fail("computed"))
    with pytest.raises(BadInput, match="facts and non-facts of at most 512 tokens, got 0 facts, 6 non-facts"):
        pipeline.run(dataclasses.replace(options, claims=(str(tmp_path / "no.csv"),)))
