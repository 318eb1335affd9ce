"""A foil that wastes a ribbon's memory: it forgets some keys, and has no opinion where nothing matches."""

from bitsperfact.testers.kinds.forgetter import Forgetter
from bitsperfact.testers.protocol import TesterKind, posterior


class Abstainer(Forgetter):
    """Foil: forgets like `Forgetter`, and answers 1/2 wherever nothing matches."""

    @staticmethod
    def _confidences(fnr: float, fpr: float, fact_weight: float) -> tuple[float, float]:
        return 0.5, posterior(1 - fnr, fpr, fact_weight)


TESTER = TesterKind(Abstainer.init)
