"""`toolaudit frameworks`: what is understood, and how each runs the calls of one turn; the same data as the docs page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from toolaudit.frameworks.schema import Framework


@click.command("frameworks")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="The whole data as JSON.")
@click.option("--file", "files", multiple=True, type=click.Path(path_type=Path), help="Also this framework file (see FORMAT.md).")
def command(name: str | None, as_json: bool, files: tuple[Path, ...]) -> None:
    """List the frameworks, or how NAME declares tools and runs several calls of one turn, by version."""
    from toolaudit import frameworks
    from toolaudit.errors import ToolauditError

    known = frameworks.load(files)
    if name is not None:
        chosen = tuple(f for f in known if f.name == name)
        if not chosen:
            raise ToolauditError(f"there is no framework `{name}`; known: {', '.join(f.name for f in known)}")
        known = chosen
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(known)).decode())
        return
    rows = [row for framework in known for row in _rows(framework)]
    _table(("framework", "versions", "entry", "sync tools", "async tools", "on failure", "results"), rows)
    if name is not None:
        _declarations(known[0])


def _rows(framework: Framework) -> list[tuple[str, ...]]:
    head = framework.framework
    rows: list[tuple[str, ...]] = []
    for run in framework.run:
        rows.append(
            (
                head.name,
                run.versions or f"to {head.newest}" if head.newest else run.versions or "all",
                run.entry,
                _where(run.sync, run.sync_workers),
                _where(run.asynchronous, run.async_workers),
                run.failure,
                run.order,
            )
        )
    return rows or [(head.name, head.newest or "all", "-", "unknown", "unknown", "unknown", "unknown")]


def _where(runner: str, workers: object) -> str:
    return f"{runner} ({workers})" if workers not in ("unknown", 0, 1) and runner in ("threads", "processes") else runner


def _declarations(framework: Framework) -> None:
    click.echo("\nTools are declared by:")
    for declare in framework.declare:
        what = ", ".join((*declare.names, *(f"{t}.{m}" for t in declare.types for m in declare.methods or ("*",))))
        click.echo(f"  {declare.kind:18} {what}")


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    for row in (header, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
