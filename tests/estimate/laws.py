"""Pairs of score laws, each a rival of the channel, in log-odds."""

import numpy as np


def _either(rng, chance, first, second):
    return np.where(rng.random(first.size) < chance, first, second)


def smooth(rng, n, N):
    return rng.logistic(1.5, 1, n), rng.logistic(0, 1, N)


def normal(rng, n, N):
    return rng.normal(1, 1, n), rng.normal(0, 1.2, N)


def equal(rng, n, N):
    return rng.logistic(0, 1, n), rng.logistic(0, 1, N)


def channel(rng, n, N, q=1 / 16):
    return rng.logistic(8, 1, n), _either(rng, q, rng.logistic(8, 1, N), rng.logistic(-8, 0.7, N))


def atoms(rng, n, N, q=1 / 16):
    return np.full(n, 4.2), _either(rng, q, np.full(N, 4.2), np.full(N, -1.0))


def forgetting(rng, n, N, q=1 / 16, f=0.15):
    facts = _either(rng, f, rng.logistic(-8, 0.7, n), rng.logistic(8, 1, n))
    return facts, channel(rng, 1, N, q)[1]


def abstaining(rng, n, N, q=1 / 16, a=0.15, c=0.25):
    facts = _either(rng, a, rng.logistic(0, 0.5, n), rng.logistic(8, 1, n))
    return facts, _either(rng, c, rng.logistic(0, 0.5, N), channel(rng, 1, N, q)[1])
