"""Workflow commands of GitHub Actions: annotations on the lines of a change. The job summary is `markdown.py`.

Grammar: docs.github.com, "Workflow commands for GitHub Actions". A step shows ten annotations of a kind.
"""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit_reports.findings import is_open
from toolaudit_reports.overview import numbers
from toolaudit_reports.render.alerts import Alert, alerts, severities
from toolaudit_reports.sanitise import plain
from toolaudit_reports.view import View

OF_A_KIND = 10
_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def write(view: View) -> str:
    """One command a line, most severe first; the verdict comes last as plain text."""
    found = alerts(tuple(entry for entry in view.entries if is_open(entry)))
    lines = [line for severity, number in severities(found).items() for line in _kind(severity, number, found)]
    verdict = f"{view.overview.verdict} ({numbers(view.gate)}). Gate {_word(view)}: {view.gate.reason}."
    # A line that starts with `::` would be read as a command, whatever it holds.
    return "\n".join([*lines, "toolaudit: " + " ".join(plain(verdict).split())]) + "\n"


def _kind(severity: str, number: int, found: tuple[Alert, ...]) -> Iterator[str]:
    command = _COMMANDS[severity]
    room = OF_A_KIND if number <= OF_A_KIND else OF_A_KIND - 1
    mine = [alert for alert in found if alert.lead.severity == severity]
    yield from (_annotation(command, alert) for alert in mine[:room])
    if number > room:
        left = number - room
        yield f"::{command} title=toolaudit::and {left} more of severity {severity}, none shown here; see the report"


def _annotation(command: str, alert: Alert) -> str:
    lead = alert.lead
    fields = [("file", lead.file)]
    if lead.line:
        fields.append(("line", str(lead.line)))
        if lead.column:
            fields.append(("col", str(lead.column)))
            if lead.end_column and lead.end_column > lead.column:
                fields.append(("endColumn", str(lead.end_column)))
    fields.append(("title", f"{lead.name} ({lead.code})"))
    said = f"{alert.text}\nHelp: {lead.help}" if lead.help else alert.text
    return f"::{command} {','.join(f'{name}={_field(value)}' for name, value in fields)}::{_data(said)}"


def _data(text: str) -> str:
    return plain(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _field(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _word(view: View) -> str:
    return "passed" if view.gate.passed else "failed"
