"""The options that all probes share, once, and the file that may hold them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bitsperfact.errors import BadInput

Models = Annotated[
    list[str], typer.Option("--model", help="Hub id, folder, .gguf file, pypi:NAME or random:NAME; repeatable.")
]
Claims = Annotated[
    list[str],
    typer.Option(
        "--claims", help="Claim set by name, or a CSV, JSONL, parquet or TOML file (FILE#SET); repeatable."
    ),
]
Out = Annotated[Path, typer.Option("--out", help="Run folder; an interrupted run in it is resumed.")]
Scores = Annotated[
    list[str] | None,
    typer.Option("--score", help="How claims are scored; repeatable (default: logprob and calibrated)."),
]
Limit = Annotated[int | None, typer.Option("--limit", help="Facts per claim set (a seeded sample).")]
Negatives = Annotated[int | None, typer.Option("--negatives", help="Non-facts per fact and stratum.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of all sampling.")]
Dtype = Annotated[str, typer.Option("--dtype", help="float32, bfloat16 or float16.")]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:N or mps.")]
BatchTokens = Annotated[str, typer.Option("--batch-tokens", help="Padded tokens per batch, or auto.")]
Bos = Annotated[str, typer.Option("--bos", help="Start token: auto (as the tokenizer does), always or never.")]
Engine = Annotated[str, typer.Option("--engine", help="Where work is done: local (this machine) or ray.")]
Workers = Annotated[
    int | None,
    typer.Option("--workers", min=1, help="Processes at once (default: as many as pay)."),
]
RayAddress = Annotated[
    str | None, typer.Option("--ray-address", help="A running Ray cluster (default: one for this run alone).")
]
Replicates = Annotated[int, typer.Option("--replicates", help="Bootstrap resamples behind each interval.")]
TrustRemoteCode = Annotated[bool, typer.Option(help="Run code that comes with a model.")]
AllowPickle = Annotated[bool, typer.Option(help="Open pickled weights, which can run any code.")]
Cache = Annotated[bool, typer.Option(help="Take scores from other runs, and keep these for them.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with status 1 if a prediction is violated.")]


def batch_tokens(text: str) -> int | None:
    """Padded tokens per batch from the option's text; None for `auto`."""
    if text == "auto":
        return None
    try:
        return int(text)
    except ValueError:
        raise BadInput("--batch-tokens", "auto or a whole number", repr(text)) from None


def read_config(context: typer.Context, path: Path | None) -> Path | None:
    """Take defaults from a YAML file of options, by their names; what the command line says wins."""
    if path is None:
        return None
    import yaml

    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadInput(f"--config {path}", "a YAML file", error) from None
    if not isinstance(settings, dict):
        raise BadInput(f"--config {path}", "a mapping of options", type(settings).__name__)
    context.default_map = {**(context.default_map or {}), **_by_parameter(context, path, settings)}
    return path


def _by_parameter(context: typer.Context, path: Path, settings: dict[Any, Any]) -> dict[str, Any]:
    """Rename options to the parameters they set, and let a list option be given as one value."""
    known = {flag.lstrip("-"): p for p in context.command.params for flag in p.opts if flag != "--config"}
    renamed: dict[str, Any] = {}
    for key, value in settings.items():
        option = str(key).replace("_", "-")
        if option not in known:
            raise BadInput(f"--config {path}", f"options among {', '.join(sorted(known))}", repr(key))
        parameter = known[option]
        renamed[str(parameter.name)] = [value] if parameter.multiple and not isinstance(value, list) else value
    return renamed


Config = Annotated[
    Path | None,
    typer.Option("--config", help="YAML file with the same options.", callback=read_config, is_eager=True),
]
