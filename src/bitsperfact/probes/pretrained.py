"""How many bits does a pretrained language model spend per fact, and how much must it therefore hallucinate?

Each claim set holds facts and non-facts of the same form. Every model scores every claim; the Kullback-Leibler
divergence between its scores of facts and of non-facts is the number of bits it spends per fact (Guo & Li 2026,
arXiv 2602.00906). The verdict table says which predictions of the theory hold: scores look like its optimum, the
hallucination channel (no fact forgotten, none told more surely than another, nothing left open), and bits grow
with size in a family; apart from these, checks of sets and estimates, such as no bits on facts that nobody could
learn.

    python probes/pretrained.py --model pypi:smollm2-135m --claims capitals --out runs/capitals
"""

import typer

from bitsperfact import console, options

app = typer.Typer(**console.app_settings)


@app.command(help=__doc__)
def pretrained(
    model: options.Models,
    claims: options.Claims,
    out: options.Out,
    config: options.Config = None,
    score: options.Scores = None,
    limit: options.Limit = None,
    negatives: options.Negatives = None,
    seed: options.Seed = 0,
    dtype: options.Dtype = "float32",
    device: options.Device = "auto",
    batch_tokens: options.BatchTokens = "auto",
    bos: options.Bos = "auto",
    engine: options.Engine = "local",
    workers: options.Workers = None,
    ray_address: options.RayAddress = None,
    replicates: options.Replicates = 200,
    trust_remote_code: options.TrustRemoteCode = False,
    allow_pickle: options.AllowPickle = False,
    cache: options.Cache = True,
    strict: options.Strict = False,
) -> int:
    """Score, analyse, judge, report."""
    from rich.console import Console

    from bitsperfact import pipeline, precision, report

    finished = pipeline.run(
        pipeline.Options(
            model=tuple(model),
            claims=tuple(claims),
            out=out,
            score=tuple(score) if score else None,
            limit=limit,
            negatives=negatives,
            seed=seed,
            dtype=dtype,
            device=device,
            batch_tokens=options.batch_tokens(batch_tokens),
            bos=bos,
            engine=engine,
            workers=workers,
            ray_address=ray_address,
            replicates=replicates,
            trust_remote_code=trust_remote_code,
            allow_pickle=allow_pickle,
            cache=cache,
        )
    )
    terminal = Console()
    terminal.print(report.headline_table(finished.separation))
    terminal.print(report.verdict_table(finished.verdict))
    for line in pipeline.left_out_lines(finished.manifest) + precision.lines(finished.manifest):
        terminal.print(line, soft_wrap=True, highlight=False)
    terminal.print(f"report: {out / 'report.html'}", soft_wrap=True)
    violated = bool((finished.verdict["status"] == "violated").any())
    return console.VIOLATED if strict and violated else 0
