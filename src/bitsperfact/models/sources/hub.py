"""Models from the Hugging Face Hub: only the files that scoring needs, at one commit."""

import glob
import re
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from bitsperfact.errors import BadInput, Unavailable
from bitsperfact.models.sources import Source
from bitsperfact.models.sources.gguf import bits_of_file, converted_folder
from bitsperfact.models.spec import ModelSpec

#: Repository, revision, and one GGUF file of it.
_NAME = re.compile(r"([\w.-]+/[\w.-]+)(?:@([\w./-]+))?(?::([^:]+\.gguf))?")
_CONFIGS = ("config.json",)
_PIECE = re.compile(r"-\d{5}-of-(?!00001)\d{5}\.gguf$")
_SMALL = (
    "config.json",
    "generation_config.json",
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.*",
    "merges.txt",
    "*.model",
    "*.tiktoken",
    "*.jinja",
)
_WEIGHTS = ("model*.safetensors", "model.safetensors.index.json")
_PICKLED = ("pytorch_model*.bin", "pytorch_model.bin.index.json")


class _Hub(Source):
    form = "org/name[@revision][:file.gguf]"
    last = True  # a relative path looks like a repository's name

    def claims(self, name: str) -> bool:
        return _NAME.fullmatch(name) is not None and not name.startswith((".", "/", "~"))

    def folder(self, spec: ModelSpec) -> Path:
        """Return the snapshot of a repository, named after its commit; download what is not there yet.

        Of a GGUF file, named after a colon, the folder that it is converted into. Falls back on what an earlier
        download left where the Hub cannot be reached. Raises BadInput for a repository, revision or file that is
        unknown, private or gated, and Unavailable where neither Hub nor cache has it.
        """
        repo, _, file = _parts(spec)
        if file is None:
            return _snapshot(spec, lambda names: _wanted(spec, names))
        path = _gguf(spec, file)
        name, commit = f"{repo.replace('/', '--')}--{path.stem}", _commit(path, file)
        return converted_folder(path, name, source=f"{repo}:{file}", revision=commit)

    def config_folder(self, spec: ModelSpec) -> Path:
        """Return a folder with the `config.json` of a repository, which alone is downloaded, or of a GGUF."""
        repo, revision, file = _parts(spec)
        if file is not None:
            return self.folder(spec)
        try:
            folder = _download(repo, revision, ["config.json"], spec.name)
        except Unavailable as unreachable:
            return _cached(repo, revision, unreachable)
        if not (folder / "config.json").is_file():
            _wanted(spec, _listing(repo, revision, spec.name))  # says so where there are GGUF files instead
        return folder

    def stored_bits(self, spec: ModelSpec) -> float | None:
        """Return what the weights take in a GGUF file (bits); None for other models: as the folder stores them."""
        file = _parts(spec)[2]
        return None if file is None else bits_of_file(_gguf(spec, file))


SOURCE = _Hub()


def _parts(spec: ModelSpec) -> tuple[str, str | None, str | None]:
    found = _NAME.fullmatch(spec.name)
    if found is None:
        raise BadInput(spec.name, _Hub.form, "another form of name")
    return found[1], found[2], found[3]


def _snapshot(spec: ModelSpec, wanted: Callable[[list[str]], list[str]], kept: tuple[str, ...] = _CONFIGS) -> Path:
    """Download the wanted of a repository's files; out of its reach, return the folder with one of `kept`."""
    repo, revision, _ = _parts(spec)
    try:
        names = wanted(_listing(repo, revision, spec.name))
    except Unavailable as unreachable:
        return _cached(repo, revision, unreachable, kept)
    # By the name asked for, not by its commit: only so does the cache learn which commit that name stands for.
    return _download(repo, revision, names, spec.name)


