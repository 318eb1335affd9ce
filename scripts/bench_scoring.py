"""CPU time, rows and memory of the scoring engine beside lm-eval and minicons, on the same claims and weights.

    python scripts/bench_scoring.py [--models NAME ...] [--peers lm-eval minicons] [--pairs 3] [--threads 1]
                                    [--scale 1.0] [--json FILE]

Every measurement is a process of its own, float32, that opens the model, warms up on other claims, and then scores
the workload once; engine and peer alternate, and the ratio is the median over pairs. Tokenizing is inside what is
timed, opening the model and the engine's trial of it are not. CPU seconds count all threads.

- rows: token positions that go through the decoder, padding too; "/min": over the number of distinct token
  prefixes of the inputs, which no exact way can undercut;
- of peak: the multiplications that the minimum needs (its rows, and the logits of the distinct scored positions)
  per CPU second, over the rate of a 2048 x 2048 product in the same process. Attention is not counted;
- memory: the most that the process holds while it scores; above what it holds with the model open.

minicons gets a virtual environment of its own, made here (--minicons-venv).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

SHOT_TOKENS = 244
Claims = list[tuple[str, str]]
#: Scores claims: returns log-probabilities, one per claim.
Score = Callable[[Claims], list[float]]


def workloads(scale: float) -> dict[str, Claims]:
    """The claims, by workload, as (context, continuation); statements alternate between true and false."""
    from bitsperfact import claims

    capitals = claims.load("capitals", negatives=31, limit=max(2, round(64 * scale))).frame
    statements: list[str] = []
    for name in ("capitals", "currencies", "dialling", "elements"):
        frame = claims.load(name, negatives=1).frame
        statements += [
            f"{prefix}{target}." for prefix, target in zip(frame["prefix"], frame["target"], strict=True)
        ]
    shots = "".join(f"{text} {'False' if k % 2 else 'True'}\n" for k, text in enumerate(statements[-60:])).strip()
    bare = statements[: round(1000 * scale)]
    return {
        # The line break belongs to the continuation: lm-eval would move it there.
        "few-shot": [(shots, f"\n{text}") for text in bare[: round(300 * scale)]],
        "candidates": list(zip(capitals["prefix"], capitals["target"], strict=True)),
        "bare": [("", text) for text in bare],
    }


def cut_shots(asked: Claims, tokenizer: Any) -> Claims:
    """Cut the common context to its last `SHOT_TOKENS` tokens."""
    ids = tokenizer(asked[0][0], add_special_tokens=False)["input_ids"]
    cut = tokenizer.decode(ids[-SHOT_TOKENS:]).strip()
    return [(cut, continuation) for _, continuation in asked]


def engine(folder: str) -> tuple[Any, Score]:
    """This package: the model, and what scores claims on it."""
    from bitsperfact import models
    from bitsperfact.scoring.engine.inference import logprob_sums
    from bitsperfact.scoring.requests import Request
    from bitsperfact.scoring.tokens import Encoder

    loaded = models.load(folder)

    def run(asked: Claims) -> list[float]:
        requests = [Request(*claim) for claim in asked]
        return logprob_sums(loaded, Encoder(loaded.tokenizer).encode(requests)).tolist()

    return loaded.model, run


def lm_eval(folder: str) -> tuple[Any, Score]:
    """lm-evaluation-harness."""
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    peer = HFLM(pretrained=folder, device="cpu", dtype="float32", batch_size=32)

    def run(asked: Claims) -> list[float]:
        instances = [Instance("loglikelihood", {}, claim, k) for k, claim in enumerate(asked)]
        return [total for total, _ in peer.loglikelihood(instances, disable_tqdm=True)]

    return peer.model, run


def minicons(folder: str) -> tuple[Any, Score]:
    """minicons: whole statements, or continuations of a context."""
    from minicons.scorer import IncrementalLMScorer

    peer = IncrementalLMScorer(folder, "cpu")
    adds_bos = peer.tokenizer("a")["input_ids"][0] == peer.tokenizer.bos_token_id

    def run(asked: Claims) -> list[float]:
        found: list[float] = []
        for start in range(0, len(asked), 32):
            contexts, continuations = zip(*asked[start : start + 32], strict=True)
            pooled = {"reduction": lambda x: x.sum(0).item()}
            if any(contexts):
                found += peer.conditional_score([*contexts], [*continuations], separator="", **pooled)
            else:
                found += peer.sequence_score([*continuations], bos_token=not adds_bos, **pooled)
        return found

    return peer.model, run


CONTENDERS = {"engine": engine, "lm-eval": lm_eval, "minicons": minicons}


def measure(contender: str, folder: str, asked: Claims, threads: int) -> dict[str, Any]:
    """What a child process reports."""
    import torch

    torch.set_num_threads(threads)
    model, score = CONTENDERS[contender](folder)
    score([("The first warm-up", f" goes {word}") for word in ("on", "off", "over and over")] * 8)
    rows = [0]
    count = lambda _, inputs, __: rows.__setitem__(0, rows[0] + inputs[0].numel())  # noqa: E731
    model.get_input_embeddings().register_forward_hook(count)
    before_gflops = matmul_gflops()
    reset_peak_memory()
    open_mib = memory_mib("VmRSS")
    start = time.process_time()
    sums = score(asked)
    cpu_s = time.process_time() - start
    head = model.get_output_embeddings().weight
    in_layers = sum(
        p.numel() for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n and p is not head
    )
    return {
        "cpu_s": cpu_s,
        "rows": rows[0],
        "peak_mib": memory_mib("VmHWM"),
        "above_model_mib": memory_mib("VmHWM") - open_mib,
        "matmul_gflops": statistics.mean((before_gflops, matmul_gflops())),
        "flop_per_row": 2 * in_layers,
        "flop_per_position": 2 * head.numel(),
        "sums": sums,
    }


def matmul_gflops() -> float:
    """Billions of operations per CPU second of a large product: median of 5."""
    import torch

    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    torch.mm(a, b)
    taken = []
    for _ in range(5):
        start = time.process_time()
        torch.mm(a, b)
        taken.append(time.process_time() - start)
    return 2 * 2048**3 / statistics.median(taken) / 1e9


def memory_mib(field: str) -> float:
    """Memory of this process now (VmRSS) or at most (VmHWM), MiB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{field}:")[1].split()[0]) / 1024


