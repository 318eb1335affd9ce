"""The tokenizer of a model's folder: where there is a tokenizer.json, the one that this file describes.

transformers 5 builds the tokenizer of a model's family around the vocabulary of the file, whatever else the file
says: for some families all spaces go, or groups of digits are split. A model was trained on what its file says.
"""

import json
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitsperfact.errors import BadInput
from bitsperfact.models.architectures import unfit
from bitsperfact.models.store import record_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer

#: What tokenizers differ in: spaces, digits, accents (composed or not), case, scripts, symbols, lines, code.
SAMPLES = (
    "The capital of France is Paris.",
    " leading,  double and trailing spaces  ",
    "In 1998, 1234567 people paid $3.50 (12 %) on 01/02/2003.",
    "Crème brûlée, Cre\u0300me bru\u0302le\u0301e, Ångström, ﬁne №5 Ⅳ ½",
    "I'm sure they've said WE'RE not what she'd DON'T",
    "camelCase HTTPServer snake_case iPhone15ProMax",
    "日本の首都は東京です。中国的首都是北京。",
    "Москва, Αθήνα, القاهرة, ירושלים, दिल्ली, กรุงเทพ, 서울",
    "😀👩‍👩‍👧🏽 → ≠ ∑ ™",
    "first line\n\n  second\r\n\tthird\n",
    "def f(x):\n    return x[0] != {'a': -1}  # ok",
    "http://example.org/a-b?c=d&e=f%20g e.g. U.S.A.",
    "a\u00a0b\u200bc\u3000d\u2028e",
    "<a> [b] <|c|> ▁d Ġe ##f",
)
#: Entries of the vocabulary that are compared too: some are whole words only under the file's own options.
N_ENTRIES = 500


def open_tokenizer(folder: Path, trust_remote_code: bool) -> Any:
    """Return the tokenizer of a model's folder, as its tokenizer.json says or, without one, as transformers does.

    Warns, once for a folder, where transformers would have built another than the file's. Code that a folder
    brings, and may run, is taken at its word. Raises BadInput where there is no tokenizer that can be read.
    """
    if record_of(folder):
        return built_tokenizer(folder)
    read, error = _by_family(folder, trust_remote_code)
    if not (folder / "tokenizer.json").is_file() or (read is not None and _has_own_code(read)):
        if read is None:
            raise BadInput(folder, "a tokenizer that transformers can read", error)
        return read
    file = _file(folder)
    if read is None:
        return _by_file(folder, {})
    different = _different(read, file)
    if different is None and len(read) <= file.get_vocab_size():
        return read
    if different is not None:
        _tell(folder, type(read).__name__, different)
    return _by_file(folder, _special_tokens(read, file))


def built_tokenizer(folder: Path) -> Any:
    """Return the tokenizer of a folder built here, which holds the whole pipeline.

    A family's own class would rebuild that in its own way. `from_pretrained` ends at the same, but parses the
    vocabulary in Python too and copies it: half of what Gemma's takes. Opening it beside the weights, in a thread,
    gains nothing: its parser keeps the interpreter's lock.
    """
    from transformers import PreTrainedTokenizerFast

    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    template = folder / "chat_template.jinja"
    if template.is_file():
        settings["chat_template"] = template.read_text(encoding="utf-8")
    for name in ("tokenizer_class", "backend"):
        settings.pop(name, None)
    file = str(folder / "tokenizer.json")
    return PreTrainedTokenizerFast(tokenizer_file=file, name_or_path=str(folder), **settings)


def _by_family(folder: Path, trust_remote_code: bool) -> tuple[Any, Exception | None]:
    """Return transformers' tokenizer for a folder, or None and what kept it from building one."""
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=trust_remote_code), None
    except Exception as error:  # a family's class on a vocabulary of another kind fails in any way
        return None, error


def _by_file(folder: Path, special_tokens: dict[str, str]) -> Any:
    """Return the file's tokenizer, with the settings of the folder and special tokens that no setting names."""
    from transformers import PreTrainedTokenizerFast

    try:
        return PreTrainedTokenizerFast.from_pretrained(folder, **special_tokens)
    except unfit() as error:
        raise BadInput(folder, "a tokenizer that transformers can read", error) from None


def _file(folder: Path) -> "Tokenizer":
    from tokenizers import Tokenizer

    try:
        file = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # the library raises nothing more precise
        raise BadInput(folder, "a tokenizer that transformers can read", error) from None
    file.no_truncation()
    file.no_padding()
    return file


def _has_own_code(tokenizer: Any) -> bool:
    return not type(tokenizer).__module__.startswith("transformers.")


def _different(read: Any, file: "Tokenizer") -> str | None:
    """Return the first text that both encode differently, alone or with what is put around it; or None."""
    file.encode_special_tokens = bool(getattr(read, "split_special_tokens", False))
    size = file.get_vocab_size()
    entries = [file.decode([i], skip_special_tokens=False) for i in range(0, size, max(1, size // N_ENTRIES))]
    marked = [f"x{token.content}y" for token in list(file.get_added_tokens_decoder().values())[:N_ENTRIES]]
    texts = [text for text in (*SAMPLES, *entries, *marked) if text]
    for around in (False, True):
        try:
            found = read(texts, add_special_tokens=around)["input_ids"]
        except Exception:  # of the library, for what such a tokenizer has no token for
            return texts[0]
        expected = (encoding.ids for encoding in file.encode_batch(texts, add_special_tokens=around))
        for text, ours, theirs in zip(texts, found, expected, strict=True):
            if list(ours) != theirs:
                return text
    return None


def _special_tokens(read: Any, file: "Tokenizer") -> dict[str, str]:
    """Return the special tokens by name, a family's defaults among them, that the file knows."""
    from transformers import PreTrainedTokenizerBase

    names = PreTrainedTokenizerBase.SPECIAL_TOKENS_ATTRIBUTES
    named = {name: str(token) for name in names if (token := getattr(read, name, None))}
    return {name: token for name, token in named.items() if file.token_to_id(token) is not None}


@cache
def _tell(folder: Path, family: str, text: str) -> None:
    warnings.warn(
        f"model {folder}: text is encoded as its tokenizer.json says; the {family} of transformers would encode "
        f"{text!r} otherwise",
        stacklevel=4,
    )
