"""`toolaudit report`: several scans and confirm runs, one page, one exit code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolaudit.cli.outputs import plan_outputs, result_options, view_options, write
from toolaudit.errors import ToolauditError

if TYPE_CHECKING:
    from toolaudit_reports.document import Document
    from toolaudit_reports.gate import FailOn


@click.command("report")
@click.argument("documents", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="JSON...")
@result_options
def command(
    documents: tuple[Path, ...],
    formats: tuple[str, ...],
    outputs: tuple[str, ...],
    fail_on: FailOn | None,
    exit_zero: bool,
    strict: bool | None,
    quiet: bool,
    verbose: bool,
) -> int:
    """Merge scan documents and confirm evidence (JSON files, in any order) into one page and one gate.

    What fails the gate is what the pyproject.toml of the working folder says, unless an option says otherwise.
    """
    from toolaudit import config
    from toolaudit_reports import gate, render
    from toolaudit_reports.merge import NothingToMerge, merge_scans, split

    planned = plan_outputs(formats, outputs)
    settled = config.load(Path.cwd())
    scans, evidence = split(read(file) for file in documents)
    try:
        merged = merge_scans(scans)
    except NothingToMerge as error:
        raise ToolauditError(f"{error}; make one with `toolaudit scan PATH --output json=scan.json`") from None
    verdict = gate.decide(
        merged,
        fail_on=fail_on or settled.fail_on,
        exit_zero=exit_zero,
        strict=settled.strict if strict is None else strict,
        evidence=evidence,
    )
    for output in planned:
        shown = view_options(output, quiet=quiet, verbose=verbose, migration=bool(merged.migration))
        write(output, render.render(output.format, merged, gate=verdict, evidence=evidence, options=shown))
    return verdict.exit_code


def read(file: Path) -> Document:
    """The scan or evidence document in a file. Raises ToolauditError when there is none that can be read."""
    from toolaudit_reports.document import DocumentError, load

    try:
        return load(file.read_bytes(), source=str(file))
    except OSError as error:
        raise ToolauditError(f"{file}: cannot be read ({error.strerror or error})") from None
    except DocumentError as error:
        raise ToolauditError(str(error)) from None
