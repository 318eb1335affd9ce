"""Compare scores of real models, and `calibrated` by its number of references, in bits and in processor time.

python scripts/compare_scores.py --model pypi:smollm2-135m --claims capitals --out docs/scores-models.md
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from bitsperfact import claims, models, scoring
from bitsperfact.estimate import bits_per_fact
from bitsperfact.files import write_text
from bitsperfact.scoring import Score
from bitsperfact.scoring.scores.calibrated import calibrated

#: Numbers of references that are compared.
REFERENCES = (4, 8, 16, 32)
RECALL = 0.95

COLUMNS = "model | claims | facts, non-facts | score | requests | CPU s | bits | certified | hallucination | AUC"
HEADER = """# Scores of real models

Made by

    python scripts/compare_scores.py {arguments} --out docs/scores-models.md

Requests and processor seconds (one thread, model open) are those of a score beside `logprob`, whose answers all
share. Hallucination: share of non-facts accepted at 95 % recall. R: references a target, whatever they cost.

"""


def rows_of(name: str, set_name: str, limit: int) -> Iterator[str]:
    """One row of the table for each score."""
    loaded = models.load(models.ModelSpec(name, device="cpu"))
    compared: list[Score] = [scoring.score(each) for each in ("logprob", "pmi")]
    compared += [calibrated(f"R = {most}", most) for most in REFERENCES]
    streams = list(claims.stream_all(set_name, negatives=10, seed=0, limit=limit))
    with tempfile.TemporaryDirectory() as folder, claims.written(streams, Path(folder) / "claims.parquet") as sets:
        frame = sets[0].rows.frame()
        requests = scoring.ClaimRequests(frame, Path(folder))
        shards: dict[str, pd.DataFrame] = {}
        for score in compared:
            plan = scoring.ScoringPlan(loaded.info, requests, (score,), scoring.Settings(), lambda: loaded)
            start, new = time.process_time(), [task for task in plan.tasks if task.key not in shards]
            shards |= {task.key: task.run(loaded) for task in new}
            spent = time.process_time() - start
            values = plan.assemble(shards.__getitem__)["value"].to_numpy()
            counts = f"{sum(task.n_items for task in new):,} | {spent:.1f}"
            yield f"| {name} | {set_name} | {_measured(values, frame, score.name, counts)} |"


def _measured(values: np.ndarray, frame: pd.DataFrame, score: str, counts: str) -> str:
    is_fact, groups = frame["is_fact"].to_numpy(), frame["group"].to_numpy()
    facts, others = values[is_fact], values[~is_fact]
    bits = bits_per_fact(facts, others, (groups[is_fact], groups[~is_fact]))
    accepted = float((others >= np.quantile(facts, 1 - RECALL)).mean())
    above = np.searchsorted(np.sort(others), facts, "left") + np.searchsorted(np.sort(others), facts, "right")
    interval = f"{bits.estimate:.2f} ({bits.lower:.2f} to {bits.upper:.2f})"
    cells = [f"{facts.size}, {others.size:,}", score, counts, interval, f"{bits.certified:.2f}"]
    return " | ".join([*cells, f"{accepted:.3f}", f"{above.mean() / 2 / others.size:.3f}"])


def main() -> None:
    """Measure every model on every set, and print or write the table."""
    parser = argparse.ArgumentParser(description="Compare scores of real models.")
    parser.add_argument("--model", action="append", required=True)
    parser.add_argument("--claims", action="append", required=True)
    parser.add_argument("--limit", type=int, default=120)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    lines = [f"| {COLUMNS} |", "|" + " --- |" * (1 + COLUMNS.count("|"))]
    for name in options.model:
        for set_name in options.claims:
            for line in rows_of(name, set_name, options.limit):
                print(line, flush=True)
                lines.append(line)
    if options.out:
        arguments = [f"--model {name}" for name in options.model] + [f"--claims {name}" for name in options.claims]
        write_text(options.out, HEADER.format(arguments=" ".join(arguments)) + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
