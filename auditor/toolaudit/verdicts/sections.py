"""Which locks hold over what one call does, from one access to another, and which calls they keep apart."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from toolaudit.model import Access, Lock, Resource

WHOLE = frozenset({"memory", "session", "file"})
"""Kinds whose key names all of the thing; a table has rows that it does not name."""
VAGUE = frozenset({"unknown", "any", "fresh"})


def shared_locks(first: Access, second: Access) -> tuple[Lock, ...]:
    """Locks held during both of two accesses of one call, and all the time between them."""
    sections = set(_sections(second))
    return tuple(lock for lock, since in _sections(first) if (lock, since) in sections)


def _sections(access: Access) -> Iterator[tuple[Lock, tuple[int, ...]]]:
    return zip(access.locks, access.taken or repeat(()), strict=False)


def guards(lock: Lock, resource: Resource) -> bool:
    """Whether calls that touch the same thing take the same lock: one of a map of locks is picked by what names the thing."""
    named = {part.text.partition(".")[0] for part in resource.key if part.kind == "param"}
    picked = {part.text.partition(".")[0] for part in lock.key if part.kind == "param"}
    of_rows = not named and resource.kind not in WHOLE
    return picked <= named or of_rows or any(part.kind in VAGUE for part in resource.key)


def covers(lock: Lock, runner: str) -> bool:
    """Whether a lock orders calls that this runner starts together."""
    reach = {"event-loop": 0, "threads": 1, "processes": 2}
    return reach[lock.covers] >= reach.get(runner, 1)
