"""How networks are trained."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """How cells are trained; every field changes the numbers, so each is part of a cell's id.

    `exposures`: times that each fact is shown at most, on average; `first`: share of them after which the plateau
    is looked for first; horizons double from there. `tolerance`: relative gain in effective bits by the last
    doubling up to which a cell counts as finished. `batch`: claims per step and member; `fresh_share`: share of
    them that are fresh non-facts, where the objective has any; `learning_rate`: of the matrices, whose steps have
    this root-mean-square times a fifth; `adam_rate`: of everything else. `least_steps`: steps of the last horizon
    at least, since few facts are shown often in few steps. `decay`: share of a horizon over which rates fall to 0.
    `dtype`: of the products; parameters are float32. `compiled`: whether `torch.compile` fuses the loss.
    `nonfacts`: evaluated at most per cell.
    """

    exposures: int = 1000
    least_steps: int = 3000
    first: float = 0.25
    tolerance: float = 0.05
    batch: int = 4096
    fresh_share: float = 0.75
    learning_rate: float = 0.05
    adam_rate: float = 0.01
    momentum: float = 0.95
    warmup: int = 100
    decay: float = 0.5
    dtype: str = "bfloat16"
    compiled: bool = False
    nonfacts: int = 2**20

    def __post_init__(self) -> None:
        for name in ("exposures", "batch", "nonfacts"):
            if getattr(self, name) < 2:
                raise ValueError(f"{name} must be at least 2, got {getattr(self, name)}")
        for name in ("first", "decay", "fresh_share"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie in (0, 1], got {getattr(self, name):g}")
        if self.dtype not in ("float32", "bfloat16"):
            raise ValueError(f"dtype must be float32 or bfloat16, got {self.dtype!r}")
