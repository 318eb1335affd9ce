"""The options of probes, each declared once: a field of a frozen dataclass, from which the command line is made.

A field annotated with a `typer.Option` is an option of the command line and of `--config`, its default that of the
field. Probes that share options inherit them.
"""

import sys
from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from inspect import Parameter, Signature
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import typer

from bitsperfact import console
from bitsperfact.errors import BadInput


def batch_tokens(text: str) -> int | None:
    """Return padded tokens per batch from the option's text; None for `auto`."""
    if text == "auto":
        return None
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"expected auto or a whole number, got {text!r}") from None


Models = Annotated[
    tuple[str, ...],
    typer.Option("--model", help="Hub id, folder, .gguf file, pypi:NAME or random:NAME; repeatable."),
]
Claims = Annotated[
    tuple[str, ...],
    typer.Option(
        "--claims",
        help="Claim set: name, file, folder, recipe, FILE#SET or hub:org/name[@revision][#config]; repeatable.",
    ),
]
Template = Annotated[
    str | None,
    typer.Option("--template", help='Claims over a file\'s columns: "The city of {city} is in| {country}".'),
]
Out = Annotated[Path, typer.Option("--out", help="Run folder; an interrupted run in it is resumed.")]
Scores = Annotated[
    tuple[str, ...] | None,
    typer.Option("--score", help="How claims are scored; repeatable (default: logprob and calibrated)."),
]
Limit = Annotated[int | None, typer.Option("--limit", help="Facts per claim set (a seeded sample).")]
Negatives = Annotated[int | None, typer.Option("--negatives", help="Non-facts per fact and stratum.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of all sampling.")]
Dtype = Annotated[str, typer.Option("--dtype", help="float32, bfloat16 or float16.")]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:N or mps.")]
BatchTokens = Annotated[
    int | None,
    typer.Option(
        "--batch-tokens",
        parser=batch_tokens,
        metavar="INTEGER|auto",
        show_default="auto",
        help="Padded tokens per batch, or auto.",
    ),
]
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


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What every probe is asked: where its run folder lies, and how its numbers are drawn."""

    out: Out
    seed: Seed = 0
    replicates: Replicates = 200
    strict: Strict = False
    command: tuple[str, ...] = field(default_factory=lambda: tuple(sys.argv))
    progress: bool = True


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions):
    """What a probe of existing models is asked.

    `score` None: the default scores, of each claim set those that can be made of it.
    """

    model: Models
    claims: Claims
    template: Template = None
    score: Scores = None
    limit: Limit = None
    negatives: Negatives = None
    dtype: Dtype = "float32"
    device: Device = "auto"
    batch_tokens: BatchTokens = None
    bos: Bos = "auto"
    engine: Engine = "local"
    workers: Workers = None
    ray_address: RayAddress = None
    trust_remote_code: TrustRemoteCode = False
    allow_pickle: AllowPickle = False
    cache: Cache = True


#: The least value of options that are numbers.
LEAST = {"batch_tokens": 1, "limit": 1, "negatives": 1, "seed": 0, "replicates": 2, "workers": 1, "rows": 1}


def check_least(**values: int | None) -> None:
    """Raise BadInput, naming the option, for a number below the least that it may be."""
    for name, value in values.items():
        if value is not None and value < LEAST[name]:
            raise BadInput(f"--{name.replace('_', '-')}", f"a number of at least {LEAST[name]}", value)


_Options = TypeVar("_Options", bound=RunOptions)


def command_of(options: type[_Options], work: Callable[[_Options], int]) -> Callable[..., int]:
    """Make the function of a command that calls `work` with options from the command line and from `--config`.

    Its parameters are the fields of the dataclass that are annotated as options, in order, and it returns what
    `work` returns.
    """
    types = get_type_hints(options, include_extras=True)
    given = [each for each in fields(options) if get_origin(types[each.name]) is Annotated]
    shared = {each.name for each in fields(RunOptions)}
    # What must be given is shown first, and a probe's own before what all share.
    given.sort(key=lambda each: (each.default is not MISSING, each.name in shared))
    make: Callable[..., _Options] = options

    def run(**values: Any) -> int:
        del values["config"]  # has been read by now
        # An option that may be repeated and was not given comes as an empty list: the field's default holds.
        kept = {name: value for name, value in values.items() if value != []}
        return work(make(**{k: tuple(v) if isinstance(v, list) else v for k, v in kept.items()}))

    parameters = [
        Parameter(each.name, Parameter.KEYWORD_ONLY, default=_default(each), annotation=_as_list(types[each.name]))
        for each in given
    ]
    parameters.append(Parameter("config", Parameter.KEYWORD_ONLY, default=None, annotation=Config))
    run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def _default(of: Any) -> Any:
    if of.default is not MISSING:
        return list(of.default) if isinstance(of.default, tuple) else of.default
    return Parameter.empty


def _as_list(annotated: Any) -> Any:
    """Return the type with lists for tuples of any length, which Typer does not read."""
    kind, *more = get_args(annotated)
    for part in (kind, *get_args(kind)):
        if get_origin(part) is tuple:
            kind = list[get_args(part)[0]] | None if part is not kind else list[get_args(part)[0]]  # type: ignore[misc]
            break
    return Annotated[kind, *more]


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


def app_of(options: type[_Options], work: Callable[[_Options], int], text: str | None) -> typer.Typer:
    """Make the app of a probe, whose help is `text`; see `command_of`."""
    app = typer.Typer(**console.app_settings)
    app.command(help=text)(command_of(options, work))
    return app
