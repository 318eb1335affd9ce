"""The stacked transformer is the one that `transformers` computes."""

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

from bitsperfact.training.architectures import network_of, save_network, shape_of
from bitsperfact.training.facts import Universe
from bitsperfact.training.networks import initial_stack, member_of

UNIVERSE = Universe(alphabet=6, length=5)


def stack(objective, members=3):
    network = network_of(shape_of("transformer", 9000, UNIVERSE, objective))
    parameters = initial_stack(network, list(range(members)))
    generator = torch.Generator().manual_seed(1)
    # Norms and biases away from 1 and 0, so that one that is forgotten shows.
    moved = {
        name: value + 0.3 * torch.randn(value.shape, generator=generator) for name, value in parameters.items()
    }
    symbols = torch.randint(6, (members, 20, 5), generator=generator)
    return network, moved, symbols


@pytest.mark.parametrize("objective", ["membership", "next-symbol"])
def test_parameters_are_counted_as_transformers_counts_them(objective, tmp_path):
    network, parameters, _ = stack(objective)
    assert sum(value[0].numel() for value in parameters.values()) == network.shape.parameters
    save_network(network.shape, member_of(parameters, 0), tmp_path)
    opened = {"membership": AutoModelForSequenceClassification, "next-symbol": AutoModelForCausalLM}[objective]
    model = opened.from_pretrained(tmp_path)
    assert model.num_parameters() == network.shape.parameters
    assert (tmp_path / "model.safetensors").is_file()


def test_a_saved_classifier_has_the_same_logits(tmp_path):
    network, parameters, symbols = stack("membership")
    ours = network.logits(parameters, symbols, torch.float32)
    for member in range(3):
        save_network(network.shape, member_of(parameters, member), tmp_path / str(member))
        model = AutoModelForSequenceClassification.from_pretrained(tmp_path / str(member)).eval()
        with torch.no_grad():
            theirs = model(input_ids=symbols[member]).logits[:, 0]
        np.testing.assert_allclose(ours[member], theirs, atol=1e-5)


def test_a_saved_generator_has_the_same_likelihoods(tmp_path):
    network, parameters, symbols = stack("next-symbol")
    ours = network.log_likelihood(parameters, symbols, torch.float32)
    for member in range(3):
        save_network(network.shape, member_of(parameters, member), tmp_path / str(member))
        model = AutoModelForCausalLM.from_pretrained(tmp_path / str(member)).eval()
        tokenizer = AutoTokenizer.from_pretrained(tmp_path / str(member))
        text = UNIVERSE.texts(UNIVERSE.numbers(symbols[member].numpy()))
        ids = torch.tensor(tokenizer(text)["input_ids"])
        with torch.no_grad():
            logp = model(input_ids=ids[:, :-1]).logits.log_softmax(-1)
        theirs = logp.gather(-1, ids[:, 1:, None])[..., 0]
        np.testing.assert_allclose(ours[member], theirs, atol=1e-5)


def test_members_do_not_touch_each_other():
    network, parameters, symbols = stack("membership")
    together = network.logits(parameters, symbols, torch.float32)
    for member in range(3):
        alone = network.logits(member_of(parameters, member), symbols[member : member + 1], torch.float32)
        np.testing.assert_allclose(together[member], alone[0], atol=1e-5)
