"""Which accesses of a footprint belong into the list of what a tool touches.

Settings that no tool of the catalogue changes, guesses from names beside effects that were understood, bookkeeping that nobody else looks at
and checks that guard nothing are left out, unless there is nothing else to list.
"""

from __future__ import annotations

from collections import defaultdict

from toolaudit.model import Access, Footprint, Resource, Tool
from toolaudit.verdicts.guessed import CONFIGURATION, WEAK, is_guess
from toolaudit.verdicts.keys import IN_PROCESS, PATH_KINDS, overlap
from toolaudit.verdicts.profile import WRITES, is_own, named_state

# Bookkeeping that is part of the effect and seen by others.
SEEN = frozenset({"ensure-folder"})
# Things behind a client that hands out handles.
REMOTE = frozenset({"docker", "k8s", "aws"})
NEVER_LISTED = frozenset({"telemetry", "unique-temporary", "lazy-init"})


def listed(tools: tuple[Tool, ...], footprints: tuple[Footprint, ...]) -> dict[str, tuple[int, ...]]:
    """Tool id → the indices of its accesses that are worth listing, in their order."""
    writers, readers = _touched(footprints)
    return {tool.id: _of_one(footprint, writers, readers) for tool, footprint in zip(tools, footprints, strict=True)}


Touched = dict[tuple[str, str], set[tuple[str, Resource]]]
"""Kind and owner → which tools touch which resources. Files have no owners; what is in the process meets its own owner's alone."""


def _touched(footprints: tuple[Footprint, ...]) -> tuple[Touched, Touched]:
    """Who writes, and who counts on, which files and in-process resources; those of every owner stand under `*` too."""
    writers: Touched = defaultdict(set)
    readers: Touched = defaultdict(set)
    for footprint in footprints:
        for access in footprint.accesses:
            if access.resource.kind in IN_PROCESS | {"file"}:
                for owner in {access.resource.scope, "*"} if not access.secondary else ():
                    if access.mode in WRITES:
                        writers[access.resource.kind, owner].add((footprint.tool, access.resource))
                    if access.mode != "w" and access.resource.kind in IN_PROCESS:
                        readers[access.resource.kind, owner].add((footprint.tool, access.resource))
    return writers, readers


def _of_one(footprint: Footprint, writers: Touched, readers: Touched) -> tuple[int, ...]:
    ends = {i for u in footprint.updates for i in (u.read, u.write)}
    kept: list[int] = []
    spare: list[int] = []
    for i, access in enumerate(footprint.accesses):
        if access.secondary in NEVER_LISTED:
            continue
        if _worth(footprint, access, i in ends, writers, readers):
            kept.append(i)
        elif not access.secondary:
            spare.append(i)
    return tuple(kept or spare)


def _worth(footprint: Footprint, access: Access, linked: bool, writers: Touched, readers: Touched) -> bool:
    if access.secondary in SEEN:
        return access.mode in WRITES and _makes_way(footprint)
    if access.secondary:
        return access.mode in WRITES and _meets(footprint.tool, access, readers)
    if is_guess(access) or is_own(access) or _vague_guess(access):
        return False
    if access.mode in WRITES:
        return True
    if access.resource.kind in CONFIGURATION:
        if access.resource.kind == "cwd":
            return bool(footprint.opaque)
        return _meets("", access, writers) or _chosen_variable(footprint, access)
    if named_state(access):
        return _meets("", access, writers)
    if _own_file(access):
        return any(overlap(access.resource, there).relation != "never" for _, there in writers["file", "*"])
    if access.resource.kind in REMOTE and not linked and _handle(footprint, access):
        return False
    return linked or access.operation != "check"


def _makes_way(footprint: Footprint) -> bool:
    """Whether a folder is made for something: the tool writes files, or touches no file beside it."""
    others = [a for a in footprint.accesses if a.resource.kind in PATH_KINDS and not a.secondary and a.operation != "check"]
    return not others or any(a.mode in WRITES for a in others)


def _vague_guess(access: Access) -> bool:
    """What a method's name alone suggests, of a thing without a name."""
    return access.confidence in WEAK and all(p.kind == "any" for p in access.resource.key)


def _chosen_variable(footprint: Footprint, access: Access) -> bool:
    """An environment variable named by the caller, in a tool that changes the environment."""
    chosen = any(p.kind != "literal" for p in access.resource.key)
    return chosen and any(a.mode in WRITES and a.resource.kind == "env" for a in footprint.accesses)


def _own_file(access: Access) -> bool:
    """A file that the receiver or the module was set up with: credentials, settings."""
    key = access.resource.key
    return access.resource.kind == "file" and len(key) == 1 and key[0].kind in {"self", "global", "env"}


def _handle(footprint: Footprint, read: Access) -> bool:
    """A look-up of the very thing that the call then changes: the change would fail by itself without it."""
    later = [a for a in footprint.accesses if a.mode in WRITES and a.resource.kind == read.resource.kind]
    again = {a.operation for a in later} >= {"delete", "create"}
    return not again and any(a.resource == read.resource and a.order > read.order for a in later)


def _meets(tool: str, access: Access, others: Touched) -> bool:
    """Whether another tool touches the same in-process thing."""
    kind, scope = access.resource.kind, access.resource.scope
    sure = {"always", "when"} if kind == "env" else {"always", "when", "may"}
    near = (others[kind, scope], others[kind, ""]) if scope else (others[kind, "*"],)
    return any(who != tool and overlap(access.resource, there).relation in sure for some in near for who, there in some)
