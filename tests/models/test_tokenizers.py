"""A folder's tokenizer is the one that its tokenizer.json describes, whatever transformers would build."""

import json
import warnings

import pytest
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES as CAUSAL
from transformers.models.auto.tokenization_auto import TOKENIZER_MAPPING_NAMES

from bitsperfact.errors import BadInput
from bitsperfact.models import tokenizers

#: One causal type of each family that has a tokenizer of its own, and types whose own settings are overruled.
FAMILIES = {TOKENIZER_MAPPING_NAMES[name]: name for name in CAUSAL if TOKENIZER_MAPPING_NAMES.get(name)}
TYPES = sorted({*FAMILIES.values(), "llama", "mistral", "nemotron", "phi3", "qwen2", "qwen3_5"})
#: Not among the texts that the two are compared on.
TEXTS = (
    "a  space",
    "123456 and 1",
    "naïve nai\u0308ve",
    "the whole is the WHOLE",
    "x<|go|>y",
    "日本",
    "don't\n\n  go",
)
LETTERS = [chr(code) for code in range(33, 127)]


def byte_level():
    merges = [("t", "h"), ("th", "e"), ("Ġ", "the"), ("1", "2"), ("12", "3"), ("Ġ", "1"), ("Ġ", "Ġ"), ("Ã", "¯")]
    words = ["<|go|>", "<|stop|>", *sorted(pre_tokenizers.ByteLevel.alphabet()), *(a + b for a, b in merges)]
    words.append("Ġwhole")  # no merges lead to it
    made = Tokenizer(models.BPE({w: i for i, w in enumerate(words)}, merges, ignore_merges=True))
    split = pre_tokenizers.Split(Regex(r"\p{N}{1,3}| ?\p{L}+|\s+|[^\s\p{L}\p{N}]+"), "isolated")
    made.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])
    made.decoder = decoders.ByteLevel()
    return made


