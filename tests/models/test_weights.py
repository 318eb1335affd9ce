"""The packaged models themselves: do they speak, and does their tokenizer split as the model expects?"""

import pytest

from bitsperfact import models

pytestmark = pytest.mark.weights

NAMES = ["pypi:smollm2-135m", "pypi:gemma3-270m", "pypi:qwen2.5-coder-0.5b"]
PROSE = (
    "Paris is the capital and largest city of France. It lies on the river Seine, in the north of the country, "
    "and has been one of the most important cities in Europe since the Middle Ages. More than two million people "
    "live in the city itself, and over ten million in the region around it."
)


@pytest.fixture(scope="module", params=NAMES)
def loaded(request):
    return models.load(models.ModelSpec(request.param, device="cpu"))


def test_prose_is_cheap_and_shuffled_prose_is_not(loaded):
    import torch

    ids = loaded.tokenizer(PROSE, return_tensors="pt").input_ids
    order = torch.cat([torch.tensor([0]), 1 + torch.randperm(ids.shape[1] - 1, generator=torch.manual_seed(0))])
    loss_nats = [loaded.model(x, labels=x).loss.item() for x in (ids, ids[:, order])]
    assert loss_nats[0] < 3.0
    assert loss_nats[1] > loss_nats[0] + 2.0


def test_the_capital_of_france(loaded):
    import torch

    def logprob(city):
        prefix = loaded.tokenizer("The capital of France is", return_tensors="pt").input_ids
        ids = loaded.tokenizer(f"The capital of France is {city}", return_tensors="pt").input_ids
        assert torch.equal(ids[:, : prefix.shape[1]], prefix)
        logprobs = loaded.model(ids).logits.log_softmax(-1)[0, :-1].gather(1, ids[0, 1:, None])
        return logprobs[prefix.shape[1] - 1 :].sum().item()

    assert logprob("Paris") > max(logprob(city) for city in ("Berlin", "Madrid", "Rome", "Oslo")) + 1.0


@pytest.mark.parametrize(
    "text",
    [
        "plain ASCII 123",
        "naïve café",
        "🙂 👩‍👩‍👧",
        "שלום עולם مرحبا",
        "你好，世界",
        "  two\t\ttabs\n\n1. one  1\n",
    ],
)
def test_text_survives_the_tokenizer(loaded, text):
    assert loaded.tokenizer.decode(loaded.tokenizer(text)["input_ids"], skip_special_tokens=True) == text


def test_digits_are_split_singly(loaded):
    pieces = loaded.tokenizer.tokenize("a  12345")
    assert pieces[-5:] == list("12345")
    assert pieces[-6] in ("ĠĠ", "▁▁", "Ġ")  # Qwen's pattern leaves the last space alone


def test_bos(loaded):
    starts = loaded.tokenizer("a")["input_ids"][0] == loaded.tokenizer.bos_token_id
    assert starts is ("gemma" in loaded.info.name)


def test_description_matches(loaded):
    entry = next(entry for entry in models.known() if entry.name == loaded.info.name)
    assert entry.cached
    assert entry.n_params == loaded.info.n_params == sum(p.numel() for p in loaded.model.parameters())
    assert models.describe(loaded.info.name) == loaded.info


def test_memory_is_what_the_file_spends(loaded):
    # Q4_1 and Q4_K_M, with the embedding in eight bits: between five and eight bits a weight, not 32.
    bits = {"pypi:smollm2-135m": 5.744, "pypi:gemma3-270m": 7.358, "pypi:qwen2.5-coder-0.5b": 6.163}
    assert loaded.info.memory_bits / loaded.info.n_params == pytest.approx(bits[loaded.info.name], abs=5e-4)
