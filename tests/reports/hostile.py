"""Documents whose every free text is an attack: names, paths, docstrings, code, keys, messages, values, schedules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from toolaudit_reports.document import EvidenceDocument, ScanDocument, encode, load_evidence, load_scan

PAYLOADS: list[str] = json.loads((Path(__file__).parent / "data" / "payloads.json").read_text())
# Fields that hold one of a few words; all others are whatever the scanned code or its author wrote.
WORDS = {"class", "access", "severity", "confidence", "origin", "readiness", "verdict", "failure"}


def hostile_scan(scan: ScanDocument, payload: str) -> ScanDocument:
    """`scan` with `payload` before every free text; the same text stays the same, so that references still hold."""
    return load_scan(json.dumps(_poisoned(json.loads(encode(scan)), payload)).encode())


def hostile_evidence(evidence: EvidenceDocument, payload: str) -> EvidenceDocument:
    """`evidence` poisoned alike, so that it still matches a scan poisoned with the same payload."""
    return load_evidence(json.dumps(_poisoned(json.loads(encode(evidence)), payload)).encode())


def _poisoned(value: Any, payload: str, field: str = "") -> Any:
    if isinstance(value, dict):
        return {_key(key, payload, field): _poisoned(item, payload, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_poisoned(item, payload, field) for item in value]
    if isinstance(value, str) and field not in WORDS and value not in ("race", "order"):
        return payload + value
    return value


def _key(key: str, payload: str, field: str) -> str:
    """Only maps from free text are poisoned in their keys: files to lines, calls to results, resources to state."""
    free = field in ("sources", "results", "state", "arguments", "declared")
    return payload + key if free else key
