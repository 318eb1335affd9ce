"""Which models are one recipe at several sizes, read from their names, and rather too few than too many."""

import re

from bitsperfact.tables import ModelInfo

#: Sizes written into names: 135M, 1.3b, 0.5B, 1b1, 8x7B; not 4bit, nor the 10B of a name that goes on.
_NUMBER = re.compile(r"(?<![a-z0-9.])(\d+x)?(\d+(?:\.\d+)?)([kmbt])(\d?)(?![a-z0-9])", re.IGNORECASE)
_WORDS = re.compile(r"(?<![a-z0-9])(tiny|mini|small|medium|large|xl|xxl)(?![a-z0-9])", re.IGNORECASE)
_UNITS = {"k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}
#: Names round, and count or leave out embeddings: a size agrees with the parameters up to this factor.
_AGREES = 1.6


def family(model: ModelInfo) -> str:
    """Return the model's name without its size, and its architecture: equal for models of one family alone.

    `org/net-70m` and `org/net-160m` are of one family, `org/net-160m-deduped` is of another, as is any other
    maker's network of the same architecture: another recipe and other data. A size must be one number that agrees
    with the number of parameters, or one word (`medium`), which a sibling's name may leave out (gpt2, gpt2-large).
    A family that is stated (`ModelInfo.family`) goes before what names say.
    """
    if model.family:
        return model.family
    name = model.name
    numbers = [found for found in _NUMBER.finditer(name) if _agrees(found, model.n_params)]
    words = list(_WORDS.finditer(name))
    size = numbers[0] if len(numbers) == 1 else words[0] if len(words) == 1 and not numbers else None
    if size is not None:
        name = name[: size.start()] + name[size.end() :]
    stem = re.sub(r"([-_.:/ ])[-_.]+", r"\1", name).strip("-_. ")
    return f"{stem} ({model.architecture})"


def _agrees(found: "re.Match[str]", n_params: int) -> bool:
    experts, number, unit, tenths = found.groups()
    size = float(f"{number}.{tenths}" if tenths and "." not in number else number) * _UNITS[unit.lower()]
    if experts:
        # Experts share their attention: between one of them and all of them.
        return size / _AGREES <= n_params <= size * float(experts[:-1]) * _AGREES
    return size / _AGREES <= n_params <= size * _AGREES
