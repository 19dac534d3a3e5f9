"""The one sentence that says what goes wrong between two calls."""

from __future__ import annotations

from toolaudit.model import Access
from toolaudit.verdicts.clashes import Clash
from toolaudit.verdicts.columns import ONE, OTHER
from toolaudit.verdicts.keys import resource_text
from toolaudit.verdicts.profile import WRITES, line_of

GERUND = {
    "read": "reads",
    "check": "checks",
    "list": "lists",
    "consume": "takes from",
    "write": "writes",
    "append": "appends to",
    "create": "creates",
    "ensure": "creates if absent",
    "update": "changes",
    "increment": "counts up",
    "delete": "deletes",
    "rename": "renames",
    "send": "sends to",
    "session": "drives",
    "opaque": "runs free text on",
}


def conflict_message(itself: bool, clash: Clash) -> str:
    """One sentence: who, what, where, and what is lost; marks stand for the names of the tools."""
    what = resource_text(clash.a.resource)
    who = f"two calls of {ONE}" if itself else f"{ONE} and {OTHER}"
    return f"{who}: {_story(itself, clash, what)}{_condition(clash)}"


def _condition(clash: Clash) -> str:
    if clash.when == "always":
        return ""
    return " (if they meet; the key is not known)" if clash.when == "may" else f" (when {clash.when})"


def _story(itself: bool, clash: Clash, what: str) -> str:
    if clash.code == "TA402":
        return "one changes the working folder while the other resolves a relative path"
    if "opaque" in {clash.a.operation, clash.b.operation}:
        free = ONE if clash.a.operation == "opaque" else OTHER
        return f"{free} runs free text that may read or change {what}"
    if clash.kind == "race":
        return _race(clash, what)
    return _order(itself, clash, what)


def _race(clash: Clash, what: str) -> str:
    if clash.code == "TA104":
        return f"both can pass the check of {what} before either acts, so one acts on what is no longer true"
    if clash.torn and clash.a.resource.kind == "sql":
        return f"{what} is changed in several statements without a transaction, so the reader can meet it half done"
    if clash.torn:
        return f"{what} is truncated and then written, so the reader can meet it empty or in part"
    if clash.code == "TA103":
        return f"both drive {what} at once, so each can act on what the other has just changed"
    window = clash.evidence_a if len(clash.evidence_a) > 1 else clash.evidence_b or (clash.b,)
    lines = " and ".join(f"line {line_of(a)}" for a in window)
    return f"{what} is read and written back ({lines}) without a lock, so an update made in between is lost"


def _order(itself: bool, clash: Clash, what: str) -> str:
    a, b = clash.a, clash.b
    if a.mode in WRITES and b.mode in WRITES:
        if itself:
            return f"the last one to change {what} wins"
        return f"{_does(ONE, a)} and {_does(OTHER, b)} {what}; the last one decides"
    writer, reader = (ONE, OTHER) if a.mode in WRITES else (OTHER, ONE)
    write, read = (a, b) if a.mode in WRITES else (b, a)
    return f"{_does(writer, write)} and {_does(reader, read)} {what}; which comes first decides what {reader} sees"


def _does(tool: str, access: Access) -> str:
    return f"{tool} {GERUND[access.operation]}"
