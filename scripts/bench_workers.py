"""Scoring on one machine: one process with all threads against several with a share of them each, alternately.

    python scripts/bench_workers.py [--model pypi:smollm2-135m] [--claims capitals] [--limit 100] [--repeat 3]

A row per run: seconds and processor seconds of the whole run, seconds of scoring alone, the most memory that this
run's own process and its largest worker held, and the load of the machine. Score `logprob`, no cache.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bitsperfact import pipeline

ROW = "{:>7} {:>9} {:>10} {:>7} {:>12} {:>14} {:>6}"


def main() -> None:
    """Start each run in a process of its own, or be one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="pypi:smollm2-135m")
    parser.add_argument("--claims", default="capitals")
    parser.add_argument("--limit", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.alone:
        print(run(asked), flush=True)
        return
    print(ROW.format("workers", "seconds", "scoring s", "CPU s", "own MB", "a worker's MB", "load"), flush=True)
    for _ in range(asked.repeat):
        for workers in (1, asked.workers):
            options = ["--model", asked.model, "--claims", asked.claims, "--limit", str(asked.limit)]
            subprocess.run([sys.executable, __file__, "--alone", *options, "--workers", str(workers)], check=True)


def run(asked: argparse.Namespace) -> str:
    """Run once and return the row."""
    scoring, start = [0.0], time.monotonic()
    compute = pipeline._compute

    def timed(*arguments) -> None:  # noqa: ANN002
        before = time.monotonic()
        compute(*arguments)
        scoring[0] += time.monotonic() - before

    pipeline._compute = timed
    with TemporaryDirectory() as folder:
        pipeline.run(
            pipeline.Options(
                model=(asked.model,),
                claims=(asked.claims,),
                out=Path(folder) / "run",
                score=("logprob",),
                limit=asked.limit,
                replicates=2,
                workers=asked.workers,
                cache=False,
                progress=False,
            )
        )
    seconds = time.monotonic() - start
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu_s = own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime
    memory = f"{own.ru_maxrss / 1e3:.0f}", f"{others.ru_maxrss / 1e3:.0f}"
    load = f"{os.getloadavg()[0]:.1f}"
    return ROW.format(asked.workers, f"{seconds:.1f}", f"{scoring[0]:.1f}", f"{cpu_s:.1f}", *memory, load)


if __name__ == "__main__":
    main()
