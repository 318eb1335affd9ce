"""Adapters of peft: which base a name puts one on, what it adds, and a base model with one applied.

An adapter is a folder of its own (`adapter_config.json` and its weights) that means nothing without its base. It
is named as `BASE+ADAPTER`, or alone, and then its config says what its base is.
"""

import json
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bitsperfact.errors import BadInput
from bitsperfact.files import sha256_of_text
from bitsperfact.models.checks import TOKENIZERS, check_safetensors, read_object
from bitsperfact.models.fingerprint import remembered_sha256
from bitsperfact.models.safetensors_header import Tensor, tensors_of
from bitsperfact.models.sources import source_of
from bitsperfact.models.spec import ModelSpec

CONFIG = "adapter_config.json"
_SAFE, _PICKLED = "adapter_model.safetensors", "adapter_model.bin"


def parts(name: str) -> tuple[str, str | None]:
    """Return the names of a base and of the adapter on it; None for a name without one.

    What exists under the whole name is that, whatever signs are in it. Otherwise the plus sign is the one with
    a model's name before it, and rather one with a folder after it.
    """
    if "+" not in name or Path(name).expanduser().exists():
        return name, None
    pairs = [(name[:at], name[at + 1 :]) for at, sign in enumerate(name) if sign == "+"]
    named = [(base, adapter) for base, adapter in pairs if adapter and _is_named(base)]
    if not named:
        return name, None
    return max(named, key=lambda pair: Path(pair[1]).expanduser().is_dir())


def _is_named(name: str) -> bool:
    try:
        source_of(name)
    except BadInput:
        return False
    return True


def is_adapter(folder: Path) -> bool:
    """Return whether a folder holds an adapter that peft saved."""
    return (folder / CONFIG).is_file()


def has_weights(folder: Path) -> bool:
    """Return whether a folder holds weights of a whole model, whatever adapter lies beside them."""
    files = {path.name for pattern in ("*.safetensors", "pytorch_model*.bin") for path in folder.glob(pattern)}
    return bool(files - {_SAFE})


def adapter_folder(spec: ModelSpec) -> Path:
    """Return the folder of an adapter named by itself; fetch it if need be. Raises BadInput where it is none."""
    _check_peft(spec.name)
    folder = source_of(spec.name).folder(spec)
    if not is_adapter(folder):
        raise BadInput(f"adapter {spec.name}", f"a folder with {CONFIG}", "none in it")
    return folder


def base_of(folder: Path, name: str) -> str:
    """Return the name of the base that an adapter's config states; raise BadInput where that says nothing."""
    _check_peft(name)
    config = read_object(folder / CONFIG, folder)
    base = config.get("base_model_name_or_path")
    if not isinstance(base, str) or not base:
        expected = "the name of its base (or BASE+ADAPTER for the model)"
        raise BadInput(f"adapter {name}", expected, f"none in {CONFIG}")
    if (beside := folder / base).is_dir():
        return str(beside)
    here = Path(base).expanduser().is_dir()
    revision = config.get("revision")
    named = base if here or not revision or "@" in base or ":" in base else f"{base}@{revision}"
    if not _is_named(named):
        got = f"{base!r}, which is not here (BASE+ADAPTER names another)"
        raise BadInput(f"adapter {name}", "the base that its config names", got)
    return named


def check_adapter(folder: Path, *, allow_pickle: bool) -> None:
    """Raise BadInput where an adapter cannot be applied: no weights, damaged or pickled ones, an unknown kind."""
    _check_peft(str(folder))
    read_object(folder / CONFIG, folder)
    if (folder / _SAFE).is_file():
        check_safetensors(folder / _SAFE)
    elif not (folder / _PICKLED).is_file():
        raise BadInput(f"adapter {folder}", _SAFE, "no weights")
    elif not allow_pickle:
        got = f"only pickled ones ({_PICKLED}), which can run code"
        raise BadInput(f"adapter {folder}", "weights as safetensors (--allow-pickle opens others)", got)
    config = _peft_config(folder)
    if config.is_prompt_learning or config.is_adaption_prompt:
        raise BadInput(f"adapter {folder}", "one that changes weights, such as LoRA", config.peft_type.value)


def adapter_fingerprint(folder: Path) -> str:
    """Return the SHA-256 over an adapter's weights, tokenizer and config, in hexadecimal (64 digits).

    Where its base lay when it was trained is no part of what it is.
    """
    config = read_object(folder / CONFIG, folder)
    kept = {key: value for key, value in config.items() if key not in ("base_model_name_or_path", "revision")}
    files = [_weights(folder), *(folder / name for name in (*TOKENIZERS, "chat_template.jinja"))]
    hashes = [part for path in files if path.is_file() for part in (path.name, remembered_sha256(path))]
    return sha256_of_text(json.dumps(kept, sort_keys=True), *hashes)


def adapter_tensors(folder: Path) -> list[Tensor]:
    """Return what an adapter's weights are, without keeping them; of pickled ones, opened by torch's own rules."""
    path = _weights(folder)
    if path.name == _SAFE:
        return tensors_of(path)
    import torch

    state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    return [Tensor(math.prod(each.shape), 8 * each.element_size()) for each in state.values()]


def tokenizer_folder(base: Path, adapter: Path | None) -> Path:
    """Return where the tokenizer lies: with the adapter where it brings the one that it was trained with."""
    if adapter is not None and any((adapter / name).is_file() for name in TOKENIZERS):
        return adapter
    return base


@contextmanager
def without_adapter(folder: Path) -> Iterator[Path]:
    """Yield a model's folder without an adapter in it, which transformers would apply where peft is installed."""
    if not is_adapter(folder):
        yield folder
        return
    with TemporaryDirectory() as bare:
        for path in folder.iterdir():
            if path.name not in (CONFIG, _SAFE, _PICKLED):
                (Path(bare) / path.name).symlink_to(path.resolve())
        yield Path(bare)


def applied(model: Any, folder: Path, *, merge: bool) -> Any:
    """Return a base model with an adapter's changes: in its weights (`merge`), or in layers around them.

    Raises BadInput, naming what is at odds, for an adapter of another base.
    """
    import torch
    from peft import PeftModel

    where = f"adapter {folder}"
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # what is missing or tied is looked at below, and said in one line
            wrapped: Any = PeftModel(model, replace(_peft_config(folder), inference_mode=True))
            report = wrapped.load_adapter(str(folder), "default", torch_device=str(_device(model)))
            changed = wrapped.base_model.merge_and_unload(safe_merge=True) if merge else wrapped.get_base_model()
    except (ValueError, RuntimeError, KeyError, TypeError, AttributeError, NotImplementedError) as error:
        raise BadInput(where, "an adapter of this base", error) from None
    if strangers := sorted([*report.unexpected_keys, *report.missing_keys]):
        which = "unknown to it" if report.unexpected_keys else "that the adapter lacks"
        got = f"{len(strangers)} weights {which}, such as {strangers[0]}"
        raise BadInput(where, "an adapter of this base", got)
    return changed


def _device(model: Any) -> Any:
    return next(model.parameters()).device


def _weights(folder: Path) -> Path:
    return folder / (_SAFE if (folder / _SAFE).is_file() else _PICKLED)


def _peft_config(folder: Path) -> Any:
    from peft import PeftConfig

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # keys of newer versions, which are told below if they matter
            return PeftConfig.from_pretrained(str(folder))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(folder / CONFIG, "an adapter that the installed peft knows", error) from None


def _check_peft(name: str) -> None:
    if find_spec("peft") is None:
        raise BadInput(f"adapter {name}", "peft, which opens it (pip install 'bitsperfact[adapters]')", "none")
