"""What a file says of the claim sets in it, beside their rows: so that a set handed on keeps what it is."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from bitsperfact.errors import BadInput
from bitsperfact.tables import ClaimSetInfo

#: Key of a parquet schema's metadata, and of a card's header.
KEY = "bitsperfact"


def to_metadata(infos: Iterable[ClaimSetInfo]) -> dict[str, str]:
    """Return schema metadata that `from_metadata` reads."""
    return {KEY: json.dumps([asdict(info) for info in infos], ensure_ascii=False, sort_keys=True)}


def from_metadata(metadata: Mapping[bytes, bytes], where: object) -> dict[str, ClaimSetInfo]:
    """Return the claim sets that a parquet schema describes, by name; raise BadInput where they are damaged."""
    written = metadata.get(KEY.encode())
    if written is None:
        return {}
    try:
        return {info.name: info for info in map(_info, json.loads(written))}
    except (ValueError, TypeError, AttributeError) as error:
        raise BadInput(f"{where}, schema metadata {KEY}", "claim sets as bitsperfact writes them", error) from None


def from_card(path: Path) -> dict[str, ClaimSetInfo]:
    """Return the claim set that a data set's README describes in its header; none where it has no such key."""
    import yaml

    try:
        _, header, _ = path.read_text(encoding="utf-8").split("---\n", 2)
        described = yaml.safe_load(header)
        info = _info(described[KEY])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError):
        return {}
    return {info.name: info}


def _info(described: Mapping[str, Any]) -> ClaimSetInfo:
    # A later version may say more; what it says that is known here holds all the same.
    known = {field.name for field in fields(ClaimSetInfo)}
    return ClaimSetInfo(**{key: value for key, value in described.items() if key in known})
