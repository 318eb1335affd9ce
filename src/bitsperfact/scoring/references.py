"""Which prefixes stand for "any other subject": a few for each template of a claim set, chosen without labels.

A template is a prefix without its entity: `group` is taken out where the prefix names it, else the words that few
prefixes have. References come in the order of a hash of their text, so that neither the order of rows, nor which
claims are facts, nor how many candidates a subject has decides which they are. A template takes its own prefixes
first and, where these are too few, others of the set: any fixed prefix makes a valid reference, those of the same
template a better one. All claims of a template share them, so that a target is scored once for all subjects.
"""

import heapq
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from bitsperfact.rows import text_hashes
from bitsperfact.scoring.views import Unlabelled

#: Stands where the entity was.
_BLANK = "\0"
#: Words in at least this share of the prefixes, and in so many of them, belong to the template.
TEMPLATE_SHARE = 0.1
TEMPLATE_PREFIXES = 3

#: References that are taken whatever they cost.
LEAST = 2

#: Place in the order of references, and prefix.
_Ranked = tuple[int, str]


@dataclass
class _Least:
    """The `most` prefixes of least rank among those offered, each once."""

    most: int
    _heap: list[_Ranked] = field(default_factory=list)  # the last of them first: ranks are negated

    def offer(self, rank: int, prefix: str) -> None:
        if (-rank, prefix) in self._heap:
            return
        if len(self._heap) < self.most:
            heapq.heappush(self._heap, (-rank, prefix))
        else:
            heapq.heappushpop(self._heap, (-rank, prefix))

    def __len__(self) -> int:
        return len(self._heap)

    def prefixes(self) -> tuple[str, ...]:
        return tuple(prefix for _, prefix in sorted(self._heap, reverse=True))


@dataclass(frozen=True)
class References:
    """The reference prefixes of one claim set; `n` of them for each claim, 0 where its prefixes are all one."""

    n: int
    _any: tuple[str, ...]
    _of: dict[str, tuple[str, ...]]
    _template_words: frozenset[str]

    def of(self, group: str, prefix: str) -> list[str]:
        """Return the `n` references of a claim, its own prefix never among them."""
        chosen = self._of.get(template(group, prefix, self._template_words), self._any)
        return [other for other in chosen if other != prefix][: self.n]


def references(claims: Unlabelled, most: int, per_claim: float = math.inf) -> References:
    """Choose at most `most` references for each template; distinct prefixes are held while that is done.

    Each meets every target, so there are fewer, but two, where that makes more than `per_claim` requests
    for a claim on average.
    """
    n_prefixes, words = _surveyed(claims)
    n = min(most, n_prefixes - 1)
    if n > LEAST:
        n = max(LEAST, int(min(n, per_claim * _claims_per_target(claims))))
    own: dict[str, _Least] = {}
    of_set = _Least(n + 1)  # one more than are used, as a claim leaves its own prefix out
    for rank, group, prefix in _distinct(claims):
        of_set.offer(rank, prefix)
        own.setdefault(template(group, prefix, words), _Least(n + 1)).offer(rank, prefix)
    anyone = of_set.prefixes()
    # One whose only prefix is the claim's own has the references of the set.
    of = {name: _filled(least.prefixes(), anyone, n + 1) for name, least in own.items() if len(least) > 1}
    return References(n, anyone, of, words)


def _filled(own: tuple[str, ...], anyone: tuple[str, ...], most: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*own, *anyone)))[:most]


def _claims_per_target(claims: Unlabelled) -> float:
    n, seen = 0, np.empty(0, dtype=np.uint64)
    for batch in claims.batches(["target"]):
        n += len(batch)
        seen = np.union1d(seen, text_hashes(batch["target"]))
    return n / len(seen)


def _surveyed(claims: Unlabelled) -> tuple[int, frozenset[str]]:
    """Return how many distinct prefixes there are, and the words of their templates."""
    counts: Counter[str] = Counter()
    n = 0
    for _, _, prefix in _distinct(claims):
        n += 1
        counts.update(set(_words(prefix)))
    least = max(TEMPLATE_PREFIXES, TEMPLATE_SHARE * n)
    return n, frozenset(word for word, count in counts.items() if count >= least)


def _distinct(claims: Unlabelled) -> Iterator[tuple[int, str, str]]:
    """Rank, group and text of each distinct prefix; the rank is a hash of the text."""
    seen = np.empty(0, dtype=np.uint64)
    for batch in claims.batches(["group", "prefix"]):
        pairs = batch.drop_duplicates(["prefix", "group"]).sort_values(["prefix", "group"])
        first = pairs.drop_duplicates("prefix")
        ranks = text_hashes(first["prefix"])
        new = ~np.isin(ranks, seen)
        seen = np.union1d(seen, ranks[new])
        yield from zip(ranks[new].tolist(), first["group"][new], first["prefix"][new], strict=True)


def template(group: str, prefix: str, template_words: frozenset[str]) -> str:
    """Return a prefix without its entity, which `group` names or else words not among `template_words`."""
    if group and group != prefix and group in prefix:
        return _without(group, prefix)
    kept: list[str] = []
    for word in _words(prefix):
        left = word if word in template_words else _BLANK
        if not (left == _BLANK and kept[-1:] == [_BLANK]):
            kept.append(left)
    return " ".join(kept)


def _without(group: str, prefix: str) -> str:
    """Cut `group` from the prefix where it stands as a word or, in scripts without spaces, wherever it stands."""
    first, *rest = prefix.split(group)
    found = first
    for part in rest:
        is_word = not (found[-1:].isalnum() or part[:1].isalnum())
        found += (_BLANK if is_word else group) + part
    return prefix.replace(group, _BLANK) if found == prefix else found


def _words(text: str) -> list[str]:
    return text.casefold().split()
