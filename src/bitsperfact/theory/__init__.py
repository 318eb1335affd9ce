"""What must hold: divergences, the hallucination channel, filters, and the bounds that tie them to memory."""

from bitsperfact.theory.channel import Channel, Optimum, budget_optimum, effective_bits, log_loss_channel
from bitsperfact.theory.divergence import bernoulli_kl_bits, chi2, kl_bits
from bitsperfact.theory.filters import lowest_fpr, two_sided_filter_bits
from bitsperfact.theory.information import membership_information
from bitsperfact.theory.memory import (
    MemoryBound,
    Sparsity,
    excess_entropy_bits,
    memory_lower_bound,
    sparsity_check,
)
from bitsperfact.theory.solver import RateDistortion, rate_distortion

__all__ = [
    "Channel",
    "MemoryBound",
    "Optimum",
    "RateDistortion",
    "Sparsity",
    "bernoulli_kl_bits",
    "budget_optimum",
    "chi2",
    "effective_bits",
    "excess_entropy_bits",
    "kl_bits",
    "log_loss_channel",
    "lowest_fpr",
    "membership_information",
    "memory_lower_bound",
    "rate_distortion",
    "sparsity_check",
    "two_sided_filter_bits",
]
