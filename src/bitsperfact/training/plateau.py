"""When training stops: at the first horizon that adds almost nothing to the one half as long."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Horizon:
    """What a whole training of `steps` steps reaches, rates decayed to 0 at its end.

    `bits`: per member, effective bits per fact (membership) or bits memorised per fact (next-symbol); `loss_nats`:
    per member, the objective on all facts and fresh non-facts.
    """

    steps: int
    bits: tuple[float, ...]
    loss_nats: tuple[float, ...]


def gains(horizons: list[Horizon]) -> list[float]:
    """Per member, by how much of its bits the last doubling of training raised them (1); inf after one horizon."""
    if len(horizons) < 2:
        return [float("inf")] * len(horizons[-1].bits)
    before, after = horizons[-2].bits, horizons[-1].bits
    return [(late - early) / late if late > 0 else float("inf") for early, late in zip(before, after, strict=True)]


def is_finished(horizons: list[Horizon], tolerance: float) -> bool:
    """Return whether every member's last gain is within the tolerance: doubling again would be worth little."""
    return all(gain <= tolerance for gain in gains(horizons))
