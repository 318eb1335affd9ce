"""Processor time and peak memory of the parts of a run with many claims.

    python scripts/bench_pipeline.py [--claims 100000] [--made-up] [--replicates 200] [--out FOLDER]

Synthetic claims of about 65 characters, ten to a subject, in a CSV file; `random:tiny` answers them, or, with
`--made-up`, random numbers in the place of its shards, which leaves out only what a model and the files of shards
cost. The peak is that of this process, sampled every 20 ms while a part runs. One score, one thread, no cache.
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil

from bitsperfact import pipeline, tables
from bitsperfact.analysis import separation
from bitsperfact.execution import ShardStore
from bitsperfact.scoring import ClaimRequests, ScoringPlan

PER_SUBJECT = 10
#: Functions that are measured: what each does, where it is looked up, and by which name. Some hold others.
PARTS = (
    ("survey of the file", pipeline, "_open_claims"),
    ("claims.parquet", tables, "write_rows"),
    ("sorting requests", ClaimRequests, "sharded"),
    ("naming shards", ScoringPlan, "_tasks"),
    ("scoring", pipeline, "_compute"),
    ("scores.parquet", tables, "write_parts"),
    ("columns of claims", separation, "claim_sets_of"),
    ("index of scores", separation, "cells_of"),
    ("pattern baseline", separation, "fitted_pattern"),
    ("all of analysis", pipeline, "_analyse"),
    ("report", pipeline, "_report"),
)


def main() -> None:
    """Write claims, run, and print a row as each part ends."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, default=100_000)
    parser.add_argument("--made-up", action="store_true")
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--out", type=Path, help="keep the run here (default: a temporary folder)")
    asked = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.out or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "claims.csv").open("w") as file:
            file.writelines(lines(asked.claims))
        if asked.made_up:
            make_up_answers()
        meter = Meter()
        for name, home, function in PARTS:
            setattr(home, function, meter.measured(name, getattr(home, function)))
        pipeline.run(
            pipeline.Options(
                model=("random:tiny",),
                claims=(str(folder / "claims.csv"),),
                out=folder / "run",
                replicates=asked.replicates,
                cache=False,
                progress=False,
            )
        )
        print(f"CPU s in all: {time.process_time():.0f}")


def lines(n_claims: int) -> Iterator[str]:
    """A file of claims: one fact and nine non-facts to a subject."""
    yield "group,prefix,target,is_fact\n"
    for i in range(n_claims // PER_SUBJECT):
        for j in range(PER_SUBJECT):
            code = (i * 7919 + j * 104_729 * (i % 97 + 1)) % 10**9 + j * 10**9
            yield f"Subject {i:08d},The registration number of subject {i:08d} is, {code:010d},{int(j == 0)}\n"


def make_up_answers() -> None:
    """Answer every shard with random numbers, when it is read, instead of by a model."""
    sizes: dict[str, int] = {}

    def compute(_: Any, tasks: Any, *__: Any) -> None:
        sizes.update((task.key, task.n_items) for task in tasks)

    def read(_: ShardStore, key: str) -> pd.DataFrame:
        n, rng = sizes[key], np.random.default_rng(int(key[:8], 16))
        answers = {"logprob_sum": -20 * rng.random(n), "n_tokens": 10, "n_bytes": 11, "boundary_ok": True}
        return pd.DataFrame(answers)

    pipeline._compute, ShardStore.read = compute, read


class Meter:
    """Prints processor time and peak memory of functions, from a thread that watches the process."""

    def __init__(self) -> None:
        self._process, self._peak = psutil.Process(), 0
        threading.Thread(target=self._watch, daemon=True).start()
        print(f"{'part':20}{'CPU s':>9}{'MiB before':>12}{'peak':>8}")

    def _watch(self) -> None:
        while True:
            self._peak = max(self._peak, self._process.memory_info().rss)
            time.sleep(0.02)

    def measured(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, which prints a row each time it has run."""

        @wraps(function)
        def run(*arguments: Any, **named: Any) -> Any:
            outer, self._peak = self._peak, self._process.memory_info().rss
            before, cpu_s = self._peak, time.process_time()
            result = function(*arguments, **named)
            cpu_s = time.process_time() - cpu_s
            print(f"{name:20}{cpu_s:9.1f}{before / 2**20:12.0f}{self._peak / 2**20:8.0f}", flush=True)
            self._peak = max(self._peak, outer)
            return result

        return run


if __name__ == "__main__":
    main()
