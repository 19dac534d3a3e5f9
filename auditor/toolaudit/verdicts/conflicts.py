"""Pairs of tools (and each tool with itself) that must not run in parallel: where they meet, when, what goes wrong, under which runners.

Accesses are put into buckets of kind and owner first, so that only tools that can meet are compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

from toolaudit.model import Access, Confidence, Footprint, Resource, Tool, Verdict
from toolaudit.project.memory import Kept
from toolaudit.verdicts import remembered
from toolaudit.verdicts.columns import Conflicts
from toolaudit.verdicts.keys import IN_PROCESS, family, overlap
from toolaudit.verdicts.pairing import PER_PAIR, Candidate, Judge, View
from toolaudit.verdicts.profile import WRITES, Profile, profiles
from toolaudit.verdicts.telling import Telling

# What a free shell or interpreter can reach on its own machine.
SHELL_REACH = frozenset({"file", "env", "cwd", "git", "docker", "k8s", "subprocess"})
# With more pairs than anybody can read, each is shown by its strongest clash alone.
MANY_PAIRS = 20_000
# Writes that know nothing of what was there.
BLIND = frozenset({"write", "rename", "session"})


def conflicts(
    tools: tuple[Tool, ...], footprints: tuple[Footprint, ...], verdicts: tuple[Verdict, ...], memory: Kept | None = None
) -> Conflicts:
    """Every pair that must not run in parallel, sorted by tools; a pair that is safe is absent.

    `memory` keeps what was found until the next run, which judges only pairs with a tool that has changed.
    """
    return among(profiles(tools, footprints), {v.tool: v.confidence for v in verdicts}, memory)


def among(views: tuple[Profile, ...], confidence: dict[str, Confidence], memory: Kept | None = None) -> Conflicts:
    """The same, of tools whose profiles are made."""
    if memory is None or len({view.tool.id for view in views}) != len(views):
        return _found(views, confidence, remembered.Before())[0]
    now = remembered.digests(views, confidence)
    before = remembered.recall(memory, views, now)
    every, most = _found(views, confidence, before)
    if before.same and before.most != most:  # more or fewer clashes are shown of each pair than were kept
        before = remembered.Before()
        every, most = _found(views, confidence, before)
    overlap.cache_clear()  # tens of megabytes, of which the later stages need next to nothing
    if len(every) != len(before.found) or len(before.same) != len(views):
        remembered.keep(memory, most, now, every, views)
    return every


Ranked = tuple[int, int, tuple[Candidate, ...]]


def _found(views: tuple[Profile, ...], confidence: dict[str, Confidence], before: remembered.Before) -> tuple[Conflicts, int]:
    """The conflicts of each pair, those that were judged `before` among them; of the others as many as are shown, and how many those are at
    most."""
    told, waiting, held = (
        Telling(views, confidence, before.found),
        list[Ranked](),
        len(before.found if before.most == 1 else before.found.pairs()),
    )
    most = PER_PAIR if held <= MANY_PAIRS else 1
    for one in _ranked(views, before.same):
        if most > 1 and held + len(waiting) >= MANY_PAIRS:
            most = 1
            told.add(waiting, most)
            waiting = []
        if most > 1:
            waiting.append(one)
        else:
            told.add((one,), most)  # at once: with all that judging knows, many of them would take twice the room
    told.add(waiting, most)
    return told.every(), most


def _ranked(views: tuple[Profile, ...], same: frozenset[int]) -> Iterator[Ranked]:
    """The clashes of each pair, the strongest first, but for pairs of `same` tools."""
    judge = Judge()
    numbered: dict[int, View] = {}

    def view(i: int) -> View:
        known = numbered.get(i)
        if known is None:
            known = numbered[i] = View(views[i], judge)
        return known

    for i, j in meeting(views, same):
        told = judge.ranked(view(i), view(j))
        if told:
            yield i, j, tuple(told)


def is_shortened(found: Conflicts) -> bool:
    """Whether so many pairs clash that each is shown by its strongest clash alone."""
    return len(found) > MANY_PAIRS and found.is_single()


class Meetings:
    """Whether two tools, by position, touch a common bucket which at least one of them writes."""

    def __init__(self, views: Sequence[Profile]) -> None:
        self._views = views
        self._known: dict[int, tuple[set[tuple[str, str]], set[tuple[str, str]]]] = {}

    def __call__(self, i: int, j: int) -> bool:
        (there, written), (beside, changed) = self._buckets(i), self._buckets(j)
        return not (written.isdisjoint(beside) and changed.isdisjoint(there))

    def _buckets(self, i: int) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
        """All, and those that are written."""
        if i not in self._known:
            view = self._views[i]
            every = [(key, access.mode in WRITES) for access in view.reads + view.writes + view.secondary for key in _buckets(access)]
            self._known[i] = {key for key, _ in every}, {key for key, writes in every if writes}
        return self._known[i]


def meeting(views: tuple[Profile, ...], same: frozenset[int] = frozenset()) -> Iterator[tuple[int, int]]:
    """Pairs of tools, by position, that touch a common bucket which at least one of them writes; each once, a tool with itself included, but
    no pair of `same` tools.

    Within a pair, names decide which comes first, not files: the resource that stands for a clash is the first tool's, and a moved file
    must not change it.
    """
    buckets: dict[tuple[str, str], set[int]] = defaultdict(set)
    writers: dict[tuple[str, str], set[int]] = defaultdict(set)
    for i, view in enumerate(views):
        for access in view.reads + view.writes + view.secondary:
            for key in _buckets(access):
                buckets[key].add(i)
                if access.mode in WRITES:
                    writers[key].add(i)
    size = len(views)
    fresh = set(range(size)) - same
    pairs: set[int] = set()  # as one number each, which is sorted in a third of the time
    for key, who in writers.items():
        there = buckets[key]
        for i in who:
            near = there if i in fresh else there & fresh
            pairs.update([i * size + j if i <= j else j * size + i for j in near])
    names = sorted(range(len(views)), key=lambda i: (views[i].tool.name, views[i].tool.function, views[i].tool.id))
    rank = {i: position for position, i in enumerate(names)}
    for pair in sorted(pairs):
        i, j = divmod(pair, size)
        yield (i, j) if rank[i] <= rank[j] else (j, i)


def _buckets(access: Access) -> tuple[tuple[str, str], ...]:
    return _buckets_of(access.resource, access.operation == "opaque")


@lru_cache(maxsize=16384)
def _buckets_of(resource: Resource, opaque: bool) -> tuple[tuple[str, str], ...]:
    """Of tens of thousands of accesses some thousands are to one thing."""
    kind = family(resource.kind)
    owner = ""
    if kind in IN_PROCESS and resource.key:
        owner = f"{resource.scope}|{resource.key[0].kind}:{resource.key[0].text}"
        if resource.key[0].kind in {"param", "unknown", "any"}:
            owner = ""
    extra: list[tuple[str, str]] = []
    if kind == "subprocess" and opaque:
        extra += [(reach, "shell") for reach in sorted(SHELL_REACH)]
    elif kind in SHELL_REACH:
        extra.append((kind, "shell"))
    if any(p.kind == "cwd" for p in resource.key):
        extra.append(("cwd", ""))
    return ((kind, owner), *extra)


__all__ = ["Conflicts", "Meetings", "conflicts", "overlap"]
