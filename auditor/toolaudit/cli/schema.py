"""`toolaudit schema`: the JSON Schemas that editors and other programs check against."""

from __future__ import annotations

import click


@click.command("schema")
@click.argument("name", type=click.Choice(["configuration", "scan", "evidence"]))
def command(name: str) -> None:
    """Print the JSON Schema of NAME: `[tool.toolaudit]`, the scan document or the evidence document."""
    from toolaudit_reports.document import EvidenceDocument, ScanDocument, shipped_schema

    if name == "configuration":
        from toolaudit import config

        click.echo(config.shipped_schema(), nl=False)
        return
    click.echo(shipped_schema(ScanDocument if name == "scan" else EvidenceDocument).decode(), nl=False)
