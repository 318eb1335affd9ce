"""Training to a stated plateau, that a kill at any moment does not change."""

import itertools
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import torch

from bitsperfact.training import (
    LadderStore,
    Schedule,
    Universe,
    ladder,
    loop,
    stacks_of,
    train_all,
)
from bitsperfact.training.loop import train
from bitsperfact.training.plateau import Horizon, gains, is_finished

UNIVERSE = Universe(alphabet=4, length=6)
SCHEDULE = Schedule(exposures=2, least_steps=24, batch=64, nonfacts=5000)


def stack(schedule=SCHEDULE, objective="membership", architecture="transformer", n=60):
    cells = ladder(architecture, objective, UNIVERSE, [1200], [n], seeds=2, per_fact=(0.0, 100.0))
    return stacks_of(cells, schedule)[0]


class Killed(Exception):
    """Stands for a kill."""


def test_horizons_double_up_to_the_exposures():
    horizons = stack(Schedule(exposures=1000, first=0.25, batch=128)).horizons
    assert horizons[-1] == max(3000, round(1000 * 60 / 32))
    assert len(horizons) == 3
    for early, late in itertools.pairwise(horizons):
        assert late // 2 == early


def test_the_plateau_is_a_small_last_gain():
    history = [Horizon(10, (2.0, 4.0), (0, 0)), Horizon(20, (2.05, 5.0), (0, 0))]
    assert gains(history) == pytest.approx([0.05 / 2.05, 0.2])
    assert is_finished(history, 0.25)
    assert not is_finished(history, 0.05)
    assert not is_finished(history[:1], 0.05)


def test_stacks_hold_cells_of_one_shape_and_load():
    cells = [
        cell
        for objective in ("membership", "next-symbol")
        for cell in ladder("transformer", objective, UNIVERSE, [900, 1200], [60, 90], 2, per_fact=(0.0, 100.0))
    ]
    stacks = stacks_of(cells, SCHEDULE)
    assert sorted(cell.name for each in stacks for cell in each.cells) == sorted(cell.name for cell in cells)
    assert len({each.id for each in stacks}) == len(stacks) == 8
    for each in stacks:
        assert len({(cell.shape, cell.n_facts) for cell in each.cells}) == 1


@pytest.mark.parametrize("killed_at", [3, 8, 20])
def test_interrupted_training_ends_where_uninterrupted_does(tmp_path, monkeypatch, killed_at):
    monkeypatch.setattr(loop, "CHECKPOINT_S", 0.0)
    whole = train(stack(), tmp_path / "whole.pt")
    done = 0

    def kill(steps):
        nonlocal done
        done += steps
        if done == killed_at:
            raise Killed

    with pytest.raises(Killed):
        train(stack(), tmp_path / "cut.pt", kill)
    resumed = train(stack(), tmp_path / "cut.pt")
    assert resumed.horizons == whole.horizons
    for name, value in whole.parameters.items():
        assert torch.equal(value, resumed.parameters[name])


@pytest.mark.parametrize("objective", ["membership", "next-symbol"])
def test_a_network_with_room_stores_its_facts(tmp_path, objective):
    few = stack(Schedule(exposures=2, least_steps=200, batch=64, learning_rate=0.02, first=1.0), objective, n=20)
    state = train(few, tmp_path / "x.pt")
    # Of 12 bits that tell a string from all others; without memory there are none.
    assert min(state.horizons[-1].bits) > 3


def test_results_are_whole_and_made_once(tmp_path):
    stacks = [stack(), stack(architecture="mlp")]
    train_all(stacks, tmp_path, progress=False)
    store = LadderStore(tmp_path)
    records = store.records(stacks)
    assert records["model"].is_unique
    assert set(store.scores(stacks[0])["stratum"]) >= {"fact", "fresh", "near-1", "shuffled", "untrained-fact"}
    assert not store.checkpoint_path(stacks[0]).exists()
    before = store.record_path(stacks[0]).stat().st_mtime_ns
    train_all(stacks, tmp_path, progress=False)
    assert store.record_path(stacks[0]).stat().st_mtime_ns == before


SCRIPT = """
import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1])
from test_training import loop, stack, train_all
loop.CHECKPOINT_S = 0.0
train_all([stack()], Path(sys.argv[2]), progress=False)
"""


def test_kill_9_leaves_what_the_next_run_needs(tmp_path):
    here, cut = str(Path(__file__).parent), tmp_path / "cut"
    checkpoint = LadderStore(cut).checkpoint_path(stack())
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, here, str(cut)])
    while process.poll() is None and not checkpoint.exists():
        time.sleep(0.005)
    time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    train_all([stack()], cut, progress=False)
    train_all([stack()], tmp_path / "whole", progress=False)
    one, other = (LadderStore(folder) for folder in (cut, tmp_path / "whole"))
    pd.testing.assert_frame_equal(one.scores(stack()), other.scores(stack()))
    kept = [c for c in one.records([stack()]).columns if c not in ("seconds", "examples_per_second")]
    pd.testing.assert_frame_equal(one.records([stack()])[kept], other.records([stack()])[kept])
