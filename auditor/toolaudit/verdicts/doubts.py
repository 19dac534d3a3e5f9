"""What a tool is called, as a second witness: where its name and its code say different things, the class is less certain."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from toolaudit.effects.wording import ASKS, CHANGES, COMPUTES, adds_to_a_collection, is_silent, said_by
from toolaudit.model import ON_THE_WAY, Access, Place, ToolClass, Verdict
from toolaudit.verdicts.profile import Profile

EXPECTED = {ASKS: "asks", COMPUTES: "computes", CHANGES: "changes something"}


def contradicts(said: str, tool_class: ToolClass) -> bool:
    """A tool that only asks is expected to read what others write, and one that changes something to write."""
    if said == CHANGES:
        return tool_class in {"pure", "read-only"}
    writes = tool_class in {"write-only", "read-modify-write"}
    return writes if said == COMPUTES else said == ASKS and (writes or tool_class == "pure")


def weighed(views: Sequence[Profile], verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """The verdicts, those with less confidence that a name speaks against: the tool's own, or that of a tool which does the same at one place."""
    said = [said_by(view.tool.name) for view in views]
    doubted = {place for view, kind in zip(views, said, strict=True) if kind in (ASKS, COMPUTES) for place in _deciding(view)}
    return tuple(_weighed(view, verdict, kind, doubted) for view, verdict, kind in zip(views, verdicts, said, strict=True))


def _deciding(view: Profile) -> set[tuple[Place, Place]]:
    return {(window.read.chain[-1], window.write.chain[-1]) for window in view.windows if window.read.chain and window.write.chain}


def _weighed(view: Profile, verdict: Verdict, said: str, doubted: set[tuple[Place, Place]]) -> Verdict:
    if verdict.confidence != "high":
        return verdict
    if contradicts(said, verdict.tool_class):
        return _doubted(verdict, f"its name says that it {EXPECTED[said]}")
    if any(access.note == ON_THE_WAY for access in view.secondary):
        return _doubted(verdict, "what tools that only ask change on the way, too, is left out")
    if not said and view.writes and all(_only_posts(access) for access in view.writes):
        return _doubted(verdict, "a POST is all that it writes with, and nothing is called as if it changed something")
    own = _deciding(view)
    if verdict.shape != "opaque" and own and own <= doubted and verdict.tool_class == "read-modify-write":
        return _doubted(verdict, "tools that are called as if they only asked do the same")
    return verdict


def _only_posts(access: Access) -> bool:
    posted = access.resource.kind == "http" and access.operation == "send" and access.confidence == "catalogued"
    told = access.note or access.part or adds_to_a_collection(access.resource)
    return posted and not told and is_silent(access.resource, access.chain)


def _doubted(verdict: Verdict, why: str) -> Verdict:
    return replace(verdict, confidence="medium", reason=f"{verdict.reason}; {why}")
