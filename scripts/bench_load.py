"""Seconds from a model's name to a loaded model, and whether tokenizer and weights had better open side by side.

    python scripts/bench_load.py [--models NAME ...] [--pairs 3]

Every opening is a process of its own, float32 on the CPU, timed after its imports of torch, transformers and
bitsperfact; a first one, not counted, warms the page cache. Arms alternate; medians of seconds, and of ratios of
CPU time within a round. "again": a second opening in that process, without what transformers imports for a first.
- load: `models.load`;
- slow tokenizer: the same with transformers' own `from_pretrained` of the tokenizer;
- side by side: `models.load` with the tokenizer opened in a thread of its own beside the weights.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

ARMS = ("load", "slow tokenizer", "side by side")


def opened(name: str, arm: str) -> None:
    """Open a model by one arm in this process, twice; print wall and CPU seconds of both as JSON."""
    import torch  # noqa: F401
    import transformers

    from bitsperfact import models
    from bitsperfact.models import tokenizers

    spec = models.ModelSpec(name, device="cpu")
    quick = tokenizers.built_tokenizer

    def side_by_side() -> None:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(quick, models.resolve(spec))
            models.load(spec)
            waiting.result()

    if arm == "slow tokenizer":
        tokenizers.built_tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained
    if arm == "side by side":
        tokenizers.built_tokenizer = lambda _: None
    seconds = []
    for _ in range(2):
        began, used = time.perf_counter(), time.process_time()
        side_by_side() if arm == "side by side" else models.load(spec)
        seconds += [time.perf_counter() - began, time.process_time() - used]
    print(json.dumps(seconds))


def main() -> None:
    """Time every arm of every model and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["pypi:smollm2-135m", "pypi:gemma3-270m"])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--one", nargs=2, metavar=("NAME", "ARM"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        opened(*asked.one)
        return
    for name in asked.models:
        rounds = [{arm: _measure(name, arm) for arm in ARMS} for _ in range(asked.pairs + 1)][1:]
        for arm in ARMS:
            wall, cpu, again, cpu_again = (statistics.median(each[arm][k] for each in rounds) for k in range(4))
            ratio = statistics.median(each[arm][3] / each["load"][3] for each in rounds)
            first = f"{wall:5.2f} s wall {cpu:5.2f} s CPU"
            then = f"again {again:5.2f} s wall {cpu_again:5.2f} s CPU, {ratio:.2f} of load"
            print(f"{name:<20}{arm:<16}{first}   {then}", flush=True)


def _measure(name: str, arm: str) -> list[float]:
    run = subprocess.run(
        [sys.executable, __file__, "--one", name, arm], capture_output=True, text=True, check=True
    )
    found: list[float] = json.loads(run.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
