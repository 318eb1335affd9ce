"""The `plan` command: the arithmetic, the shapes it takes from a model, and what it says to bad input."""

import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bitsperfact import cli, console, planning
from bitsperfact.errors import BadInput
from bitsperfact.theory import CONSTANTS, capacity_law

#: Two layers each. Llama: 64 x (64, 32, 32, 64) and three of 64 x 128; GPT-2: 64 x (192, 64, 256) and 256 x 64.
TINY = planning.Adapted(matrices=14, parameters_per_rank=2048, parameters=73_728, full_rank=32)
TINY_GPT2 = planning.Adapted(matrices=8, parameters_per_rank=2048, parameters=98_304, full_rank=64)


@pytest.fixture(scope="module")
def shared_cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def cache(monkeypatch, shared_cache):
    monkeypatch.setenv("BITSPERFACT_CACHE", str(shared_cache))


@pytest.fixture
def run(capsys):
    """Run `bitsperfact plan` and return its status and what it printed to either stream."""

    def _run(*arguments):
        status = console.status_of(lambda: cli.app(["plan", *arguments], standalone_mode=False))
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return _run


def test_a_million_facts_at_one_percent():
    plan = planning.plan(1e6, 0.01)
    assert plan.bits_per_fact == pytest.approx(math.log2(100))
    assert plan.x_star == pytest.approx(1 / 1.01)
    assert [s.constant.bits_per_parameter for s in plan.published] == [3.6, 2.0]
    assert [s.parameters for s in plan.published] == pytest.approx([1e6 * math.log2(100) / c for c in (3.6, 2.0)])
    assert all(s.rank is None for s in plan.sizes)
    for size in plan.sizes:
        assert float(capacity_law(size.parameters, 1e6, size.constant.bits_per_parameter).q) == pytest.approx(0.01)


def test_capacities_seen_here_are_those_of_the_published_ladders():
    found, section = {}, ""
    for line in (Path(__file__).parents[1] / "docs" / "ladder-law.md").read_text(encoding="utf-8").splitlines():
        section = line[3:] if line.startswith("## ") else section
        if found_row := re.match(r"\| ([^|]+) \| finished \| ([\d.]+) \(", line):
            found[section, found_row[1]] = float(found_row[2])
    here = [constant.bits_per_parameter for constant in CONSTANTS if not constant.published]
    laws = (("mlp", "log2(1/q)"), ("mlp", "effective bits"), ("transformer", "log2(1/q)"))
    assert here == [found[law] for law in laws]


@pytest.mark.parametrize(("name", "expected"), [("random:tiny", TINY), ("random:tiny-gpt2", TINY_GPT2)])
def test_the_layers_of_a_model_are_counted_without_its_weights(name, expected, monkeypatch):
    from bitsperfact import models

    models.resolve(name)

    def refuse(*_, **__):
        raise AssertionError("weights are loaded")

    monkeypatch.setattr("transformers.PreTrainedModel.from_pretrained", refuse)
    monkeypatch.setattr("safetensors.torch.load_file", refuse)
    assert planning.adapted_layers(name) == expected


def test_ranks_hold_the_facts_and_no_lower_ones_do():
    plan = planning.plan(5000, 0.01, bits_per_parameter=1.0, lora="random:tiny")
    assert plan.sizes[0].constant.bits_per_parameter == 1.0
    for size in plan.sizes:
        assert (size.rank - 1) * 2048 < size.parameters <= size.rank * 2048


def test_where_no_rank_suffices_it_says_so(run):
    status, out, _ = run("--facts", "1e6", "--hallucination", "0.01", "--lora", "random:tiny")
    assert status == 0
    assert "none: these layers have only 73.7k parameters themselves" in out
    assert all(s.rank is None for s in planning.plan(1e6, 0.01, lora="random:tiny").sizes)


def test_ranks_beyond_the_smallest_layer_are_pointed_out(run):
    _, out, _ = run("--facts", "20000", "--hallucination", "0.01", "--lora", "random:tiny")
    assert "beyond 32 the smallest layer is no longer low-rank" in out


def test_what_it_prints(run):
    status, out, _ = run("--facts", "1e6", "--hallucination", "0.01", "--bits-per-parameter", "1.5")
    lines = [line.split(None, 2) for line in out.splitlines()]
    assert status == 0
    assert out.startswith("1,000,000 facts, 0.01 of non-facts accepted, no fact refused\n")
    assert "bits per fact       6.644, 6.64M bits in all\n" in out
    assert "parameters          1.85M to 3.32M, at the published 3.6 to 2 bits per parameter\n" in out
    assert ["1.5", "4.43M", "--bits-per-parameter: as given"] in lines
    assert "rank" not in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--facts", "0", "--hallucination", "0.1"], "--facts: expected a number of at least 1, got 0"),
        (["--facts", "nan", "--hallucination", "0.1"], "--facts: expected a number of at least 1, got nan"),
        (["--facts", "inf", "--hallucination", "0.1"], "--facts: expected a number of at least 1, got inf"),
        (["--facts", "5", "--hallucination", "1"], "--hallucination: expected a rate between 0 and 1, got 1"),
        (
            ["--facts", "5", "--hallucination", "0.1", "--bits-per-parameter", "-2"],
            "--bits-per-parameter: expected a number above 0, got -2",
        ),
        (["--facts", "many", "--hallucination", "0.1"], "--facts"),
        (["--facts", "5"], "--hallucination"),
        (["--facts", "5", "--hallucination", "0.1", "--lora", "random:huge"], "random:huge"),
    ],
)
def test_bad_input_is_one_line_and_status_2(run, arguments, message):
    status, out, err = run(*arguments)
    assert status == 2
    assert out == ""
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1


def test_a_config_that_builds_nothing(tmp_path, monkeypatch):
    from bitsperfact import models

    (tmp_path / "config.json").write_text('{"model_type": "llama", "hidden_size": "wide"}')
    monkeypatch.setattr(models, "resolve_config", lambda name: tmp_path)
    with pytest.raises(BadInput, match=r"config.json: expected a config that transformers can build"):
        planning.adapted_layers("broken")


def test_help_imports_no_numbers():
    code = "import sys; from bitsperfact import cli; sys.exit('numpy' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("count", "written"),
    [
        (999, "999"),
        (999.6, "1k"),
        (999_499, "999k"),
        (999.5, "1k"),
        (999_500, "1M"),
        (999_600, "1M"),
        (1_000_000, "1M"),
        (2e15, "2,000T"),
        (12, "12"),
    ],
)
def test_counts_of_every_size_are_read_at_a_glance(count, written):
    assert planning._short(count) == written
