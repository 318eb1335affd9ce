"""The same numbers as lm-evaluation-harness, on real weights and real claims."""

import numpy as np
import pytest

from bitsperfact import claims, models
from bitsperfact.scoring.engine.inference import logprob_sums
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.tokens import Encoder
from tests.scoring.reference import logprob_one_by_one

N_CLAIMS = 200


@pytest.fixture(scope="module")
def requests() -> list[Request]:
    frame = claims.load("capitals", negatives=3, limit=N_CLAIMS // 4).frame.head(N_CLAIMS)
    assert len(frame) == N_CLAIMS
    return [Request(p, t) for p, t in zip(frame["prefix"], frame["target"], strict=True)]


@pytest.mark.weights
def test_sums_equal_lm_eval_and_the_plain_reference(requests):
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    name = "pypi:smollm2-135m"
    loaded = models.load(name)
    ours = logprob_sums(loaded, Encoder(loaded.tokenizer).encode(requests))
    peer = HFLM(pretrained=str(models.resolve(name)), device="cpu", dtype="float32", batch_size=32)
    asked = [Instance("loglikelihood", {}, tuple(request), i) for i, request in enumerate(requests)]
    theirs = np.array([total for total, _ in peer.loglikelihood(asked, disable_tqdm=True)])
    assert np.max(np.abs(ours - theirs)) < 1e-3
    plain = [logprob_one_by_one(loaded, *request) for request in requests[:50]]
    n_tokens = np.array([n for _, n in plain])
    assert np.max(np.abs(ours[:50] - [total for total, _ in plain]) / n_tokens) < 1e-4
