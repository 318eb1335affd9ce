import pytest


@pytest.fixture
def write(tmp_path):
    """Write a file of the given name into the test's folder and return its path."""

    def _write(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _write


@pytest.fixture
def recipe_file(write):
    """Write a recipe with sensible defaults, plus the lines given."""

    def _recipe(*lines, name="mine.toml", kind="ids"):
        head = [f'kind = "{kind}"', 'description = "d"', 'licence = "MIT"', 'universe = "w"']
        return write(name, "\n".join([*head, *lines]) + "\n")

    return _recipe


@pytest.fixture(autouse=True)
def own_hub_cache(tmp_path, monkeypatch):
    """Keep what `datasets` caches in the test's folder, and keep it off the network."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
