import pytest

from bitsperfact import models
from bitsperfact.errors import BadInput
from bitsperfact.models.gguf_header import read_header

TEXTS = ["the 12 of  12", "naïve café", "🙂 emoji", "שלום עולם", "\n\n12\n 1  the", "  the\tthe "]


def test_weights_come_back_bit_for_bit(write_gguf, llama, tmp_path):
    import torch

    loaded = models.load(str(write_gguf(tmp_path / "tiny.gguf")))
    weights = llama.state_dict()
    assert loaded.model.state_dict().keys() == weights.keys()
    assert all(torch.equal(weight, weights[name]) for name, weight in loaded.model.state_dict().items())
    ids = torch.tensor([[5, 80, 7, 200]])
    torch.testing.assert_close(loaded.model(ids).logits, llama(ids).logits)


def test_quantised_weights_equal_a_direct_opening(write_gguf, tmp_path):
    import torch
    from transformers import AutoModelForCausalLM

    path = write_gguf(tmp_path / "quantised.gguf", quantised=True)
    direct = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file=path.name, dtype=torch.float32).state_dict()
    converted = models.load(str(path)).model.state_dict()
    assert all(torch.equal(converted[name], weight) for name, weight in direct.items())
    assert not torch.equal(converted["lm_head.weight"], converted["model.embed_tokens.weight"])


def test_quantised_values_equal_gguf_own_dequantisation(write_gguf, tmp_path):
    import torch
    from gguf import GGUFReader, dequantize

    path = write_gguf(tmp_path / "blocks.gguf", quantised=True)
    stored = {t.name: dequantize(t.data, t.tensor_type) for t in GGUFReader(path).tensors}
    weights = models.load(str(path)).model.state_dict()
    assert torch.equal(
        weights["model.layers.1.mlp.down_proj.weight"], torch.from_numpy(stored["blk.1.ffn_down.weight"])
    )
    assert torch.equal(weights["model.embed_tokens.weight"], torch.from_numpy(stored["token_embd.weight"]))


@pytest.mark.parametrize("text", TEXTS)
def test_text_survives_the_tokenizer(write_gguf, tmp_path, text):
    tokenizer = models.load(str(write_gguf(tmp_path / "tiny.gguf"))).tokenizer
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_single_digits_are_split_before_words(write_gguf, tmp_path):
    path = write_gguf(tmp_path / "tiny.gguf")
    tokenizer = models.load(str(path)).tokenizer
    assert tokenizer.tokenize("the  12") == ["the", "ĠĠ", "1", "2"]
    other = models.load(str(write_gguf(tmp_path / "gpt2.gguf", pre="gpt-2"))).tokenizer
    assert other.tokenize("the  12") == ["the", "Ġ", "Ġ", "12"]


@pytest.mark.parametrize(("flag", "starts"), [(None, False), (False, False), (True, True)])
def test_bos_follows_the_file(write_gguf, tmp_path, flag, starts):
    tokenizer = models.load(str(write_gguf(tmp_path / f"{flag}.gguf", add_bos=flag))).tokenizer
    assert (tokenizer("the")["input_ids"][0] == tokenizer.bos_token_id) is starts


def test_llama3_files_lead_with_bos_and_whole_words(write_gguf, tmp_path):
    tokenizer = models.load(str(write_gguf(tmp_path / "l3.gguf", pre="llama-bpe"))).tokenizer
    assert tokenizer("the")["input_ids"][0] == tokenizer.bos_token_id
    assert tokenizer.backend_tokenizer.model.ignore_merges


def test_no_token_beyond_the_file(write_gguf, tmp_path):
    tokenizer = models.load(str(write_gguf(tmp_path / "tiny.gguf"))).tokenizer
    assert len(tokenizer) == 264
    assert tokenizer.tokenize("<|end|>") == ["<|end|>"]
    assert len(tokenizer.tokenize("<|endoftext|>")) > 1


@pytest.mark.parametrize("pre", ["some-new-model", None])
def test_unknown_pre_tokenizer_is_refused(write_gguf, tmp_path, pre):
    with pytest.raises(BadInput, match="a known pre-tokenizer"):
        models.resolve(str(write_gguf(tmp_path / "odd.gguf", pre=pre)))


def test_unsupported_architecture_is_refused(write_gguf, tmp_path):
    with pytest.raises(BadInput, match=r"GGUF architectures .* got wav2tokens$"):
        models.resolve(str(write_gguf(tmp_path / "odd.gguf", architecture="wav2tokens")))


def test_missing_weight_is_refused(write_gguf, tmp_path):
    path = write_gguf(tmp_path / "gap.gguf", without={"blk.1.ffn_down.weight"})
    with pytest.raises(BadInput, match=r"mlp\.down_proj\.weight"):
        models.resolve(str(path))


@pytest.mark.parametrize("kept", [0.001, 0.01, 0.03, 0.1, 0.5, 0.9, 0.999])
def test_a_cut_file_is_refused(write_gguf, tmp_path, kept, empty_cache):
    path = write_gguf(tmp_path / "whole.gguf")
    cut = tmp_path / "cut.gguf"
    data = path.read_bytes()
    cut.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(BadInput, match="a whole GGUF file") as caught:
        models.resolve(str(cut))
    assert "\n" not in str(caught.value)
    assert [p.name for p in (empty_cache / "models").iterdir() if p.is_dir()] == []


@pytest.mark.parametrize("content", [b"", b"GG", b"PK\x03\x04 a zip"])
def test_another_format_is_refused(tmp_path, content):
    path = tmp_path / "not.gguf"
    path.write_bytes(content)
    with pytest.raises(BadInput, match="a GGUF file"):
        models.resolve(str(path))


def test_header_reads_scalars_only(write_gguf, tmp_path):
    header = read_header(write_gguf(tmp_path / "tiny.gguf"))
    assert header.architecture == "llama"
    assert header.tokenizer["ggml.pre"] == "smollm"
    assert "ggml.tokens" not in header.tokenizer


def test_second_opening_converts_nothing(write_gguf, tmp_path, monkeypatch):
    path = str(write_gguf(tmp_path / "tiny.gguf"))
    first = models.resolve(path)
    monkeypatch.setattr("bitsperfact.models.convert.convert", None)
    assert models.resolve(path) == first


def test_converted_folder_keeps_its_fingerprint_when_moved(write_gguf, tmp_path):
    import shutil

    path = str(write_gguf(tmp_path / "tiny.gguf"))
    copy = shutil.copytree(models.resolve(path), tmp_path / "copy")
    assert models.describe(str(copy)).fingerprint == models.describe(path).fingerprint


@pytest.mark.parametrize(("flag", "pieces"), [(None, ["▁t", "h"]), (True, ["▁t", "h"]), (False, ["th"])])
def test_a_space_before_the_text_follows_the_file(write_gguf, tmp_path, flag, pieces):
    fields = {} if flag is None else {"tokenizer.ggml.add_space_prefix": flag}
    path = write_gguf(tmp_path / f"{flag}.gguf", fields=fields, sentencepiece=True, add_bos=False)
    tokenizer = models.load(str(path)).tokenizer
    assert tokenizer.tokenize("th") == pieces
    assert tokenizer.decode(tokenizer("th t")["input_ids"]) == "th t"
