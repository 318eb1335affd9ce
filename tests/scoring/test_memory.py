"""Memory that runs out: the same numbers from smaller passes, or one clear refusal."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bitsperfact.errors import BadInput
from bitsperfact.scoring.engine import memory, strategies
from bitsperfact.scoring.engine.inference import last_hidden_states, logprob_sums
from bitsperfact.scoring.engine.memory import peak_memory_mib
from bitsperfact.scoring.tokens import TokenizedRequest
from tests.networks import CONFIGS, tiny_model

OUT_OF_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    MemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory"),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 4096 bytes."),
]


def requests(n: int = 60) -> list[TokenizedRequest]:
    """A common beginning, a branching middle and ends of several tokens: paths reach from pack to pack."""
    rng = np.random.default_rng(0)
    rows = [[*range(3, 23), *rng.integers(10, 13, rng.integers(2, 9))] for _ in range(n)]
    return [TokenizedRequest(tuple(map(int, row)), 20, 0, boundary_ok=True) for row in rows]


def with_room_for(loaded, n_tokens: int, error: Exception):
    """Let a pass over more tokens fail half-way, in its second layer; returns the sizes of those that passed."""
    passed = []

    def check(_, args, kwargs):
        states = args[0] if args else kwargs["hidden_states"]
        n = states.shape[:-1].numel()
        if n > n_tokens:
            raise error
        passed.append(n)

    layers = next(m for m in loaded.model.modules() if isinstance(m, torch.nn.ModuleList))
    layers[1].register_forward_pre_hook(check, with_kwargs=True)
    return passed


@pytest.mark.parametrize("architecture", CONFIGS)
def test_a_pack_that_does_not_fit_is_halved_and_no_number_changes(architecture):
    asked = requests()
    calm = tiny_model(architecture)
    expected = logprob_sums(calm, asked)
    texts = list({r.ids for r in asked})
    states = last_hidden_states(calm, texts, 0.5)
    loaded = tiny_model(architecture)
    strategies.strategy_for(loaded, requests())
    passed = with_room_for(loaded, 19, OUT_OF_MEMORY[0])
    with pytest.warns(UserWarning, match="memory ran out at .* tokens at once; going on with"):
        found = logprob_sums(loaded, asked, 200)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert max(passed) <= 19
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what did not fit once is not tried again
        np.testing.assert_allclose(last_hidden_states(loaded, texts, 0.5), states, atol=1e-5)


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=lambda e: type(e).__name__)
def test_rows_that_do_not_fit_are_halved_whatever_says_so(error):
    asked = requests()
    expected = logprob_sums(tiny_model(), asked)
    loaded = tiny_model()
    strategies._strategies[loaded.model] = strategies.padded_rows
    passed = with_room_for(loaded, 64, error)
    texts = list({r.ids for r in asked})
    with pytest.warns(UserWarning, match="memory ran out"):
        found = logprob_sums(loaded, asked)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert max(passed) <= 64
    np.testing.assert_allclose(
        last_hidden_states(loaded, texts, 1.0), last_hidden_states(tiny_model(), texts, 1.0), atol=1e-5
    )


def test_what_is_done_before_memory_runs_out_is_not_done_again():
    asked = requests()
    loaded = tiny_model()
    strategies.strategy_for(loaded, requests())
    n_passed = []

    def fail_once(_, args, __):
        n_passed.append(args[0].shape[1])
        if len(n_passed) == 4:
            raise MemoryError

    next(iter(loaded.model.model.layers)).register_forward_pre_hook(fail_once, with_kwargs=True)
    with pytest.warns(UserWarning, match="memory ran out"):
        found = logprob_sums(loaded, asked, 40)
    failed = n_passed.pop(3)
    n_nodes = len({r.ids[:k] for r in asked for k in range(1, len(r.ids))})
    assert sum(n_passed) == n_nodes
    assert max(n_passed[3:]) <= failed // 2
    np.testing.assert_allclose(found, logprob_sums(tiny_model(), asked), atol=1e-4)


@pytest.mark.parametrize("way", [strategies.trie_and_tiles, strategies.padded_rows])
def test_a_model_that_leaves_no_room_for_one_claim_is_refused_in_one_line(way):
    loaded = tiny_model()
    strategies._strategies[loaded.model] = way
    with_room_for(loaded, 0, OUT_OF_MEMORY[0])
    with (
        pytest.warns(UserWarning, match="memory ran out"),
        pytest.raises(BadInput, match=r"random:llama: expected memory for one claim.*CUDA out of memory"),
    ):
        logprob_sums(loaded, requests())


def test_a_model_without_room_is_refused_when_it_is_tried_too():
    loaded = tiny_model()
    with_room_for(loaded, 0, MemoryError())
    with pytest.warns(UserWarning, match="memory ran out"), pytest.raises(BadInput, match="memory for one claim"):
        logprob_sums(loaded, requests())


def test_other_errors_are_not_taken_for_lack_of_memory():
    loaded = tiny_model()
    strategies.strategy_for(loaded, requests())
    with_room_for(loaded, 0, RuntimeError("shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        logprob_sums(loaded, requests())


def test_the_automatic_budget_grows_with_free_memory_up_to_what_is_worth_it(monkeypatch):
    loaded = tiny_model()
    budgets = []
    for free in (0, 10**5, 10**6, 10**7, 10**12):
        monkeypatch.setattr(memory, "free_bytes", lambda _, free=free: free)
        budgets.append(memory.auto_batch_tokens(loaded, 30))
        used = budgets[-1] * memory.bytes_per_token(loaded.model, 30)
        assert budgets[-1] == 1 or used <= memory.SHARE * free
    assert budgets == sorted(budgets)
    assert budgets[0] == 1
    assert budgets[-1] == memory.MOST_TOKENS["cpu"]


def test_free_memory_is_the_least_of_what_machine_group_and_process_may_have(monkeypatch, tmp_path):
    cpu = torch.device("cpu")
    machine = SimpleNamespace(available=1000)
    monkeypatch.setattr(memory.psutil, "virtual_memory", lambda: machine)
    monkeypatch.setattr(memory, "_address_space_left", lambda: 10**9)
    limit, used = tmp_path / "limit", tmp_path / "used"
    used.write_text("300\n")
    monkeypatch.setattr(memory, "CONTROL_GROUPS", ((str(limit), str(used)),))
    assert memory.free_bytes(cpu) == 1000
    limit.write_text("max\n")
    assert memory.free_bytes(cpu) == 1000
    limit.write_text("900\n")
    assert memory.free_bytes(cpu) == 600
    monkeypatch.setattr(memory, "_address_space_left", lambda: 77)
    assert memory.free_bytes(cpu) == 77


def test_the_peak_is_at_least_what_was_held():
    before = peak_memory_mib()["process"]
    held = torch.ones(2**26)  # 256 MiB
    assert peak_memory_mib()["process"] >= max(before, held.numel() * held.itemsize / 2**20)
