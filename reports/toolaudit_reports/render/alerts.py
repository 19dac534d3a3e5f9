"""Entries as hosts show them: one alert a code, resource and line, so a shared store gives lines, not pairs."""

from __future__ import annotations

import hashlib

import msgspec

from toolaudit_reports.findings import RANK, Entry
from toolaudit_reports.pairs import listed, pair_text
from toolaudit_reports.sanitise import one_line
from toolaudit_reports.stories import resource_text


class Alert(msgspec.Struct, frozen=True):
    """Entries at one place. `fingerprint` holds neither line nor path, nor which other tools join the clash."""

    lead: Entry
    entries: tuple[Entry, ...]
    fingerprint: str

    @property
    def text(self) -> str:
        """The lead's message, on one line, and what else clashes at this place."""
        message = one_line(self.lead.message)
        more = [pair_text(entry.names) for entry in self.entries[1:] if entry.pair]
        return f"{message} (here too: {listed(more)})" if more else message


def alerts(entries: tuple[Entry, ...]) -> tuple[Alert, ...]:
    """The alerts over `entries`, in their order: most severe first."""
    groups: dict[tuple[object, ...], list[Entry]] = {}
    for entry in entries:
        place = (entry.code, entry.status, entry.file, entry.line, entry.resource if entry.pair else entry.fingerprint)
        groups.setdefault(place, []).append(entry)
    taken: dict[str, int] = {}
    return tuple(_alert(tuple(group), taken) for group in groups.values())


def severities(found: tuple[Alert, ...]) -> dict[str, int]:
    """Severity → number of alerts, most severe first."""
    return {severity: sum(alert.lead.severity == severity for alert in found) for severity in RANK}


def _alert(group: tuple[Entry, ...], taken: dict[str, int]) -> Alert:
    lead = group[0]
    own = _identity(lead)
    taken[own] = taken.get(own, 0) + 1
    if taken[own] > 1:
        own = _hash(own, str(taken[own]))
    return Alert(lead, group, own)


def _identity(entry: Entry) -> str:
    """A finding's own fingerprint; for pairs, code, resource and the tool whose line it is."""
    if not entry.pair or entry.resource is None:
        return entry.fingerprint or _hash(entry.code, *entry.names)
    return _hash(entry.code, entry.resource.scope, resource_text(entry.resource), _owner(entry))


def _owner(entry: Entry) -> str:
    """The function (not the path) of the tool whose chain of lines holds the entry's line."""
    owner = entry.tools[0]
    for tool, chain in zip(entry.tools, entry.evidence, strict=False):
        if any((step.file, step.line) == (entry.file, entry.line) for step in chain):
            owner = tool
            break
    return owner.rpartition("::")[2]


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode(errors="replace")).hexdigest()[:32]
