"""Claim sets as they are handed on: a parquet file with its card, or a data set on the Hub."""

import re
from pathlib import Path

from bitsperfact import parquet
from bitsperfact.claims.cards import card
from bitsperfact.claims.claimset import ClaimSet
from bitsperfact.claims.files.infos import to_metadata
from bitsperfact.errors import BadInput
from bitsperfact.files import write_text


def save(claim_set: ClaimSet, out: Path) -> Path:
    """Write a claim set as `out`, a parquet file, or with its card as NAME.parquet and NAME.md in a folder.

    The file says what the set is, and loads again as the same set. Returns: the parquet file. Raises BadInput
    where `out` ends as another kind of file does.
    """
    path = out
    if out.suffix != ".parquet":
        check_folder(out)
        path = out / f"{file_name(claim_set.info.name)}.parquet"
    parquet.write("claims", claim_set.frame, path, to_metadata([claim_set.info]))
    if path is not out:
        write_text(path.with_suffix(".md"), card(claim_set))
    return path


def check_folder(out: Path) -> None:
    """Raise BadInput where `out` would be a folder and looks like, or is, a file."""
    if out.is_file() or re.fullmatch(r"\.(csv|tsv|jsonl?|ndjson|pq|gz|txt|md|toml|xlsx?)", out.suffix.lower()):
        raise BadInput(f"--out {out}", "a .parquet file, or a folder", f"a {out.suffix or 'plain'} file")


def file_name(name: str) -> str:
    """Return a claim set's name as a file's: no path, whatever the set is called."""
    return re.sub(r"[^\w.+@ -]+", "-", name).strip(" .-") or "claims"


def push(claim_set: ClaimSet, repo: str, *, private: bool = False) -> None:
    """Push the rows to `org/name` on the Hub, then the card over the one that `datasets` wrote."""
    import huggingface_hub

    claim_set.to_dataset().push_to_hub(repo, private=private)
    huggingface_hub.HfApi().upload_file(
        path_or_fileobj=card(claim_set).encode(),
        path_in_repo="README.md",
        repo_id=repo,
        repo_type="dataset",
        commit_message="Describe the claim set",
    )
