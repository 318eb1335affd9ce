"""Rotations that depend on a sequence's length: each claim's number is that of a pass of its own."""

from functools import cache

import numpy as np
import pytest
import torch
import transformers

from bitsperfact.models import max_tokens
from bitsperfact.scoring.engine import strategies
from bitsperfact.scoring.engine.inference import last_hidden_states, logprob_sums
from bitsperfact.scoring.tokens import TokenizedRequest
from tests.networks import CONFIGS, byte_tokenizer, tiny_model

#: Tokens up to which these models turn as they were trained to.
ORIGINAL = 32
SIZES = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "pad_token_id": None,
}  # fmt: skip
LONG = {"rope_type": "longrope", "short_factor": [1.0] * 4, "long_factor": [2.0, 3.0, 5.0, 9.0], "factor": 4.0}
ROTATIONS = {
    "longrope": lambda v: transformers.Phi3Config(
        vocab_size=v, max_position_embeddings=128, original_max_position_embeddings=ORIGINAL,
        rope_parameters=LONG | {"rope_theta": 1e4}, **SIZES,
    ),
    "dynamic": lambda v: transformers.LlamaConfig(
        vocab_size=v, max_position_embeddings=ORIGINAL,
        rope_parameters={
            "rope_type": "dynamic", "factor": 4.0, "rope_theta": 1e4, "original_max_position_embeddings": ORIGINAL
        }, **SIZES,
    ),
    "one of two": lambda v: transformers.Gemma3TextConfig(
        vocab_size=v, max_position_embeddings=128, head_dim=8, sliding_window=8,
        layer_types=["sliding_attention", "full_attention"],
        rope_parameters={
            "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
            "full_attention": LONG | {"rope_theta": 1e4, "original_max_position_embeddings": ORIGINAL},
        }, **SIZES,
    ),
}  # fmt: skip


@cache
def turning(name):
    CONFIGS[name] = ROTATIONS[name]
    try:
        return tiny_model(name, byte_tokenizer())
    finally:
        del CONFIGS[name]


def claims() -> list[TokenizedRequest]:
    """Claims of one beginning, of lengths on both sides of the original one, several of some."""
    rng = np.random.default_rng(0)
    rows = [[*range(20), *rng.integers(10, 60, n)] for n in (4, 12, 13, 13, 14, 30, 30, 50)]
    return [TokenizedRequest(tuple(map(int, row)), 18, 0, boundary_ok=True) for row in rows]


def alone(name, request) -> tuple[float, np.ndarray]:
    """What a model that has met no other claim says of one: its log-probability, and its last state."""
    turning.cache_clear()
    with torch.no_grad():
        out = turning(name).model(torch.tensor([request.ids[:-1]]), output_hidden_states=True)
    logprobs = torch.log_softmax(out.logits[0].double(), dim=-1)
    scored = range(request.n_context, len(request.ids))
    return sum(float(logprobs[k - 1, request.ids[k]]) for k in scored), out.hidden_states[-1][0, -1].numpy()


@pytest.mark.parametrize("name", ROTATIONS)
def test_each_claim_is_turned_as_in_a_pass_of_its_own(name):
    requests = claims()
    expected, states = zip(*(alone(name, request) for request in requests), strict=True)
    loaded = turning(name)
    assert strategies.strategy_for(loaded, requests) is strategies.trie_and_tiles
    for batch_tokens in (7, 40, 10**4):
        for strategy in (strategies.trie_and_tiles, strategies.trie_and_own_head, strategies.padded_rows):
            with torch.inference_mode():
                np.testing.assert_allclose(
                    strategy(loaded, requests, batch_tokens), expected, atol=1e-5, rtol=1e-5
                )
        np.testing.assert_allclose(logprob_sums(loaded, requests, batch_tokens), expected, atol=1e-5, rtol=1e-5)
        found = last_hidden_states(loaded, [request.ids[:-1] for request in requests], 1.0, batch_tokens)
        np.testing.assert_allclose(found, states, atol=1e-5)
    assert not any(module._forward_pre_hooks for module in loaded.model.modules())


@pytest.mark.parametrize("name", ROTATIONS)
def test_the_original_length_makes_a_difference(name):
    """Or the test above would pass whatever the engine did."""
    short, long = (TokenizedRequest(tuple(range(10, 10 + n)), 3, 0, boundary_ok=True) for n in (20, 60))
    together = torch.zeros((2, 59), dtype=torch.long)
    for row, request in zip(together, (short, long), strict=True):
        row[: len(request.ids) - 1] = torch.tensor(request.ids[:-1])
    turning.cache_clear()
    with torch.no_grad():
        logprobs = torch.log_softmax(turning(name).model(together).logits[0].double(), dim=-1)
    packed = sum(float(logprobs[k - 1, short.ids[k]]) for k in range(3, 20))
    assert abs(packed - alone(name, short)[0]) > 0.1


def test_dynamic_scaling_stretches_what_a_model_reads():
    assert max_tokens(ROTATIONS["dynamic"](9)) == 4 * ORIGINAL
    assert max_tokens(ROTATIONS["longrope"](9)) == max_tokens(ROTATIONS["one of two"](9)) == 128
    assert max_tokens(transformers.BloomConfig()) is None
