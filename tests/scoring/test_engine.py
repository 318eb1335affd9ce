import numpy as np
import pytest
import torch

from bitsperfact.errors import BadInput
from bitsperfact.scoring.engine.head import head_only_at
from bitsperfact.scoring.engine.inference import last_hidden_states, logprob_sums
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.tokens import Encoder
from tests.networks import CONFIGS, byte_tokenizer, tiny_model
from tests.scoring.reference import logprob_one_by_one

TOLERANCE_NATS_PER_TOKEN = 1e-4


def claims(n: int) -> list[Request]:
    """Prompts of several lengths, each with several answers, and statements without a prompt."""
    rng = np.random.default_rng(0)
    letters = np.array(list("abcdefghij é😀"))
    words = ["".join(rng.choice(letters, rng.integers(1, 12))) for _ in range(n)]
    prompts = [f"The {'very ' * (i % 4)}{words[i]} is" for i in range(n // 8)]
    answered = [Request(prompts[i % len(prompts)], f" {words[i]}") for i in range(n - n // 4)]
    return answered + [Request("", f"{w} is {w}") for w in words[: n // 4]]


@pytest.mark.parametrize("adds_bos", [False, True])
@pytest.mark.parametrize("architecture", CONFIGS)
def test_equals_one_claim_at_a_time_for_any_batch_budget(architecture, adds_bos):
    loaded = tiny_model(architecture, byte_tokenizer(adds_bos=adds_bos, merges=(("i", "s"), ("Ġ", "a"))))
    requests = claims(96)
    tokenized = Encoder(loaded.tokenizer).encode(requests)
    reference = [logprob_one_by_one(loaded, *request) for request in requests]
    expected = np.array([total for total, _ in reference])
    n_tokens = np.array([n for _, n in reference])
    np.testing.assert_array_equal([t.n_tokens for t in tokenized], n_tokens)
    for batch_tokens in (37, 400, 10**6, None):
        measured = logprob_sums(loaded, tokenized, batch_tokens)
        assert np.max(np.abs(measured - expected) / n_tokens) < TOLERANCE_NATS_PER_TOKEN


def test_probabilities_of_all_next_tokens_sum_to_one():
    loaded = tiny_model()
    encoder = Encoder(loaded.tokenizer)
    (context,) = encoder.encode([Request("", "An")])
    from bitsperfact.scoring.tokens import TokenizedRequest

    every = [
        TokenizedRequest((*context.ids, token), len(context.ids), 1, boundary_ok=True)
        for token in range(len(loaded.tokenizer))
    ]
    assert np.exp(logprob_sums(loaded, every)).sum() == pytest.approx(1.0, abs=1e-6)


def test_hook_is_gone_after_an_error():
    loaded = tiny_model()
    with pytest.raises(RuntimeError, match="stop"), head_only_at(loaded.model, np.array([0]), np.array([0])):
        raise RuntimeError("stop")
    assert not loaded.model.get_output_embeddings()._forward_pre_hooks


@pytest.mark.parametrize("architecture", CONFIGS)
def test_hidden_states_are_those_of_each_text_alone(architecture):
    loaded = tiny_model(architecture)
    texts = [tuple(loaded.tokenizer(text)["input_ids"]) for text in ("ab", "abc", "abcabc", "abd", "xyzzy")]
    for depth, layer in ((0.0, 0), (0.5, 1), (1.0, 2)):
        found = last_hidden_states(loaded, texts, depth, batch_tokens=12)
        for ids, state in zip(texts, found, strict=True):
            with torch.no_grad():
                alone = loaded.model(torch.tensor([ids]), output_hidden_states=True).hidden_states[layer][0, -1]
            np.testing.assert_allclose(state, alone.numpy(), atol=1e-5)


def test_nan_names_model_and_claim():
    loaded = tiny_model()
    with torch.no_grad():
        loaded.model.get_output_embeddings().weight[5] = float("nan")
    requests = Encoder(loaded.tokenizer).encode([Request("The sky is", " blue")])
    with pytest.raises(BadInput, match=r"random:llama, claim 'The sky is blue': expected a finite"):
        logprob_sums(loaded, requests)


def test_claim_longer_than_the_context_is_refused():
    loaded = tiny_model()
    requests = Encoder(loaded.tokenizer).encode([Request("a" * 600, " b")])
    with pytest.raises(BadInput, match="claims of at most 512 tokens, got one of 601"):
        logprob_sums(loaded, requests)
    fits = Encoder(loaded.tokenizer).encode([Request("a" * 511, " ")])
    assert np.isfinite(logprob_sums(loaded, fits)).all()
