"""Writes the shipped JSON Schemas from the document types."""

from __future__ import annotations

from pathlib import Path

from toolaudit_reports.document import SCHEMA, EvidenceDocument, ScanDocument, json_schema

for name, document_type in (("scan", ScanDocument), ("evidence", EvidenceDocument)):
    (Path(__file__).parent / f"{name}-v{SCHEMA}.json").write_bytes(json_schema(document_type))
