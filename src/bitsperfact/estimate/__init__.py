"""What samples of scores say: bits per fact with interval and certificate, rank statistics, and the bootstrap."""

from bitsperfact.estimate.behind import behind
from bitsperfact.estimate.best import BestOfScores, best_of_scores
from bitsperfact.estimate.bits import BitsPerFact, bits_per_fact
from bitsperfact.estimate.bootstrap import Interval, bootstrap
from bitsperfact.estimate.calibration import Posterior, abstention_mass, miss_rate, posterior
from bitsperfact.estimate.channel import NearestChannel, channel_distance, nearest_channel, q_star, x_star
from bitsperfact.estimate.channel_fit import ChannelFit, fit_channel
from bitsperfact.estimate.confidence import own_confidence
from bitsperfact.estimate.divergence import binned_bits
from bitsperfact.estimate.effective import bits_effective
from bitsperfact.estimate.evenness import Evenness, evenness
from bitsperfact.estimate.multiple_choice import ChoiceAccuracy, choice_accuracy
from bitsperfact.estimate.neighbours import knn_divergence_bits
from bitsperfact.estimate.operating import hallucination_interval
from bitsperfact.estimate.pool import Pool, Statistic
from bitsperfact.estimate.ranking import auc, hallucination_rate
from bitsperfact.estimate.rivals import Rival
from bitsperfact.estimate.shape import shape
from bitsperfact.estimate.shares import share_bounds
from bitsperfact.estimate.signature import Signature, signature
from bitsperfact.estimate.streaming import StreamedBits, StreamedScores

__all__ = [
    "BestOfScores",
    "BitsPerFact",
    "ChannelFit",
    "ChoiceAccuracy",
    "Evenness",
    "Interval",
    "NearestChannel",
    "Pool",
    "Posterior",
    "Rival",
    "Signature",
    "Statistic",
    "StreamedBits",
    "StreamedScores",
    "abstention_mass",
    "auc",
    "behind",
    "best_of_scores",
    "binned_bits",
    "bits_effective",
    "bits_per_fact",
    "bootstrap",
    "channel_distance",
    "choice_accuracy",
    "evenness",
    "fit_channel",
    "hallucination_interval",
    "hallucination_rate",
    "knn_divergence_bits",
    "miss_rate",
    "nearest_channel",
    "own_confidence",
    "posterior",
    "q_star",
    "shape",
    "share_bounds",
    "signature",
    "x_star",
]
