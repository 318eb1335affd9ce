"""Laws of scores whose shape is known: channels, those that fail it in one way, and smooth pairs."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Draw = Callable[[int, int, np.random.Generator], tuple[Array, Array]]
#: Where facts and non-facts that are known lie, and how far they scatter there.
HIGH, LOW, SCATTER = 8.0, -8.0, 1.5
RANKED = ("auc", "miss_rate", "abstention_mass", "x_star", "q_star", "channel_distance", "full_recall_rate")
EVEN = ("evenness", "spread", "forgotten_share", "auc_accepted")


@dataclass(frozen=True)
class Peaks:
    """Facts at HIGH, but shares `f` at LOW and `a` in the middle; non-facts at LOW, but `q` at HIGH, `c` between.

    The middle peak is `gap` below HIGH, or above it where `gap` is negative. `ties`: no scatter.
    `cluster`: non-facts accepted together.
    """

    q: float
    f: float = 0.0
    a: float = 0.0
    c: float = 0.0
    gap: float = 8.0
    ties: bool = False
    cluster: int = 1

    def __call__(self, n: int, N: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Scores of n facts and N non-facts."""
        f = self.f
        middle = HIGH - self.gap
        forgotten = np.where(rng.random(n) < self.q, HIGH, LOW)
        u, v = rng.random(n), np.repeat(rng.random(-(-N // self.cluster)), self.cluster)[:N]
        facts = np.where(u < f, forgotten, np.where(u < f + self.a, middle, HIGH))
        nonfacts = np.where(v < self.q, HIGH, np.where(v < self.q + self.c, middle, LOW))
        return tuple(
            centre + (0 if self.ties else 1) * np.where(centre == LOW, SCATTER, 1.0) * rng.normal(size=centre.size)
            for centre in (facts, nonfacts)
        )  # type: ignore[return-value]


def moved(draw: Callable[[np.random.Generator, int], Array], by: float) -> Draw:
    """Facts that are non-facts moved up."""
    return lambda n, N, rng: (draw(rng, n) + by, draw(rng, N))


def _normal(rng: np.random.Generator, n: int) -> Array:
    return rng.normal(size=n)


def _gumbel(rng: np.random.Generator, n: int) -> Array:
    return rng.gumbel(size=n)


#: Laws whose quantities intervals must cover.
COVERED: dict[str, Draw] = {
    "channel, 1 bit": Peaks(1 / 2),
    "channel, 5 bits": Peaks(1 / 32),
    "channel, 5 bits, ties": Peaks(1 / 32, ties=True),
    "channel, 4 bits, clusters of ten": Peaks(1 / 16, cluster=10),
    "equal laws": moved(_normal, 0.0),
    "normal + 1": moved(_normal, 1.0),
    "normal + 2": moved(_normal, 2.0),
    "normal + 2, rounded": lambda n, N, rng: tuple(np.round(v) for v in moved(_normal, 2.0)(n, N, rng)),  # type: ignore[return-value]
    "N(0, 2) against N(0, 1)": lambda n, N, rng: (2 * _normal(rng, n), _normal(rng, N)),
    "forgetting, .1": Peaks(1 / 32, f=0.1),
}
#: What equal laws have, which a large sample does not know.
OF_EQUAL = dict(zip(RANKED + EVEN, (0.5, 0, 1, 0.5, 1, 0, 0.98, 1, 0, 1, 0.5), strict=True))
#: Channels whose evenness is known, by their name here.
OF_CHANNEL = dict(zip(EVEN, (1.0, 0.0, 0.0, 0.5), strict=True))
#: Laws that are to be told, and as what.
TOLD: dict[str, tuple[str, Draw]] = {
    "channel, 4 bits": ("channel", Peaks(1 / 16)),
    "channel, 5 bits, ties": ("channel", Peaks(1 / 32, ties=True)),
    "normal + 2": ("smooth", moved(_normal, 2.0)),
    "logistic + 3": ("smooth", moved(lambda rng, n: rng.logistic(size=n), 3.0)),
    "t3 + 5.5": ("smooth", moved(lambda rng, n: rng.standard_t(3, n), 5.5)),
    "t2 + 7": ("smooth", moved(lambda rng, n: rng.standard_t(2, n), 7.0)),
    "Gumbel + 3": ("smooth", moved(_gumbel, 3.0)),
    "-Gumbel + 3": ("smooth", moved(lambda rng, n: -_gumbel(rng, n), 3.0)),
    "equal laws": ("smooth", moved(_normal, 0.0)),
    "forgetting, .15": ("forgetting", Peaks(1 / 16, f=0.15)),
    "abstaining, .15 and .25": ("abstaining", Peaks(1 / 32, a=0.15, c=0.25)),
}
#: The gallery: two laws of each signature.
GALLERY: dict[str, tuple[str, Draw]] = {
    "channel, 3 bits": ("channel", Peaks(1 / 8)),
    "channel, 5 bits": ("channel", Peaks(1 / 32)),
    "a tenth forgotten": ("forgetting", Peaks(1 / 32, f=0.1)),
    "a fifth forgotten": ("forgetting", Peaks(1 / 16, f=0.2)),
    "normal + 2": ("spreading", moved(_normal, 2.0)),
    "logistic + 3": ("spreading", moved(lambda rng, n: rng.logistic(size=n), 3.0)),
    "abstaining, .15 and .25": ("abstaining", Peaks(1 / 32, a=0.15, c=0.25)),
    "abstaining, .3 and .4": ("abstaining", Peaks(1 / 32, a=0.3, c=0.4)),
    "a tenth of non-facts 4 above": ("over-accepting", Peaks(1 / 32, c=0.1, gap=-4.0)),
    "a fifth of non-facts 3 above": ("over-accepting", Peaks(1 / 16, c=0.2, gap=-3.0)),
}
