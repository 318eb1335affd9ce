"""What the text of a claim shows without memory: features of the target, and of subject and target together.

A derangement pairs a subject with another subject's true target, so the target alone says nothing and only
features that cross the two can tell. Features are names; hashing makes them columns, so that no vocabulary has to
be learnt and a feature means the same in every fold.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

N_COLUMNS = 2**16
#: A word that more than this share of the subjects have belongs to the template, not to the subject.
TEMPLATE_SHARE = 0.1
#: Leading words, leading characters and rank bins that are crossed: codes abbreviate or follow names.
N_WORDS = 3
N_LEADING = 3
N_RANK_BINS = 12


@dataclass(frozen=True)
class _Text:
    """A text prepared once: its letters and digits, its words, and its place in the sorted list (bins)."""

    letters: str
    words: tuple[str, ...]
    rank: float

    def features(self) -> Iterable[str]:
        return (f"subject:{word}" for word in self.words)


def pattern_features(prefixes: Sequence[str], targets: Sequence[str]) -> Any:
    """Return the sparse matrix (n_claims, N_COLUMNS) of hashed features of the claims' texts.

    No label is used. Template words (in more than a tenth of the prefixes) are no part of the subject. Ranks are
    places in the sorted lists of subjects and targets: codes dealt out in alphabetical order show in them.
    """
    from sklearn.feature_extraction import FeatureHasher

    subject_of = _prepared(_subjects(prefixes))
    target_of = _prepared({target: tuple(_words(target)) for target in set(targets)})
    alone = {target: tuple(_target_features(target, text)) for target, text in target_of.items()}
    rows = (
        (*subject_of[p].features(), *alone[t], *_cross_features(subject_of[p], target_of[t]))
        for p, t in zip(prefixes, targets, strict=True)
    )
    return FeatureHasher(N_COLUMNS, input_type="string").transform(rows)


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in text.casefold()).split()


def _subjects(prefixes: Iterable[str]) -> dict[str, tuple[str, ...]]:
    words = {prefix: _words(prefix) for prefix in set(prefixes)}
    counts = Counter(word for each in words.values() for word in set(each))
    most = max(3.0, TEMPLATE_SHARE * len(words))
    return {prefix: tuple(w for w in each if counts[w] <= most) for prefix, each in words.items()}


def _prepared(words_of: dict[str, tuple[str, ...]]) -> dict[str, _Text]:
    order = {words: place for place, words in enumerate(sorted(set(words_of.values()), key=_sort_key))}
    return {text: _Text("".join(words), words, order[words] / len(order)) for text, words in words_of.items()}


def _sort_key(words: tuple[str, ...]) -> tuple[Any, ...]:
    """Numbers by size and before words, as a reader would sort them."""
    return tuple((0, int(w), w) if w.isdecimal() else (1, 0, w) for w in words)


def _target_features(target: str, text: _Text) -> Iterable[str]:
    yield f"length:{min(len(target), 30)}"
    yield f"shape:{_shape(target)}"
    yield f"last:{text.letters[-1:]}"
    for place, letter in enumerate(text.letters[: 2 * N_LEADING]):
        yield f"letter:{place}:{letter}"
    padded = f"^{target}$"
    for size in (1, 2, 3):
        for start in range(len(padded) - size + 1):
            yield f"gram:{padded[start : start + size]}"
    for word in text.words:
        yield f"word:{word}"


def _shape(text: str) -> str:
    """Classes of the leading characters, repeats folded: "Ab-12" becomes "Aa-9"."""
    classes = ["9" if c.isdecimal() else "A" if c.isupper() else "a" if c.isalpha() else c for c in text[:30]]
    return "".join(c for c, before in zip(classes, ["", *classes], strict=False) if c != before)


def _cross_features(subject: _Text, target: _Text) -> Iterable[str]:
    if not subject.words or not target.letters:
        return
    yield from _initials_by_letters(subject, target)
    yield from _words_by_start(subject, target)
    yield from _overlap(subject, target)
    yield from _order(subject, target)


def _initials_by_letters(subject: _Text, target: _Text) -> Iterable[str]:
    initials = [word[0] for word in subject.words[:N_WORDS]] + [subject.letters[1:2]]
    for i, initial in enumerate(initials):
        for j, letter in enumerate(target.letters[:N_LEADING]):
            yield f"initial:{i}{j}:{initial}{letter}"
            if initial == letter:
                yield f"same:{i}{j}"


def _words_by_start(subject: _Text, target: _Text) -> Iterable[str]:
    # A word that subjects share (a state, a family name) may go with a first part of the code.
    start = target.letters[:2]
    return (f"start:{word}:{start}" for word in subject.words)


def _overlap(subject: _Text, target: _Text) -> Iterable[str]:
    found = _in_order(target.letters, subject.letters)
    yield f"in order:{_bin(found, len(target.letters))}"
    initials = "".join(word[0] for word in subject.words)
    yield f"initials in order:{_bin(_in_order(target.letters, initials), len(target.letters))}"
    yield f"leading:{_shared_start(target.letters, subject.letters)}"
    for size in (1, 2, 3):
        grams = {target.letters[k : k + size] for k in range(len(target.letters) - size + 1)}
        shared = sum(gram in subject.letters for gram in grams)
        yield f"shared:{size}:{_bin(shared, len(grams))}"
    if set(subject.words) & set(target.words):
        yield "shared word"


def _in_order(target: str, subject: str) -> int:
    """Count the leading letters of the target that occur in the subject in this order (PRS in "Paris")."""
    place = 0
    for count, letter in enumerate(target):
        place = subject.find(letter, place) + 1
        if place == 0:
            return count
    return len(target)


def _shared_start(one: str, other: str) -> int:
    same = 0
    for a, b in zip(one[:8], other[:8], strict=False):
        if a != b:
            break
        same += 1
    return same


def _bin(part: int, whole: int) -> int:
    """Fifths, where none (0) and all (5) stay apart from some."""
    return 0 if whole == 0 else int(np.ceil(4 * part / whole)) + (part == whole)


def _order(subject: _Text, target: _Text) -> Iterable[str]:
    apart = abs(subject.rank - target.rank)
    # Every threshold that the distance passes is a feature: the model sums them into a curve.
    yield from (f"apart<{k}" for k in range(6) if apart < 2.0**-k / 2)
    yield f"ranks:{int(subject.rank * N_RANK_BINS)}:{int(target.rank * N_RANK_BINS)}"
