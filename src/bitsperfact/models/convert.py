"""GGUF -> a folder of safetensors, tokenizer and config, so that opening takes seconds instead of half a minute.

Weights are stored in float32: dequantised values are products of half-precision scales and integers, which neither
half-precision format holds. So the folder's weights are the GGUF's, bit for bit, at four bytes each.
"""

import errno
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bitsperfact.errors import BadInput
from bitsperfact.models.architectures import count_parameters
from bitsperfact.models.fingerprint import hash_folder
from bitsperfact.models.gguf_config import CONFUSED, check_carried, read_config
from bitsperfact.models.gguf_header import Header, read_header
from bitsperfact.models.gguf_skeleton import check_skeleton
from bitsperfact.models.gguf_tokenizer import build_tokenizer
from bitsperfact.models.quiet import quiet
from bitsperfact.models.store import Record

#: Part of every converted folder's name: raise it when a change here changes what a conversion yields.
CONVERTER = 1
#: Likewise, for files other than those that packages ship, whose fields are known: raise it when more of what such
#: a file can say is carried over or refused.
CARRIED = 1


def convert(gguf: Path, folder: Path, *, source: str, revision: str) -> Record:
    """Write config, tokenizer and float32 safetensors of a `.gguf` file into `folder`; return the folder's record.

    Raises BadInput for what is no GGUF, is cut short, or holds an architecture or tokenizer unknown here, and for
    a field or a tensor that the model could not be given: nothing that a file says is dropped.
    """
    header = read_header(gguf)
    with quiet():
        config, statements = read_config(header)
        check_skeleton(header, config)
        tokenizer = build_tokenizer(gguf, header)
        model = _dequantised(header, config)
    rows = model.get_input_embeddings().num_embeddings
    if len(tokenizer) > rows:
        raise BadInput(gguf, f"at most {rows} tokens, one per embedding row", f"{len(tokenizer)} tokens")
    record = save(model, tokenizer, folder, source=source, revision=revision)
    check_carried(header, type(config).from_pretrained(folder), statements)
    return replace(record, memory_bits=header.memory_bits)


def save(model: Any, tokenizer: Any, folder: Path, *, source: str, revision: str) -> Record:
    """Write a model folder that says only what the model is, so that its fingerprint means the same everywhere.

    Returns the folder's record, but for the bits that the weights took at the source. Raises OSError where the
    disk refuses.
    """
    from safetensors import SafetensorError

    # With it, the next opening would look for the GGUF file again.
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    try:
        with quiet():
            model.save_pretrained(folder)
    except SafetensorError as error:
        # It wraps the system's error in words; the number tells a full disk from others.
        full = f"os error {errno.ENOSPC}" in str(error)
        raise OSError(errno.ENOSPC if full else errno.EIO, str(error)) from None
    tokenizer.save_pretrained(folder)
    for path in (folder / "config.json", folder / "generation_config.json"):
        if path.is_file():
            config = json.loads(path.read_text(encoding="utf-8"))
            kept = {key: config[key] for key in config.keys() - {"_model_name_or_path", "transformers_version"}}
            path.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    for path in folder.iterdir():
        path.chmod(0o644)  # safetensors writes for its owner alone
    return Record(source, revision, hash_folder(folder), count_parameters(model), type(model).__name__)


def _dequantised(header: Header, config: Any) -> Any:
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils.quantization_config import GgufConfig

    gguf = header.path
    try:
        with _progress():
            model, report = AutoModelForCausalLM.from_pretrained(
                gguf.parent,
                config=config,
                gguf_file=gguf.name,
                quantization_config=GgufConfig(gguf_file=gguf.name, dequantize=True),
                dtype=torch.float32,
                output_loading_info=True,
            )
    except CONFUSED as error:
        raise BadInput(gguf, "a GGUF file that transformers can read", error) from None
    if missing := sorted(report["missing_keys"]):
        raise BadInput(gguf, "every weight of the model", f"none for {', '.join(missing)}")
    return model


@contextmanager
def _progress() -> Iterator[None]:
    """Give the dequantisation's bar, which no option reaches, the manners of the others: late, short-lived."""
    from tqdm import tqdm

    bar = partial(tqdm, delay=2, leave=False, disable=None)
    with patch("transformers.modeling_gguf_pytorch_utils.tqdm", bar):
        yield
