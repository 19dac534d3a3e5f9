"""Which operations on one resource may swap, and which runners can put one call into another's window."""

from __future__ import annotations

from itertools import combinations

from toolaudit.model import Access, Lock, Resource, Runner, Tool
from toolaudit.verdicts.keys import IN_PROCESS, Overlap, overlap
from toolaudit.verdicts.profile import WRITES, Profile, Window
from toolaudit.verdicts.sections import VAGUE, covers

# Operations that end in the same state in both orders when they meet their like: entries come in another order, or the second one fails.
SELF_COMMUTING = frozenset({"append", "increment", "send", "ensure", "delete", "consume", "create"})
GROWING = frozenset({"append", "send"})
RUNNERS: tuple[Runner, ...] = ("event-loop", "threads", "processes")


def commute(one: Access, other: Access) -> bool:
    """Whether two accesses of one resource give the same world and the same answers in both orders, up to the order of entries."""
    if one.mode not in WRITES and other.mode not in WRITES:
        return True
    if "opaque" in {one.operation, other.operation}:
        return False
    if one.resource.kind == "session" and one.operation == other.operation == "send" and one.chain != other.chain:
        return False  # what a connection is told to do next depends on what it was told before
    if one.operation == other.operation:
        return one.operation in SELF_COMMUTING and one.atomic >= _derived(one) and other.atomic >= _derived(other)
    return {one.operation, other.operation} <= GROWING or _ensured(one, other) or _ensured(other, one)


def _ensured(one: Access, other: Access) -> bool:
    """Made in one step where it was missing, and added to: whoever adds to it made sure of it before."""
    return one.operation == "ensure" and one.atomic and other.operation in GROWING


def _derived(access: Access) -> bool:
    return access.operation == "increment"


def without_payload(view: Profile, same: Overlap) -> bool:
    """Two calls of one tool with this key are equal calls: nothing is left to differ in."""
    in_key = {x.split(".")[0] for x, _ in same.pairs}
    return all(p.injected or p.name in in_key for p in view.tool.parameters)


def biting(victim: Tool, other: Tool, lies: str, resource: Resource) -> tuple[Runner, ...]:
    """The runners under which another call can come into a window of the victim.

    A synchronous tool on the event loop runs to its end. A coroutine can be overtaken only where it suspends, or by a thread. What lies
    outside the process can be changed by a second process at any time.
    """
    found: set[Runner] = set()
    if victim.is_async:
        if lies == "await":
            found |= {"event-loop", "threads"}
        elif not other.is_async:
            found.add("threads")
    elif lies != "none" or resource.kind not in IN_PROCESS:
        found.add("threads")
    if resource.kind not in IN_PROCESS:
        found.add("processes")
    return _RUNNERS[frozenset(found)]


_RUNNERS: dict[frozenset[Runner], tuple[Runner, ...]] = {
    frozenset(some): some for count in range(len(RUNNERS) + 1) for some in combinations(RUNNERS, count)
}


def order_runners(one: Profile, other: Profile, resource: Resource) -> tuple[Runner, ...]:
    """The runners under which two whole calls may come in either order."""
    found: set[Runner] = {"threads"}
    if one.footprint.suspends or other.footprint.suspends:
        found.add("event-loop")
    if resource.kind not in IN_PROCESS:
        found.add("processes")
    return _RUNNERS[frozenset(found)]


def today(one: Tool, other: Tool) -> Runner:
    """How two calls of one turn run today: in threads when one of them does, else on the loop, else one after the other."""
    ways = {_way(one), _way(other)}
    order: tuple[Runner, ...] = ("serial", "threads", "processes", "event-loop")
    return next(way for way in order if way in ways)


def _way(tool: Tool) -> Runner:
    if tool.runs == "unknown":
        return "event-loop" if tool.is_async else "threads"
    return tool.runs


def held_by_both(window: Window | Access, other: Access, same: Overlap, first: bool) -> tuple[tuple[Lock, ...], tuple[str, ...]]:
    """Locks that keep `other` out whenever the resources are the same, and the conditions under which keyed locks do not.

    `first` says whether the window belongs to call `a`.
    """
    holding: list[Lock] = []
    gaps: list[str] = []
    for mine in window.locks:
        for theirs in other.locks:
            if mine.name != theirs.name:
                continue
            left, right = (mine, theirs) if first else (theirs, mine)
            if (not left.key and not right.key) or _beside(mine, theirs, window, other):
                holding.append(mine)
                continue
            keyed = overlap(Resource("other", left.key), Resource("other", right.key))
            if keyed.relation == "always" or (keyed.relation == "when" and set(keyed.pairs) <= set(same.pairs) and keyed.pairs):
                holding.append(mine)
            elif keyed.relation == "when":
                gaps += [f"a.{x} != b.{y}" for x, y in keyed.pairs if (x, y) not in same.pairs]
    return tuple(holding), tuple(dict.fromkeys(gaps))


def _beside(mine: Lock, theirs: Lock, window: Window | Access, other: Access) -> bool:
    """A file that is a lock lies in the folder of what it guards: whoever meets there takes the same one, wherever that folder is."""
    folder = mine.key[:-1]
    if mine.key != theirs.key or not folder or mine.key[-1].kind != "literal" or not any(part.kind in VAGUE for part in folder):
        return False
    met = (window.write if isinstance(window, Window) else window, other)
    return all(access.resource.key[: len(folder)] == folder for access in met)


def left_open(runners: tuple[Runner, ...], locks: tuple[Lock, ...], both_async: bool) -> tuple[Runner, ...]:
    """The runners that no held lock covers. Where a lock was thought of, what other processes may do is not news."""
    if not locks:
        return runners
    inner: tuple[Runner, ...] = tuple(r for r in runners if r != "processes")
    reach = "threads" if both_async else ""
    uncovered: list[Runner] = [
        r for r in inner if not any(covers(lock, r) or (r == reach and lock.covers == "event-loop") for lock in locks)
    ]
    return tuple(uncovered)
