"""Run folders and units: small contracts that every layer leans on."""

import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bitsperfact
from bitsperfact import runs, tables, units
from bitsperfact.errors import BadInput
from bitsperfact.tables import ClaimSetInfo, ModelInfo

SET = ClaimSetInfo("s", 3, 300, "MIT", "ab" * 32, 7)
MODEL = ModelInfo("m", "main", "cd" * 32, 10, "float32", "Tiny")


def test_a_manifest_comes_back_as_it_was_written(tmp_path):
    runs.write_manifest(tmp_path, "complete", [SET], [MODEL], command=["probe", "--out", "é"], seed=7)
    manifest = runs.read_manifest(tmp_path)
    assert manifest["status"] == "complete"
    assert (manifest["command"], manifest["seed"]) == (["probe", "--out", "é"], 7)
    assert ClaimSetInfo(**manifest["claim_sets"][0]) == SET
    assert ModelInfo(**manifest["models"][0]) == MODEL


def test_a_number_that_json_has_not_is_never_written(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        runs.write_manifest(tmp_path, "complete", [], [], seed=math.nan)
    assert not list(tmp_path.iterdir())


def test_a_complete_run_without_its_tables_names_the_missing_one(tmp_path):
    runs.write_manifest(tmp_path, "complete", [SET], [MODEL])
    with pytest.raises(BadInput, match=r"claims\.parquet: expected a claims table, got no such file"):
        bitsperfact.load_run(tmp_path)


def filled(writer):
    for table in get_args(tables.Table):
        writer.write(table, tables.empty(table))


def test_a_run_is_complete_from_its_last_table_to_its_next_first(tmp_path):
    with runs.writing(tmp_path) as writer:
        writer.begin("scoring", [SET], [MODEL], seed=7)
        filled(writer)
        writer.complete(peak=3)
    assert bitsperfact.load_run(tmp_path).manifest["peak"] == 3
    with runs.writing(tmp_path) as writer:  # and stops here
        writer.begin("scoring", [SET], [MODEL])
    with pytest.raises(BadInput, match="complete"):
        bitsperfact.load_run(tmp_path)


def test_a_run_is_neither_written_before_it_begins_nor_complete_without_its_tables(tmp_path):
    with runs.writing(tmp_path) as writer:
        with pytest.raises(RuntimeError, match="begins before"):
            filled(writer)
        assert not list(tmp_path.glob("*.parquet"))
        with pytest.raises(ValueError, match="being done"):
            writer.begin("complete", [SET], [MODEL])
        writer.begin("scoring", [SET], [MODEL])
        with pytest.raises(RuntimeError, match=r"claims\.parquet, which is missing"):
            writer.complete()


def test_the_share_of_facts_is_that_of_the_whole_set():
    assert SET.p == 0.01


def test_an_unknown_name_of_the_package_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'lode_run'"):
        bitsperfact.lode_run  # noqa: B018


@given(st.floats(-1e300, 1e300))
def test_nats_and_bits_convert_there_and_back(nats):
    assert units.bits_to_nats(units.nats_to_bits(nats)) == pytest.approx(nats)


def test_one_bit_is_the_natural_logarithm_of_two():
    assert units.bits_to_nats(1.0) == math.log(2)
    np.testing.assert_allclose(units.nats_to_bits(np.array([0.0, math.log(8)])), [0, 3])
