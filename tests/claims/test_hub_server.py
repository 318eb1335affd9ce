"""Data sets of the Hub against a Hub of our own: its files are read as those of the disk, cells as written."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import ThreadingHTTPServer

import pytest
from tests.hub_server import HubHandler

from bitsperfact import claims

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_LOAD = """
import json, sys
from bitsperfact import claims
try:
    made = claims.load(sys.argv[1], template=sys.argv[2] if len(sys.argv) > 2 else None)
    print(json.dumps([made.fingerprint, made.info.name, (made.frame.prefix + made.frame.target).tolist(),
                      made.frame.source.unique().tolist()]))
except ValueError as error:
    print(json.dumps(str(error)))
"""


class _DataHub(HubHandler):
    files: dict[str, bytes] = {}  # noqa: RUF012

    def do_GET(self):  # noqa: N802
        path = self.path.partition("?")[0]
        if path.startswith("/api/datasets/org/set/tree"):
            # As the Hub, what lies directly in the folder that is asked for.
            folder = path.partition(f"/tree/{COMMIT}")[2].strip("/")
            inside = {n: b for n, b in self.files.items() if n.rpartition("/")[0] == folder}
            listed = [
                {"type": "file", "path": n, "size": len(b), "oid": hashlib.sha1(b).hexdigest()}
                for n, b in inside.items()
            ]
            if not folder:
                tops = {n.partition("/")[0] for n in self.files if "/" in n}
                listed += [{"type": "directory", "path": n, "size": 0, "oid": "0" * 40} for n in tops]
            return self._send(200, json.dumps(listed).encode(), Content_Type="application/json")
        if path.startswith("/api/datasets/org/set"):
            info = {"id": "org/set", "sha": COMMIT, "siblings": [{"rfilename": n} for n in self.files]}
            return self._send(200, json.dumps(info).encode(), Content_Type="application/json")
        if path.startswith("/datasets/org/set/resolve/"):
            body = self.files.get(path.split("/", 6)[6])
            if body is None:
                return self._send(404, X_Error_Code="EntryNotFound")
            return self._send(200, body, ETag=f'"{hashlib.sha1(body).hexdigest()}"', X_Repo_Commit=COMMIT)
        return self._send(404, X_Error_Code="RepoNotFound")

    do_HEAD = do_GET  # noqa: N815


@pytest.fixture
def load(tmp_path):
    handler = type("DataHub", (_DataHub,), {"files": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def _load(files, *arguments):
        handler.files = files
        environment = os.environ | {
            "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
            "HF_HOME": str(tmp_path / "hf"),
            "HF_HUB_DISABLE_XET": "1",
            "NO_PROXY": "127.0.0.1",
        }
        command = [sys.executable, "-c", _LOAD, *arguments]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return json.loads(run.stdout)

    yield _load
    server.shutdown()
    server.server_close()


def test_files_of_the_hub_are_read_as_those_of_the_disk(load):
    files = {
        "train.csv": b"statement,label,code\nIce is cold.,1,01\nIce is hot.,0,NA\n",
        "test.csv": b"statement,label,code\nFire is hot.,yes,\n",
    }
    _, name, texts, sources = load(files, "hub:org/set")
    assert (name, sources) == ("set", ["hub org/set"])
    assert texts == ["Ice is cold.", "Ice is hot.", "Fire is hot."]
    _, _, texts, _ = load(files, f"hub:org/set@{COMMIT}", "In {code} it is| {statement}")
    # A table guessed at would have made 1 of 01 and nothing of NA; a gap leaves its row out.
    assert texts == ["In 01 it is Ice is cold.", "In NA it is Ice is hot."]


def test_what_was_pushed_loads_again_as_what_it_was(load, tmp_path):
    made = claims.load("strings", limit=6)
    made.to_dataset().to_parquet(str(tmp_path / "x.parquet"))
    files = {
        "README.md": claims.card(made).encode(),
        "data/train-0.parquet": (tmp_path / "x.parquet").read_bytes(),
    }
    fingerprint, name, _, _ = load(files, "hub:org/set")
    assert (fingerprint, name) == (made.fingerprint, "strings")


def test_a_data_set_that_is_not_there_is_one_line(load):
    message = load({}, "hub:org/none")
    assert message.startswith("hub:org/none: expected data set 'org/none', from the Hub")
    assert "\n" not in message
