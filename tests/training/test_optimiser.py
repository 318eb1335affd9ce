"""Members of a stack step as if they were alone, along orthogonal directions."""

import math

import torch

from bitsperfact.training import Schedule
from bitsperfact.training.networks import member_of
from bitsperfact.training.optimiser import initial_moments, orthogonalised, update

GENERATOR = torch.Generator().manual_seed(0)


def test_singular_values_come_close_to_one_and_vectors_stay():
    matrices = torch.randn(4, 12, 30, generator=GENERATOR)
    values = torch.linalg.svdvals(orthogonalised(matrices))
    assert values.min() > 0.6
    assert values.max() < 1.3
    u, _, vt = torch.linalg.svd(matrices, full_matrices=False)
    turned = u.mT @ orthogonalised(matrices) @ vt.mT
    torch.testing.assert_close(turned, torch.diag_embed(torch.diagonal(turned, dim1=1, dim2=2)), atol=1e-4, rtol=0)


def test_a_member_steps_as_if_alone_and_blocks_as_if_apart():
    parameters = {"w": torch.randn(3, 8, 24, generator=GENERATOR), "b": torch.randn(3, 5, generator=GENERATOR)}
    gradients = {name: torch.randn(value.shape, generator=GENERATOR) for name, value in parameters.items()}
    schedule, matrices = Schedule(), {"w": 3}
    together = {name: value.clone() for name, value in parameters.items()}
    update(together, gradients, initial_moments(together, matrices), matrices, schedule, 0.5)
    for member in range(3):
        alone = {name: value.clone() for name, value in member_of(parameters, member).items()}
        own = member_of(gradients, member)
        update(alone, own, initial_moments(alone, matrices), matrices, schedule, 0.5)
        for name, value in alone.items():
            torch.testing.assert_close(value[0], together[name][member])
        block, of_block = {"w": member_of(parameters, member)["w"][..., 8:16].clone()}, {"w": own["w"][..., 8:16]}
        update(block, of_block, initial_moments(block, {"w": 1}), {"w": 1}, schedule, 0.5)
        torch.testing.assert_close(block["w"][0], together["w"][member][:, 8:16])


def test_adams_first_step_is_the_rate_against_the_gradients_sign():
    parameters = {"b": torch.zeros(1, 6)}
    gradient = torch.tensor([[1.0, -2.0, 3.0, -4.0, 5.0, -6.0]])
    update(parameters, {"b": gradient}, initial_moments(parameters, {}), {}, Schedule(adam_rate=0.1), 1.0)
    torch.testing.assert_close(parameters["b"], -0.1 * gradient.sign())


def test_orthogonal_directions_are_those_of_tiny_gradients_too():
    matrices = torch.randn(2, 12, 30, generator=GENERATOR)
    torch.testing.assert_close(orthogonalised(1e-6 * matrices), orthogonalised(matrices), atol=1e-4, rtol=0)


def test_a_matrixs_first_step_goes_along_its_gradient_by_a_fifth_of_the_rate():
    """U V' of 8 x 24 has root-mean-square 1 / sqrt(24); momentum of one gradient is along that gradient."""
    parameters, gradient = {"w": torch.zeros(1, 8, 24)}, torch.randn(1, 8, 24, generator=GENERATOR)
    schedule = Schedule(learning_rate=0.1)
    update(parameters, {"w": gradient}, initial_moments(parameters, {"w": 1}), {"w": 1}, schedule, 0.5)
    step = -0.5 * 0.1 * 0.2 * math.sqrt(24) * orthogonalised(gradient)
    torch.testing.assert_close(parameters["w"], step)
