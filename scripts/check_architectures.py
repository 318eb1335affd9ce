"""Score with every architecture of the installed transformers, built small, and compare with one claim at a time.

python scripts/check_architectures.py --out runs/architectures.jsonl [--types llama ...] [--table docs/models.md]

Every causal type, and every wrapper of images or sound around one, is built small with seeded random weights (see
`small_architectures`), saved, opened by `bitsperfact.models.load` like a user's folder, and asked what all scores
ask, at several token budgets. The reference is the network as it was before it was saved: one claim at a time,
`model(input_ids)`, every logit, log-softmax in float64. One process a type; what is in --out is not done again.
Exit status 1 where any differs by more than 1e-4 nats per token, or raises anything but one line of BadInput.
"""

import argparse
import json
import multiprocessing
import re
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bitsperfact import models, scoring, tables
from bitsperfact.errors import BadInput
from bitsperfact.files import write_text
from bitsperfact.models.quiet import quiet
from bitsperfact.rows import InMemory
from bitsperfact.scoring.reader import CAUSAL, Settings
from bitsperfact.scoring.readers.hidden_states import HiddenStates
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.views import Unlabelled
from small_architectures import build, save_model, types

#: Tokens at once: packs of less than a claim, of a few claims, and what the engine chooses.
BUDGETS = (16, 150, None)
TOLERANCE_NATS = 1e-4
#: Of hidden states, relative to their root mean square (1).
TOLERANCE_STATES = 1e-3
_SCALE = "the wrapper leaves out logit_scale, the factor of its text model's logits"
#: Where the reference itself is known to be at fault.
#: With these weights the second and third expert of a layer tie to the last bit at one token of one claim.
_TIE = "rounding breaks an exact tie of two experts at one token"
KNOWN = {"aya_vision": _SCALE, "cohere2_vision": _SCALE, "qwen3_vl_moe": _TIE}
BEGIN, END = "<!-- table of scripts/check_architectures.py -->", "<!-- end of table -->"


@dataclass(frozen=True)
class Found:
    """What became of a type: `opens` is yes, no (refused in one line), unbuilt, or error.

    `nats`: largest difference of a request's log-probability over all budgets (nats per token); `states` that of
    hidden states, relative; None where nothing was scored. `strategy`: the engine's.
    """

    type: str
    opens: str
    strategy: str = ""
    nats: float | None = None
    states: float | None = None
    n_params: int | None = None
    note: str = ""

    @property
    def is_right(self) -> bool:
        """Return whether it agrees, or was refused in one line or not built, or it is known why it does not."""
        if self.opens != "yes":
            return self.opens != "error"
        if self.type in KNOWN:
            return True
        return self.nats is not None and self.nats <= TOLERANCE_NATS and (self.states or 0.0) <= TOLERANCE_STATES


def claims(n_subjects: int) -> pd.DataFrame:
    """Return four claims of each subject: prompts that begin alike, answers of several lengths, some non-ASCII."""
    subjects = ("Peru", "Per", "Côte d'Ivoire", "a very large and far country", "Oslo", "x")[:n_subjects]
    answers = (" Lima", " Li", " Yamoussoukro", " é😀")
    texts = [(subject, f"The capital of {subject} is", answer) for subject in subjects for answer in answers]
    frame = pd.DataFrame(texts, columns=["group", "prefix", "target"])
    is_fact = np.arange(len(frame)) % len(answers) == np.arange(len(frame)) // len(answers) % len(answers)
    frame = frame.assign(
        claim_id=[tables.claim_id("made", *row[1:]) for row in texts], claim_set="made", is_fact=is_fact,
        grade=is_fact.astype(float), stratum=np.where(is_fact, "fact", "derangement"), source="made",
    )  # fmt: skip
    return tables.check("claims", frame, "claims")


@cache
def questions(n_subjects: int) -> tuple[list[Request], list[Request], HiddenStates]:
    """Return all that the scores of causal models ask about the claims: continuations, and texts for states."""
    frame = claims(n_subjects)
    needs = {need.name: need for name in scoring.names() for need in scoring.score(name).needs}
    asked: dict[bool, set[Request]] = {True: set(), False: set()}
    states: HiddenStates | None = None
    for need in needs.values():
        if need.reader.kind is CAUSAL:
            of_states = isinstance(need.reader, HiddenStates)
            states = need.reader if isinstance(need.reader, HiddenStates) else states
            asked[of_states] |= set(need.builder(Unlabelled(InMemory("claims", frame))).build(frame))
    assert states is not None
    return sorted(asked[False]), sorted(asked[True]), states


