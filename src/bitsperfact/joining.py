"""Tables of several runs as one: what two of them share stands there once, and what they contradict is refused."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TypeVar

import pandas as pd

from bitsperfact import tables
from bitsperfact.errors import BadInput
from bitsperfact.tables import ClaimSetInfo, ModelInfo, Table

Info = TypeVar("Info", ClaimSetInfo, ModelInfo)
#: Where a row was read from, by table: no part of what it states.
_ORIGIN = {"claims": ["source"]}


def infos(kind: str, parts: Sequence[tuple[str, list[Info]]]) -> list[Info]:
    """Return each claim set or model (`kind`) of the named parts once, in order.

    Raises BadInput, naming the parts and the field, where two of one name differ.
    """
    found: dict[str, tuple[str, Info]] = {}
    for part, of_part in parts:
        for info in of_part:
            first, known = found.setdefault(info.name, (part, info))
            for field, value in asdict(info).items():
                if value != asdict(known)[field]:
                    where = f"{part}, {kind} {info.name}"
                    raise BadInput(where, f"{field} {asdict(known)[field]!r} as in {first}", repr(value))
    return [info for _, info in found.values()]


def rows(table: Table, parts: Sequence[tuple[str, pd.DataFrame | None]]) -> pd.DataFrame | None:
    """Return the rows of the named parts one after the other, those of one key once (`tables.KEYS`).

    None where no part has the table. Raises BadInput, naming key and column, where rows of one key differ; and
    where parts have a claim set of one name with other claims, since what is measured depends on which there are.
    """
    given = [(name, frame) for name, frame in parts if frame is not None]
    if not given:
        return None
    if table == "claims":
        _check_whole_sets(given)
    together = _together(table, given)
    compared = [column for column in tables.COLUMNS[table] if column not in _ORIGIN.get(table, [])]
    once = together.drop_duplicates(compared)
    doubled = once[once.duplicated(tables.KEYS[table], keep=False)]
    if len(doubled):
        key = doubled[tables.KEYS[table]].iloc[0]
        one, other = doubled[(doubled[tables.KEYS[table]] == key).all(axis=1)].head(2).to_dict("records")
        column = next(c for c in compared if one[c] != other[c] and not (pd.isna(one[c]) and pd.isna(other[c])))
        where = f"{other['part']}, {table}, {', '.join(map(str, key))}"
        raise BadInput(where, f"{column} {one[column]!r} as in {one['part']}", repr(other[column]))
    return once.drop(columns="part").reset_index(drop=True)


def agreed(table: Table, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of the frames one after the other, without those of one key that are not alike."""
    once = pd.concat(frames, ignore_index=True).drop_duplicates()
    return once[~once.duplicated(tables.KEYS[table], keep=False)].reset_index(drop=True)


def _together(table: Table, parts: Sequence[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    named = [frame[list(tables.COLUMNS[table])].assign(part=name) for name, frame in parts]
    return pd.concat(named, ignore_index=True)


def _check_whole_sets(parts: Sequence[tuple[str, pd.DataFrame]]) -> None:
    """Refuse two parts that have other claims of one set."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for part, frame in parts:
        for name, of_set in frame.groupby("claim_set", sort=False):
            ids = frozenset(of_set["claim_id"])
            first, known = found.setdefault(str(name), (part, ids))
            if ids != known:
                new = len(ids - known)
                got = f"{len(ids)} claims, {new} of them others"
                raise BadInput(f"{part}, claim set {name}", f"the {len(known)} claims that {first} has of it", got)
