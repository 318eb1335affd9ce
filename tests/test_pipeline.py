"""The whole job on tiny networks: what a run leaves, what it does not do twice, and what it never loses."""

import dataclasses
import json

import pandas as pd
import pytest

import bitsperfact
from bitsperfact import cli, models, pipeline, runs, scoring, tables
from bitsperfact.errors import BadInput
from bitsperfact.models import loading

pytestmark = pytest.mark.usefixtures("apart")


@pytest.fixture
def options(tmp_path, capitals_file):
    return pipeline.Options(
        model=("random:tiny", "random:tiny-bos"),
        claims=(str(capitals_file),),
        out=tmp_path / "run",
        score=("logprob_mean", "logprob"),
        replicates=20,
        cache=False,  # the folder alone is tested here
        progress=False,
    )


@pytest.fixture
def page():
    """The page is tested too, where a test asks for it."""


@pytest.fixture(autouse=True)
def page_where_asked_for(request):
    if "page" not in request.fixturenames:
        request.getfixturevalue("no_page")


@pytest.fixture
def no_model(monkeypatch):
    """Opening any model is an error from here on."""

    def _forbid():
        def refuse(spec, *_):
            raise AssertionError(f"{spec.name} was opened")

        monkeypatch.setattr(loading, "_opened", refuse)

    return _forbid


def test_a_run_leaves_tables_that_pandas_and_load_run_read_alike(options, page):
    finished = pipeline.run(options)
    again = bitsperfact.load_run(options.out)
    for name in ("claims", "scores", "separation", "verdict"):
        frame = getattr(finished, name)
        assert isinstance(frame, pd.DataFrame)
        assert list(frame.columns) == list(tables.COLUMNS[name])
        pd.testing.assert_frame_equal(getattr(again, name), frame)
        pd.testing.assert_frame_equal(
            tables.check(name, pd.read_parquet(options.out / f"{name}.parquet"), name), frame
        )
    assert len(finished.scores) == 2 * 2 * len(finished.claims) == 2 * 2 * 36
    assert (options.out / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [info.name for info in again.models] == list(options.model)
    assert again.manifest["options"]["seed"] == 0
    kept = [(each["model"], each["score"], each["context"]) for each in again.manifest["sent"]]
    text = "The capital of France is"
    assert kept == [(model, score, text) for model in options.model for score in options.score]
    assert {"torch", "transformers", "bitsperfact"} <= set(again.manifest["versions"])
    picture = options.out / "run.svg"
    cli.app(["report", "draw", str(options.out), str(picture)], standalone_mode=False)
    assert "<svg" in picture.read_text(encoding="utf-8")


def test_the_second_run_opens_no_model_and_ends_with_the_same_tables(options, no_model):
    first = pipeline.run(options)
    no_model()
    second = pipeline.run(options)
    for name in ("claims", "scores", "separation", "verdict"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name))


def test_one_more_model_or_score_or_seed_reuses_what_is_there(options, monkeypatch):
    pipeline.run(dataclasses.replace(options, model=("random:tiny",), score=("logprob",)))
    opened = []
    opening = loading._opened
    monkeypatch.setattr(loading, "_opened", lambda spec, *a: opened.append(spec.name) or opening(spec, *a))
    pipeline.run(dataclasses.replace(options, model=("random:tiny",), seed=1))
    assert opened == []  # logprob_mean reads the log-probabilities that logprob left
    pipeline.run(options)
    assert opened == ["random:tiny-bos"]


def test_every_score_runs_through_the_whole_job(options):
    causal = set(scoring.names()) - {"log_odds"}
    finished = pipeline.run(dataclasses.replace(options, model=("random:tiny",), score=tuple(sorted(causal))))
    assert set(finished.scores["score"]) == causal
    assert set(finished.separation["score"]) == {*causal, tables.PATTERN_MODEL, tables.BEST_SCORE}


def test_a_score_that_a_model_cannot_give_is_refused_before_anything_is_done(options, no_model):
    no_model()
    with pytest.raises(BadInput, match="score log_odds, model random:tiny: expected a sequence classifier"):
        pipeline.run(dataclasses.replace(options, score=("logprob", "log_odds")))
    assert not (options.out / "run.json").exists()


