"""A base with an adapter is what peft computes, under a name, a size and a fingerprint of its own."""

import json
import shutil
import sys
import warnings

import peft
import pytest
import torch
from tests.scoring.made import plan_of
from tests.scoring.test_scores import claim_frame

from bitsperfact import models
from bitsperfact.errors import BadInput
from bitsperfact.models.adapters import parts
from bitsperfact.models.sources import hub

# peft asks transformers by a name that goes.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")

IDS = torch.arange(3, 15)[None]


def _lora(**settings):
    return peft.LoraConfig(**({"r": 2, "target_modules": ["q_proj", "v_proj"]} | settings))


def _adapter(folder, base="random:tiny", *, safe=True, **settings):
    """Train nothing: draw an adapter of a base, save it, and return the logits that peft itself computes."""
    torch.manual_seed(0)
    found = models.load(models.ModelSpec(base, device="cpu"))
    found.model.name_or_path = str(models.resolve(base))
    wrapped = peft.get_peft_model(found.model, _lora(**settings)).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on what it saves of a head
        wrapped.save_pretrained(folder, safe_serialization=safe)
    with torch.inference_mode():
        return wrapped(IDS).logits


def _logits(name, **options):
    loaded = models.load(models.ModelSpec(str(name), device="cpu", **options))
    with torch.inference_mode():
        return loaded.model(IDS).logits.float()


def _config(folder, **changes):
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def _refused(name, match, **options):
    with pytest.raises(BadInput, match=match) as caught:
        models.load(models.ModelSpec(str(name), **({"device": "cpu"} | options)))
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("adapters") / "drawn"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BITSPERFACT_CACHE", str(folder.parent / "cache"))
        return folder, _adapter(folder, init_lora_weights=False)


@pytest.fixture
def own(drawn, tmp_path):
    """The same adapter, to be broken."""
    return shutil.copytree(drawn[0], tmp_path / "own")


def test_logits_are_those_of_peft(drawn):
    folder, expected = drawn
    assert torch.allclose(_logits(f"random:tiny+{folder}"), expected, atol=1e-5)
    assert torch.equal(_logits(folder), _logits(f"random:tiny+{folder}"))
    assert not torch.allclose(_logits("random:tiny"), expected, atol=1e-2)


@pytest.mark.parametrize(
    "settings",
    [
        {"target_modules": ["q_proj", "lm_head"]},
        {"modules_to_save": ["norm"]},
        {"use_dora": True},
        {"bias": "all", "use_rslora": True, "r": 4},
    ],
)
def test_other_kinds_of_low_rank_changes_are_merged_too(tmp_path, settings):
    base = "random:tiny-qwen2"  # its head is not tied
    expected = _adapter(tmp_path / "a", base, init_lora_weights=False, **settings)
    assert torch.allclose(_logits(f"{base}+{tmp_path / 'a'}"), expected, atol=1e-5)


def test_an_adapter_that_changes_nothing_leaves_the_numbers_and_is_another_model(tmp_path):
    _adapter(tmp_path / "zero")  # B = 0
    name = f"random:tiny+{tmp_path / 'zero'}"
    base, adapted = models.describe("random:tiny"), models.describe(name)
    assert torch.equal(_logits(name), _logits("random:tiny"))
    assert adapted.fingerprint != base.fingerprint
    assert adapted.name == name
    own, others = (
        {(task.key, task.cached_for) for task in plan_of(info, claim_frame(), ("p_true", "logprob"), folder).tasks}
        for info, folder in ((adapted, tmp_path / "1"), (base, tmp_path / "2"))
    )
    assert {key for key, _ in own}.isdisjoint(key for key, _ in others)
    assert {cache for _, cache in own}.isdisjoint(cache for _, cache in others)


def test_sizes_are_those_of_base_and_adapter(drawn):
    base, adapted = models.describe("random:tiny"), models.describe(f"random:tiny+{drawn[0]}")
    own = 2 * 2 * ((64 + 64) + (64 + 32))  # layers x rank x (in + out) of the query and value matrices
    assert adapted.n_params == base.n_params + own
    assert adapted.memory_bits == base.memory_bits + 32 * own
    assert models.load(f"random:tiny+{drawn[0]}").info == adapted


def test_reduced_precision_comes_after_the_merge(drawn):
    exact, rounded = (
        dict(models.load(models.ModelSpec(str(drawn[0]), dtype=dtype, device="cpu")).model.named_parameters())
        for dtype in ("float32", "bfloat16")
    )
    assert exact.keys() == rounded.keys()
    assert all(torch.equal(rounded[name], weight.bfloat16()) for name, weight in exact.items())


def test_the_fingerprint_is_that_of_what_the_adapter_is(own, drawn):
    name = f"random:tiny+{own}"
    before = models.describe(name).fingerprint
    assert before == models.describe(f"random:tiny+{drawn[0]}").fingerprint
    assert before == models.describe(str(drawn[0])).fingerprint
    _config(own, base_model_name_or_path="elsewhere")
    assert models.describe(name).fingerprint == before
    _config(own, lora_alpha=7)
    assert models.describe(name).fingerprint != before


def test_an_opener_finds_the_adapter_wherever_it_is_called(drawn):
    opener = models.opener(f"random:tiny+{drawn[0]}")
    assert torch.equal(opener().model(IDS).logits, _logits(drawn[0]))
    assert opener.inputs().tokenizer.get_vocab() == opener().tokenizer.get_vocab()


