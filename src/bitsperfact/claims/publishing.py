"""Claim sets as they are handed on: a parquet file with its card, or a data set on the Hub."""

from pathlib import Path

from bitsperfact import parquet
from bitsperfact.claims.cards import card
from bitsperfact.claims.claimset import ClaimSet
from bitsperfact.files import write_text


def save(claim_set: ClaimSet, out: Path) -> Path:
    """Write a claim set as `out`, a parquet file, or with its card as NAME.parquet and NAME.md in a folder.

    Returns: the parquet file.
    """
    if out.suffix == ".parquet":
        parquet.write("claims", claim_set.frame, out)
        return out
    path = out / f"{claim_set.info.name}.parquet"
    parquet.write("claims", claim_set.frame, path)
    write_text(path.with_suffix(".md"), card(claim_set))
    return path


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
