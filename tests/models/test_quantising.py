"""Quantised copies: what each takes, that it is another model, and what is said where a machine cannot make it."""

import pytest
import torch

from bitsperfact import models
from bitsperfact.errors import BadInput
from bitsperfact.models import quantising
from bitsperfact.models.architectures import skeleton

IDS = torch.arange(3, 15)[None]
#: Linear layers of `random:tiny` but the head: two layers of q, k, v, o and the three matrices of a gated block.
LINEAR = 2 * (64 * 64 + 2 * 64 * 32 + 64 * 64 + 3 * 64 * 128)
ROWS = 2 * (64 + 2 * 32 + 64 + 2 * 128 + 64)


def _spec(**options):
    return models.ModelSpec("random:tiny", **({"device": "cpu"} | options))


@pytest.fixture
def installed(monkeypatch):
    """Every library, as far as anybody looks before a model is opened."""
    monkeypatch.setattr(quantising, "find_spec", lambda name: name)
    monkeypatch.setattr(quantising, "version", lambda name: "1.0")


def _bits(quantise, dtype="float32", stored=32):
    spec = _spec(quantise=quantise, dtype=dtype)
    return quantising.quantised_bits(skeleton(models.resolve("random:tiny")), spec, stored)


@pytest.mark.parametrize(
    ("quantise", "of_linear"),
    [
        ("int8", 8 * LINEAR + 32 * ROWS),
        ("int4", 4 * LINEAR + 16 * LINEAR // 32),
        ("int2", 2 * LINEAR + 16 * LINEAR // 32),
        ("nf4", 4 * LINEAR + 32 * LINEAR // 64),
    ],
)
def test_a_copy_takes_its_bits_its_scales_and_the_rest(installed, quantise, of_linear):
    rest = 32 * (models.describe("random:tiny").n_params - LINEAR)
    assert _bits(quantise) == rest + of_linear
    assert _bits(quantise, stored=16) == rest / 2 + of_linear  # from a source in half precision
    assert _bits(quantise, stored=1) == rest / 32 + LINEAR  # less than it knew before, nothing knows
    assert models.describe(_spec(quantise=quantise)).memory_bits == rest + of_linear


def test_a_copy_is_another_model(installed, monkeypatch):
    plain, copies = models.describe(_spec()), [models.describe(_spec(quantise=q)) for q in models.spec.QUANTISED]
    assert len({plain.fingerprint, *(copy.fingerprint for copy in copies)}) == 1 + len(copies)
    assert [copy.name for copy in copies] == [f"random:tiny ({q})" for q in models.spec.QUANTISED]
    assert {copy.n_params for copy in copies} == {plain.n_params}
    monkeypatch.setattr(quantising, "version", lambda name: "1.1")
    assert models.describe(_spec(quantise="int8")).fingerprint != copies[0].fingerprint


@pytest.mark.parametrize("quantise", models.spec.QUANTISED)
def test_where_the_library_is_missing_it_is_named(monkeypatch, quantise):
    monkeypatch.setattr(quantising, "find_spec", lambda name: None)
    library = quantising.QUANTISERS[quantise].library
    for ask in (models.load, models.opener, models.describe):
        with pytest.raises(BadInput, match=rf"^quantise {quantise}: expected {library}, .*\[quantise\]") as caught:
            ask(_spec(quantise=quantise))
        assert "\n" not in str(caught.value)


def test_where_the_device_is_not_the_librarys_it_is_named(installed):
    with pytest.raises(BadInput, match=r"^quantise int8: expected .* torchao .* \(cpu, cuda\), got mps"):
        models.describe(_spec(quantise="int8", device="mps"))


def test_what_cannot_be_quantised_is_refused(installed, tmp_path):
    with pytest.raises(BadInput, match="quantise: expected one of int8, int4, int3, int2, nf4, fp4, got 'int5'"):
        _spec(quantise="int5")
    with pytest.raises(BadInput, match="a model that is not quantised yet, got gptq"):
        quantising.check_unquantised({"quantization_config": {"quant_method": "gptq"}}, "model m")
    narrow = torch.nn.Sequential(torch.nn.Linear(60, 64))
    narrow.get_output_embeddings = lambda: None
    with pytest.raises(BadInput, match="linear layers of widths divisible by 32, got 60"):
        quantising.quantised_bits(narrow, _spec(quantise="int4"), 32)
    with pytest.raises(BadInput, match="a model with linear layers, got none"):  # GPT-2 has another kind of layer
        models.describe(models.ModelSpec("random:tiny-gpt2", device="cpu", quantise="int8"))


def _held(model, bits):
    """What the weights of an opened copy take, tensor by tensor."""
    total = 0
    for weight in model.parameters():
        if hasattr(weight.data, "qdata"):
            total += bits * weight.data.qdata.numel() + 8 * weight.data.scale.nbytes
        else:
            scales = getattr(weight, "quant_state", None)
            total += 8 * (weight.nbytes + (scales.absmax.nbytes if scales is not None else 0))
    return total


@pytest.mark.parametrize("quantise", models.spec.QUANTISED)
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_an_opened_copy_is_near_its_original_and_takes_what_was_said(quantise):
    quantiser = quantising.QUANTISERS[quantise]
    off = {}
    for dtype in ("float32", "bfloat16"):
        loaded = models.load(_spec(quantise=quantise, dtype=dtype))
        assert loaded.info.memory_bits == _held(loaded.model, quantiser.bits)
        off[dtype] = (loaded.model(IDS).logits - models.load("random:tiny").model(IDS).logits).abs().mean().item()
    assert 0 < off["float32"] < {8: 0.05, 4: 1, 3: 1.5, 2: 3}[quantiser.bits]
