"""The tokenizer that a GGUF file describes, rebuilt so that it splits text as the model was trained to see it.

A GGUF names its pre-tokenizer (`tokenizer.ggml.pre`) instead of spelling it out. A wrong one raises no error: it
yields other tokens, and every score with them. So what transformers leaves at a default is set here, and a name
that nobody here can vouch for is refused. The names' meaning follows llama.cpp's `llama-vocab.cpp`.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitsperfact.errors import BadInput
from bitsperfact.models.gguf_header import Header

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

_GPT2_SPLIT = {"gpt-2", "phi-2", "gigachat", "mellum", "modern-bert", "mpt", "olmo", "jais", "trillion"}
_SINGLE_DIGITS = {"smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"}
#: These take a whole word that is in the vocabulary before they try merges, as the published tokenizers do.
_WHOLE_WORDS = {"llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "tekken"}
_LEADING_BOS = _WHOLE_WORDS - {"tekken"}
_SPECIALS = {"bos_token": "bos", "eos_token": "eos", "unk_token": "unknown", "pad_token": "padding"}


def build_tokenizer(path: Path, header: Header) -> "PreTrainedTokenizerFast":
    """Return the tokenizer of a GGUF file; raises BadInput where its pre-tokenizer is unknown.

    It comes as a plain `PreTrainedTokenizerFast`: a model's own class would rebuild the pipeline at each opening
    from its idea of the family, slowly, and drop what was set here.
    """
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    read = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    backend = _without_strangers(read.backend_tokenizer, header.n_tokens)
    if header.tokenizer.get("ggml.model") == "gpt2":
        _split_words(backend, header, path)
    elif not header.tokenizer.get("ggml.add_space_prefix", True):
        backend = _without_leading_space(backend)
    specials = {name: getattr(read, name) for name in _SPECIALS if _states(header, name)}
    _set_leading_bos(backend, header, specials.get("bos_token"))
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        clean_up_tokenization_spaces=False,
        chat_template=header.tokenizer.get("chat_template"),
        **specials,
    )


def _without_strangers(backend: "Tokenizer", n_tokens: int) -> "Tokenizer":
    """Drop special tokens of transformers' own that the file does not have: the model has no row for them."""
    from tokenizers import Tokenizer

    if backend.get_vocab_size() <= n_tokens:
        return backend
    pipeline = json.loads(backend.to_str())
    pipeline["added_tokens"] = [token for token in pipeline["added_tokens"] if token["id"] < n_tokens]
    return Tokenizer.from_str(json.dumps(pipeline))


def _without_leading_space(backend: "Tokenizer") -> "Tokenizer":
    """Drop the space that SentencePiece puts before a text: transformers does so whatever the file says."""
    from tokenizers import Tokenizer

    pipeline = json.loads(backend.to_str())
    pre, first = pipeline["pre_tokenizer"] or {}, pipeline["normalizer"] or {}
    prepends = [part for part in first.get("normalizers", ()) if part["type"] == "Prepend"]
    if pre.get("type") != "Metaspace" and not prepends:
        return backend
    if prepends:
        first["normalizers"] = [part for part in first["normalizers"] if part["type"] != "Prepend"]
    else:
        pre["prepend_scheme"] = "never"
    decoder = pipeline["decoder"]
    decoder["decoders"] = [part for part in decoder["decoders"] if part["type"] != "Strip"]
    return Tokenizer.from_str(json.dumps(pipeline))


def _states(header: Header, name: str) -> bool:
    return f"ggml.{_SPECIALS[name]}_token_id" in header.tokenizer


def _split_words(backend: "Tokenizer", header: Header, path: Path) -> None:
    from tokenizers import normalizers, pre_tokenizers
    from transformers.integrations.gguf.gguf_tokenizer_mapping import GGUF_PRE_TOKENIZER_SPLITS

    # Files older than the field hold GPT-2 itself, if they hold a byte-level vocabulary.
    name = header.tokenizer.get("ggml.pre", "gpt-2" if header.architecture == "gpt2" else "none")
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    if name in _SINGLE_DIGITS:
        # transformers would split as GPT-2 does, which ties the last space before a digit to the digit.
        backend.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), byte_level]
        )
    elif name in _GPT2_SPLIT:
        backend.pre_tokenizer = byte_level
    elif name not in GGUF_PRE_TOKENIZER_SPLITS:
        known = sorted(_GPT2_SPLIT | _SINGLE_DIGITS | set(GGUF_PRE_TOKENIZER_SPLITS))
        raise BadInput(path, f"a known pre-tokenizer ({', '.join(known)})", name)
    if name == "qwen2":
        # Qwen's own tokenizer composes accents first; llama.cpp leaves that to its caller.
        backend.normalizer = normalizers.NFC()
    if name in _WHOLE_WORDS:
        backend.model.ignore_merges = True


def _set_leading_bos(backend: "Tokenizer", header: Header, bos: Any) -> None:
    from tokenizers import processors

    fields = header.tokenizer
    by_default = fields.get("ggml.model") == "llama" or fields.get("ggml.pre") in _LEADING_BOS
    if bos is None or not fields.get("ggml.add_bos_token", by_default):
        backend.post_processor = processors.TemplateProcessing(single="$A", pair="$A $B", special_tokens=[])
        return
    backend.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A", pair=f"{bos} $A $B", special_tokens=[(str(bos), backend.token_to_id(str(bos)))]
    )
