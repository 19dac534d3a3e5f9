"""GitLab's code quality report: the subset of the Code Climate format that merge requests show.

Format: docs.gitlab.com, "Code Quality", "Import code quality results from a CI/CD job".
"""

from __future__ import annotations

import json

from toolaudit_reports.findings import is_open
from toolaudit_reports.render.alerts import Alert, alerts
from toolaudit_reports.sanitise import plain
from toolaudit_reports.view import View

_SEVERITIES = {"error": "critical", "warning": "major", "note": "info"}


def write(view: View) -> str:
    """A JSON array of what counts; accepted findings are left out, as the format has no place for them."""
    found = alerts(tuple(entry for entry in view.entries if is_open(entry)))
    return json.dumps([_issue(alert) for alert in found], indent=1, ensure_ascii=False) + "\n"


def _issue(alert: Alert) -> dict[str, object]:
    lead = alert.lead
    return {
        "description": f"{plain(lead.name)}: {alert.text}",
        "check_name": plain(lead.name),
        "fingerprint": plain(alert.fingerprint),
        "severity": _SEVERITIES[lead.severity],
        "location": {"path": plain(lead.file).replace("\\", "/"), "lines": {"begin": max(lead.line, 1)}},
    }
