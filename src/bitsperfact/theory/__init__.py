"""What must hold: divergences, the hallucination channel, filters, and the bounds that tie them to memory.

Everything here is exact and needs numpy and scipy alone. Informations are in bits, losses in nats.

- Distances of two score laws: `kl_bits`, `bernoulli_kl_bits`, `chi2`.
- Facts that are not infinitely rare: `membership_information` and its
  slope, `channel_information`, `channel_is_optimal`.
- The optimum under log-loss: `log_loss_channel`, `budget_optimum`, `hallucination_odds`, `effective_bits`,
  `weighted_log_loss`.
- Yes-or-no testers: `two_sided_filter_bits`, `lowest_fpr`. Order alone: `least_bits_of_auc`.
- What a budget can buy: `loss_frontier`, `filter_frontier`; what else it could be spent on: `strategies`.
- Memory of a given set: `memory_lower_bound`, `excess_entropy_bits`, `sparsity_check`.
- Any losses, any density, graded labels: `rate_distortion`, `graded_rate_distortion`.
- Retrieval: `retrieval_optimum`. Parameters: `capacity_law`, `parameters_needed`, `lora_rank_needed` (`capacity`).
"""

from bitsperfact.theory import capacity
from bitsperfact.theory.capacity import (
    CONSTANTS,
    Constant,
    capacity_law,
    lora_rank_needed,
    parameters_needed,
    published_constants,
)
from bitsperfact.theory.channel import (
    Channel,
    Optimum,
    budget_optimum,
    effective_bits,
    hallucination_odds,
    log_loss_channel,
    weighted_log_loss,
)
from bitsperfact.theory.divergence import bernoulli_kl_bits, chi2, kl_bits
from bitsperfact.theory.filters import lowest_fpr, two_sided_filter_bits
from bitsperfact.theory.frontiers import FilterFrontier, LossFrontier, filter_frontier, loss_frontier
from bitsperfact.theory.graded import GradedRate, graded_rate_distortion
from bitsperfact.theory.information import (
    channel_information,
    channel_is_optimal,
    membership_information,
    membership_information_slope,
)
from bitsperfact.theory.memory import (
    MemoryBound,
    Sparsity,
    excess_entropy_bits,
    memory_lower_bound,
    sparsity_check,
)
from bitsperfact.theory.ranking import least_bits_of_auc
from bitsperfact.theory.retrieval import RetrievalOptimum, retrieval_optimum
from bitsperfact.theory.solver import RateDistortion, rate_distortion
from bitsperfact.theory.strategy_costs import Strategy, strategies

__all__ = [
    "CONSTANTS",
    "Channel",
    "Constant",
    "FilterFrontier",
    "GradedRate",
    "LossFrontier",
    "MemoryBound",
    "Optimum",
    "RateDistortion",
    "RetrievalOptimum",
    "Sparsity",
    "Strategy",
    "bernoulli_kl_bits",
    "budget_optimum",
    "capacity",
    "capacity_law",
    "channel_information",
    "channel_is_optimal",
    "chi2",
    "effective_bits",
    "excess_entropy_bits",
    "filter_frontier",
    "graded_rate_distortion",
    "hallucination_odds",
    "kl_bits",
    "least_bits_of_auc",
    "log_loss_channel",
    "lora_rank_needed",
    "loss_frontier",
    "lowest_fpr",
    "membership_information",
    "membership_information_slope",
    "memory_lower_bound",
    "parameters_needed",
    "published_constants",
    "rate_distortion",
    "retrieval_optimum",
    "sparsity_check",
    "strategies",
    "two_sided_filter_bits",
    "weighted_log_loss",
]
