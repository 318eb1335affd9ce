"""What tests of the whole job share: a cache apart from the user's, and a small file of claims."""

import shutil
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

import tests.typechecking  # noqa: F401  (the hook finds it by name)

# Shapes in annotations are checked here alone, from the first import on; subprocesses and users do not pay.
install_import_hook(
    [
        "bitsperfact.scoring.score",
        "bitsperfact.testers.protocol",
        "bitsperfact.theory.information",
        "bitsperfact.training.architectures.mlp",
        "bitsperfact.training.measuring",
        "bitsperfact.testers.kinds.bloom",
        "bitsperfact.testers.kinds.fuse",
        "bitsperfact.testers.kinds.ribbon",
        "bitsperfact.testers.kinds.two_sided",
        "bitsperfact.training.objectives.membership",
        "bitsperfact.training.objectives.next_symbol",
    ],
    "tests.typechecking.checked",
)

CAPITALS = {
    "France": "Paris",
    "Peru": "Lima",
    "Norway": "Oslo",
    "Kenya": "Nairobi",
    "Japan": "Tokyo",
    "Cuba": "Havana",
}


@pytest.fixture(scope="session")
def own_cache(tmp_path_factory):
    """A folder for the models that tests make; it outlives a test, so that each is made once."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def apart(monkeypatch, own_cache):
    """Keep the test out of the user's cache and off the Hub; no model has scored anything yet."""
    shutil.rmtree(own_cache / "scores", ignore_errors=True)
    monkeypatch.setenv("BITSPERFACT_CACHE", str(own_cache))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return own_cache


def write_capitals(path: Path) -> Path:
    """Every country with every capital: 6 facts, 30 non-facts."""
    rows = [
        f"{country},The capital of {country} is, {city},{int(country == owner)}"
        for country in CAPITALS
        for owner, city in CAPITALS.items()
    ]
    path.write_text("\n".join(["group,prefix,target,is_fact", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def capitals_file(tmp_path):
    """The path of `write_capitals`."""
    return write_capitals(tmp_path / "six.csv")


@pytest.fixture
def no_page(monkeypatch):
    """Draw no page at the end of a run: half of a small run's time, where its tables are what is tested."""
    monkeypatch.setattr("bitsperfact.pipeline._report", lambda *_: None)