@cache
def byte_tokenizer() -> Any:
    """Return the tokenizer that every folder holds, as its file says: a byte each."""
    return models.load(models.ModelSpec("random:tiny", device="cpu")).tokenizer


def reference_logprob(model: Any, tokenizer: Any, request: Request) -> float:
    """Return log P(continuation | context) per token, from one plain pass over this claim alone (nats)."""
    import torch

    before, ids = (
        tokenizer(text, add_special_tokens=False)["input_ids"] if text else []
        for text in (request.context, request.context + request.continuation)
    )
    shared = next((k for k, (a, b) in enumerate(zip(before, ids, strict=False)) if a != b), len(before))
    if shared == 0:
        ids, shared = [tokenizer.bos_token_id, *ids], 1
    logprobs = torch.log_softmax(model(input_ids=torch.tensor([ids])).logits[0].double(), dim=-1)
    return float(np.mean([float(logprobs[k - 1, ids[k]]) for k in range(shared, len(ids))]))


def reference_state(model: Any, tokenizer: Any, request: Request, depth: float) -> np.ndarray:
    """Return the hidden state after a text, from one plain pass over it: (width,)."""
    import torch

    ids = tokenizer(request.context + request.continuation, add_special_tokens=False)["input_ids"]
    ids = [tokenizer.bos_token_id, *ids]
    states = model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states
    layer = states[round(depth * (len(states) - 1))].double()
    # Of a model with several streams, which come before or after the batch and the tokens: side by side.
    return np.asarray(layer[0, -1].flatten() if layer.shape[:2] == (1, len(ids)) else layer[:, 0, -1].flatten())


def examine(kind: str, budgets: Sequence[int | None] = BUDGETS, n_subjects: int = 6) -> Found:
    """Build, save, open and score one type; return what came of it."""
    try:
        network, reads = build(kind)
        with tempfile.TemporaryDirectory() as folder:
            save_model(network, Path(folder), models.resolve("random:tiny"))
            return compared(kind, reads, Path(folder), budgets, n_subjects)
    except Exception as error:
        return Found(kind, "unbuilt", note=_line(error))


def compared(kind: str, network: Any, folder: Path, budgets: Sequence[int | None], n_subjects: int) -> Found:
    """Open a folder, score claims, and compare with what a network says of them one at a time."""
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            return _scored(kind, network, folder, budgets, n_subjects)
    except BadInput as refusal:
        return Found(kind, "no", note=str(refusal).replace(str(folder), "FOLDER"))
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return Found(
            kind, "error", note=f"{_line(error)} ({Path(where.filename).name}:{where.lineno}) {len(told)}"
        )


def _scored(kind: str, network: Any, folder: Path, budgets: Sequence[int | None], n_subjects: int) -> Found:
    import torch

    from bitsperfact.scoring.engine.strategies import strategy_for
    from bitsperfact.scoring.tokens import Encoder

    loaded = models.load(models.ModelSpec(str(folder), device="cpu"))
    continuations, texts, reader = questions(n_subjects)
    tokenizer = byte_tokenizer()
    log_probabilities = scoring.score("logprob").needs[0].reader
    with torch.no_grad():
        expected = np.array([reference_logprob(network, tokenizer, each) for each in continuations])
        states = np.array([reference_state(network, tokenizer, each, reader.depth) for each in texts])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nats, off = 0.0, 0.0
        for budget in budgets:
            settings = Settings(batch_tokens=budget, bos="auto")
            rows = log_probabilities.read(loaded, continuations, settings)
            per_token = rows["logprob_sum"] / rows["n_tokens"]
            nats = max(nats, float(np.abs(per_token - expected).max()))
            hidden = np.stack(list(reader.read(loaded, texts, Settings(batch_tokens=budget))["hidden"]))
            off = max(off, float(np.abs(hidden - states).max() / np.sqrt((states**2).mean())))
    encoded = Encoder(loaded.tokenizer).encode(continuations)
    flat = "" if expected.std() > 0.05 else f"flat: log-probabilities spread by {expected.std():.2g} nats"
    return Found(
        kind, "yes", strategy_for(loaded, encoded).__name__, nats, off, loaded.info.n_params,
        KNOWN.get(kind) or flat or loaded.info.architecture,
    )  # fmt: skip


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:240]


