"""How fast cells train, as a share of what the machine multiplies, beside a plain loop over the same cells.

    python scripts/bench_ladder.py [--arch mlp] [--params 12600] [--facts 6300] [--members 4] [--steps 30]

One row per way to train the same cells with the same batch: as one stack, eager and compiled, in float32 and
bfloat16; and one network after the other as `torch.nn` modules with `torch.optim.AdamW` (MLP). Examples per second
of processor time, all members counted; the rate of useful arithmetic (6 per parameter and symbol read); its share
of the peak, which is the best product of matrices of that type in the same run: of 1024 x 1024 ones, and of the
stack's own shapes. One thread. Compilation is not timed.
"""

import argparse
import itertools
import time
from functools import partial

import torch
from torch.nn import functional

from bitsperfact.training import Stack, Universe, ladder, schedule_for
from bitsperfact.training.architectures import ARCHITECTURES, architecture_of, network_of
from bitsperfact.training.loop import loss_of
from bitsperfact.training.networks import initial_stack
from bitsperfact.training.optimiser import initial_moments, update

WIDTHS = "{:34} {:>12} {:>9} {:>12} {:>13}"


def main() -> None:
    """Measure the peaks, then every way."""
    asked = arguments()
    torch.set_num_threads(1)
    cells = tuple(
        ladder(
            asked.arch, "membership", Universe(), [asked.params], [asked.facts], asked.members, per_fact=(0, 1e9)
        )
    )
    shape, schedule = cells[0].shape, schedule_for(asked.arch)
    reads = architecture_of(asked.arch).reads(shape)
    per_step = 6 * shape.parameters * reads * schedule.batch * len(cells)
    print(f"{len(cells)} x {asked.arch}, P = {shape.parameters}, batch {schedule.batch}")
    print(WIDTHS.format("way", "examples/s", "GFLOP/s", "of 1024^3", "of own shapes"))
    for dtype in (torch.float32, torch.bfloat16):
        peaks = square_peak(dtype), stack_peak(len(cells), schedule.batch * reads, shape.width, dtype)
        print(f"{str(dtype).removeprefix('torch.')} peak: {peaks[0]:.0f} and {peaks[1]:.0f} GFLOP/s")
        for compiled in (False, True):
            step = stack_step(cells, schedule, dtype, compiled)
            name = f"stack, {'compiled' if compiled else 'eager'}"
            print(row(name, step, asked.steps, per_step, schedule.batch * len(cells), peaks), flush=True)
        if asked.arch == "mlp":
            step = plain_step(cells, schedule, dtype)
            print(row("plain loop, AdamW", step, asked.steps, per_step, schedule.batch * len(cells), peaks))


def row(name, step, steps, per_step, examples, peaks) -> str:  # noqa: ANN001
    """One line of the table."""
    step()
    step()
    start = time.process_time()
    for _ in range(steps):
        step()
    seconds = (time.process_time() - start) / steps
    rate = per_step / seconds / 1e9
    shares = [f"{100 * rate / peak:.0f} %" for peak in peaks]
    return WIDTHS.format(name, f"{examples / seconds:,.0f}", f"{rate:.1f}", *shares)


def stack_step(cells, schedule, dtype, compiled):  # noqa: ANN001, ANN201
    """A step of the stack, drawing and optimiser included."""
    network, objective = network_of(cells[0].shape), loss_of(Stack(cells, schedule))
    parameters = initial_stack(network, list(range(len(cells))))
    moments, generator = initial_moments(parameters, network.matrices()), torch.Generator().manual_seed(0)
    for value in parameters.values():
        value.requires_grad_()

    def loss(parameters, symbols):  # noqa: ANN001, ANN202
        return objective.of(network, parameters, symbols, dtype).sum()

    fused = torch.compile(loss, dynamic=False) if compiled else loss

    def step() -> None:
        total = fused(parameters, objective.draw(generator))
        gradients = torch.autograd.grad(total, list(parameters.values()))
        named = dict(zip(parameters, gradients, strict=True))
        update(parameters, named, moments, network.matrices(), schedule, 1.0)

    return step


def plain_step(cells, schedule, dtype):  # noqa: ANN001, ANN201
    """A step of every cell, one after the other, as one would write it first."""
    shape = cells[0].shape
    objectives = [loss_of(Stack((cell,), schedule)) for cell in cells]
    sizes = [shape.alphabet * shape.length, *[shape.width] * (shape.layers - 1), shape.inner, 1]
    networks = []
    for _ in cells:
        layers = [torch.nn.Linear(a, b) for a, b in itertools.pairwise(sizes)]
        parts = [part for layer in layers for part in (layer, torch.nn.GELU())][:-1]
        networks.append(torch.nn.Sequential(*parts))
    optimisers = [torch.optim.AdamW(network.parameters(), lr=1e-3) for network in networks]
    generator = torch.Generator().manual_seed(0)
    n_facts = Stack(cells, schedule).facts_per_step
    labels = torch.cat([torch.ones(n_facts), torch.zeros(schedule.batch - n_facts)])

    def step() -> None:
        for objective, network, optimiser in zip(objectives, networks, optimisers, strict=True):
            symbols = objective.draw(generator)[0]
            with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
                logits = network(functional.one_hot(symbols, shape.alphabet).float().flatten(1))[:, 0]
            functional.binary_cross_entropy_with_logits(logits.float(), labels).backward()
            optimiser.step()
            optimiser.zero_grad()

    return step


def square_peak(dtype: torch.dtype) -> float:
    """GFLOP/s of the best of several products of 1024 x 1024 matrices."""
    a, b = (torch.randn(1024, 1024, dtype=dtype) for _ in range(2))
    return 2 * 1024**3 / best(partial(torch.mm, a, b)) / 1e9


def stack_peak(members: int, rows: int, width: int, dtype: torch.dtype) -> float:
    """GFLOP/s of the best of several batched products as wide as the stack's networks."""
    a, b = torch.randn(members, rows, width, dtype=dtype), torch.randn(members, width, width, dtype=dtype)
    return 2 * members * rows * width**2 / best(partial(torch.bmm, a, b)) / 1e9


def best(work) -> float:  # noqa: ANN001
    """Least seconds of processor time of ten calls."""
    times = []
    for _ in range(10):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", choices=ARCHITECTURES.names(), default="mlp")
    parser.add_argument("--params", type=int, default=12_600)
    parser.add_argument("--facts", type=int, default=6300)
    parser.add_argument("--members", type=int, default=4)
    parser.add_argument("--steps", type=int, default=30)
    return parser.parse_args()


if __name__ == "__main__":
    main()