def _gguf(spec: ModelSpec, file: str) -> Path:
    def wanted(names: list[str]) -> list[str]:
        if _PIECE.search(file):
            raise BadInput(spec.name, "a GGUF file in one piece", f"the piece {file}")
        if file in names:
            return [glob.escape(file)]
        found = ", ".join(_ggufs(names)) or "no GGUF file"
        raise BadInput(spec.name, f"a repository with the file {file}", f"one with {found}")

    return _snapshot(spec, wanted, (file,)) / file


def _ggufs(names: list[str]) -> list[str]:
    return sorted(name for name in names if name.endswith(".gguf"))


def _commit(path: Path, file: str) -> str:
    """Return the commit that a downloaded file belongs to, after which its snapshot's folder is named."""
    return path.parents[len(Path(file).parts) - 1].name


def _wanted(spec: ModelSpec, names: list[str]) -> list[str]:
    patterns = [*_SMALL, *(["*.py"] if spec.trust_remote_code else [])]
    top = [name for name in names if "/" not in name]
    safe = [name for name in top if any(fnmatch(name, pattern) for pattern in _WEIGHTS)]
    pickled = [name for name in top if any(fnmatch(name, pattern) for pattern in _PICKLED)]
    weights = safe or (pickled if spec.allow_pickle else [])
    if not weights and not pickled and (ggufs := _ggufs(names)):
        expected = f"one file of a repository that holds GGUF files alone, as {spec.name}:{ggufs[0]}"
        raise BadInput(spec.name, expected, f"{len(ggufs)} ({', '.join(ggufs)})")
    if not weights and pickled:
        # One small file would not show what is wrong; the folder check could only say "none".
        got = f"only {', '.join(pickled)}"
        raise BadInput(spec.name, "weights as safetensors (--allow-pickle fetches others)", got)
    return weights + [name for name in top if any(fnmatch(name, pattern) for pattern in patterns)]


def _listing(repo: str, revision: str | None, where: str) -> list[str]:
    from huggingface_hub import HfApi

    info = _ask(where, lambda: HfApi().model_info(repo, revision=revision))
    return [file.rfilename for file in info.siblings or []]


def _download(repo: str, revision: str | None, wanted: list[str], where: str) -> Path:
    from huggingface_hub import snapshot_download

    return Path(_ask(where, lambda: snapshot_download(repo, revision=revision, allow_patterns=wanted)))


def _cached(repo: str, revision: str | None, unreachable: Unavailable, names: tuple[str, ...] = _CONFIGS) -> Path:
    """Return the snapshot that an earlier download left, found by one of its files."""
    from huggingface_hub import try_to_load_from_cache

    # Not `snapshot_download`, which would miss the files that nobody wanted; the folder check misses the others.
    for name in names:
        path = try_to_load_from_cache(repo, name, revision=revision)
        if isinstance(path, str):
            return Path(path).parents[len(Path(name).parts) - 1]
    raise unreachable


def _ask(where: str, question: Any) -> Any:
    from huggingface_hub import errors

    try:
        return question()
    except errors.GatedRepoError:
        raise BadInput(
            where, "a repository you may read", "a gated one (accept its terms, then: hf auth login)"
        ) from None
    except errors.RepositoryNotFoundError:
        raise BadInput(
            where, "a repository on the Hub", "no such repository, or a private one (hf auth login)"
        ) from None
    except errors.RevisionNotFoundError:
        raise BadInput(where, "a branch, tag or commit of the repository", "no such revision") from None
    except errors.HFValidationError as error:
        raise BadInput(where, "a repository name such as org/name", error) from None
    except Exception as error:
        if not isinstance(error, _unreachable()):
            raise
        raise Unavailable(where, "the Hub to answer", _first_line(error)) from None


def _unreachable() -> tuple[type[Any], ...]:
    """Return what the Hub client raises for want of a connection."""
    from huggingface_hub import errors

    # The bases are OSError and the HTTP library's own error, whose name and home differ between versions.
    return (errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError, *errors.HfHubHTTPError.__bases__)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
