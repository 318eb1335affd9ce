"""Where prefix and target meet: is a space missing there, and are facts and non-facts joined alike?

A model reads "The capital of Peru isLima" as it stands, and its scores are those of a misprint; where only facts,
or only non-facts, have the space, the joint alone tells them apart.
"""

import unicodedata
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from bitsperfact.claims.notes import Note, Tally
from bitsperfact.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd

#: Marks that hold a word together, where no blank is before them.
_WITHIN_WORDS = "-–/+_#=@\\"
#: Quotation marks that open as well as close.
_QUOTES = "'’\""
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
#: Characters of either text that are looked at, and what stands between them then.
_NEAR, _MARK = 4, "\0"


@cache
def is_joined_by_space(character: str) -> bool:
    """Return whether a text that ends (or begins) so goes on with a space, as it does in most scripts.

    Punctuation other than a quotation mark or bracket that opens ends a word as well.
    """
    if character.isspace() or unicodedata.category(character) in ("Ps", "Pi", "Sc"):
        return False
    return not unicodedata.name(character, "").startswith(_WITHOUT_SPACES)


def asks_for_space(prefix: str) -> bool:
    """Return whether an answer follows after a space: not within a word, nor in a quotation just begun."""
    last = prefix[-1:]
    if last == '"':
        return prefix.count(last) % 2 == 0
    if last and last in _WITHIN_WORDS:
        return prefix[-2:-1].isspace()
    return bool(last) and is_joined_by_space(last)


class Joints:
    """Counts, over batches of claims, how prefixes and targets are joined."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._kinds: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
        self._first: dict[tuple[bool, str], str] = {}
        self._odd = Tally()

    def add(self, claims: "pd.DataFrame") -> None:
        """Count the claims of a batch."""
        claims = claims[(claims["prefix"] != "") & (claims["target"] != "")]
        # Enough of both to see what blanks are between, and what before and after.
        pairs = claims["prefix"].str[-_NEAR:] + _MARK + claims["target"].str[:_NEAR]
        codes, distinct = pairs.factorize()
        kinds = np.array([_kind(pair) for pair in distinct], dtype=object)[codes]
        odd = np.array([_odd(pair) for pair in distinct], dtype=object)[codes]
        is_fact = claims["is_fact"].to_numpy(dtype=bool)
        for label, counter in self._kinds.items():
            counter.update(kinds[is_fact == label].tolist())
            for kind in {*kinds[is_fact == label]} - {known for of, known in self._first if of == label}:
                self._first[label, kind] = _text(claims, (is_fact == label) & (kinds == kind))
        for reason in sorted({*odd} - {""}):
            mask = odd == reason
            self._odd.add(reason, repr(_text(claims, mask)), int(mask.sum()))

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
        return self._odd.notes


def _blanks(pair: str) -> tuple[str, str]:
    """Return the blanks that end the prefix, and those that begin the target."""
    before, _, after = pair.partition(_MARK)
    return before[len(before.rstrip()) :], after[: len(after) - len(after.lstrip())]


def _kind(pair: str) -> str:
    before, after = map(_named, _blanks(pair))
    ends, begins = f"{before} that ends the prefix", f"{after} that begins the target"
    return " and ".join(text for text, blank in ((ends, before), (begins, after)) if blank) or "no space"


def _named(blanks: str) -> str:
    return {"": "", " ": "a space", "  ": "two spaces", "\n": "a line end"}.get(blanks, repr(blanks))


def _odd(pair: str) -> str:
    """Return what is odd where a prefix and a target meet; "" where nothing is."""
    if "  " in "".join(_blanks(pair)):
        return "two spaces between prefix and target, read as written"
    before, _, after = pair.partition(_MARK)
    if not before or not after:  # a null byte
        return ""
    # The target's own punctuation may follow without a space: "Peru" + ", Lima".
    glued = after[0].isalnum() and is_joined_by_space(after[0]) and is_joined_by_space(before[-1])
    glued = glued and before[-1] not in _WITHIN_WORDS + _QUOTES
    return "no space between prefix and target, read as written" if glued else ""


def _text(claims: "pd.DataFrame", mask: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> str:
    row = claims.iloc[int(np.flatnonzero(mask)[0])]
    return f"{row['prefix'][-30:]}{row['target'][:30]}"