def reset_peak_memory() -> None:
    """Count the largest memory from here on."""
    Path("/proc/self/clear_refs").write_text("5")


def child(contender: str, python: str, folder: str, asked: Claims, threads: int) -> dict[str, Any]:
    """Measure in a process of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        task, result = Path(scratch, "task.json"), Path(scratch, "result.json")
        task.write_text(json.dumps([contender, folder, asked, threads, str(result)]))
        limits = {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        quiet = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
        command = [python, __file__, "--task", str(task)]
        done = subprocess.run(
            command, env=os.environ | limits | quiet, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{contender} failed:\n{done.stderr[-3000:]}")
        found: dict[str, Any] = json.loads(result.read_text())
        return found


def python_of_minicons(folder: Path) -> str:
    """The interpreter of a virtual environment with minicons, made where there is none."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        same = f"torch=={version('torch').partition('+')[0]}"  # the same products for both
        subprocess.run([python, "-m", "pip", "install", "-q", "minicons", same], check=True)
    return str(python)


def compare(
    name: str, peers: dict[str, str], workload: str, asked: Claims, options: argparse.Namespace
) -> list[dict]:
    """Run the pairs of one model and workload: one record for the engine and for each peer."""
    from transformers import PreTrainedTokenizerFast

    from bitsperfact import models
    from bitsperfact.scoring.engine.trie import token_trie
    from bitsperfact.scoring.requests import Request
    from bitsperfact.scoring.tokens import Encoder

    folder = str(models.resolve(name))
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    if workload == "few-shot":
        asked = cut_shots(asked, tokenizer)
    requests = Encoder(tokenizer).encode([Request(*claim) for claim in asked])
    trie = token_trie(requests)
    positions = len(set(trie.nodes.tolist()))
    runs: dict[str, list[dict]] = {contender: [] for contender in ("engine", *peers)}
    for _ in range(options.pairs):
        for contender in runs:
            python, where = peers.get(contender, sys.executable), name if contender == "engine" else folder
            runs[contender].append(child(contender, python, where, asked, options.threads))
    ours = runs["engine"]
    records = []
    for contender, theirs in runs.items():
        ratios = [b["cpu_s"] / a["cpu_s"] for a, b in zip(ours, theirs, strict=True)]
        last = theirs[-1]
        flop = len(trie) * last["flop_per_row"] + positions * last["flop_per_position"]
        off = [abs(a - b) / r.n_tokens for a, b, r in zip(ours[-1]["sums"], last["sums"], requests, strict=True)]
        records.append(
            {
                "model": name,
                "workload": workload,
                "claims": len(asked),
                "contender": contender,
                "cpu_s": statistics.median(r["cpu_s"] for r in theirs),
                "times_engine": statistics.median(ratios),
                "rows": last["rows"],
                "rows_over_minimum": last["rows"] / len(trie),
                "positions": positions,
                "of_peak": statistics.median(flop / 1e9 / r["cpu_s"] / r["matmul_gflops"] for r in theirs),
                "matmul_gflops": statistics.median(r["matmul_gflops"] for r in theirs),
                "peak_mib": max(r["peak_mib"] for r in theirs),
                "above_model_mib": max(r["above_model_mib"] for r in theirs),
                "largest_difference_nats_per_token": max(off),
            }
        )
    return records


