"""The cache of answers: nothing is computed twice, nobody reads another model's, and no run depends on it."""

import dataclasses
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pandas as pd
import pytest

from bitsperfact import pipeline
from bitsperfact.models import loading
from bitsperfact.scoring import segments, tasks
from bitsperfact.scoring.readers.log_probabilities import LogProbabilities
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.segments import AnswerCache
from tests.conftest import CAPITALS

TABLES = ("claims", "scores", "separation", "verdict")
RECORD_BYTES = 33


def cache_in(folder) -> AnswerCache:
    return AnswerCache(folder, LogProbabilities.columns)


def requests(first: int, stop: int) -> list[Request]:
    return [Request(f"context {k // 3}", f" {k}") for k in range(first, stop)]


def table(asked: list[Request]) -> pd.DataFrame:
    """Answers that tell which request they belong to."""
    n = np.array([int(r.continuation) for r in asked], dtype=int)
    return pd.DataFrame({"logprob_sum": -n - 0.25, "n_tokens": n, "n_bytes": n + 1, "boundary_ok": n % 2 == 0})


def test_answers_come_back_as_they_were_added_and_nothing_else_is_known(tmp_path):
    assert not cache_in(tmp_path).find(requests(0, 5))[0].any()
    cache_in(tmp_path).add(requests(0, 100), table(requests(0, 100)))
    cache_in(tmp_path).add(requests(90, 150), table(requests(90, 150)))
    asked = requests(50, 300)[::-1]
    known, found = cache_in(tmp_path).find(asked)
    assert [r for r, k in zip(asked, known, strict=True) if k] == requests(50, 150)[::-1]
    pd.testing.assert_frame_equal(found, table(requests(50, 150)[::-1]))
    swapped = [Request(r.continuation, r.context) for r in asked] + [Request("context 2 ", "6")]
    assert not cache_in(tmp_path).find(swapped)[0].any()


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-7], lambda b: b[:40] + bytes([b[40] ^ 1]) + b[41:], lambda _: b""]
)
def test_a_damaged_segment_is_ignored_and_replaced(tmp_path, damage):
    cache_in(tmp_path).add(requests(0, 9), table(requests(0, 9)))
    cache_in(tmp_path).add(requests(9, 20), table(requests(9, 20)))
    (tmp_path / "0.answers").write_bytes(b"no segment")
    first = next(p for p in tmp_path.iterdir() if p.stat().st_size == 9 * RECORD_BYTES)
    first.write_bytes(damage(first.read_bytes()))
    assert cache_in(tmp_path).find(requests(0, 20))[0].tolist() == [False] * 9 + [True] * 11
    cache_in(tmp_path).add(requests(0, 9), table(requests(0, 9)))
    known, found = cache_in(tmp_path).find(requests(0, 20))
    assert known.all()
    pd.testing.assert_frame_equal(found, table(requests(0, 20)))
    assert len(list(tmp_path.iterdir())) == 2


def test_many_segments_become_one(tmp_path, monkeypatch):
    monkeypatch.setattr(segments, "MANY_SEGMENTS", 5)
    for k in range(12):
        cache_in(tmp_path).add(requests(5 * k, 5 * k + 10), table(requests(5 * k, 5 * k + 10)))
    for _ in range(2):
        known, found = cache_in(tmp_path).find(requests(0, 65))
        assert known.all()
        pd.testing.assert_frame_equal(found, table(requests(0, 65)))
        assert [p.stat().st_size for p in tmp_path.iterdir()] == [65 * RECORD_BYTES]


def add_and_find(folder, worker: int) -> None:
    """What one of several processes does; merging often, so that they delete each other's segments."""
    segments.MANY_SEGMENTS = 3
    for k in range(30):
        own = requests(1000 * worker + 10 * k, 1000 * worker + 10 * k + 10)
        shared = requests(10 * k, 10 * k + 10)
        cache_in(folder).add(own, table(own))
        cache_in(folder).add(shared, table(shared))
        assert cache_in(folder).find(own + shared)[0].all()
        known, found = cache_in(folder).find(requests(0, 4000))
        expected = table([r for r, k in zip(requests(0, 4000), known, strict=True) if k])
        pd.testing.assert_frame_equal(found, expected)


def test_processes_at_once_lose_nothing_and_read_nothing_wrong(tmp_path):
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("fork")) as pool:
        list(pool.map(add_and_find, [tmp_path] * 3, [1, 2, 3]))
    everything = requests(0, 300) + [r for w in (1, 2, 3) for r in requests(1000 * w, 1000 * w + 300)]
    known, found = cache_in(tmp_path).find(everything)
    assert known.all()
    pd.testing.assert_frame_equal(found, table(everything))


