"""The seed plane: the search is exact, and two error rates cost little more than they must."""

import itertools

import numpy as np
import pytest

from bitsperfact.testers import TwoSidedTester, _plane_kernels
from bitsperfact.testers.hashing import distinct, hash_claims
from bitsperfact.testers.seed_plane import SeedPlane, find_plane, plane_length
from bitsperfact.theory import two_sided_filter_bits
from tests.testers.claims import keys_and_others, within_binomial


def forgotten(plane: SeedPlane, hashed: np.ndarray) -> int:
    return int((~plane.match(hashed)).sum())


@pytest.mark.parametrize("window", [1, 2, 3, 5])
@pytest.mark.parametrize("density", [0.5, 0.2])
def test_no_plane_forgets_fewer_keys(window, density):
    """Against every one of the 2^length planes."""
    for seed in range(4):
        hashed, length = hash_claims(np.arange(25), seed), 8
        found = find_plane(hashed, length, density, window)
        planes = (np.array([word], np.uint64) for word in range(2 ** (length + window - 1)))
        best = min(forgotten(SeedPlane(p, length, window, found.threshold), hashed) for p in planes)
        assert forgotten(found, hashed) == best


def test_settling_early_costs_nothing():
    """With the usual lag a long plane is as good as with every choice remembered."""
    rng = np.random.default_rng(0)
    positions, keys, window = 4000, 7000, 6
    first_key = np.searchsorted(np.sort(rng.integers(0, positions, keys)), np.arange(positions + 1))
    marks = rng.integers(0, 2**32, keys, dtype=np.uint32)
    planes = [_plane_kernels.best_plane(first_key, marks, np.uint32(2**31), window, lag) for lag in (144, 5000)]
    assert (planes[0] == planes[1]).all()


@pytest.mark.parametrize("density", [0.5, 0.3])
def test_a_wider_window_never_needs_more_memory(density):
    hashed = distinct(hash_claims(np.arange(4_000), 0))
    lost = [forgotten(find_plane(hashed, 3_000, density, window), hashed) for window in (2, 6, 10)]
    assert lost[0] > lost[1] > lost[2]


def test_non_keys_are_admitted_at_the_density():
    hashed = distinct(hash_claims(np.arange(3_000), 0))
    for density in (0.5, 0.29):
        plane = find_plane(hashed, 2_000, density, 8)
        others = hash_claims(np.arange(3_000, 203_000), 0)
        assert within_binomial(int(plane.match(others).sum()), len(others), density)


@pytest.mark.parametrize("fnr", [0.05, 0.3])
def test_the_pilot_finds_the_length(fnr):
    hashed = distinct(hash_claims(np.arange(30_000), 0))
    plane = find_plane(hashed, plane_length(hashed, fnr, 0.5, 10), 0.5, 10)
    assert abs(forgotten(plane, hashed) / len(hashed) - fnr) < 0.01


def test_memory_is_within_three_per_cent_of_the_bound_at_100_000_keys():
    """At fnr .1 and fpr 2^-8, where the bound is 6.73; the best of 2^14 separate seeds per block reached 7 %."""
    keys, others = keys_and_others(100_000, 400_000)
    tester = TwoSidedTester.init(keys, 6.9265, fnr=0.1)
    missed = float((tester.query(keys) == 0).mean())
    assert missed == pytest.approx(tester.fnr, abs=1e-12)
    assert missed == pytest.approx(0.1, abs=0.006)
    assert -np.log2(tester.fpr) == pytest.approx(8, abs=0.06)
    assert within_binomial(int(tester.query(others).sum()), len(others), tester.fpr)
    assert tester.memory_bits / len(keys) / float(two_sided_filter_bits(missed, tester.fpr)) < 1.031


@pytest.mark.parametrize(
    ("bits", "fnr", "most"),
    [
        (0.8, 0.1, 1.15),
        (1.0, 0.02, 1.15),
        (1.0, 0.6, 1.2),
        (2.0, 0.1, 1.1),
        (2.3, 0.02, 1.08),
        (4.3, 0.02, 1.06),
        (6.0, 0.3, 1.08),
        (12.5, 0.1, 1.04),
    ],
)
def test_memory_is_near_the_bound_elsewhere(bits, fnr, most):
    """The more is forgotten, the more of the memory is the plane's, where a search of 2^12 wastes most."""
    keys, others = keys_and_others(20_000, 200_000)
    tester = TwoSidedTester.init(keys, bits, fnr=fnr, window=12)
    assert tester.memory_bits <= bits * len(keys)
    assert tester.fnr == pytest.approx(fnr, abs=0.015)
    assert within_binomial(int(tester.query(others).sum()), len(others), tester.fpr)
    bound = float(two_sided_filter_bits(tester.fnr, tester.fpr))
    assert 1 < tester.memory_bits / len(keys) / bound < most


@pytest.mark.parametrize("n_keys", [300, 2_000])
@pytest.mark.parametrize("bits", [7.0, 15.0, 40.0])
def test_small_sets_work(n_keys, bits):
    keys, others = keys_and_others(n_keys, 100_000)
    tester = TwoSidedTester.init(keys, bits, fnr=0.2, window=8)
    assert tester.memory_bits <= bits * n_keys
    assert tester.fnr < 0.4
    assert within_binomial(int(tester.query(others).sum()), len(others), tester.fpr)


@pytest.mark.parametrize("bits", [1.0, 3.0])
def test_sets_too_small_for_a_plane_are_refused(bits):
    with pytest.raises(ValueError, match="bits_per_key is too low"):
        TwoSidedTester.init(range(60), bits, fnr=0.2)


def test_memory_counts_plane_and_ribbon():
    tester = TwoSidedTester.init(np.arange(5_000), 6.0, window=8)
    assert tester.ribbon is not None
    assert tester.memory_bits == tester.plane.memory_bits + tester.ribbon.memory_bits + 64
    assert tester.plane.memory_bits == 8 * tester.plane.words.nbytes + 72
    assert tester.plane.words.size == -(-(tester.plane.length + tester.plane.window - 1) // 64)


@pytest.mark.parametrize("window", [0, 21, 2.5, True, "14"])
def test_a_window_is_a_small_whole_number(window):
    with pytest.raises(ValueError, match="window"):
        TwoSidedTester.init(range(100), 8, window=window)


@pytest.mark.parametrize("fnr", [0, 1, -0.1, 1.5, float("nan"), "x"])
def test_a_rate_lies_between_0_and_1(fnr):
    with pytest.raises(ValueError, match="fnr"):
        TwoSidedTester.init(range(100), 8, fnr=fnr)


def test_all_planes_of_one_position_are_searched():
    """A plane of a single position is a plain seed: the best of 2^window."""
    hashed = hash_claims(np.arange(9), 1)
    found = find_plane(hashed, 1, 0.5, 4)
    every = [SeedPlane(np.array([w], np.uint64), 1, 4, found.threshold) for w in range(16)]
    assert forgotten(found, hashed) == min(itertools.starmap(forgotten, ((p, hashed) for p in every)))
