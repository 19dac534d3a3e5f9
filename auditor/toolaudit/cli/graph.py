"""`toolaudit graph`: tools as nodes, conflicts and orderings as edges, for other programs to draw."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("graph")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--format", "form", type=click.Choice(["mermaid", "dot", "json"]), default="mermaid", help="Output format [mermaid].")
@click.option("--runner", type=click.Choice(["auto", "threads", "event-loop", "processes"]), help="How the calls of one turn run.")
@click.option("--no-cache", is_flag=True, help="Neither read nor write the cache.")
def command(paths: tuple[Path, ...], form: str, **options: object) -> int:
    """Print the coupling graph of the tools below PATH."""
    from toolaudit import pipeline
    from toolaudit.cli.settings import settle
    from toolaudit.errors import EXIT_NO_TOOLS
    from toolaudit.verdicts.graph import draw

    document = pipeline.scan(settle(paths, options))
    click.echo(draw(document, form))
    return 0 if document.tools else EXIT_NO_TOOLS
