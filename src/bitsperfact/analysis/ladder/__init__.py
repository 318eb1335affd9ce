"""Ladder: scores of networks trained from scratch -> separation -> verdict on the capacity-hallucination law."""

from bitsperfact.analysis.ladder.capacity import law_table
from bitsperfact.analysis.ladder.judge import judge_ladder
from bitsperfact.analysis.ladder.measure import measure_cell

__all__ = ["judge_ladder", "law_table", "measure_cell"]
