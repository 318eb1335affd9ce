"""Every quantity of the separation table, once: name, unit, range and meaning, and how it is called and written.

One name means one thing. What rests on a model's own confidence, rather than on scores alone, is called `own_...`.
"""

import math
from dataclasses import dataclass
from typing import Literal

Unit = Literal["bits", "nats", "1"]
#: How a value is written: shares as percentages, chances near 1/2 or 1 with a third decimal.
Style = Literal["number", "percent", "three decimals"]
#: Where the page shows it: among the headline numbers, among those on the shape of the scores, or nowhere.
Place = Literal["headline", "shape", ""]


@dataclass(frozen=True)
class Quantity:
    """A quantity: `unit`; `lowest` and `highest`, the ends of its range; `title` and `meaning`, for readers.

    `is_surplus`: whether there is nothing to show where the value is not above 0.
    """

    name: str
    unit: Unit
    meaning: str
    title: str = ""
    lowest: float = 0.0
    highest: float = math.inf
    place: Place = ""
    style: Style = "number"
    is_surplus: bool = False

    @property
    def heading(self) -> str:
        """The title of its column: the name in words where it has no other."""
        return self.title or self.name.replace("_", " ")


def _share(name: str, meaning: str, **more: object) -> Quantity:
    given = {"highest": 1.0, "style": "percent"} | more
    return Quantity(name, "1", meaning, **given)  # type: ignore[arg-type]


_ALL = (
    Quantity(
        "bits_per_fact",
        "bits",
        "KL divergence between scores of facts and of non-facts; ≥ its lower bound where the sample is too small",
        place="headline",
    ),
    Quantity(
        "bits_above_pattern",
        "bits",
        "bits per fact beyond what a reader of the text alone, who forgets nothing, can separate; none where the "
        "text separates as much",
        title="above pattern",
        lowest=-math.inf,
        place="headline",
        is_surplus=True,
    ),
    Quantity(
        "bits_certified",
        "bits",
        "lower bound in bits that holds whatever the distributions",
        title="certified",
        place="headline",
    ),
    _share("hallucination_rate", "share of non-facts accepted where 95 % of the facts are", place="headline"),
    _share(
        "auc",
        "chance that a fact outscores a non-fact; below ½, facts are low",
        title="AUC",
        style="three decimals",
        place="headline",
    ),
    _share(
        "choice_accuracy",
        "share of questions whose fact outscores all of its non-facts; depends on how many there are, and is no "
        "measure of memory",
        place="headline",
    ),
    _share(
        "evenness",
        "bits per fact over those of the best-told facts; 1 at the channel",
        style="number",
        place="shape",
    ),
    Quantity(
        "spread",
        "bits",
        "standard deviation over facts of the bits that tell each; 0 at the channel, bits",
        place="shape",
    ),
    _share("forgotten_share", "share of facts that look exactly like non-facts", place="shape"),
    _share(
        "auc_accepted",
        "chance that an accepted fact outscores an accepted non-fact; ½ at the channel",
        title="AUC if accepted",
        style="three decimals",
        place="shape",
    ),
    _share("miss_rate", "share of facts held for more likely false than true", place="shape"),
    _share(
        "abstention_mass",
        "share of claims, facts and non-facts weighted alike, whose posterior lies between ¼ and ¾",
        place="shape",
    ),
    Quantity("bits_effective", "bits", "bits that the log-loss of the scores' posterior is worth"),
    Quantity(
        "membership_information", "bits", "F_p, what membership of a claim is worth to a sparse set's memory"
    ),
    _share("sparsity_ratio", "F_p over KL; 1 where facts are sparse", style="number"),
    _share("x_star", "median posterior of facts, facts and non-facts weighted alike", style="three decimals"),
    _share("q_star", "share of non-facts above the threshold of the nearest channel"),
    _share("channel_miss_rate", "share of facts below the threshold of the nearest channel"),
    _share("channel_distance", "Kolmogorov distance of the scores to the nearest channel", style="number"),
    _share("full_recall_rate", "share of non-facts accepted where 98 % of the facts are"),
    _share("choice_chance", "chance of choosing the fact among a question's candidates"),
    _share("largest_entity_share", "largest share of a class that one entity holds"),
    _share("own_x_star", "median confidence of the model itself in facts", style="three decimals"),
    _share("own_miss_rate", "share of facts that the model itself holds for more likely false than true"),
    Quantity("own_loss", "nats", "log-loss of the model's own confidence at the weight that facts have in it"),
    Quantity("own_bits", "bits", "bits that the model's own log-loss is worth"),
    Quantity(
        "own_odds",
        "bits",
        "log2 of q x*/(1-x*) by the model's own confidence; at the optimum log2 of the odds of a fact in the loss",
        lowest=-math.inf,
    ),
    *(
        Quantity(
            f"behind_{law}",
            "nats",
            f"how far the law `{law}` is behind the best of four, per held-out claim",
        )
        for law in ("smooth", "channel", "forgetting", "abstaining")
    ),
)

#: Every quantity by name, in the order in which the page shows them.
QUANTITIES: dict[str, Quantity] = {quantity.name: quantity for quantity in _ALL}


def shown(place: Place) -> list[Quantity]:
    """Return the quantities that the page shows in a place, in order."""
    return [quantity for quantity in QUANTITIES.values() if quantity.place == place]
