"""Claims x model -> scores: an exact engine for log-probabilities, and one file per score.

A score never sees a label: it is handed claims without the columns that say what is true. The one exception, the
supervised `probe`, is cross-fitted by entity, so that no claim's own entity informs its score.
"""

from bitsperfact.scoring.claim_requests import ClaimRequests
from bitsperfact.scoring.reader import Settings
from bitsperfact.scoring.registry import check_fit, names, score
from bitsperfact.scoring.score import Score
from bitsperfact.scoring.tasks import ScoringPlan, ScoringTask

__all__ = ["ClaimRequests", "Score", "ScoringPlan", "ScoringTask", "Settings", "check_fit", "names", "score"]
