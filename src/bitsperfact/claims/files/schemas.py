"""What an Arrow schema says of the columns of a table."""

import json
from collections.abc import Iterator, Mapping
from typing import Any


def plain_columns(schema: Any) -> tuple[str, ...]:
    """Return the columns of an Arrow schema that hold texts, numbers or truth values."""
    from pyarrow import types

    kinds = (types.is_string, types.is_large_string, types.is_integer, types.is_floating, types.is_boolean)
    return tuple(field.name for field in schema if any(of_kind(field.type) for of_kind in kinds))


def identifying_columns(schema: Any) -> tuple[str, ...]:
    """Return the columns of an Arrow schema but those of vectors, times and bytes, costly to spell out."""
    return tuple(
        field.name for field in schema if not any(_is_costly(leaf, field.type) for leaf in _leaves(field.type))
    )


def _leaves(kind: Any) -> Iterator[Any]:
    """Yield the types of values within a type of lists and objects, or itself."""
    for at in range(kind.num_fields):
        yield from _leaves(kind.field(at).type)
    if not kind.num_fields:
        yield kind


def _is_costly(leaf: Any, kind: Any) -> bool:
    from pyarrow import types

    bytes_ = types.is_binary(leaf) or types.is_large_binary(leaf) or types.is_fixed_size_binary(leaf)
    return bool(bytes_ or types.is_temporal(leaf) or (types.is_floating(leaf) and leaf != kind))


def class_labels(metadata: Mapping[bytes, bytes]) -> dict[str, list[str]]:
    """Return the names of class labels by column, as `datasets` writes them into a schema."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
    except (KeyError, TypeError, ValueError):
        return {}
    return {
        name: list(feature["names"])
        for name, feature in features.items()
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and feature.get("names")
    }
