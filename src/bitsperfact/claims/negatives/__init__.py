"""Ways to make non-facts, one per module; each is `made(facts, k, generator) -> answers`.

`answers(at)` lists the non-facts of the subject at that place, at most k per fact of its own; `generator(*keys)`
is a random generator of those keys' own. What one way makes another never makes: `derangement` answers are true of
another subject, `near` and `fresh` ones of nothing in the set (but for quantities), and `fresh` ones are no single
edit of the truth.
"""

from collections.abc import Callable

import numpy as np

#: A random generator for these keys.
Generator = Callable[..., np.random.Generator]
#: The non-facts of the subject at a place.
Answers = Callable[[int], list[str]]
