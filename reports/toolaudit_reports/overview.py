"""What a reviewer needs in ten seconds: may parallel calls go live, and what to do first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from toolaudit_reports.document import ScanDocument, Tool
from toolaudit_reports.findings import RANK
from toolaudit_reports.gate import Gate
from toolaudit_reports.parts import Part, pairs
from toolaudit_reports.proofs import count
from toolaudit_reports.stories import Story, title

ToolState = Literal["clashes", "order", "latent", "unknown", "safe"]
STATES: dict[ToolState, str] = {
    "clashes": "clashes with a parallel call",
    "order": "depends on the order of calls",
    "latent": "clashes under another runner",
    "unknown": "could not be fully read",
    "safe": "no clash found",
}


def state_text(state: ToolState, number: int = 1) -> str:
    """The state in words, as `number` tools are in it."""
    words = STATES[state]
    return words if number == 1 else words.replace("clashes ", "clash ").replace("depends ", "depend ")


class Todo(msgspec.Struct, frozen=True):
    """One thing to do first: what is wrong, what to do, and the story it stands for."""

    what: str
    do: str
    story: Story


class Overview(msgspec.Struct, frozen=True):
    """The verdict in one sentence, the state of every tool (by id), and at most three things to do."""

    verdict: str
    safe: bool
    states: dict[str, ToolState]
    todos: tuple[Todo, ...]


def look(document: ScanDocument, parts: Sequence[Part], stories: tuple[Story, ...], gate: Gate) -> Overview:
    """The overview of one document."""
    states = tool_states(document, parts)
    fresh = any(part.like.status == "open" for part in pairs(parts))
    verdict, safe = _sentence(states, gate, "" if fresh else ", none of it new")
    return Overview(verdict, safe, states, _todos(stories))


def tool_states(document: ScanDocument, parts: Iterable[Part]) -> dict[str, ToolState]:
    """Tool id → state. Conflicts that a person accepted with a suppression and cleared ones leave a tool safe; those of a baseline do
    not, and an unread tool is never safe."""
    states: dict[str, ToolState] = {tool.id: _alone(tool) for tool in document.tools}
    rank = {state: number for number, state in enumerate(STATES)}
    for part in pairs(parts):
        like = part.like
        if like.status == "suppressed" or like.proof == "cleared":
            continue
        state: ToolState = "latent" if like.latent else "order" if like.order else "clashes"
        for tool in part.members:
            if tool in states and rank[state] < rank[states[tool]]:
                states[tool] = state
    return states


def numbers(gate: Gate) -> str:
    """`4 errors, 1 warning, 2 suppressed`; `no findings` when there are none."""
    counted = gate.counted
    said = [
        count(number, noun)
        for number, noun in ((counted.errors, "error"), (counted.warnings, "warning"), (counted.notes, "note"))
        if number
    ]
    rest = (
        (counted.confirmed, "confirmed"),
        (counted.cleared, "cleared"),
        (counted.suppressed, "suppressed"),
        (counted.baseline, "in the baseline"),
        (counted.known, "known before"),
    )
    said += [f"{number} {word}" for number, word in rest if number]
    return ", ".join(said) or "no findings"


def _alone(tool: Tool) -> ToolState:
    return "unknown" if tool.class_ == "unknown" else "safe"


def _sentence(states: dict[str, ToolState], gate: Gate, age: str) -> tuple[str, bool]:
    total = len(states)
    held = list(states.values())
    racing, ordered, unread = held.count("clashes"), held.count("order"), held.count("unknown")
    if not total:
        return "No tools found", False
    rest = f"; {unread} could not be fully read" if unread else ""
    if racing:
        return f"Not safe to run in parallel: {racing + ordered} of {count(total, 'tool')} {_verb(racing + ordered)}{age}{rest}", False
    if ordered:
        return (
            f"No race found, but the order of calls decides what {ordered} of {count(total, 'tool')} give{'s' * (ordered == 1)}{age}{rest}",
            False,
        )
    if unread:
        return f"No clash found, but {unread} of {count(total, 'tool')} could not be fully read", False
    if gate.incomplete:
        return f"No clash found among {count(total, 'tool')}, but the scan is incomplete", False
    latent = held.count("latent")
    if latent:
        return f"No clash under this runner; {latent} of {count(total, 'tool')} would clash under another", True
    return f"Safe to run in parallel as far as was read: no clash among {count(total, 'tool')}", True


def _verb(number: int) -> str:
    return "clashes" if number == 1 else "clash"


def _todos(stories: tuple[Story, ...]) -> tuple[Todo, ...]:
    """Confirmed stories before suspected ones; cleared and accepted ones are nothing to do."""

    def proven(story: Story) -> int:
        return 0 if any(part.like.proof == "confirmed" for part in story.parts) else 1

    due = [story for story in stories if not story.settled]
    first = sorted(due, key=lambda story: (RANK[story.lead.severity], proven(story)))[:3]
    return tuple(Todo(title(story) or story.lead.message, story.lead.help, story) for story in first)
