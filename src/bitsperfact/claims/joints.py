"""Where prefix and target meet: is a space missing there, and are facts and non-facts joined alike?

A model reads "The capital of Peru isLima" as it stands, and its scores are those of a misprint; where only facts,
or only non-facts, have the space, the joint alone tells them apart.
"""

import unicodedata
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from bitsperfact.claims.notes import Note
from bitsperfact.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd

#: Names of the letters of scripts whose words stand without spaces.
_WITHOUT_SPACES = (
    "CJK",
    "HIRAGANA",
    "KATAKANA",
    "THAI",
    "LAO",
    "KHMER",
    "MYANMAR",
    "TIBETAN",
    "IDEOGRAPHIC",
    "FULLWIDTH",
    "YI ",
)
#: Shares of facts and of non-facts joined in one manner may differ by so much, by chance and by uneven answers.
_TOLERANCE = 0.1


@cache
def is_joined_by_space(character: str) -> bool:
    """Return whether a text that ends (or begins) so goes on with a space, as it does in most scripts.

    Punctuation other than a quotation mark or bracket that opens ends a word as well.
    """
    if character.isspace() or unicodedata.category(character) in ("Ps", "Pi", "Sc"):
        return False
    return not unicodedata.name(character, "").startswith(_WITHOUT_SPACES)


class Joints:
    """Counts, over batches of claims, how prefixes and targets are joined."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._kinds: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
        self._first: dict[tuple[bool, str], str] = {}
        self._glued, self._example = 0, ""

    def add(self, claims: "pd.DataFrame") -> None:
        """Count the claims of a batch."""
        claims = claims[(claims["prefix"] != "") & (claims["target"] != "")]
        ends, starts = claims["prefix"].str[-1], claims["target"].str[0]
        pairs = ends + starts
        codes, distinct = pairs.factorize()
        kinds = np.array([_kind(pair) for pair in distinct], dtype=object)[codes]
        glued = np.array([_is_glued(pair) for pair in distinct], dtype=bool)[codes]
        is_fact = claims["is_fact"].to_numpy(dtype=bool)
        for label, counter in self._kinds.items():
            counter.update(kinds[is_fact == label].tolist())
            for kind in {*kinds[is_fact == label]} - {known for of, known in self._first if of == label}:
                self._first[label, kind] = _text(claims, (is_fact == label) & (kinds == kind))
        if glued.any():
            self._example = self._example or _text(claims, glued)
            self._glued += int(glued.sum())

    def notes(self) -> tuple[Note, ...]:
        """Return what is to be told; raise BadInput where facts and non-facts are joined differently."""
        facts, others = (self._kinds[label].total() for label in (True, False))
        for kind in sorted({*self._kinds[True], *self._kinds[False]}) if facts and others else ():
            shares = (self._kinds[True][kind] / facts, self._kinds[False][kind] / others)
            if abs(shares[0] - shares[1]) > _TOLERANCE:
                got = f"{kind} in {shares[0]:.0%} of facts and {shares[1]:.0%} of non-facts"
                example = self._first.get((shares[0] > shares[1], kind), "")
                expected = "prefix and target joined alike in facts and non-facts"
                raise BadInput(self._where, expected, f"{got}, such as {example!r}")
        if not self._glued:
            return ()
        return (Note("no space between prefix and target, read as written", self._glued, repr(self._example)),)


def _kind(pair: str) -> str:
    before, after = pair[0].isspace(), pair[-1].isspace()
    if before and after:
        return "two spaces"
    return "a space that ends the prefix" if before else "a space that begins the target" if after else "no space"


def _is_glued(pair: str) -> bool:
    # The target's own punctuation may follow without a space: "Peru" + ", Lima".
    return (
        pair[-1].isalnum()
        and all(is_joined_by_space(c) for c in (pair[0], pair[-1]))
        and pair[0] not in "-–/+_'’\"#=@\\"
    )


def _text(claims: "pd.DataFrame", mask: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> str:
    row = claims.iloc[int(np.flatnonzero(mask)[0])]
    return f"{row['prefix'][-30:]}{row['target'][:30]}"
