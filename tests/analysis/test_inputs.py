"""What does not fit together is refused in one line that names model, set and claim."""

import numpy as np
import pandas as pd
import pytest
from tests.analysis.sets import derangement, info, model, names, random_codes, scores

from bitsperfact.analysis import separate
from bitsperfact.errors import BadInput


@pytest.fixture(scope="module")
def claims():
    rng = np.random.default_rng(0)
    return derangement(rng, names(rng, 10), random_codes(rng, 10), 3)


@pytest.fixture
def values(claims):
    return scores(claims, np.arange(len(claims)))


def refused(claims, values, match, infos=None, models=None):
    infos, models = infos or [info()], models or [model("small")]
    with pytest.raises(BadInput, match=match) as error:
        separate(claims, values, infos, models, replicates=2)
    assert "\n" not in str(error.value)


def test_a_claim_without_a_score(claims, values):
    name = claims["claim_id"].iloc[7]
    refused(
        claims,
        values[values["claim_id"] != name],
        f"model small, claim set codes, score logprob, claim {name}: expected a finite score, got no score",
    )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_no_number(claims, values, value):
    values.loc[3, "value"] = value
    name = claims["claim_id"].iloc[3]
    refused(claims, values, f"claim set codes, score logprob, claim {name}: expected a finite score, got")


def test_two_scores_of_one_claim(claims, values):
    twice = pd.concat([values, values.iloc[[5]].assign(dtype="bfloat16")])
    refused(claims, twice, f"claim {claims['claim_id'].iloc[5]}: expected one score, got several")


def test_scores_of_unknown_claims(claims, values):
    values.loc[2, "claim_id"] = "nobody"
    refused(claims, values, "model small, score logprob: expected a known claim, got claim 'nobody'")


def test_scores_of_an_unknown_model(claims, values):
    refused(claims, values.assign(model="other"), "expected one of the models small, got 'other'")


def test_a_model_without_scores(claims, values):
    models = [model("small"), model("large")]
    refused(claims, values, "model large, claim set codes: expected scores, got none", models=models)


def test_a_model_named_twice(claims, values):
    refused(claims, values, "model small: expected each name once", models=[model("small")] * 2)


def test_no_models(claims, values):
    with pytest.raises(BadInput, match="at least one model"):
        separate(claims, values, [info()], [])


def test_an_unknown_claim_set(claims, values):
    refused(claims, values, "one of the claim sets others, got 'codes'", [info("others")])


@pytest.mark.parametrize("is_fact", [True, False])
def test_a_set_of_one_class(claims, values, is_fact):
    part = claims[claims["is_fact"] == is_fact]
    kept = values[values["claim_id"].isin(part["claim_id"])]
    refused(part, kept, "claim set codes: expected facts and non-facts, got")


def test_a_table_without_values(claims, values):
    refused(claims, values.drop(columns="value"), "no column 'value'")
