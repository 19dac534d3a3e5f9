"""Which tool must have run before another: a context that only one sets, a record that only one makes.

Two kinds. Context dependency: a value without a key (the current branch, the session, the working folder) is set by one tool and read by
another. Timing dependency: a keyed thing is made by one tool and needed by another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from toolaudit.model import Access, Failure, Footprint, Ordering, Resource, Tool, Verdict
from toolaudit.verdicts.conflicts import Meetings
from toolaudit.verdicts.keys import IN_PROCESS, Overlap, key_text, overlap, resource_text
from toolaudit.verdicts.owners import Owned, owned
from toolaudit.verdicts.profile import WRITES, Profile, line_of, profiles

MAKES = frozenset({"create", "ensure"})
SETS = frozenset({"write", "session", "update", "create", "ensure"})
CREATES = "creates when absent"
NEEDS = frozenset({"read", "check", "consume", "update", "increment", "delete", "rename"})


def orderings(tools: tuple[Tool, ...], footprints: tuple[Footprint, ...], verdicts: tuple[Verdict, ...]) -> tuple[Ordering, ...]:
    """Pairs where `after` needs what `before` puts there, sorted; mutual needs are no order and are left out."""
    return needed(profiles(tools, footprints), frozenset(v.tool for v in verdicts if v.opaque))


def needed(views: tuple[Profile, ...], opaque: frozenset[str]) -> tuple[Ordering, ...]:
    """The same, of tools whose profiles are made; `opaque` are those that run free text."""
    ends = [_NOTHING if view.tool.id in opaque else _ends(view) for view in views]
    needing: dict[str, list[int]] = defaultdict(list)
    for j, then in enumerate(ends):
        for kind in then.uses.by_kind:
            needing[kind].append(j)
    meet = Meetings(views)
    found: dict[tuple[str, str], list[Ordering]] = defaultdict(list)
    for i, first in enumerate(ends):
        for put in first.puts:
            for j in needing[put.write.resource.kind]:
                needs = [*_needs(views[i], views[j], put, ends[j])] if i != j else []
                if needs and meet(i, j):
                    found[views[i].tool.id, views[j].tool.id] += needs
    out = [min(some, key=_rank) for (a, b), some in found.items() if some and not found.get((b, a))]
    return tuple(sorted(out, key=lambda o: (o.before, o.after, key_text(o.resource))))


def _rank(ordering: Ordering) -> tuple[bool, str, str]:
    return ordering.failure != "context dependency", ordering.resource.kind, key_text(ordering.resource)


class _Put(NamedTuple):
    """A write, and why another tool may need it."""

    write: Access
    sets: bool
    """A value without a key, and not derived from what stood there."""
    row: bool
    made: bool


class _Ends(NamedTuple):
    """What a tool puts there; what it needs and does not make itself; the reads, by identity, that it looks up to change."""

    puts: tuple[_Put, ...]
    uses: Owned
    looked_up: frozenset[int]


_NOTHING = _Ends((), Owned(), frozenset())


def _ends(view: Profile) -> _Ends:
    makes = MAKES | {"write", "append"}
    own = {w.resource for w in view.writes if w.operation in makes or CREATES in w.note}
    uses = owned(use for use in view.met if use.operation in NEEDS and use.resource not in own)
    puts = (_put(view, access) for access in view.met if access.mode in WRITES)
    looked_up = frozenset(id(w.read) for w in view.windows if w.same)
    return _Ends(tuple(put for put in puts if put.sets or put.row or put.made), uses, looked_up)


def _put(view: Profile, write: Access) -> _Put:
    current = _current(write.resource) and write.operation in SETS
    derived = current and any(w.write is write and w.same and w.link == "data" for w in view.windows)
    return _Put(write, current and not derived, _row(write), write.operation in MAKES or _item(write))


def _needs(before: Profile, after: Profile, put: _Put, then: _Ends) -> Iterator[Ordering]:
    for use in then.uses.near(put.write):
        failure = _dependency(put, use, id(use) in then.looked_up)
        if failure:
            yield _ordering(before.tool, after.tool, failure, put.write, use)


def _dependency(put: _Put, use: Access, looked_up: bool) -> Failure | None:
    write = put.write
    if _current(write.resource) and write.operation in SETS and use.mode not in WRITES:
        return "context dependency" if put.sets and overlap(write.resource, use.resource).relation == "always" else None
    if put.row:
        return "timing dependency" if use.mode == "r" and looked_up and _reaches(write.resource, use.resource) else None
    if put.made and _reaches(write.resource, use.resource):
        return "timing dependency"
    return None


def _current(resource: Resource) -> bool:
    """A value without a key: one for all calls of the process or session."""
    return resource.kind in IN_PROCESS and not any(p.kind in {"param", "fresh", "unknown", "any"} for p in resource.key)


def _item(write: Access) -> bool:
    """An entry put into a map that lives in the process."""
    keyed = any(p.kind in {"param", "fresh"} for p in write.resource.key)
    return write.resource.kind in IN_PROCESS and keyed and write.operation == "write"


def _row(write: Access) -> bool:
    """A row put into a table: who looks a row up and changes it, without adding any, needs it."""
    keyed = any(p.kind in {"param", "fresh"} for p in write.resource.key)
    return write.resource.kind == "sql" and not keyed and write.operation in MAKES | {"append"} and write.note != "schema"


def _reaches(made: Resource, used: Resource) -> bool:
    """Whether the thing used can be the thing made. A thing with a fresh name is reached by whoever is told its name."""
    fresh = [i for i, p in enumerate(made.key) if p.kind == "fresh"]
    if fresh and any(p.kind == "param" for p in used.key):
        same = overlap(_named(made), used)
        return same.relation in {"when", "always"} and bool(same.pairs)
    found: Overlap = overlap(made, used)
    return found.relation in {"when", "always"} and bool(found.pairs or found.relation == "always")


def _named(made: Resource) -> Resource:
    key = tuple(type(p)("param", "new") if p.kind == "fresh" else p for p in made.key)
    return Resource(made.kind, key, made.scope)


def _ordering(before: Tool, after: Tool, failure: Failure, write: Access, use: Access) -> Ordering:
    what = resource_text(write.resource)
    if failure == "context dependency":
        message = (
            f"{after.name} uses {what} (line {line_of(use)}) as {before.name} left it (line {line_of(write)}): run {before.name} first"
        )
    else:
        message = f"{after.name} needs what {before.name} puts at {what} (line {line_of(write)}): run {before.name} first"
    return Ordering(before.id, after.id, failure, write.resource, message, ((write,), (use,)))
