"""How large a model must be to know so many facts and hallucinate no more than so often."""

from dataclasses import dataclass
from math import isfinite
from typing import Any

from bitsperfact.errors import BadInput
from bitsperfact.theory import (
    CONSTANTS,
    Constant,
    budget_optimum,
    lora_rank_needed,
    parameters_needed,
    published_constants,
    two_sided_filter_bits,
)


@dataclass(frozen=True)
class Adapted:
    """The matrices that LoRA adapts in a model: every linear layer but the output head.

    `matrices`: how many; `parameters_per_rank`: sum of in + out over them; `parameters`: sum of in * out;
    `full_rank`: the rank at which the smallest of them is no longer low-rank.
    """

    matrices: int
    parameters_per_rank: int
    parameters: int
    full_rank: int


@dataclass(frozen=True)
class Size:
    """What one capacity asks for: trainable parameters, and the least LoRA rank (None: no model, or none
    suffices)."""

    constant: Constant
    parameters: float
    rank: int | None


@dataclass(frozen=True)
class Plan:
    """`bits_per_fact`: log2(1 / hallucination); `x_star`: confidence (1) that loses least at equal weights.

    `sizes`: one for each capacity, the user's own first; `published`: those of the published capacities, smallest
    first: the honest range.
    """

    facts: float
    hallucination: float
    bits_per_fact: float
    x_star: float
    sizes: tuple[Size, ...]
    published: tuple[Size, ...]
    adapted: Adapted | None


def plan(
    facts: float, hallucination: float, *, bits_per_parameter: float | None = None, lora: str | None = None
) -> Plan:
    """Return sizes for `facts` facts at a share `hallucination` of non-facts accepted and no fact refused.

    The memory is log2(1 / hallucination) bits per fact (Guo & Li 2026, arXiv 2602.00906); the capacities that turn
    it into parameters are those of `bitsperfact.theory.CONSTANTS` and, if given, `bits_per_parameter`. `lora`
    names a model whose linear layers are to be adapted. Raises BadInput where an argument cannot be meant, or for
    a model that cannot be opened.
    """
    _check("--facts", "a number of at least 1", facts, facts >= 1)
    _check("--hallucination", "a rate between 0 and 1", hallucination, 0 < hallucination < 1)
    adapted = adapted_layers(lora) if lora is not None else None
    constants: tuple[Constant, ...] = CONSTANTS
    if bits_per_parameter is not None:
        _check("--bits-per-parameter", "a number above 0", bits_per_parameter, bits_per_parameter > 0)
        constants = (Constant(bits_per_parameter, "as given", "--bits-per-parameter", published=False), *constants)
    sizes = {constant: _size(facts, hallucination, constant, adapted) for constant in constants}
    bits = float(two_sided_filter_bits(0.0, hallucination))
    return Plan(
        facts=facts,
        hallucination=hallucination,
        bits_per_fact=bits,
        x_star=float(budget_optimum(bits).x_star),
        sizes=tuple(sizes.values()),
        published=tuple(sizes[constant] for constant in reversed(published_constants())),
        adapted=adapted,
    )


def _check(where: str, expected: str, got: float, holds: bool) -> None:
    if not (holds and isfinite(got)):
        raise BadInput(where, expected, f"{got:g}")


def _size(facts: float, hallucination: float, constant: Constant, adapted: Adapted | None) -> Size:
    c = constant.bits_per_parameter
    needed = float(parameters_needed(hallucination, facts, c))
    if adapted is None or needed > adapted.parameters:
        return Size(constant, needed, None)
    return Size(constant, needed, lora_rank_needed(hallucination, facts, adapted.parameters_per_rank, c))


def adapted_layers(name: str) -> Adapted:
    """Return shapes of a model's linear layers, output head apart, from its config alone: no weight is fetched.

    `name` as for `bitsperfact.models.ModelSpec`. Raises BadInput for a model that cannot be opened.
    """
    from bitsperfact import models

    shapes = _linear_shapes(models.skeleton(models.resolve_config(name)))
    if not shapes:
        raise BadInput("--lora", "a model with linear layers", name)
    return Adapted(
        matrices=len(shapes),
        parameters_per_rank=sum(rows + columns for rows, columns in shapes),
        parameters=sum(rows * columns for rows, columns in shapes),
        full_rank=min(min(shape) for shape in shapes),
    )


def _linear_shapes(skeleton: Any) -> list[tuple[int, int]]:
    import torch
    from transformers.pytorch_utils import Conv1D  # GPT-2's linear layer, stored transposed

    head = skeleton.get_output_embeddings()
    layers = [m for m in skeleton.modules() if isinstance(m, (torch.nn.Linear, Conv1D)) and m is not head]
    return [(int(layer.weight.shape[0]), int(layer.weight.shape[1])) for layer in layers]


def lines(planned: Plan) -> list[str]:
    """Return the plan as the command prints it."""
    bits, few, many = planned.bits_per_fact, planned.published[0], planned.published[-1]
    high, low = few.constant.bits_per_parameter, many.constant.bits_per_parameter
    published = f"at the published {high:g} to {low:g} bits per parameter"
    text = [
        f"{planned.facts:,.0f} facts, {planned.hallucination:g} of non-facts accepted, no fact refused",
        f"{'bits per fact':<20}{bits:.3f}, {_short(planned.facts * bits)} bits in all",
        f"{'confidence':<20}{planned.x_star:.4f} on facts and hallucinations alike",
        f"{'parameters':<20}{_short(few.parameters)} to {_short(many.parameters)}, {published}",
    ]
    if planned.adapted is not None:
        text += _about_lora(planned.adapted, few, many)
    ranks = planned.adapted is not None
    text += ["", f"{'bits/parameter':<16}{'parameters':<12}" + ("LoRA rank  " if ranks else "") + "source"]
    for size in planned.sizes:
        sizes = f"{size.constant.bits_per_parameter:<16g}{_short(size.parameters):<12}"
        rank = f"{_rank(size):<11}" if ranks else ""
        text.append(f"{sizes}{rank}{size.constant.source}: {size.constant.measured}")
    return text


def _about_lora(adapted: Adapted, few: Size, many: Size) -> list[str]:
    layers = f"{adapted.matrices} linear layers, {adapted.parameters_per_rank:,} parameters per rank"
    text = [f"{'LoRA rank':<20}{_rank(few)} to {_rank(many)}, on {layers}"]
    if many.rank is None:
        text.append(f"{'':<20}none: these layers have only {_short(adapted.parameters)} parameters themselves")
    elif many.rank > adapted.full_rank:
        text.append(f"{'':<20}beyond {adapted.full_rank} the smallest layer is no longer low-rank")
    return text


def _rank(size: Size) -> str:
    return "none" if size.rank is None else str(size.rank)


def _short(count: float) -> str:
    """Return a count to three digits, with the usual letter."""
    for unit, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        # From here on, three digits round to one unit.
        if count >= 0.9995 * unit:
            return f"{count / unit:.3g}{letter}" if count < 999.5 * unit else f"{count / unit:,.0f}{letter}"
    return f"{count:.3g}"
