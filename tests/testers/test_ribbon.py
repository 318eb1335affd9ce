"""The ribbon: no key is ever missed, and what it costs above the bound."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitsperfact.testers import RibbonTester, _ribbon_kernels, ribbon
from bitsperfact.testers.hashing import distinct, hash_claims
from bitsperfact.testers.ribbon import bits_per_column, build_ribbon
from tests.testers.claims import keys_and_others, within_binomial


def rank_over_gf2(equations: list[int]) -> int:
    """Slow reference: Gaussian elimination on whole numbers."""
    leads: dict[int, int] = {}
    for row in equations:
        while row and (lead := row & -row) in leads:
            row ^= leads[lead]
        if row:
            leads[lead] = row
    return len(leads)


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(-(2**63), 2**63 - 1), min_size=60, max_size=200), st.floats(6, 20), st.integers(0, 99))
def test_every_key_matches(keys, bits_per_key, seed):
    tester = RibbonTester.init(keys, bits_per_key, seed)
    assert (tester.query(keys) == 1).all()
    assert tester.memory_bits <= bits_per_key * len(keys)


@pytest.mark.parametrize("bits", [1.7, 2.04, 4.5, 8.1, 12.2])
@pytest.mark.parametrize("n_keys", [700, 5_000, 60_000])
def test_non_keys_match_as_often_as_the_design_says(n_keys, bits):
    keys, others = keys_and_others(n_keys, 400_000)
    tester = RibbonTester.init(keys, bits, seed=7)
    assert tester.query(keys).all()
    assert within_binomial(int(tester.query(others).sum()), len(others), tester.fpr)


def test_memory_is_within_five_per_cent_of_the_bound_at_100_000_keys():
    keys, others = keys_and_others(100_000, 1_000_000)
    for bits, most in ((8.12, 1.02), (16.2, 1.02), (4.06, 1.02), (7.6, 1.03)):
        tester = RibbonTester.init(keys, bits)
        assert tester.memory_bits / len(keys) / -np.log2(tester.fpr) < most
        assert within_binomial(int(tester.query(others).sum()), len(others), tester.fpr)


def test_memory_is_all_that_the_answers_depend_on():
    keys, _ = keys_and_others(3_000, 1)
    table = RibbonTester.init(keys, 9.0).ribbon
    assert table.memory_bits == 8 * table.words.nbytes + 160
    assert table.words.size == table.blocks * table.columns + table.wide_blocks


@pytest.mark.parametrize("band", [64, 128, 256, 512])
def test_elimination_keeps_the_equations(band):
    """The echelon form has the rank of the system, and a solution of it solves every equation."""
    rng = np.random.default_rng(band)
    n_keys, blocks = 300, 16
    second = rng.integers(0, 2**64, n_keys, dtype=np.uint64)
    starts = np.sort(rng.integers(0, 64 * blocks - band + 1, n_keys))
    fingerprints = rng.integers(0, 2**64, n_keys, dtype=np.uint64)
    rows, sides = np.zeros((64 * blocks, band // 64), np.uint64), np.zeros(64 * blocks, np.uint64)
    assert _ribbon_kernels.eliminate(second, starts, fingerprints, rows, sides)

    equations = []
    row = np.zeros(band // 64, np.uint64)
    for i in range(n_keys):
        _ribbon_kernels.fill_coefficients(second[i], row)
        equations.append(sum(int(word) << (64 * k) for k, word in enumerate(row)) << int(starts[i]))
    assert int((rows[:, 0] != 0).sum()) == rank_over_gf2(equations) == n_keys

    columns, wide = 5, 9
    table = _ribbon_kernels.solve(rows, sides, columns, wide)
    for column in range(columns):
        words = [int(table[b * columns + min(b, wide) + column]) for b in range(blocks)]
        solution = sum(word << (64 * b) for b, word in enumerate(words))
        holds = [
            (e & solution).bit_count() % 2 == int(f) >> column & 1
            for e, f in zip(equations, fingerprints, strict=True)
        ]
        assert all(holds)
    assert _ribbon_kernels.match(second, starts, fingerprints, table, band // 64, columns, wide).all()


def test_a_contradiction_is_found():
    rows, sides = np.zeros((64, 1), np.uint64), np.zeros(64, np.uint64)
    same, starts = np.array([5, 5], np.uint64), np.zeros(2, np.int64)
    assert not _ribbon_kernels.eliminate(same, starts, np.array([1, 2], np.uint64), rows, sides)
    rows[:], sides[:] = 0, 0
    assert _ribbon_kernels.eliminate(same, starts, np.array([1, 1], np.uint64), rows, sides)


def test_a_table_that_is_too_full_is_loosened(monkeypatch):
    """With less slack than equations need, the first attempts contradict themselves, and a later one is right."""
    monkeypatch.setattr(ribbon, "_SLACKS", {64: 0.001})
    hashed = distinct(hash_claims(np.arange(20_000), 0))
    built = build_ribbon(hashed, 8.0 * len(hashed), seed=0)
    assert built.salt != 0
    assert 64 * built.blocks > bits_per_column(len(hashed))
    assert built.match(hashed).all()


def test_a_tight_ribbon_holds_the_same_keys_in_fewer_slots():
    hashed = distinct(hash_claims(np.arange(30_000), 0))
    tight, plain = (build_ribbon(hashed, 8.2 * len(hashed), 0, tight=t) for t in (True, False))
    assert tight.match(hashed).all()
    assert tight.blocks < plain.blocks
    assert tight.fpr < plain.fpr


def test_columns_end_at_the_fingerprint():
    tester = RibbonTester.init(np.arange(1000), 200.0)
    assert tester.ribbon.columns == 63
    assert tester.query(np.arange(1000)).all()
    assert not tester.query(np.arange(1000, 100_000)).any()


def test_a_budget_below_one_bit_still_tells_something():
    keys, others = keys_and_others(20_000, 100_000)
    tester = RibbonTester.init(keys, 0.5)
    assert tester.query(keys).all()
    assert 0.7 < tester.fpr < 0.8
    assert within_binomial(int(tester.query(others).sum()), len(others), tester.fpr)
