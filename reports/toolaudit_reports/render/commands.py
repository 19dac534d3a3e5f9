"""What to run next, from what the document says."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit_reports.parts import pairs
from toolaudit_reports.sanitise import one_line
from toolaudit_reports.view import View


def next_steps(view: View) -> Iterator[tuple[str, str]]:
    """What to run next, most useful first: at most three commands and why."""
    roots = " ".join(one_line(root) for root in view.document.roots) or "."
    if not view.document.tools:
        yield "toolaudit scan PATH", "point it at the package that defines the tools"
        return
    if any(part.like.status == "open" and not part.like.proof for part in pairs(view.parts)):
        yield f"toolaudit confirm {roots}", "prove or clear each clash"
    worst = next((story for story in view.stories if not story.settled), None)
    if worst is not None:
        yield f"toolaudit explain {one_line(worst.lead.name)}", "why it matters and what to use instead"
    else:
        yield f"toolaudit graph {roots}", "see what is coupled all the same"
