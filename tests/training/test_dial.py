"""One dial decides a network's shape, and its parameters are counted exactly."""

import pytest
import torch

from bitsperfact.training.architectures import network_of, shape_of
from bitsperfact.training.architectures.transformer import LAYERS
from bitsperfact.training.facts import Universe
from bitsperfact.training.networks import initial_stack

UNIVERSE = Universe()


@pytest.mark.parametrize("asked", [1200, 2000, 5000, 12_600, 80_000])
@pytest.mark.parametrize(("architecture", "objective"), [("mlp", "membership"), ("transformer", "next-symbol")])
def test_parameters_are_what_was_asked_less_one_unit_at_most(architecture, objective, asked):
    shape = shape_of(architecture, asked, UNIVERSE, objective)
    # One more inner channel would be too many.
    unit = shape.width + 2 if architecture == "mlp" else LAYERS * (2 * shape.width + 1)
    assert asked - unit < shape.parameters <= asked
    held = initial_stack(network_of(shape), [0])
    assert sum(value.numel() for value in held.values()) == shape.parameters


def test_heads_divide_the_width():
    for asked in range(1000, 60_000, 700):
        shape = shape_of("transformer", asked, UNIVERSE, "membership")
        assert shape.width % shape.heads == 0


def test_larger_networks_are_wider():
    widths = [
        shape_of("transformer", asked, UNIVERSE, "membership").width for asked in (1000, 5000, 20_000, 80_000)
    ]
    assert widths == sorted(set(widths))


def test_too_few_parameters_are_refused():
    with pytest.raises(ValueError, match="parameters must be at least"):
        shape_of("mlp", 100, UNIVERSE, "membership")
    with pytest.raises(ValueError, match="architecture: expected one of mlp, transformer, or"):
        shape_of("perceptron", 5000, UNIVERSE, "membership")
    with pytest.raises(ValueError, match="objective next-symbol needs log-likelihoods"):
        shape_of("mlp", 5000, UNIVERSE, "next-symbol")


def test_mlp_computes_its_layers_one_by_one():
    network = network_of(shape_of("mlp", 1500, Universe(4, 3), "membership"))
    parameters = initial_stack(network, [0, 1])
    symbols = torch.randint(4, (2, 30, 3), generator=torch.Generator().manual_seed(0))
    ours = network.logits(parameters, symbols, torch.float32)
    for member in range(2):
        x = torch.nn.functional.one_hot(symbols[member], 4).float().flatten(1)
        for layer in range(3):
            x = x @ parameters[f"layers.{layer}.weight"][member].T + parameters[f"layers.{layer}.bias"][member]
            x = torch.nn.functional.gelu(x) if layer < 2 else x
        torch.testing.assert_close(ours[member], x[:, 0], atol=1e-5, rtol=1e-5)
