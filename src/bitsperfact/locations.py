"""Where the project's recipes lie and where it keeps what it downloads or converts."""

import os
from pathlib import Path

import platformdirs


def data_folder() -> Path:
    """Return the folder of `claims/*.toml` and `models.toml`: of an installed wheel, or the checkout's `data`."""
    packaged = Path(__file__).parent / "_data"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "data"


def cache_folder() -> Path:
    """Return folder of downloads and converted models; `BITSPERFACT_CACHE` overrides the user's cache folder."""
    named = os.environ.get("BITSPERFACT_CACHE")
    return Path(named).expanduser() if named else Path(platformdirs.user_cache_dir("bitsperfact"))