WIDTHS = "{:20} {:11} {:>7} {:9} {:>9} {:>9} {:>8} {:>7} {:>8} {:>9} {:>10} {:>9}"


def line(record: dict[str, Any]) -> str:
    """One line of the table."""
    return WIDTHS.format(
        *(record[k] for k in ("model", "workload", "claims", "contender")),
        f"{record['cpu_s']:.2f}",
        f"{record['times_engine']:.2f} x",
        record["rows"],
        f"{record['rows_over_minimum']:.2f}",
        f"{record['of_peak']:.0%}",
        f"{record['peak_mib']:.0f} MiB",
        f"+{record['above_model_mib']:.0f} MiB",
        f"{record['largest_difference_nats_per_token']:.1e}",
    )


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["pypi:smollm2-135m", "pypi:gemma3-270m"])
    parser.add_argument("--workloads", nargs="+", default=["few-shot", "candidates", "bare"])
    parser.add_argument("--peers", nargs="*", default=["lm-eval"], choices=["lm-eval", "minicons"])
    parser.add_argument("--minicons-venv", type=Path, default=Path(tempfile.gettempdir(), "minicons-venv"))
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the claims, to try things out")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--task", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Measure and print; in a child, measure one contender."""
    options = arguments()
    if options.task:
        contender, folder, asked, threads, result = json.loads(options.task.read_text())
        Path(result).write_text(json.dumps(measure(contender, folder, [tuple(c) for c in asked], threads)))
        return
    peers = {
        p: python_of_minicons(options.minicons_venv) if p == "minicons" else sys.executable for p in options.peers
    }
    asked = workloads(options.scale)
    print(WIDTHS.format("model", "workload", "claims", "", "CPU s", "of ours", "rows", "/min", "of peak", "memory",
                        "above open", "nats/tok"))  # fmt: skip
    records: list[dict[str, Any]] = []
    for name in options.models:
        for workload in options.workloads:
            for record in compare(name, peers, workload, asked[workload], options):
                records.append(record)
                print(line(record), flush=True)
    if options.json:
        options.json.write_text(
            json.dumps({"threads": options.threads, "pairs": options.pairs, "records": records}, indent=1)
        )


if __name__ == "__main__":
    main()
