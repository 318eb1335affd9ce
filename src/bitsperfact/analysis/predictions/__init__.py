"""What the theory says about the separation table, one function per prediction."""

from collections.abc import Callable, Iterator

from bitsperfact.analysis.evidence import Evidence, Verdict
from bitsperfact.analysis.predictions.abstaining import no_abstaining
from bitsperfact.analysis.predictions.accepted import accepted_look_alike
from bitsperfact.analysis.predictions.channel_shape import channel_shape
from bitsperfact.analysis.predictions.controls import no_bits_without_memory, patterned_control
from bitsperfact.analysis.predictions.effective import bits_are_effective
from bitsperfact.analysis.predictions.evenness import scores_are_even
from bitsperfact.analysis.predictions.floor import hallucination_floor
from bitsperfact.analysis.predictions.forgetting import facts_are_not_forgotten
from bitsperfact.analysis.predictions.growth import bits_grow_with_size
from bitsperfact.analysis.predictions.over_accepting import no_over_accepting
from bitsperfact.analysis.predictions.signature import channel_signature
from bitsperfact.analysis.predictions.sparsity import sparsity
from bitsperfact.analysis.predictions.spread import facts_get_equal_bits
from bitsperfact.analysis.predictions.trade_off import hallucination_falls_with_bits

Prediction = Callable[[Evidence], Iterator[Verdict]]

#: What follows from a definition or from data processing, and tests the instrument and the sets alone.
CHECKS: tuple[Prediction, ...] = (
    sparsity,
    hallucination_floor,
    patterned_control,
    no_bits_without_memory,
    hallucination_falls_with_bits,
)
#: What could come out otherwise: networks need not be at the optimum, nor spend more when they are larger.
EVIDENCE: tuple[Prediction, ...] = (
    bits_grow_with_size,
    channel_signature,
    scores_are_even,
    facts_get_equal_bits,
    facts_are_not_forgotten,
    accepted_look_alike,
    channel_shape,
    no_abstaining,
    bits_are_effective,
    no_over_accepting,
)
#: Every prediction that `judge` tests, in the order of the verdict table.
PREDICTIONS: tuple[Prediction, ...] = EVIDENCE + CHECKS
