"""Every subject with every answer: what each comparison of a claim with others makes of one model's answers.

All scores are made of one matrix, log P(answer | subject), so that only the comparison differs. `calibrated` takes
the mean log-probability over R other subjects off, `log mean` the logarithm of their mean probability, `softmax`
that of the sum over all answers. The last two grow with what they are normalised over: that is elimination (one
answer per subject, one subject per answer), not memory.

python scripts/all_pairs.py --model pypi:smollm2-135m --claims capitals --out docs/scores-all-pairs.md
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from bitsperfact import claims, estimate, models, scoring
from bitsperfact.files import sha256_of_text, write_text

Array = NDArray[np.float64]
REFERENCES = (8, 32, 64)
COLUMNS = "model | claims | subjects, answers | score | bits | certified | hallucination | AUC"
HEADER = """# Every subject with every answer

Made by

    python scripts/all_pairs.py {arguments} --out docs/scores-all-pairs.md

Facts against every wrong pair; hallucination: share of wrong pairs accepted at 95 % recall. {about}

"""


def answers(name: str, set_name: str) -> tuple[Array, NDArray[np.bool_], Array]:
    """log P(answer | subject), nats, and whether it is true, (subjects, answers) each; log P(answer) alone."""
    loaded = models.load(name)
    streams = list(claims.stream_all(set_name, negatives=10_000, seed=0, limit=None))
    with tempfile.TemporaryDirectory() as folder, claims.written(streams, Path(folder) / "claims.parquet") as sets:
        frame, shards = sets[0].rows.frame(), {}
        requests = scoring.ClaimRequests(frame, Path(folder))
        for score in ("logprob", "pmi"):
            chosen = (scoring.score(score),)
            plan = scoring.ScoringPlan(loaded.info, requests, chosen, scoring.Settings(), lambda: loaded)
            shards |= {task.key: task.run(loaded) for task in plan.tasks if task.key not in shards}
            frame[score] = plan.assemble(shards.__getitem__)["value"].to_numpy()
    table = frame.pivot_table(
        index="prefix", columns="target", values=["logprob", "pmi", "is_fact"], aggfunc="first"
    )
    # In the order of a hash of their texts: references are the first ones.
    order = sorted(table.index, key=sha256_of_text)
    logprob, pmi, is_fact = (table[column].loc[order] for column in ("logprob", "pmi", "is_fact"))
    complete = logprob.notna().all(axis=0)  # answers that nobody disputes
    logprob, pmi, is_fact = (each.loc[:, complete].to_numpy() for each in (logprob, pmi, is_fact))
    return logprob.astype(float), is_fact.astype(bool), (logprob - pmi).astype(float)[:1]


def others(matrix: Array, n: int) -> Array:
    """Of each subject and answer, what the first `n` other subjects say of the answer: (n, subjects, answers)."""
    subjects = len(matrix)
    places = np.array([[k for k in range(min(n + 1, subjects)) if k != own][:n] for own in range(subjects)])
    return matrix[places].swapaxes(0, 1)


def scores(matrix: Array, alone: Array) -> Iterator[tuple[str, Array]]:
    """Name and values, (subjects, answers), of every comparison."""
    yield "logprob", matrix
    yield "softmax over all answers", matrix - logsumexp(matrix, axis=1, keepdims=True)
    yield "pmi (answer without context)", matrix - alone
    for n in (*REFERENCES, len(matrix) - 1):
        elsewhere, name = others(matrix, n), "all" if n == len(matrix) - 1 else n
        yield f"calibrated, R = {name}", matrix - elsewhere.mean(axis=0)
        yield f"log mean, R = {name}", matrix - (logsumexp(elsewhere, axis=0) - np.log(n))


def rows_of(name: str, set_name: str) -> Iterator[str]:
    """One row of the table for each comparison."""
    matrix, is_fact, alone = answers(name, set_name)
    group = np.repeat(np.arange(len(matrix)), matrix.shape[1]).reshape(matrix.shape)
    groups = group[is_fact], group[~is_fact]
    for score, values in scores(matrix, alone):
        facts, wrong = values[is_fact], values[~is_fact]
        bits = estimate.bits_per_fact(facts, wrong, groups, replicates=100)
        interval = f"{bits.estimate:.2f} ({bits.lower:.2f} to {bits.upper:.2f})"
        rate, auc = estimate.hallucination_rate(facts, wrong), estimate.auc(facts, wrong)
        shape = f"{len(matrix)}, {matrix.shape[1]}"
        numbers = f"{interval} | {bits.certified:.2f} | {rate:.3f} | {auc:.3f}"
        yield f"| {name} | {set_name} | {shape} | {score} | {numbers} |"


def main() -> None:
    """Measure every model on every set, and print or write the table."""
    parser = argparse.ArgumentParser(description="Compare comparisons, on every pair.")
    parser.add_argument("--model", action="append", required=True)
    parser.add_argument("--claims", action="append", required=True)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    lines = [f"| {COLUMNS} |", "|" + " --- |" * (1 + COLUMNS.count("|"))]
    for name in options.model:
        for set_name in options.claims:
            for line in rows_of(name, set_name):
                print(line, flush=True)
                lines.append(line)
    if options.out:
        arguments = [f"--model {name}" for name in options.model] + [f"--claims {name}" for name in options.claims]
        about = " ".join(str(__doc__).split("\n\n")[1].split())
        write_text(
            options.out, HEADER.format(arguments=" ".join(arguments), about=about) + "\n".join(lines) + "\n"
        )


if __name__ == "__main__":
    main()
