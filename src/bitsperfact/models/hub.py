"""Models from the Hugging Face Hub: only the files that scoring needs, at one commit."""

from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from bitsperfact.errors import BadInput
from bitsperfact.models.errors import Unavailable

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


def resolve_hub(repo: str, revision: str | None, *, trust_remote_code: bool, allow_pickle: bool) -> Path:
    """Snapshot folder of a Hub repository, named after its commit; downloads what is not there yet.

    Falls back on what an earlier download left where the Hub cannot be reached. Raises BadInput for a repository
    or revision that is unknown, private or gated, and Unavailable where neither Hub nor cache has it.
    """
    where = repo if revision is None else f"{repo}@{revision}"
    try:
        names = _listing(repo, revision, where)
    except Unavailable as unreachable:
        return _cached(repo, revision, unreachable)
    wanted = _wanted(where, names, trust_remote_code=trust_remote_code, allow_pickle=allow_pickle)
    # By the name asked for, not by its commit: only so does the cache learn which commit that name stands for.
    return _download(repo, revision, wanted, where)


def resolve_hub_config(repo: str, revision: str | None) -> Path:
    """A folder with the `config.json` of a Hub repository, which alone is downloaded; raises as `resolve_hub`."""
    try:
        return _download(repo, revision, ["config.json"], repo if revision is None else f"{repo}@{revision}")
    except Unavailable as unreachable:
        return _cached(repo, revision, unreachable)


def _wanted(where: str, names: list[str], *, trust_remote_code: bool, allow_pickle: bool) -> list[str]:
    patterns = [*_SMALL, *(["*.py"] if trust_remote_code else [])]
    top = [name for name in names if "/" not in name]
    safe = [name for name in top if any(fnmatch(name, pattern) for pattern in _WEIGHTS)]
    pickled = [name for name in top if any(fnmatch(name, pattern) for pattern in _PICKLED)]
    weights = safe or (pickled if allow_pickle else [])
    if not weights and pickled:
        # One small file would not show what is wrong; the folder check could only say "none".
        raise BadInput(where, "weights as safetensors (allow_pickle fetches others)", f"only {', '.join(pickled)}")
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
    """What the Hub client raises for want of a connection."""
    from huggingface_hub import errors

    # The bases are OSError and the HTTP library's own error, whose name and home differ between versions.
    return (errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError, *errors.HfHubHTTPError.__bases__)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
