"""Scores from elsewhere, and runs together: any model behind any interface gets bits, verdicts and a page."""

from bitsperfact.outside.analysing import analyse_scores

__all__ = ["analyse_scores"]