def examined_apart(kind: str, timeout_s: float) -> Found:
    """Examine a type in a process of its own, forked from this one, which has imported what is slow to import."""
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(kind, send))
    process.start()
    send.close()
    try:
        return receive.recv() if receive.poll(timeout_s) else Found(kind, "error", note=f"over {timeout_s:g} s")
    except EOFError:
        process.join()
        return Found(kind, "error", note=f"the process ended with {process.exitcode}")
    finally:
        process.kill()
        process.join()


def _send(kind: str, send: Any) -> None:
    with _silent():
        send.send(examine(kind))


@contextmanager
def _silent() -> Iterator[None]:
    """Hide what transformers says of configs and weights that nobody trained."""
    import logging

    logging.disable(logging.ERROR)
    with quiet():
        yield
    logging.disable(logging.NOTSET)


def _get_ready() -> None:
    """Import what is slow to import, and build what is the same for all types, once for all processes."""
    import torch

    torch.set_num_threads(1)
    with _silent():
        examine("llama")


def table_of(found: Sequence[Found]) -> str:
    """Return the results as a markdown table, the types that open first."""
    lines = ["| type | opens | strategy | nats per token | note |", "| --- | --- | --- | --- | --- |"]
    order = {"yes": 0, "no": 1, "error": 2, "unbuilt": 3}
    for each in sorted(found, key=lambda f: (order[f.opens], f.type)):
        nats = "" if each.nats is None else f"{each.nats:.1e}"
        note = re.sub(r"\s+", " ", each.note).replace("|", "/")
        lines.append(f"| {each.type} | {each.opens} | {each.strategy.replace('_', ' ')} | {nats} | {note} |")
    return "\n".join(lines)


def summary_of(found: Sequence[Found]) -> str:
    """Return the counts in one line."""
    opened = [f for f in found if f.opens == "yes"]
    agree = [f for f in opened if f.is_right and f.type not in KNOWN]
    worst = max((f.nats or 0.0 for f in agree), default=0.0)
    refused, unbuilt = (sum(f.opens == kind for f in found) for kind in ("no", "unbuilt"))
    known = sum(f.type in KNOWN for f in opened)
    wrong = len(found) - len(agree) - refused - unbuilt - known
    return (
        f"{len(found)} types: {len(agree)} agree to {worst:.1e} nats per token at every budget, {refused} are "
        f"refused in one line, {unbuilt} cannot be built small, {known} differ "
        f"for a reason that is known, {wrong} differ or fail."
    )


def main() -> int:
    """Examine the types, one line of JSON each, and write the table where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/architectures.jsonl"))
    parser.add_argument("--types", nargs="+", default=None)
    parser.add_argument("--table", type=Path, default=None, help="a document whose table is to be replaced")
    parser.add_argument("--timeout", type=float, default=120.0, metavar="SECONDS")
    asked = parser.parse_args()
    _get_ready()
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    done = {}
    if asked.out.exists():
        rows = map(json.loads, asked.out.read_text(encoding="utf-8").splitlines())
        done = {row["type"]: Found(**row) for row in rows}
    for kind in asked.types or types():
        if kind not in done:
            done[kind] = examined_apart(kind, asked.timeout)
            with asked.out.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(asdict(done[kind])) + "\n")
            print("" if done[kind].is_right else "WRONG ", done[kind], sep="", flush=True)
    found = list(done.values())
    print(summary_of(found))
    if asked.table:
        text = asked.table.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN)
        after = rest.split(END)[1]
        write_text(asked.table, f"{before}{BEGIN}\n{summary_of(found)}\n\n{table_of(found)}\n{END}{after}")
    return 0 if all(f.is_right for f in found) else 1


if __name__ == "__main__":
    sys.exit(main())
