"""What the tools of a catalogue do on the way whatever they are called for: tools that only ask change it by the same code, and no tool changes it otherwise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from msgspec.structs import replace

from toolaudit.effects.wording import ASKS, CHANGES, COMPUTES, said_by
from toolaudit.model import ON_THE_WAY, Access, Footprint, Place, Resource, Tool
from toolaudit.verdicts.keys import IN_PROCESS, NEVER, family, overlap
from toolaudit.verdicts.profile import WRITES

Way = tuple[Resource, tuple[Place, ...]]
"""What is changed, by which statement, and who called the function that it stands in, unless a tool did."""

MANY = 3
"""So many tools that only ask must do it: two may be exceptions among themselves."""
QUIET = frozenset({ASKS, COMPUTES})
KEPT_IN = frozenset({"memory", "env", "file", "dir", "sql"})
"""Where books are kept: what goes to a service, a session or a program by one function is how tools do what they are for."""


def set_aside(tools: Sequence[Tool], footprints: tuple[Footprint, ...]) -> tuple[Footprint, ...]:
    """The footprints, with such accesses marked as secondary. A tool that changes nothing else keeps them, unless its name says that it only asks."""
    asking: dict[Way, set[str]] = defaultdict(set)
    for tool, footprint in zip(tools, footprints, strict=True):
        for access in _writes(footprint) if said_by(tool.name) in QUIET else ():
            if len(access.chain) > 1 and access.resource.kind in KEPT_IN:
                asking[_way(access)].add(tool.id)
    ways = {way for way, ids in asking.items() if len(ids) >= MANY}
    if not ways:
        return footprints
    ways -= _changed_otherwise(ways, tools, footprints)
    return tuple(_without(tool, footprint, ways) for tool, footprint in zip(tools, footprints, strict=True))


def _writes(footprint: Footprint) -> list[Access]:
    return [a for a in footprint.accesses if a.mode in WRITES and not a.secondary and a.operation != "opaque"]


def _way(access: Access) -> Way:
    return access.resource, access.chain[1:][-2:]


def _changed_otherwise(ways: set[Way], tools: Sequence[Tool], footprints: Sequence[Footprint]) -> set[Way]:
    """Those whose resource some tool changes in another way, or is there to change: it is kept for its own sake."""
    looked_for = {family(resource.kind) for resource, _ in ways}
    kept: set[Resource] = set()
    for tool, footprint in zip(tools, footprints, strict=True):
        writes = _writes(footprint)
        others = [access for access in writes if _way(access) not in ways]
        its_own = writes if not others and said_by(tool.name) == CHANGES else others
        kept |= {access.resource for access in its_own if family(access.resource.kind) in looked_for}
    return {way for way in ways if any(overlap(way[0], other) != NEVER for other in kept)}


def _without(tool: Tool, footprint: Footprint, ways: set[Way]) -> Footprint:
    writes = _writes(footprint)
    left = [access for access in writes if _way(access) not in ways]
    if len(left) == len(writes) or not (left or said_by(tool.name) in QUIET):
        return footprint
    looks = {(access.resource, access.chain[-1].function) for access in writes if _way(access) in ways}
    return replace(footprint, accesses=tuple(_aside(access, ways, looks) for access in footprint.accesses))


def _aside(access: Access, ways: set[Way], looks: set[tuple[Resource, str]]) -> Access:
    """With what the same function looks at there."""
    if access.secondary or not access.chain:
        return access
    there = access.mode != "r" and _way(access) in ways
    if access.mode == "r":
        there = any(access.chain[-1].function == function and _of(access.resource, known) for known, function in looks)
    return replace(access, secondary="telemetry", note=ON_THE_WAY) if there else access


def _of(resource: Resource, known: Resource) -> bool:
    """Whether one is the other, or in process a part of the same."""
    whole = resource.kind in IN_PROCESS and (resource.kind, resource.scope, resource.key[:1]) == (known.kind, known.scope, known.key[:1])
    return whole or overlap(resource, known) != NEVER