def test_a_model_that_fails_costs_nothing_that_was_scored(options, monkeypatch, no_model):
    opening = loading._opened

    def fail_on_the_second(spec, *others):
        if spec.name == "random:tiny-bos":
            raise BadInput(spec.name, "a model", "a broken one")
        return opening(spec, *others)

    with monkeypatch.context() as patched:
        patched.setattr(loading, "_opened", fail_on_the_second)
        with pytest.raises(BadInput, match="a broken one"):
            pipeline.run(options)
    assert json.loads((options.out / "run.json").read_text())["status"] == "scoring"
    with pytest.raises(BadInput, match='status "complete"'):
        bitsperfact.load_run(options.out)
    no_model()
    assert len(pipeline.run(dataclasses.replace(options, model=("random:tiny",))).scores) == 2 * 36


def test_what_a_killed_run_left_half_written_is_cleared_away(options):
    (options.out / "shards").mkdir(parents=True)
    left = [options.out / ".scores.parquet.x.partial", options.out / "shards" / ".a.parquet.x.partial"]
    for path in left:
        path.write_bytes(b"half")
    pipeline.run(options)
    assert not any(path.exists() for path in left)


def test_a_folder_in_use_is_refused_at_once(options):
    with (
        runs.only_writer(options.out),
        pytest.raises(BadInput, match="no other run writes to, got one in use"),
    ):
        pipeline.run(options)
    assert len(pipeline.run(options).scores) == 4 * 36


def test_numbers_do_not_depend_on_the_batch_or_on_the_order_of_models(options):
    one = pipeline.run(options)
    other = pipeline.run(
        dataclasses.replace(options, out=options.out / "b", model=options.model[::-1], batch_tokens=17)
    )
    keys = ["model", "claim_id", "score"]
    a, b = (run.scores.sort_values(keys).reset_index(drop=True) for run in (one, other))
    pd.testing.assert_frame_equal(a, b, atol=1e-4, rtol=0)


def test_no_model_tells_random_facts_from_the_rest(options):
    finished = pipeline.run(
        dataclasses.replace(options, claims=("strings",), limit=80, negatives=8, replicates=100)
    )
    rows = finished.separation.query("quantity == 'bits_per_fact' and stratum == 'pooled'")
    assert len(rows) == 7  # two models by two scores and the best of them, and the text alone
    assert (rows["lower"] == 0).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"engine": "spark"}, "--engine: expected one of local, ray, or package.module:NAME, got 'spark'"),
        ({"ray_address": "head:1"}, "--ray-address: expected --engine ray, got --engine local"),
        ({"engine": "ray", "workers": 0}, "--workers: expected a number of at least 1, got 0"),
        ({"engine": "ray", "device": "cuda:1"}, "--device: expected one that Ray can place"),
    ],
)
def test_engines_take_what_they_can_use(options, changes, message):
    with pytest.raises(BadInput, match=message):
        pipeline.run(dataclasses.replace(options, **changes))
    assert not options.out.exists()


def test_a_chat_that_a_model_has_no_template_for_is_refused_before_it_is_opened(options, no_model):
    no_model()
    with pytest.raises(BadInput, match="chat always: expected a tokenizer with a chat template, got none"):
        pipeline.run(dataclasses.replace(options, chat="always"))


def test_a_model_that_changed_since_it_was_described_is_refused(options, monkeypatch):
    def changed(spec):
        found = opener(spec)
        return dataclasses.replace(found, info=dataclasses.replace(found.info, fingerprint="0"))

    opener = models.opener
    monkeypatch.setattr(models, "opener", changed)
    with pytest.raises(BadInput, match="expected fingerprint 0, got"):
        pipeline.run(options)


def test_a_damaged_shard_is_named(options):
    pipeline.run(options)
    shard = next((options.out / "shards").glob("*.parquet"))
    shard.write_bytes(shard.read_bytes()[:50])
    with pytest.raises(BadInput, match="a finished shard") as caught:
        pipeline.run(options)
    assert str(shard) in str(caught.value)
    shard.unlink()
    assert len(pipeline.run(options).scores) == 4 * 36
