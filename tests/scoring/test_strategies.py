import warnings

import numpy as np
import pytest
import torch
import transformers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitsperfact.scoring.engine import head, strategies
from bitsperfact.scoring.engine.inference import last_hidden_states, logprob_sums
from bitsperfact.scoring.engine.trie import token_trie
from bitsperfact.scoring.tokens import TokenizedRequest
from tests.networks import CONFIGS, tiny_model

MODELS = {architecture: tiny_model(architecture) for architecture in CONFIGS}
# Four tokens only, so that random rows share much; up to 40 of them, far beyond the sliding windows of 8.
ROWS = st.lists(st.lists(st.integers(10, 13), min_size=2, max_size=40), min_size=1, max_size=12)


def tokenized(rows, n_context=1):
    return [TokenizedRequest(tuple(row), min(n_context, len(row) - 1), 0, boundary_ok=True) for row in rows]


SOME = tokenized([[10, 11, 12, 13], [10, 11, 13]])


def plain_one_by_one(loaded, requests):
    found = []
    for request in requests:
        with torch.no_grad():
            logprobs = torch.log_softmax(loaded.model(torch.tensor([request.ids[:-1]])).logits[0].double(), dim=-1)
        found.append(
            sum(float(logprobs[k - 1, request.ids[k]]) for k in range(request.n_context, len(request.ids)))
        )
    return np.array(found)


@pytest.mark.parametrize("architecture", CONFIGS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ROWS, st.integers(1, 60), st.integers(1, 5), st.randoms())
def test_random_tries_score_as_each_row_alone(architecture, rows, pack_nodes, n_context, random):
    loaded = MODELS[architecture]
    requests = tokenized(rows, n_context)
    expected = plain_one_by_one(loaded, requests)
    n_tokens = np.array([r.n_tokens for r in requests])
    for way in (strategies.trie_and_tiles, strategies.trie_and_own_head, strategies.padded_rows):
        with torch.inference_mode():
            assert np.max(np.abs(way(loaded, requests, pack_nodes) - expected) / n_tokens) < 1e-4
    order = random.sample(range(len(rows)), len(rows))
    np.testing.assert_allclose(logprob_sums(loaded, [requests[i] for i in order]), expected[order], atol=4e-3)


@pytest.mark.parametrize("architecture", CONFIGS)
def test_every_architecture_takes_the_fast_way(architecture):
    assert strategies.strategy_for(MODELS[architecture], SOME) is strategies.trie_and_tiles


@pytest.mark.parametrize("pack_nodes", [1, 7, 64, 10**6])
def test_each_distinct_prefix_is_computed_once_and_the_head_runs_at_distinct_deciding_positions(pack_nodes):
    loaded = tiny_model()
    rng = np.random.default_rng(0)
    requests = tokenized([[*range(20), *rng.integers(10, 13, 6)] for _ in range(50)], n_context=22)
    trie = token_trie(requests)
    embedded, headed = [], []
    loaded.model.get_input_embeddings().register_forward_hook(lambda _, i, __: embedded.append(i[0].numel()))
    loaded.model.get_output_embeddings().register_forward_hook(
        lambda _, __, o: headed.append(o.shape[:-1].numel())
    )
    with torch.inference_mode():
        strategies.trie_and_own_head(loaded, requests, pack_nodes)
    assert sum(embedded) == len(trie)
    assert sum(headed) == len(np.unique(trie.nodes))
    embedded.clear()
    headed.clear()
    with torch.inference_mode():
        strategies.trie_and_tiles(loaded, requests, pack_nodes)
    assert sum(embedded) == len(trie)
    assert sum(headed) == 0


def test_tiles_of_any_size_give_the_same_numbers(monkeypatch):
    loaded = MODELS["gemma2_softcapped"]
    hidden = torch.randn(37, 32, generator=torch.Generator().manual_seed(0))
    rng = np.random.default_rng(0)
    reads = head.Reads(rng.integers(0, 37, 90), rng.integers(0, len(loaded.tokenizer), 90))
    with torch.inference_mode():
        logits = torch.tanh(loaded.model.lm_head(hidden) / 2.0) * 2.0
        expected = torch.log_softmax(logits.double(), dim=-1)[reads.lines, reads.targets].numpy()
        for positions, size in ((1024, 2**21), (8, 100), (5, 1)):
            monkeypatch.setattr(head, "TILE_POSITIONS", positions)
            monkeypatch.setattr(head, "TILE_LOGITS", {"cpu": size})
            found = head.tiled_logprobs(loaded.model, hidden, reads)
            np.testing.assert_allclose(found, expected, atol=2e-5)


def with_scaled_logits(loaded):
    forward = loaded.model.forward

    def scaled(*args, **kwargs):
        output = forward(*args, **kwargs)
        output.logits = output.logits * 0.5
        return output

    loaded.model.forward = scaled
    return loaded


def test_a_model_that_changes_its_logits_keeps_its_own_head():
    loaded = with_scaled_logits(tiny_model())
    requests = tokenized([[10, 11, 12, 13], [10, 11, 13]])
    expected = plain_one_by_one(loaded, requests)
    np.testing.assert_allclose(logprob_sums(loaded, requests), expected, atol=1e-4)
    assert strategies.strategy_for(loaded, SOME) is strategies.trie_and_own_head


def recurrent_model():
    loaded = tiny_model()
    torch.manual_seed(0)
    config = transformers.MambaConfig(
        vocab_size=len(loaded.tokenizer), hidden_size=32, state_size=8, num_hidden_layers=2, use_mambapy=False
    )
    loaded.model = transformers.AutoModelForCausalLM.from_config(config).eval()
    return loaded


def with_attention_of_its_own():
    """A model whose attention cannot be chosen: what it does with a trie is wrong."""
    loaded = tiny_model("llama", seed=3)
    for layer in loaded.model.model.layers:
        attend = layer.self_attn.forward

        def fixed(*args, attend=attend, config=layer.self_attn.config, **kwargs):
            kwargs["attention_mask"] = None
            config._attn_implementation, chosen = "sdpa", config._attn_implementation
            try:
                return attend(*args, **kwargs)
            finally:
                config._attn_implementation = chosen

        layer.self_attn.forward = fixed
    return loaded


@pytest.mark.parametrize("make", [recurrent_model, with_attention_of_its_own])
def test_a_model_that_takes_no_trie_is_scored_plainly_with_one_warning(make):
    loaded = make()
    requests = tokenized([[10, 11, 12, 13, 14, 15], [10, 11, 13], [12, 13, 14]])
    with pytest.warns(UserWarning, match="random:llama is scored without shared prefixes") as warned:
        first = logprob_sums(loaded, requests, batch_tokens=6)
    assert len(warned) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = logprob_sums(loaded, requests)
        states = last_hidden_states(loaded, [r.ids for r in requests], 1.0)
    np.testing.assert_allclose(first, plain_one_by_one(loaded, requests), atol=1e-4)
    np.testing.assert_allclose(again, first, atol=1e-4)
    assert states.shape == (3, 32)


def test_attention_is_given_back_after_an_error():
    loaded = tiny_model()
    requests = tokenized([[10, 11, 12]])
    logprob_sums(loaded, requests)
    before = loaded.model.config._attn_implementation
    loaded.model.model.layers[1].register_forward_hook(lambda *_: (_ for _ in ()).throw(RuntimeError("stop")))
    with pytest.raises(RuntimeError, match="stop"):
        logprob_sums(loaded, requests)
    assert loaded.model.config._attn_implementation == before
    assert not loaded.model.get_output_embeddings()._forward_pre_hooks
