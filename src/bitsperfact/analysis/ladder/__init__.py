"""Ladder: scores of networks trained from scratch -> separation -> verdict on the capacity-hallucination law."""

from bitsperfact.analysis.ladder.capacity import law_table
from bitsperfact.analysis.ladder.generative import memorised
from bitsperfact.analysis.ladder.judge import judge_ladder
from bitsperfact.analysis.ladder.measure import SCORES, measure_cell

__all__ = ["SCORES", "judge_ladder", "law_table", "measure_cell", "memorised"]
