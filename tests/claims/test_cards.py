"""Claim sets as they are handed on: data sets, cards, scripts."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import datasets
import huggingface_hub
import pytest
from tests.scripts import load_script

from bitsperfact import claims, cli, console, tables
from bitsperfact.errors import BadInput

ROOT = Path(__file__).parents[2]


@pytest.fixture
def made():
    return claims.load("capitals", limit=4)


def test_a_data_set_has_the_table_its_types_and_the_census(made):
    data = made.to_dataset()
    assert data.column_names == list(tables.COLUMNS["claims"])
    assert data.features["is_fact"] == datasets.Value("bool")
    assert data.features["grade"] == datasets.Value("float64")
    assert data.to_pandas().to_dict("list") == made.frame.to_dict("list")
    assert json.loads(data.info.description.splitlines()[-1]) == asdict(made.info)
    assert data.info.license == made.info.licence


def test_the_fingerprint_covers_rows_order_and_census(made):
    frame, info = made.frame, made.info
    others = [
        claims.ClaimSet(frame.iloc[::-1], info),
        claims.ClaimSet(frame.assign(grade=0.5), info),
        claims.ClaimSet(frame.iloc[:-1], info),
        claims.ClaimSet(frame, replace(info, universe_size=info.universe_size + 1)),
    ]
    prints = {made.fingerprint, *(other.fingerprint for other in others)}
    assert len(prints) == 5
    assert claims.ClaimSet(frame.copy(), info).fingerprint == made.fingerprint


def test_a_frame_that_is_no_claims_table_is_refused(made):
    with pytest.raises(BadInput, match="no column 'grade'"):
        claims.ClaimSet(made.frame.drop(columns="grade"), made.info)
    with pytest.raises(BadInput, match="in_range"):
        claims.ClaimSet(made.frame.assign(grade=2.0), made.info)


def test_a_card_is_valid_for_the_hub_and_tells_the_counts(made):
    text = claims.card(made)
    data = huggingface_hub.DatasetCard(text).data.to_dict()
    assert data["license"] == "other"
    assert data["license_name"] == made.info.licence
    assert data["configs"][0]["data_files"] == [{"split": "train", "path": "data/train-*"}]
    for part in (
        f"{made.info.universe_size:,}",
        f"{made.info.n_facts:,}",
        made.fingerprint,
        "| derangement | 60 | 15 |",
        "differ at most by a factor of | 1 |",
    ):
        assert part in text
    for column in tables.COLUMNS["claims"]:
        assert f"| {column} |" in text
    assert huggingface_hub.DatasetCard(claims.card(claims.load("ids", limit=1))).data.license == "apache-2.0"


def test_a_card_tells_who_has_fewer_non_facts_than_others():
    made = claims.load("airports", limit=60)
    per_entity = made.frame[made.frame["stratum"] == "near"].groupby("group").size()
    fewer = int((per_entity < 15).sum()) + 60 - len(per_entity)
    assert 0 < fewer < 60
    assert f"to 15: fewer than 15 for {fewer} of 60 |" in claims.card(made)
    assert "none are deranged" in claims.card(claims.load("strings", limit=2))


def test_the_readme_tells_the_counts_of_today():
    script = load_script("scripts/sets_table.py")
    readme = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    fresh = script.with_table(readme, claims.overview())
    assert fresh == readme, "run: python scripts/sets_table.py"
    assert fresh != script.with_table(readme, "| changed |\n")


def command(*arguments):
    return console.status_of(lambda: cli.app(["claims", *map(str, arguments)], standalone_mode=False))


def test_sets_are_built_into_a_folder_and_failures_are_told(tmp_path, capsys):
    assert command("build", "capitals", "liar", "--out", tmp_path, "--limit", "3") == 2
    assert sorted(path.name for path in tmp_path.glob("*.*")) == ["capitals.md", "capitals.parquet"]
    assert claims.load(str(tmp_path / "capitals.parquet")).frame.equals(claims.load("capitals", limit=3).frame)
    assert "ucsbnlp/liar" in capsys.readouterr().err
    assert command("build", "elements", "--out", tmp_path, "--limit", "3") == 0
    assert command("build", "elements", "capitals", "--out", tmp_path / "one.parquet") == 2
    assert "expected a folder for several claim sets, got a file" in capsys.readouterr().err


def test_a_set_is_pushed_and_then_its_card(monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(
        datasets.Dataset, "push_to_hub", lambda self, repo, private: calls.append((repo, private, self.num_rows))
    )
    monkeypatch.setattr(huggingface_hub.HfApi, "upload_file", lambda self, **given: calls.append(given))
    assert command("push", "capitals", "--repo", "me/capitals", "--private", "--limit", "4") == 0
    rows, card = calls
    made = claims.load("capitals", limit=4)
    assert rows == ("me/capitals", True, len(made.frame))
    assert (card["repo_id"], card["path_in_repo"], card["repo_type"]) == ("me/capitals", "README.md", "dataset")
    assert card["path_or_fileobj"].decode() == claims.card(made)
    assert made.fingerprint in capsys.readouterr().out
    assert command("push", "captials", "--repo", "me/x") == 2
    assert "capitals" in capsys.readouterr().err
