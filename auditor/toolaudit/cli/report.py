"""`toolaudit report`: several scans and confirm runs, one page, one exit code."""

from __future__ import annotations

from pathlib import Path

import click

from toolaudit.cli.outputs import FORMATS, plan_outputs, view_options, write
from toolaudit.errors import ToolauditError


@click.command("report")
@click.argument("documents", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="JSON...")
@click.option("--format", "formats", multiple=True, type=click.Choice(FORMATS), help="Output format; may be given several times.")
@click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar="[FORMAT=]FILE",
    help="Write to FILE instead of standard output; may be given several times.",
)
@click.option(
    "--fail-on", type=click.Choice(["error", "warning", "note", "never"]), default="error", help="Lowest severity that fails the gate."
)
@click.option("--exit-zero", is_flag=True, help="Exit 0 instead of 1, 3 and 4.")
@click.option("--strict", is_flag=True, help="Exit 4 when a file could not be read or a tool not be resolved.")
@click.option("-q", "--quiet", is_flag=True, help="Only the verdict line.")
@click.option("-v", "--verbose", is_flag=True, help="Also notes, secondary effects and unresolved calls.")
def command(
    documents: tuple[Path, ...],
    formats: tuple[str, ...],
    outputs: tuple[str, ...],
    fail_on: str,
    exit_zero: bool,
    strict: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Merge scan documents and confirm evidence (JSON files, in any order) into one page and one gate."""
    from toolaudit_reports import gate, render
    from toolaudit_reports.document import DocumentError, EvidenceDocument, ScanDocument, load
    from toolaudit_reports.merge import merge_scans

    planned = plan_outputs(formats, outputs)
    scans: list[ScanDocument] = []
    evidence: list[EvidenceDocument] = []
    for file in documents:
        try:
            document = load(file.read_bytes())
        except OSError as error:
            raise ToolauditError(f"{file}: {error.strerror}") from None
        except DocumentError as error:
            raise ToolauditError(f"{file}: {error}") from None
        if isinstance(document, ScanDocument):
            scans.append(document)
        else:
            evidence.append(document)
    if not scans:
        raise ToolauditError("no scan document among the files; make one with `toolaudit scan PATH --output json=scan.json`")
    merged = merge_scans(scans)
    verdict = gate.decide(merged, fail_on=fail_on, exit_zero=exit_zero, strict=strict, evidence=evidence)  # type: ignore[arg-type]
    for output in planned:
        shown = view_options(output, quiet=quiet, verbose=verbose, migration=bool(merged.migration))
        write(output, render.render(output.format, merged, gate=verdict, evidence=evidence, options=shown))
    return verdict.exit_code
