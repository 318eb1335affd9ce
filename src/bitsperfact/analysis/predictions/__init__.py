"""What the theory says about the separation table, one function per prediction."""

from collections.abc import Callable, Iterator

from bitsperfact.analysis.evidence import Evidence, Verdict
from bitsperfact.analysis.predictions.controls import no_bits_without_memory, patterned_control
from bitsperfact.analysis.predictions.floor import hallucination_floor
from bitsperfact.analysis.predictions.growth import bits_grow_with_size
from bitsperfact.analysis.predictions.sparsity import sparsity
from bitsperfact.analysis.predictions.trade_off import hallucination_falls_with_bits

#: Every prediction that `judge` tests, in the order of the verdict table.
PREDICTIONS: tuple[Callable[[Evidence], Iterator[Verdict]], ...] = (
    sparsity,
    bits_grow_with_size,
    hallucination_floor,
    hallucination_falls_with_bits,
    patterned_control,
    no_bits_without_memory,
)
