"""Models from the Hugging Face Hub: only the files that scoring needs, at one commit."""

import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from bitsperfact.errors import BadInput, Unavailable
from bitsperfact.models.sources import Source
from bitsperfact.models.spec import ModelSpec

_NAME = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?")
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
    form = "org/name[@revision]"
    last = True  # a relative path looks like a repository's name

    def claims(self, name: str) -> bool:
        return _NAME.fullmatch(name) is not None and not name.startswith((".", "/", "~"))

    def folder(self, spec: ModelSpec) -> Path:
        """Return the snapshot of a repository, named after its commit; download what is not there yet.

        Falls back on what an earlier download left where the Hub cannot be reached. Raises BadInput for a
        repository or revision that is unknown, private or gated, and Unavailable where neither Hub nor cache has
        it.
        """
        repo, revision = _parts(spec)
        try:
            wanted = _wanted(spec, _listing(repo, revision, spec.name))
        except Unavailable as unreachable:
            return _cached(repo, revision, unreachable)
        # By the name asked for, not by its commit: only so does the cache learn which commit that name stands for.
        return _download(repo, revision, wanted, spec.name)

    def config_folder(self, spec: ModelSpec) -> Path:
        """Return a folder with the `config.json` of a repository, which alone is downloaded."""
        repo, revision = _parts(spec)
        try:
            return _download(repo, revision, ["config.json"], spec.name)
        except Unavailable as unreachable:
            return _cached(repo, revision, unreachable)


SOURCE = _Hub()


def _parts(spec: ModelSpec) -> tuple[str, str | None]:
    repo, _, revision = spec.name.partition("@")
    return repo, revision or None


def _wanted(spec: ModelSpec, names: list[str]) -> list[str]:
    patterns = [*_SMALL, *(["*.py"] if spec.trust_remote_code else [])]
    top = [name for name in names if "/" not in name]
    safe = [name for name in top if any(fnmatch(name, pattern) for pattern in _WEIGHTS)]
    pickled = [name for name in top if any(fnmatch(name, pattern) for pattern in _PICKLED)]
    weights = safe or (pickled if spec.allow_pickle else [])
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


def _cached(repo: str, revision: str | None, unreachable: Unavailable) -> Path:
    from huggingface_hub import try_to_load_from_cache

    # Not `snapshot_download`, which would miss the files that nobody wanted; the folder check misses the others.
    config = try_to_load_from_cache(repo, "config.json", revision=revision)
    if not isinstance(config, str):
        raise unreachable
    return Path(config).parent


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
