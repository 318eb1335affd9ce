"""`log_odds`: the one logit of a model that was made to judge texts, for prefix and target read as one.

For sequence classifiers with a single logit: networks of the ladder, classifiers of factuality, reward models.
"""

from bitsperfact.scoring.registry import LogitScore

SCORE = LogitScore("log_odds", "log-odds")
