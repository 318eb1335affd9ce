"""How many bits does a pretrained language model spend per fact, and how much must it therefore hallucinate?

Each claim set holds facts and non-facts of the same form. Every model scores every claim; the Kullback-Leibler
divergence between its scores of facts and of non-facts is the number of bits it spends per fact (Guo & Li 2026,
arXiv 2602.00906). The verdict table says which predictions of the theory hold: scores look like its optimum, the
hallucination channel (no fact forgotten, none told more surely than another, nothing left open), and bits grow
with size in a family; apart from these, checks of sets and estimates, such as no bits on facts that nobody could
learn.

    bitsperfact probe pretrained --model pypi:smollm2-135m --claims capitals --out runs/capitals
"""

from bitsperfact import console
from bitsperfact.options import Options, app_of


def probe(options: Options) -> int:
    """Score, analyse, judge, report; return the exit status."""
    from bitsperfact import pipeline, precision, report
    from bitsperfact.scoring import survey

    finished = pipeline.run(options)
    notes = (pipeline.left_out_lines, survey.lines, precision.lines)
    report.print_run(finished, [line for lines in notes for line in lines(finished.manifest)])
    return console.status_under(options.strict, finished.verdict["status"])


app = app_of(Options, probe, __doc__)
