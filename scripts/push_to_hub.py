"""Push a claim set and its card to the Hub: python scripts/push_to_hub.py SET --repo org/name [--private]."""

import argparse
import sys

from bitsperfact import claims
from bitsperfact.errors import BadInput


def push(source: str, repo: str, *, private: bool, limit: int | None, seed: int) -> str:
    """Push the rows, then the card over the one that the library wrote; return the rows' fingerprint."""
    import huggingface_hub

    made = claims.load(source, limit=limit, seed=seed)
    made.to_dataset().push_to_hub(repo, private=private)
    huggingface_hub.HfApi().upload_file(
        path_or_fileobj=claims.card(made).encode(),
        path_in_repo="README.md",
        repo_id=repo,
        repo_type="dataset",
        commit_message="Describe the claim set",
    )
    return made.fingerprint


def main(arguments: list[str] | None = None) -> int:
    """Command line; exit status 2 on bad input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", help="name of a set, a recipe, or a file of claims")
    parser.add_argument("--repo", required=True, help="org/name on the Hub")
    parser.add_argument("--private", action="store_true")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    try:
        fingerprint = push(
            options.set, options.repo, private=options.private, limit=options.limit, seed=options.seed
        )
    except BadInput as problem:
        print(problem, file=sys.stderr)
        return 2
    print(f"{options.repo}: pushed {options.set}, fingerprint {fingerprint}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
