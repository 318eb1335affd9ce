"""The error of reduced precision, as recorded with a run: that of the run itself in float32."""

import dataclasses
import re

import numpy as np
import pytest

from bitsperfact import pipeline, precision
from bitsperfact.scoring.engine import memory


@pytest.fixture
def options(tmp_path, capitals_file, apart, monkeypatch):
    monkeypatch.setattr(pipeline, "_report", lambda *_: None)  # most of a small run's time
    return pipeline.Options(
        model=("random:tiny", "random:tiny-gpt2"),
        claims=(str(capitals_file),),
        out=tmp_path / "low",
        score=("logprob", "p_true"),
        dtype="bfloat16",
        replicates=5,
        progress=False,
    )


def test_the_recorded_error_is_that_of_a_run_in_float32(options):
    low = pipeline.run(options)
    high = pipeline.run(dataclasses.replace(options, dtype="float32", out=options.out.parent / "high"))
    assert "precision" not in high.manifest
    recorded = low.manifest["precision"]
    assert [each["model"] for each in recorded] == list(options.model)
    for each in recorded:
        model = each["model"]
        one, other = (
            run.scores[(run.scores["model"] == model) & (run.scores["score"] == "logprob")].set_index("claim_id")
            for run in (low, high)
        )
        off = (one["logprob_sum"] - other["logprob_sum"]).abs() / one["n_tokens"]
        assert each["n_claims"] == len(off) == 36  # fewer than a sample: all of them
        assert each["median_nats"] == pytest.approx(off.median(), abs=1e-5)
        assert each["most_nats"] == pytest.approx(off.max(), abs=1e-5)
        assert 1e-4 < each["most_nats"] < 0.2
        assert each["tied"] == pytest.approx(one["logprob_sum"].duplicated(keep=False).mean())
    for line in precision.lines(low.manifest):
        number = r"[\d.e+-]+"
        told = rf"bfloat16 against float32, random:[\w-]+, 36 claims: {number} nats per token off in the median, "
        assert re.fullmatch(rf"{told}{number} at most; {number} % of scores tied \(float32: {number} %\)", line)


def test_a_sample_is_seeded_and_its_claims_are_distinct(options, monkeypatch):
    monkeypatch.setattr(precision, "SAMPLE", 10)
    runs = [
        pipeline.run(dataclasses.replace(options, out=options.out / str(seed), seed=seed)).manifest["precision"]
        for seed in (0, 0, 1)
    ]
    assert runs[0] == runs[1] != runs[2]
    assert {each["n_claims"] for each in runs[0]} == {10}


def test_where_float32_does_not_fit_the_run_ends_all_the_same(options, monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda _: 1000)
    with pytest.warns(UserWarning, match="model random:tiny: the error of bfloat16 is not measured") as caught:
        run = pipeline.run(dataclasses.replace(options, model=("random:tiny",), batch_tokens=100))
    assert len(caught) == 1
    assert len(run.scores) == 2 * 36
    assert "GB of free memory, got 1e-06 GB" in run.manifest["precision"][0]["not_measured"]
    assert precision.lines(run.manifest) == ["bfloat16 against float32, random:tiny: not measured"]


def test_hidden_states_are_not_compared(options):
    run = pipeline.run(dataclasses.replace(options, model=("random:tiny",), score=("probe",)))
    assert run.manifest["precision"] == []
    assert precision.lines(run.manifest) == precision.lines({}) == []


def test_tied_scores_are_all_that_occur_more_than_once():
    assert precision.tied_share(np.array([1.0, 2.0, 2.0, 3.0, 2.0, 3.0])) == pytest.approx(5 / 6)
    assert precision.tied_share(np.array([1.0, 2.0])) == 0
