"""`log_odds`: the one logit of a sequence classifier, for prefix and target read as one text.

For networks of the ladder, classifiers of factuality, reward models.
"""

from bitsperfact.scoring.needs import whole_claims
from bitsperfact.scoring.readers.classifier_logits import ClassifierLogits
from bitsperfact.scoring.score import Array, Score, ScoreInput

LOGIT = whole_claims("log_odds", ClassifierLogits())


def _value(given: ScoreInput) -> Array:
    return given[LOGIT]["logit"][:, 0]


SCORE = Score("log_odds", "log-odds", (LOGIT,), _value)