def test_a_full_disk_costs_a_warning(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(segments, "_write", full)
    with pytest.warns(UserWarning, match="not kept for other runs: .*No space left"):
        cache_in(tmp_path).add(requests(0, 3), table(requests(0, 3)))


def test_beyond_the_bound_what_was_not_read_for_longest_goes(monkeypatch, tmp_path):
    monkeypatch.setenv("BITSPERFACT_CACHE", str(tmp_path))
    folders = [segments.folder_of((model, "float32", "auto")) for model in ("a", "b", "c")]
    for age, folder in enumerate(folders):
        cache_in(folder).add(requests(0, 10), table(requests(0, 10)))
        for path in folder.iterdir():
            os.utime(path, ns=(10**9 * (100 - age),) * 2)
    cache_in(folders[2]).find(requests(0, 1))  # the oldest, now read
    (half := folders[0] / ".x.answers.y.partial").write_bytes(b"half")
    segments.trim(20 * RECORD_BYTES)
    assert [cache_in(folder).find(requests(0, 10))[0].all() for folder in folders] == [True, False, True]
    assert half.exists()
    os.utime(half, (0, 0))
    segments.trim()
    assert not half.exists()


def write_claims(path, countries):
    rows = [f"{c},The capital of {c} is, {city},{int(c == o)}" for c in countries for o, city in CAPITALS.items()]
    path.write_text("\n".join(["group,prefix,target,is_fact", *rows]) + "\n", encoding="utf-8")
    return str(path)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BITSPERFACT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return tmp_path / "cache"


@pytest.fixture
def options(cache, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "_report", lambda *_: None)  # most of a small run's time
    return pipeline.Options(
        model=("random:tiny",),
        claims=(write_claims(tmp_path / "six.csv", CAPITALS),),
        out=tmp_path / "first",
        score=("calibrated", "p_true", "pmi"),
        replicates=10,
        progress=False,
    )


@pytest.fixture
def computed(monkeypatch):
    """Requests that any model is asked, as (model, reader, request)."""
    asked: list[tuple[str, str, Request]] = []
    answer = tasks.Reading.__call__

    def listen(self, loaded):
        asked.extend((loaded.info.name, type(self.reader).__name__, request) for request in self.requests)
        return answer(self, loaded)

    monkeypatch.setattr(tasks.Reading, "__call__", listen)
    return asked


@pytest.fixture
def opened(monkeypatch):
    names = []
    opening = loading._opened
    monkeypatch.setattr(loading, "_opened", lambda spec, *a: names.append(spec.name) or opening(spec, *a))
    return names


def test_a_second_run_elsewhere_opens_no_model_and_ends_with_the_same_tables(options, opened, tmp_path, no_page):
    first = pipeline.run(options)
    assert opened == ["random:tiny"]
    again = pipeline.run(dataclasses.replace(options, out=tmp_path / "second"))
    without = pipeline.run(dataclasses.replace(options, out=tmp_path / "third", cache=False))
    assert opened == ["random:tiny"] * 2
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(first, name))
        pd.testing.assert_frame_equal(getattr(without, name), getattr(first, name))
    shards = [{p.name: p.read_bytes() for p in (run.path / "shards").iterdir()} for run in (first, again, without)]
    assert shards[0] == shards[1] == shards[2]


def test_a_run_does_not_depend_on_the_cache(options, cache, opened):
    first = pipeline.run(options)
    for path in sorted((cache / "scores").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    again = pipeline.run(options)
    assert opened == ["random:tiny"]
    pd.testing.assert_frame_equal(again.scores, first.scores)


def test_another_model_dtype_or_start_token_reads_nothing(options, computed, tmp_path):
    pipeline.run(options)
    n = len(computed)
    different = [
        {"model": ("random:tiny-bos",)},
        {"model": ("random:tiny-gpt2",)},
        {"dtype": "bfloat16"},
        {"bos": "always"},
    ]
    for k, change in enumerate(different):
        computed.clear()
        pipeline.run(dataclasses.replace(options, out=tmp_path / f"other{k}", **change))
        assert len(computed) == n
    computed.clear()
    pipeline.run(dataclasses.replace(options, model=("random:tiny", "random:tiny-bos"), out=tmp_path / "both"))
    assert computed == []


def test_sets_that_overlap_share_within_a_run_and_between_runs(options, computed, tmp_path, monkeypatch):
    monkeypatch.setattr(tasks, "SHARD_REQUESTS", 8)
    four = write_claims(tmp_path / "four.csv", list(CAPITALS)[:4])
    last = write_claims(tmp_path / "last.csv", list(CAPITALS)[2:])
    asked = dataclasses.replace(options, claims=(four, last))
    shared = pipeline.run(asked)
    assert len(computed) == len(set(computed)) > 0
    computed.clear()
    pipeline.run(dataclasses.replace(options, out=tmp_path / "all"))
    assert computed == []
    apart = pipeline.run(dataclasses.replace(asked, out=tmp_path / "apart", cache=False))
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(shared, name), getattr(apart, name), atol=1e-4)


def test_only_what_is_missing_is_computed(options, computed, tmp_path):
    some = write_claims(tmp_path / "some.csv", list(CAPITALS)[1:4])
    pipeline.run(dataclasses.replace(options, claims=(some,), out=tmp_path / "some"))
    before = set(computed)
    computed.clear()
    mixed = pipeline.run(options)
    assert computed
    assert not before & set(computed)
    whole = pipeline.run(dataclasses.replace(options, out=tmp_path / "whole", cache=False))
    pd.testing.assert_frame_equal(mixed.scores, whole.scores, atol=1e-4)


def test_a_kill_between_cache_and_shard_loses_no_answer(options, computed, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("bitsperfact.execution.shard_store.pd.DataFrame.to_parquet", _stop)
        with pytest.raises(KeyboardInterrupt):
            pipeline.run(options)
    before = set(computed)
    computed.clear()
    pipeline.run(dataclasses.replace(options, out=tmp_path / "second"))
    assert before
    assert not before & set(computed)


def _stop(self, path, **_):
    if "shards" in str(path):
        raise KeyboardInterrupt
    path.write_bytes(b"")
