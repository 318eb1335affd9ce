"""The Hub path against a Hub of our own: an HTTP server that answers the few questions the client asks."""

import hashlib
import json
import threading
from http.server import ThreadingHTTPServer

import pytest
from tests.hub_server import HubHandler

from bitsperfact import models
from bitsperfact.errors import BadInput

COMMIT = "0123456789abcdef0123456789abcdef01234567"
UNWANTED = {"pytorch_model.bin", "README.md", "onnx/model.onnx", "modeling_net.py"}


class _Hub(HubHandler):
    files: dict[str, bytes] = {}  # noqa: RUF012
    asked: list[str] = []  # noqa: RUF012

    def do_GET(self):  # noqa: N802
        path = self.path.partition("?")[0]
        if "/gated" in path:
            return self._send(403, X_Error_Code="GatedRepo", X_Error_Message="gated")
        if "org/net" not in path:
            return self._send(404, X_Error_Code="RepoNotFound")
        if "nowhere" in path:
            return self._send(404, X_Error_Code="RevisionNotFound")
        if path.startswith("/api/models/org/net/tree"):
            entries = [
                {"type": "file", "path": n, "size": len(b), "oid": hashlib.sha1(b).hexdigest()}
                for n, b in self.files.items()
            ]
            return self._send(200, json.dumps(entries).encode(), Content_Type="application/json")
        if path.startswith("/api/models/org/net"):
            info = {"id": "org/net", "sha": COMMIT, "siblings": [{"rfilename": n} for n in self.files]}
            return self._send(200, json.dumps(info).encode(), Content_Type="application/json")
        name = path.rpartition(f"/resolve/{COMMIT}/")[2]
        self.asked.append(name)
        body = self.files[name]
        return self._send(200, body, ETag=f'"{hashlib.sha1(body).hexdigest()}"', X_Repo_Commit=COMMIT)

    do_HEAD = do_GET  # noqa: N815


@pytest.fixture
def hub():
    handler = type("Hub", (_Hub,), {"files": {}, "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def ask(hub, tmp_path, monkeypatch):
    """Resolve a name where the Hub is ours; return the folder, or what was said instead."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def ask(name, how=None, endpoint=None):
        address = endpoint or f"http://127.0.0.1:{hub.server_port}"
        monkeypatch.setattr(constants, "ENDPOINT", address)
        template = address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        try:
            if how == "config":
                return str(models.resolve_config(name))
            return str(models.resolve(models.ModelSpec(name, allow_pickle=how == "allow_pickle")))
        except models.Unavailable as error:
            return f"Unavailable {error}"
        except BadInput as error:
            return f"BadInput {error}"

    return ask


@pytest.fixture
def served(hub):
    folder = models.resolve("random:tiny")
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "bitsperfact.json"}
    hub.RequestHandlerClass.files |= files | dict.fromkeys(UNWANTED, b"x")
    return hub.RequestHandlerClass


def test_only_what_scoring_needs_is_fetched(served, ask):
    from pathlib import Path

    folder = Path(ask("org/net"))
    assert folder.name == COMMIT
    fetched = {path.name for path in folder.iterdir()}
    assert fetched == served.files.keys() - UNWANTED
    assert set(served.asked) == fetched
    info = models.describe(str(folder))
    assert info.revision == COMMIT
    assert info.fingerprint == models.describe("random:tiny").fingerprint


def test_a_config_is_fetched_alone_and_the_rest_when_it_is_needed(served, ask):
    folder = ask("org/net", "config")
    assert set(served.asked) == {"config.json"}
    assert ask("org/net", "config", endpoint="http://127.0.0.1:9") == folder
    assert ask("org/net") == folder
    assert "model.safetensors" in served.asked


def test_a_fetched_model_needs_no_hub(served, ask):
    online = ask("org/net@main")
    assert online.endswith(COMMIT)
    assert ask("org/net@main", endpoint="http://127.0.0.1:9") == online


def test_pickles_are_fetched_only_when_asked_for(served, ask):
    del served.files["model.safetensors"]
    assert "only pytorch_model.bin" in ask("org/net")
    assert "pytorch_model.bin" not in served.asked
    ask("org/net", "allow_pickle")
    assert "pytorch_model.bin" in served.asked


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("org/other", "BadInput org/other: expected a repository on the Hub"),
        ("org/net@nowhere", "BadInput org/net@nowhere: expected a branch, tag or commit"),
        ("org/gated", "BadInput org/gated: expected a repository you may read, got a gated one"),
    ],
)
def test_the_hub_says_no(served, ask, name, answer):
    said = ask(name)
    assert said.startswith(answer)
    assert "\n" not in said


def test_no_hub(ask):
    said = ask("org/net", endpoint="http://127.0.0.1:9")
    assert said.startswith("Unavailable org/net: expected the Hub to answer")
    assert "\n" not in said


@pytest.fixture
def ggufs(hub, write_gguf, tmp_path):
    """A repository that holds only GGUF files, one of them in a folder."""
    tiny = write_gguf(tmp_path / "tiny.gguf").read_bytes()
    hub.RequestHandlerClass.files |= dict.fromkeys(["net-Q8_0.gguf", "more/net-F32.gguf", "README.md"], tiny)
    hub.RequestHandlerClass.files["net-00001-of-00002.gguf"] = tiny
    return hub.RequestHandlerClass


@pytest.mark.parametrize("file", ["net-Q8_0.gguf", "more/net-F32.gguf"])
def test_a_gguf_file_of_a_repository_is_named_after_a_colon(ggufs, ask, file, write_gguf, tmp_path):
    from pathlib import Path

    folder = ask(f"org/net@main:{file}")
    assert set(ggufs.asked) == {file}
    assert ask(f"org/net@main:{file}", endpoint="http://127.0.0.1:9") == folder
    ours, own = models.describe(f"org/net@main:{file}"), models.describe(str(write_gguf(tmp_path / "own.gguf")))
    assert (ours.revision, ours.fingerprint, ours.memory_bits) == (COMMIT, own.fingerprint, own.memory_bits)
    assert Path(folder).name.startswith("org--net--net-")


@pytest.mark.parametrize("how", [None, "config"])
def test_a_repository_of_gguf_files_alone_lists_them(ggufs, ask, how):
    said = ask("org/net", how)
    assert said.startswith(
        "BadInput org/net: expected one file of a repository that holds GGUF files alone, as org/net:"
    )
    assert said.endswith("got 3 (more/net-F32.gguf, net-00001-of-00002.gguf, net-Q8_0.gguf)")


@pytest.mark.parametrize(
    ("file", "answer"),
    [
        ("net-Q9.gguf", "a repository with the file net-Q9.gguf, got one with more/net-F32.gguf, "),
        ("net-00001-of-00002.gguf", "a GGUF file in one piece, got the piece net-00001-of-00002.gguf"),
    ],
)
def test_a_gguf_file_that_is_not_there_whole(ggufs, ask, file, answer):
    assert f"org/net:{file}: expected {answer}" in ask(f"org/net:{file}")
    assert not ggufs.asked
