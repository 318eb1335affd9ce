"""Numbers that a definition fixes, and that more than one file goes by."""

#: Share of the facts (1) that are accepted where the hallucination rate is taken, and the share that is missed.
RECALL, MISSED = 0.95, 0.05
#: Share of the facts (1) that a threshold keeps which, but for a few in the tail, keeps all.
FULL_RECALL = 0.98
#: How often an interval holds the truth (1), how often it does not, and how often it fails at either end.
CONFIDENCE, ERROR, END_ERROR = 0.95, 0.05, 0.025
