"""Which entities a limited set keeps: the same for a recipe, for its saved file, and for a stream."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact.files import sha256_of_text
from bitsperfact.rows import text_hashes

Hashes = NDArray[np.uint64]
Mask = NDArray[np.bool_]


def questions(
    groups: "pd.Series[Any]", prefixes: "pd.Series[Any]", n_facts: NDArray[Any], seed: int
) -> pd.DataFrame:
    """Return what the choice needs of some rows: one row per question of an entity, no text.

    Columns `entity`, `rank` and `place` (64-bit hashes) and `n_facts` (a count). Two rows ask the same question
    where they share group and prefix. `rank` does not depend on the seed, `place` does.
    """
    number, prompts = pd.factorize((prefixes + groups).to_numpy(dtype=object))
    first = np.unique(number, return_index=True)[1]
    entity, rank = text_hashes(groups.iloc[first]), text_hashes(prefixes.iloc[first])
    place = np.array([int(sha256_of_text(str(seed), text)[:16], 16) for text in prompts], dtype=np.uint64)
    counts = np.bincount(number, weights=n_facts, minlength=len(prompts)).astype(np.int64)
    return pd.DataFrame({"entity": entity, "rank": rank, "place": place, "n_facts": counts})


def chosen_entities(parts: Iterable[pd.DataFrame], limit: int) -> Hashes:
    """Choose whole entities, in an order that the seed alone decides, until they hold `limit` facts or just more.

    An entity stands where its question of lowest rank does: an entity of many questions is no likelier to be
    chosen, neither the order of rows nor how they are split into `parts` matters, and a larger sample contains a
    smaller one. Returns: hashes of the entities for `among`, sorted.
    """
    together = pd.concat(parts, ignore_index=True).sort_values(["entity", "rank"], kind="stable")
    entities = together.groupby("entity").agg({"place": "first", "n_facts": "sum"}).sort_values("place")
    before = entities["n_facts"].cumsum() - entities["n_facts"]
    return np.sort(entities.index[before < limit].to_numpy(dtype=np.uint64))


def among(groups: "pd.Series[Any]", chosen: Hashes) -> Mask:
    """Return whether each row's entity is one of the chosen; shape (n_rows,)."""
    return np.isin(text_hashes(groups), chosen)
