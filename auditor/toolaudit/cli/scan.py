"""`toolaudit scan`: from files to a verdict, in every format at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolaudit.cli.outputs import Output, interactive, plan_outputs, result_options, view_options, write_pieces

if TYPE_CHECKING:
    from toolaudit import pipeline
    from toolaudit.pipeline import Report
    from toolaudit.request import Request
    from toolaudit_reports.document import ScanDocument
    from toolaudit_reports.draft import Draft
    from toolaudit_reports.lines import Change
    from toolaudit_reports.render import Options


MANY = 5_000
"""Of more conflicts the entries take much room, and what the document was made of is given back first."""


@click.command("scan")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@result_options
@click.option("--select", multiple=True, metavar="CODES", help="Report only these codes or names (comma-separated).")
@click.option("--ignore", multiple=True, metavar="CODES", help="Do not report these codes or names (comma-separated).")
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE", help="Findings listed in FILE do not fail the gate.")
@click.option("--write-baseline", type=click.Path(path_type=Path), metavar="FILE", help="Write today's findings to FILE as accepted.")
@click.option("--since", metavar="REV", help="Scan everything, fail only on what is new since this git revision.")
@click.option("--compare", metavar="FRAMEWORK=OLD:NEW", help="Which verdicts change when the framework is upgraded.")
@click.option(
    "--runner",
    type=click.Choice(["auto", "threads", "event-loop", "processes"]),
    help="How the calls of one turn run [auto: as the framework's version does].",
)
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave out files and folders, as in .gitignore.")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Worker processes [cores].")
@click.option("--no-cache", is_flag=True, help="Neither read nor write the cache.")
def command(
    paths: tuple[Path, ...],
    formats: tuple[str, ...],
    outputs: tuple[str, ...],
    quiet: bool,
    verbose: bool,
    exit_zero: bool,
    since: str | None,
    write_baseline: Path | None,
    **options: object,
) -> int:
    """Find the tools below PATH, what each touches, and which pairs clash. Never runs the code it reads."""
    from toolaudit import pipeline
    from toolaudit.cli.settings import settle
    from toolaudit_reports.document import pieces
    from toolaudit_reports.draft import of_document

    planned = plan_outputs(formats, outputs)
    request = settle(paths, options)
    views = [view_options(output, quiet=quiet, verbose=verbose, migration=request.compare is not None) for output in planned]

    def shown(draft: Draft) -> pipeline.Shown:
        return _shown(draft, planned, views, request, exit_zero)

    def again(before: pipeline.Shown, change: Change) -> pipeline.Shown | None:
        return _again(before, change, views)

    with ExitStack() as watching:
        progress = watching.enter_context(_progress())

        def write(number: int, parts: Iterable[bytes]) -> None:
            watching.close()
            write_pieces(planned[number], parts)

        if since is None and write_baseline is None:
            view = repr((exit_zero, [output.format for output in planned], views))
            return pipeline.show(request, view, shown, write, progress, again)
        document = _marked(pipeline.scan(request, progress), since, write_baseline, request)
        return pipeline.write_shown(shown(of_document(document)), lambda: pieces(document), write)


def _marked(document: ScanDocument, since: str | None, write_baseline: Path | None, request: Request) -> ScanDocument:
    """Compared with a revision, and its findings accepted, as asked."""
    if since is not None:
        from toolaudit.since import mark_new

        document = mark_new(document, since, request)
    if write_baseline is not None:
        from toolaudit import baseline

        baseline.write(write_baseline, document)
        click.echo(f"toolaudit: wrote {write_baseline}", err=True)
    return document


def _shown(draft: Draft, planned: tuple[Output, ...], views: list[Options], request: Request, exit_zero: bool) -> pipeline.Shown:
    """The gate's verdict and the text of every output."""
    from toolaudit.pipeline import Shown
    from toolaudit.project.room import give_back
    from toolaudit_reports import gate, render

    config = request.config
    verdict = gate.decide(draft.rest, parts=draft.parts, fail_on=config.fail_on, exit_zero=exit_zero, strict=config.strict)
    outputs: list[bytes | None] = []
    briefs: list[bytes | None] = []
    for output, options in zip(planned, views, strict=True):
        brief, text = None, None
        if not render.is_document(output.format, len(draft.clashes)):
            brief = render.brief(output.format, draft.rest, draft.messages, gate=verdict, options=options, parts=draft.parts)
            told = render.again(brief, {}, options) if brief is not None else None
            if told is None and len(draft.clashes) > MANY:
                give_back()
            text = told[0] if told else render.render(output.format, draft.whole, gate=verdict, options=options)
        outputs.append(None if text is None else text.encode(errors="backslashreplace"))
        briefs.append(brief)
    return Shown(verdict.exit_code, tuple(outputs), tuple(briefs))


def _again(before: pipeline.Shown, change: Change, views: list[Options]) -> pipeline.Shown | None:
    """The same at other lines, where every output can be written from what was kept of it."""
    from toolaudit.pipeline import Shown
    from toolaudit_reports import render

    outputs: list[bytes | None] = []
    briefs: list[bytes | None] = []
    for output, brief, options in zip(before.outputs, before.briefs, views, strict=True):
        told = None if brief is None else render.again(brief, change, options)
        if output is not None and told is None:
            return None
        outputs.append(None if told is None else told[0].encode(errors="backslashreplace"))
        briefs.append(None if told is None else told[1])
    return Shown(before.exit_code, tuple(outputs), tuple(briefs))


@contextmanager
def _progress() -> Iterator[Report | None]:
    """Told of by the pipeline, shown on a terminal."""
    if not interactive():
        yield None
        return
    from toolaudit.cli.progress import Progress

    with Progress() as progress:
        yield progress
