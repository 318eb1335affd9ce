"""How a cluster is shared out: whole processors and GPUs, evenly, and no worker over two nodes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitsperfact.errors import BadInput
from bitsperfact.execution import Needs
from bitsperfact.execution.cluster import share

GB = 10**9
LAPTOP = {"CPU": 8.0, "memory": 16.0 * GB}
SERVER = {"CPU": 64.0, "GPU": 8.0, "memory": 512.0 * GB}


@pytest.mark.parametrize(("workers", "cpus"), [(1, 8), (2, 4), (3, 2), (8, 1), (9, 1)])
def test_processors_are_shared_evenly(workers, cpus):
    assert share([LAPTOP], workers, Needs(GB)) == {"num_cpus": cpus, "num_gpus": 0, "memory": GB}


@pytest.mark.parametrize(("workers", "gpus"), [(1, 8), (2, 8), (3, 4), (5, 2), (16, 1), (100, 1)])
def test_few_workers_get_several_gpus_of_one_node(workers, gpus):
    found = share([SERVER, SERVER, LAPTOP], workers, Needs(GB, "where there is one"))
    assert found["num_gpus"] == gpus


def test_gpus_are_used_only_where_they_are_asked_for_and_there():
    assert share([LAPTOP], 1, Needs(GB, "where there is one"))["num_gpus"] == 0
    assert share([SERVER], 1, Needs(GB, "never"))["num_gpus"] == 0
    with pytest.raises(BadInput, match=r"a node with a GPU, a processor and 1 GB .* got 0 nodes with a GPU"):
        share([LAPTOP], 1, Needs(GB, "always"))


def test_a_model_that_no_node_holds_is_refused_before_anything_runs():
    with pytest.raises(BadInput, match=r"20 GB of memory for each worker, got 1 nodes, the largest with 16 GB"):
        share([LAPTOP], 1, Needs(20 * GB))
    assert share([LAPTOP, SERVER], 4, Needs(20 * GB))["num_cpus"] == 16


@given(cpus=st.lists(st.integers(1, 128), min_size=1, max_size=6), workers=st.integers(1, 40))
def test_the_share_is_the_largest_that_fits_every_worker(cpus, workers):
    each = share([{"CPU": float(n), "memory": math.inf} for n in cpus], workers, Needs())["num_cpus"]

    def room(size):
        return sum(n // size for n in cpus)

    assert each == max([1] + [size for size in range(1, 129) if room(size) >= workers])
