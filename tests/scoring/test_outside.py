"""A score of another package, with a reader of its own: named on the command line, cached, handed to a process."""

import multiprocessing
import pickle
import sys
import textwrap
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
import torch

import bitsperfact
from bitsperfact import console, models, pipeline
from bitsperfact.errors import BadInput
from bitsperfact.probes import pretrained
from bitsperfact.scoring import registry
from tests.scoring.made import plan_of
from tests.scoring.test_scores import claim_frame

MODULE = textwrap.dedent(
    '''
    """How sure a model is after a claim: the entropy of the token that would follow."""

    from dataclasses import dataclass
    from typing import ClassVar

    import pandas as pd

    from bitsperfact.scoring.needs import whole_claims
    from bitsperfact.scoring.reader import Reader
    from bitsperfact.scoring.score import Score


    @dataclass(frozen=True)
    class Entropy(Reader):
        columns: ClassVar = {"entropy": "<f8", "n_tokens": "<i4", "n_bytes": "<i4"}
        cache_names: ClassVar = ("entropy",)

        def read(self, loaded, requests, settings):
            import torch

            rows = []
            for request in requests:
                ids = loaded.tokenizer(request.continuation)["input_ids"]
                with torch.inference_mode():
                    logits = loaded.model(torch.tensor([ids])).logits[0, -1].double()
                entropy = torch.distributions.Categorical(logits=logits).entropy().item()
                n_bytes = len(request.continuation.encode())
                rows.append({"entropy": entropy, "n_tokens": len(ids), "n_bytes": n_bytes})
            return pd.DataFrame(rows)


    NEED = whole_claims("entropy", Entropy())
    SCORE = Score("sureness", "nats", (NEED,), lambda given: -given[NEED]["entropy"][:, 0])
    '''
)
NAME = "elsewhere.scores:SCORE"


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "__init__.py").touch()
    (tmp_path / "elsewhere" / "scores.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    forget()


def forget():
    for name in ("elsewhere", "elsewhere.scores"):
        sys.modules.pop(name, None)


def in_another_process(pickled):
    forget()  # forked: as in a process that has not imported it
    opener, run = pickle.loads(pickled)
    return run(opener())


def test_a_score_of_another_package_is_scored_and_cached_by_the_probe(
    elsewhere, apart, capitals_file, tmp_path, monkeypatch
):
    monkeypatch.setattr(pipeline, "_report", lambda *_: None)  # most of a small run's time

    def probe(out):
        chosen = ["--model", "random:tiny", "--claims", str(capitals_file), "--score", NAME, "--score", "logprob"]
        arguments = [*chosen, "--replicates", "5", "--out", str(tmp_path / out)]
        assert console.status_of(lambda: pretrained.app(arguments, standalone_mode=False)) == 0
        return bitsperfact.load_run(tmp_path / out)

    first = probe("first")
    assert first.manifest["options"]["score"] == ["sureness", "logprob"]
    claims, loaded = first.claims.set_index("claim_id"), models.load("random:tiny")
    mine = first.scores[first.scores["score"] == "sureness"]
    for row in mine.iloc[::7].itertuples():
        text = claims.loc[row.claim_id, "prefix"] + claims.loc[row.claim_id, "target"]
        logits = loaded.model(torch.tensor([loaded.tokenizer(text)["input_ids"]])).logits[0, -1]
        logprobs = torch.log_softmax(logits.double(), dim=-1)
        assert row.value == pytest.approx(float((logprobs.exp() * logprobs).sum()), abs=1e-6)
    assert mine["logprob_sum"].isna().all()
    assert np.ptp(mine["value"]) > 0.01
    monkeypatch.setattr(models, "load", lambda *_, **__: pytest.fail("a model was opened again"))
    assert probe("second").scores.equals(first.scores)


def test_a_reader_of_another_package_reaches_another_process(elsewhere, apart, tmp_path):
    made = registry.score(NAME)
    info = models.describe("random:tiny")
    (task,) = plan_of(info, claim_frame(), (made,), tmp_path / "requests", open_tiny).tasks
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        there = pool.submit(in_another_process, pickle.dumps((task.opener, task.run))).result()
    here = task.run(open_tiny())
    np.testing.assert_allclose(there["entropy"], here["entropy"])


def open_tiny():
    return models.load("random:tiny")


def test_what_is_no_score_is_refused(elsewhere):
    with pytest.raises(
        BadInput, match=r"score elsewhere.scores:NEED: expected a score, got an object of type Need"
    ):
        registry.score("elsewhere.scores:NEED")
    with pytest.raises(BadInput, match=r"score elsewhere.scores:LACKING: expected package.module:NAME"):
        registry.score("elsewhere.scores:LACKING")
