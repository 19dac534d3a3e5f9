"""`toolaudit frameworks`: what is understood, and how each runs the calls of one turn; the same data as the docs page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolaudit.errors import ToolauditError

if TYPE_CHECKING:
    from toolaudit.frameworks import Described
    from toolaudit.frameworks.schema import Framework


@click.command("frameworks")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="The whole data as JSON.")
@click.option("--file", "files", multiple=True, type=click.Path(path_type=Path), help="Also this framework file (see FORMAT.md).")
def command(name: str | None, as_json: bool, files: tuple[Path, ...]) -> None:
    """List the frameworks, or how NAME declares tools and runs several calls of one turn, by version.

    Those of installed packages (entry point `toolaudit.frameworks`) and of files that the configuration names are listed too, with
    where they come from.
    """
    from toolaudit import frameworks
    from toolaudit.cli.settings import configured

    known = frameworks.described((*configured("frameworks"), *files))
    if name is not None:
        known = (_named(known, name),)
    if as_json:
        import msgspec

        documents = [{"file": one.file, **msgspec.to_builtins(one.framework)} for one in known]
        click.echo(msgspec.json.format(msgspec.json.encode(documents)).decode())
        return
    rows = [row for one in known for row in _rows(one.framework)]
    _table(("framework", "versions", "entry", "sync tools", "async tools", "on failure", "results"), rows)
    if name is not None:
        _remarks(known[0].framework)
        _declarations(known[0].framework)
    _origins(known)


def _named(known: tuple[Described, ...], name: str) -> Described:
    """By its name or that of a distribution (`haystack-ai`)."""
    for one in known:
        if name == one.framework.name or name in one.framework.framework.distributions:
            return one
    from toolaudit.frameworks.dispatch import no_such

    raise ToolauditError(no_such(name, [one.framework.name for one in known]))


def _origins(known: tuple[Described, ...]) -> None:
    """Where frameworks that are not ours are described."""
    others = [one for one in known if not one.own]
    if others:
        click.echo("\nNot toolaudit's own:")
    for one in others:
        click.echo(f"  {one.framework.name}: {one.file}" + (f", instead of {one.replaces}" if one.replaces else ""))


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


def _remarks(framework: Framework) -> None:
    """What a row has no room for: the timeout, the remark and where the facts were read."""
    for run in framework.run:
        told = [run.note, f"timeout: {run.timeout}" if run.timeout else "", f"read in {run.source}" if run.source else ""]
        if any(told):
            click.echo(f"\n{run.entry} {run.versions}".rstrip() + ": " + "; ".join(filter(None, told)))


def _declarations(framework: Framework) -> None:
    click.echo("\nTools are declared by:")
    for declare in framework.declare:
        what = ", ".join((*declare.names, *(f"{t}.{m}" for t in declare.types for m in declare.methods or ("*",))))
        click.echo(f"  {declare.kind:18} {what}")


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    for row in (header, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
