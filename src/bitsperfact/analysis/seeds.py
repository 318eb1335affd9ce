"""Seeds derived from names, so that a result does not depend on what else a run holds."""

from bitsperfact.files import sha256_of_text


def derived_seed(seed: int, *names: str) -> int:
    """Return a 63-bit seed for what `names` name; equal across machines, runs and orders of work."""
    return int(sha256_of_text(str(seed), *names)[:16], 16) >> 1