def word_pieces():
    words = ["<|go|>", "<|stop|>", "[unk]", "the", "whole", *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    made = Tokenizer(models.WordPiece({w: i for i, w in enumerate(words)}, unk_token="[unk]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=False)
    made.pre_tokenizer, made.decoder = pre_tokenizers.BertPreTokenizer(), decoders.WordPiece()
    return made


def unigram():
    words = ["<|go|>", "<|stop|>", "<?>", "▁", "▁the", "▁whole", "▁▁", *LETTERS]
    made = Tokenizer(models.Unigram([(w, -1.0 - i / 100) for i, w in enumerate(words)], unk_id=2))
    made.pre_tokenizer, made.decoder = pre_tokenizers.Metaspace(prepend_scheme="never"), decoders.Metaspace()
    return made


def write(folder, made, model_type, **settings):
    """A model's folder without its weights; every text starts with two tokens."""
    made.add_special_tokens(["<|go|>", "<|stop|>"])
    start = [(token, made.token_to_id(token)) for token in ("<|go|>", "<|stop|>")]
    made.post_processor = processors.TemplateProcessing(single="<|go|> <|stop|> $A", special_tokens=start)
    made.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps({"model_type": model_type}))
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return made


def opened(folder):
    """The tokenizer, and what was told of it."""
    tokenizers._tell.cache_clear()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        return tokenizers.open_tokenizer(folder, trust_remote_code=False), [str(each.message) for each in told]


def assert_same(read, made):
    for text in TEXTS:
        for around in (False, True):
            ids = read(text, add_special_tokens=around)["input_ids"]
            assert ids == made.encode(text, add_special_tokens=around).ids
        assert read.decode(ids) == made.decode(ids, skip_special_tokens=False)
    assert len(read) == made.get_vocab_size()


@pytest.mark.parametrize("make", [byte_level, word_pieces, unigram])
@pytest.mark.parametrize("model_type", TYPES)
def test_every_family_encodes_as_the_file_says(model_type, make, tmp_path):
    made = write(tmp_path, make(), model_type, bos_token="<|go|>", eos_token="<|stop|>")
    read, told = opened(tmp_path)
    assert_same(read, made)
    assert (read.bos_token_id, read.eos_token_id) == (0, 1)
    assert len(told) <= 1


@pytest.mark.parametrize(
    "named", ["LlamaTokenizer", "LlamaTokenizerFast", "GPT2Tokenizer", "GemmaTokenizer", "Nobody"]
)
def test_whatever_class_a_folder_names(named, tmp_path):
    made = write(tmp_path, byte_level(), "olmo3", tokenizer_class=named, bos_token="<|go|>", eos_token="<|stop|>")
    assert_same(opened(tmp_path)[0], made)


def test_another_tokenizer_is_told_once_with_a_text_that_shows_it(tmp_path):
    write(tmp_path, byte_level(), "qwen2", bos_token="<|go|>")
    _, told = opened(tmp_path)
    assert len(told) == 1
    assert "as its tokenizer.json says; the Qwen2Tokenizer of transformers would encode ' leading,  d" in told[0]
    tokenizers.open_tokenizer(tmp_path, trust_remote_code=False)  # a warning now would be an error


def test_a_family_that_reads_the_file_as_it_is_stays_and_nothing_is_told(tmp_path):
    made = byte_level()
    made.model.ignore_merges = False
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made = write(tmp_path, made, "gpt2", bos_token="<|go|>", eos_token="<|stop|>", unk_token="<|go|>")
    read, told = opened(tmp_path)
    assert type(read).__name__ == "GPT2Tokenizer"
    assert told == []
    assert_same(read, made)


def without_start(made):
    made.post_processor = processors.ByteLevel()


def without_added_tokens(made):
    pipeline = json.loads(made.to_str())
    return Tokenizer.from_str(json.dumps(pipeline | {"added_tokens": []}))


@pytest.mark.parametrize("change", [without_start, without_added_tokens])
def test_what_is_put_around_a_text_and_added_tokens_within_it_are_those_of_the_file(change, tmp_path, monkeypatch):
    made = write(tmp_path, byte_level(), "olmo3")
    other = Tokenizer.from_str(made.to_str())
    family = PreTrainedTokenizerFast(tokenizer_object=change(other) or other)
    monkeypatch.setattr(tokenizers, "_by_family", lambda *_: (family, None))
    read, told = opened(tmp_path)
    assert len(told) == 1
    assert_same(read, made)


def test_one_word_that_only_the_files_options_reach_is_enough(tmp_path):
    made = byte_level()
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made = write(tmp_path, made, "gpt2", bos_token="<|go|>", eos_token="<|stop|>", unk_token="<|go|>")
    read, told = opened(tmp_path)
    assert "would encode ' whole' otherwise" in told[0]
    assert_same(read, made)


def test_a_familys_special_tokens_are_kept_where_the_file_has_them_and_not_added_where_it_has_not(tmp_path):
    made = byte_level()
    made.add_special_tokens(["<|endoftext|>"])
    write(tmp_path, made, "gpt2")  # as the published GPT-2, which names none
    assert opened(tmp_path)[0].bos_token_id == made.token_to_id("<|endoftext|>")
    made = byte_level()
    made.model.ignore_merges = False
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made = write(tmp_path, made, "gpt2")
    read, told = opened(tmp_path)
    assert read.bos_token_id is None
    assert told == []  # but for those the family has the same
    assert_same(read, made)


def test_no_setting_adds_a_start_that_the_file_does_not_add_or_takes_one_away(tmp_path):
    made = write(tmp_path, byte_level(), "qwen2", bos_token="<|go|>", add_bos_token=False)
    assert_same(opened(tmp_path)[0], made)
    made.post_processor = processors.ByteLevel()
    made.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "tokenizer_config.json").write_text('{"bos_token": "<|go|>", "add_bos_token": true}')
    assert_same(opened(tmp_path)[0], made)


def test_a_file_cut_short_is_refused_in_one_line_whatever_its_family(tmp_path):
    write(tmp_path, byte_level(), "qwen2")
    text = (tmp_path / "tokenizer.json").read_text()
    (tmp_path / "tokenizer.json").write_text(text[: len(text) // 2])
    with pytest.raises(BadInput, match="a tokenizer that transformers can read") as caught:
        tokenizers.open_tokenizer(tmp_path, trust_remote_code=False)
    assert "\n" not in str(caught.value)