def test_a_plus_sign_in_a_path_is_no_adapter(tmp_path, own, monkeypatch):
    base = shutil.copytree(models.resolve("random:tiny"), tmp_path / "a+b", ignore=shutil.ignore_patterns("bits*"))
    moved = shutil.move(own, tmp_path / "c+d")
    assert models.describe(str(base)).n_params == models.describe("random:tiny").n_params
    assert models.describe(f"{base}+{moved}").n_params == models.describe(f"random:tiny+{moved}").n_params
    monkeypatch.chdir(tmp_path)
    shutil.copytree(base, "my/ba+se")  # `my/ba` could be on the Hub
    assert parts("my/ba+se+c+d") == ("my/ba+se", "c+d")


def test_a_tokenizer_that_comes_with_the_adapter_is_the_models(own):
    tokenizer = models.load("random:tiny").tokenizer
    tokenizer.chat_template = "{{ messages[0].content }}"
    tokenizer.save_pretrained(own)
    assert models.load(f"random:tiny+{own}").tokenizer.chat_template == tokenizer.chat_template


def test_an_adapter_in_a_models_own_folder_is_applied_once(tmp_path, drawn):
    folder = shutil.copytree(models.resolve("random:tiny"), tmp_path / "m", ignore=shutil.ignore_patterns("bits*"))
    for path in drawn[0].glob("adapter_*"):
        shutil.copy(path, folder)
    assert torch.allclose(_logits(folder), drawn[1], atol=1e-5)
    other = tmp_path / "other"
    expected = _adapter(other, init_lora_weights=False, target_modules=["o_proj"])
    assert torch.allclose(_logits(f"{folder}+{other}"), expected, atol=1e-5)  # that one alone


@pytest.mark.parametrize(
    ("base", "settings"),
    [
        ("random:tiny-gpt2", {}),  # no such modules
        ("random:tiny-gemma3", {}),  # other shapes
        ("random:tiny", {"layers_to_transform": [0]}),  # weights for more layers than the config names
        ("random:tiny", {"target_modules": ["q_proj", "v_proj", "o_proj"]}),  # too few weights
    ],
)
def test_an_adapter_of_another_base_is_refused(own, base, settings):
    _config(own, **settings)
    _refused(f"{base}+{own}", r"adapter .*: expected an adapter of this base, got ")


def test_pickled_weights_need_leave(tmp_path):
    expected = _adapter(tmp_path / "p", init_lora_weights=False, safe=False)
    if (
        safe := tmp_path / "p" / "adapter_model.safetensors"
    ).is_file():  # newer versions of peft write nothing else
        from safetensors.torch import load_file

        torch.save(load_file(safe), tmp_path / "p" / "adapter_model.bin")
        safe.unlink()
    name = f"random:tiny+{tmp_path / 'p'}"
    _refused(name, "adapter .*--allow-pickle")
    assert torch.allclose(_logits(name, allow_pickle=True), expected, atol=1e-5)
    sizes = models.describe(models.ModelSpec(name, allow_pickle=True))
    assert sizes.n_params > models.describe("random:tiny").n_params


@pytest.mark.parametrize(
    ("break_it", "match"),
    [
        (lambda folder: (folder / "adapter_model.safetensors").unlink(), "adapter .*no weights"),
        (lambda folder: (folder / "adapter_model.safetensors").write_bytes(b"\x00" * 40), "whole safetensors"),
        (lambda folder: (folder / "adapter_config.json").write_text("{"), "JSON"),
        (lambda folder: _config(folder, peft_type="LOREM"), "adapter that the installed peft knows"),
        (lambda folder: _config(folder, base_model_name_or_path=None), "adapter .*BASE[+]ADAPTER"),
        (lambda folder: _config(folder, base_model_name_or_path="/gone"), "adapter .*BASE[+]ADAPTER"),
    ],
)
def test_a_broken_adapter_is_one_line(own, break_it, match):
    break_it(own)
    _refused(own, match)


def test_names_that_are_no_adapter(own, tmp_path):
    _refused(f"random:tiny+{tmp_path}", "adapter .*adapter_config.json")
    _refused(f"random:tiny+{tmp_path / 'gone'}", "gone")
    _refused(f"{own}+{own}", "a base before the plus sign")
    _refused(f"nothing+{own}", "nothing")


def test_of_a_repository_the_adapter_alone_is_fetched():
    files = ["README.md", "adapter_config.json", "adapter_model.safetensors", "optimizer.pt", "tokenizer.json"]
    wanted = hub._wanted(models.ModelSpec("org/adapter"), files)
    assert sorted(wanted) == ["adapter_config.json", "adapter_model.safetensors", "tokenizer.json"]
    pickled = ["adapter_config.json", "adapter_model.bin"]
    assert sorted(hub._wanted(models.ModelSpec("org/adapter", allow_pickle=True), pickled)) == pickled
    with pytest.raises(BadInput, match="--allow-pickle"):
        hub._wanted(models.ModelSpec("org/adapter"), pickled)


def test_prompts_are_no_change_of_weights(tmp_path):
    loaded = models.load("random:tiny")
    prompts = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=2)
    peft.get_peft_model(loaded.model, prompts).save_pretrained(tmp_path / "p")
    _refused(f"random:tiny+{tmp_path / 'p'}", "adapter .*PROMPT_TUNING")


def test_without_peft_the_line_says_adapter_and_what_to_install(own, monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    _refused(f"random:tiny+{own}", r"adapter .*pip install 'bitsperfact\[adapters\]'")
    _refused(own, r"adapter .*pip install 'bitsperfact\[adapters\]'")
