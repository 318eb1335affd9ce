"""Is this folder a model that may be opened? Answered from its small files alone."""

import json
from pathlib import Path
from typing import Any

from bitsperfact.errors import BadInput
from bitsperfact.models.architectures import check_head

_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
TOKENIZERS = (
    "tokenizer.json",
    "tokenizer.model",
    "spiece.model",
    "vocab.json",
    "vocab.txt",
    "tokenizer_config.json",
)


def check_folder(folder: Path, *, trust_remote_code: bool, allow_pickle: bool) -> dict[str, Any]:
    """Return the parsed `config.json`; raise BadInput where the folder holds no model that may be opened.

    Refused: no or broken config, no tokenizer, pickled weights or custom code without leave, shards missing,
    damaged safetensors, an architecture without a head that can be read (see `check_head`).
    """
    config = check_config(folder, trust_remote_code=trust_remote_code)
    if not any((folder / name).is_file() for name in TOKENIZERS):
        raise BadInput(folder, f"a tokenizer ({', '.join(TOKENIZERS)})", "none of these files")
    _check_weights(folder, allow_pickle)
    return config


def check_config(folder: Path, *, trust_remote_code: bool) -> dict[str, Any]:
    """Return the parsed `config.json`; raise BadInput where it is none, or of no model that can be scored."""
    config = read_object(folder / "config.json", folder)
    _check_code(folder, config, trust_remote_code)
    check_head(folder, config)
    return config


def read_object(path: Path, where: Path) -> dict[str, Any]:
    """Return the JSON object in a file of a model's folder; raise BadInput where there is none."""
    if not path.is_file():
        raise BadInput(where, f"a model folder with {path.name}", f"no {path.name}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput(path, "JSON", error) from None
    if not isinstance(content, dict):
        raise BadInput(path, "a JSON object", type(content).__name__)
    return content


def _check_code(folder: Path, config: dict[str, Any], trusted: bool) -> None:
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    kind = config.get("model_type")
    if kind in CONFIG_MAPPING_NAMES:
        return
    if "auto_map" not in config:
        raise BadInput(folder / "config.json", "a model_type that the installed transformers knows", repr(kind))
    if not trusted:
        raise BadInput(
            folder,
            "a model without code of its own (--trust-remote-code, trust_remote_code=True, runs it)",
            f"custom code for {kind!r}",
        )


def _check_weights(folder: Path, allow_pickle: bool) -> None:
    index = folder / "model.safetensors.index.json"
    shards = sorted(folder.glob("*.safetensors"))
    if index.is_file():
        names = sorted(set(read_object(index, folder).get("weight_map", {}).values()))
        if missing := [name for name in names if not (folder / name).is_file()]:
            raise BadInput(folder, f"all {len(names)} shards of the weights", f"no {', '.join(missing)}")
    for shard in shards:
        check_safetensors(shard)
    if shards:
        return
    pickled = [path.name for pattern in _PICKLED for path in sorted(folder.glob(pattern))]
    if not pickled:
        raise BadInput(folder, "weights as safetensors", "none")
    if not allow_pickle:
        got = f"only pickled ones ({', '.join(pickled)}), which can run code"
        raise BadInput(folder, "weights as safetensors (--allow-pickle opens others)", got)


def check_safetensors(path: Path) -> None:
    """Raise BadInput where a file of weights is damaged or cut short."""
    from safetensors import SafetensorError, safe_open

    try:
        # Opening reads the header alone and compares the sizes it states with the file's.
        with safe_open(path, framework="np"):
            pass
    except (SafetensorError, OSError) as error:
        raise BadInput(path, "whole safetensors", error) from None
