"""Files of a ladder: per stack one table of results, one of scores; per cell one folder with its network."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bitsperfact import tables
from bitsperfact.files import atomic_file
from bitsperfact.training.cells import Cell, Stack
from bitsperfact.training.plateau import Horizon, gains

if TYPE_CHECKING:
    from bitsperfact.training.state import State


@dataclass(frozen=True)
class LadderStore:
    """A ladder's folder."""

    folder: Path

    def record_path(self, stack: Stack) -> Path:
        """Return a stack's results, written last: that it is there means that the stack is done."""
        return self.folder / "stacks" / f"{stack.id}.parquet"

    def scores_path(self, stack: Stack) -> Path:
        """Return a stack's scores."""
        return self.folder / "stacks" / f"{stack.id}.scores.parquet"

    def checkpoint_path(self, stack: Stack) -> Path:
        """Return a stack's state in training; gone once it is done."""
        return self.folder / "checkpoints" / f"{stack.id}.pt"

    def network_path(self, cell: Cell) -> Path:
        """Return a cell's trained network."""
        return self.folder / "networks" / cell.name

    def write(self, stack: Stack, records: pd.DataFrame, scores: pd.DataFrame) -> None:
        """Store a stack's results, scores first."""
        for frame, path in ((scores, self.scores_path(stack)), (records, self.record_path(stack))):
            with atomic_file(path) as partial:
                frame.to_parquet(partial, index=False)

    def records(self, stacks: list[Stack]) -> pd.DataFrame:
        """Return the table of cells of finished stacks (`tables.COLUMNS`), sorted by what the cells are."""
        parts = [pd.read_parquet(self.record_path(stack)) for stack in stacks]
        order = ["architecture", "parameters", "n_facts", "fact_weight", "seed"]
        return pd.concat(parts, ignore_index=True).sort_values(order).reset_index(drop=True)

    def scores(self, stack: Stack) -> pd.DataFrame:
        """Return scores of a finished stack: columns cell, stratum, score (float32, nats)."""
        return pd.read_parquet(self.scores_path(stack))


def record(stack: Stack, state: "State", index: int) -> dict[str, object]:
    """Return one row of the table of cells."""
    cell, shape = stack.cells[index], stack.shape
    last = state.horizons[-1]
    gain = gains(state.horizons)[index]
    row = {
        "model": cell.name,
        "stack": stack.id,
        "architecture": shape.architecture,
        "objective": shape.objective,
        "parameters": shape.parameters,
        "n_facts": cell.n_facts,
        "parameters_per_fact": cell.parameters_per_fact,
        "fact_weight": cell.fact_weight,
        "seed": cell.seed,
        "width": shape.width,
        "inner": shape.inner,
        "layers": shape.layers,
        "heads": shape.heads,
        "claim_set": cell.claim_set,
        "universe_size": cell.universe.size,
        "exposures": last.steps * stack.facts_per_step / cell.n_facts,
        "steps": last.steps,
        "loss_nats": last.loss_nats[index],
        "bits": last.bits[index],
        "gain": gain,
        "finished": bool(gain <= stack.schedule.tolerance),
        "seconds": state.seconds,
        "examples_per_second": _rate(stack, state),
        "horizons": _written(state.horizons, index),
    }
    return {name: row[name] for name in tables.COLUMNS["cells"]}


def scores_table(cell: Cell, scores: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return scores of one cell in long form."""
    parts = [pd.DataFrame({"stratum": name, "score": values}) for name, values in scores.items()]
    frame = pd.concat(parts, ignore_index=True)
    frame.insert(0, "model", cell.name)
    return frame.astype({"model": "category", "stratum": "category", "score": np.float32})


def _rate(stack: Stack, state: "State") -> float:
    return state.steps_done * stack.schedule.batch * len(stack.cells) / max(state.seconds, 1e-9)


def _written(horizons: list[Horizon], index: int) -> str:
    """Bits at each horizon, as text: "500:2.31 1000:2.44"."""
    return " ".join(f"{h.steps}:{h.bits[index]:.4f}" for h in horizons)
