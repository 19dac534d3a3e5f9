"""Pairs of tools (and each tool with itself) that must not run in parallel: where they meet, when, what goes wrong, under which runners.

Accesses are put into buckets of kind and owner first, so that only tools that can meet are compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from toolaudit.model import Access, Confidence, Conflict, Footprint, Severity, Tool, Verdict
from toolaudit.project.memory import Kept
from toolaudit.verdicts import remembered
from toolaudit.verdicts.clashes import Clash
from toolaudit.verdicts.commute import today
from toolaudit.verdicts.keys import IN_PROCESS, family, key_text, overlap
from toolaudit.verdicts.pairing import PER_PAIR, STRONG, Candidate, Judge, View
from toolaudit.verdicts.profile import WRITES, Profile, profiles
from toolaudit.verdicts.sentences import conflict_message

# What a free shell or interpreter can reach on its own machine.
SHELL_REACH = frozenset({"file", "env", "cwd", "git", "docker", "k8s", "subprocess"})
# With more pairs than anybody can read, each is shown by its strongest clash alone.
MANY_PAIRS = 20_000
# Writes that know nothing of what was there.
BLIND = frozenset({"write", "rename", "session"})


def conflicts(
    tools: tuple[Tool, ...], footprints: tuple[Footprint, ...], verdicts: tuple[Verdict, ...], memory: Kept | None = None
) -> tuple[Conflict, ...]:
    """Every pair that must not run in parallel, sorted by tools; a pair that is safe is absent.

    `memory` keeps what was found until the next run, which judges only pairs with a tool that has changed.
    """
    return among(profiles(tools, footprints), {v.tool: v.confidence for v in verdicts}, memory)


def among(views: tuple[Profile, ...], confidence: dict[str, Confidence], memory: Kept | None = None) -> tuple[Conflict, ...]:
    """The same, of tools whose profiles are made."""
    if memory is None or len({view.tool.id for view in views}) != len(views):
        found, most = _told(views, confidence, frozenset())
        return tuple(sorted(found, key=_order))
    now = remembered.digests(views, confidence)
    before = remembered.recall(memory, views, now)
    found, most = _told(views, confidence, before.same, len({conflict.tools for conflict, _ in before.found}))
    if before.same and before.most != most:  # more or fewer clashes are shown of each pair than were kept
        before = remembered.Before()
        found, most = _told(views, confidence, before.same)
    overlap.cache_clear()  # tens of megabytes, of which the later stages need next to nothing
    every = remembered.together(before, sorted(found, key=_order), _order)
    if found or len(before.same) != len(views):
        remembered.keep(memory, before, most, now, every, views)
    return tuple([conflict for conflict, _ in every])


Ranked = tuple[int, int, tuple[Candidate, ...]]


def _told(
    views: tuple[Profile, ...], confidence: dict[str, Confidence], same: frozenset[int], before: int = 0
) -> tuple[list[Conflict], int]:
    """The conflicts of each pair that was not judged `before`, as many as are shown, and how many those are at most."""
    told, waiting, most = _Told(views, confidence), list[Ranked](), PER_PAIR if before <= MANY_PAIRS else 1
    for one in _ranked(views, same):
        if most > 1 and before + len(waiting) >= MANY_PAIRS:
            most = 1
            told.add(waiting, most)
            waiting = []
        if most > 1:
            waiting.append(one)
        else:
            told.add((one,), most)  # at once: with all that judging knows, many of them would take twice the room
    told.add(waiting, most)
    return told.found, most


class _Told:
    """What clashes, as conflicts."""

    def __init__(self, views: tuple[Profile, ...], confidence: dict[str, Confidence]) -> None:
        self.found: list[Conflict] = []
        self._views = views
        self._confidence = confidence
        self._sides: dict[int, tuple[Access, ...]] = {}

    def add(self, ranked: Iterable[Ranked], most: int) -> None:
        for i, j, told in ranked:
            for candidate in told[:most]:
                clash = candidate.clash()
                sides = clash.evidence_a or self._alone(clash.a), clash.evidence_b or self._alone(clash.b)
                self.found.append(_conflict(self._views[i], self._views[j], clash, self._confidence, sides))

    def _alone(self, access: Access) -> tuple[Access, ...]:
        """One access is evidence in many pairs."""
        return self._sides.setdefault(id(access), (access,))


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


def _order(c: Conflict) -> tuple[object, ...]:
    return c.tools, c.kind != "race", c.code, c.resource.kind, key_text(c.resource), c.when


def is_shortened(found: tuple[Conflict, ...]) -> bool:
    """Whether so many pairs clash that each is shown by its strongest clash alone."""
    return len(found) > MANY_PAIRS and len({conflict.tools for conflict in found}) == len(found)


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
    kind = family(access.resource.kind)
    owner = ""
    if kind in IN_PROCESS and access.resource.key:
        owner = f"{access.resource.scope}|{access.resource.key[0].kind}:{access.resource.key[0].text}"
        if access.resource.key[0].kind in {"param", "unknown", "any"}:
            owner = ""
    extra: list[tuple[str, str]] = []
    if kind == "subprocess" and access.operation == "opaque":
        extra += [(reach, "shell") for reach in sorted(SHELL_REACH)]
    elif kind in SHELL_REACH:
        extra.append((kind, "shell"))
    if any(p.kind == "cwd" for p in access.resource.key):
        extra.append(("cwd", ""))
    return ((kind, owner), *extra)


def _conflict(
    one: Profile, other: Profile, clash: Clash, confidence: dict[str, Confidence], sides: tuple[tuple[Access, ...], tuple[Access, ...]]
) -> Conflict:
    latent = today(one.tool, other.tool) not in clash.runners
    sure = _sure(clash, {confidence.get(one.tool.id, "medium"), confidence.get(other.tool.id, "medium")})
    return Conflict(
        tools=(one.tool.id, other.tool.id),
        kind=clash.kind,
        code=clash.code,
        resource=clash.a.resource,
        when=clash.when,
        failure=clash.failure,
        runners=clash.runners,
        latent=latent,
        severity=_severity(clash, latent, sure, _blind(one, clash.a) and _blind(other, clash.b)),
        confidence=sure,
        message=conflict_message(one.tool, other.tool, clash),
        evidence=sides,
    )


def _sure(clash: Clash, verdicts: set[Confidence]) -> Confidence:
    """High only when both accesses are understood and the keys are known to meet."""
    operations = {clash.a.operation, clash.b.operation}
    if clash.relation == "may" or "opaque" in operations or any(a.confidence not in STRONG for a in (clash.a, clash.b)):
        return "low"
    return "medium" if "low" in verdicts else "high"


TAKES = frozenset({"delete", "rename", "consume"})


def _blind(view: Profile, write: Access) -> bool:
    """Whether the write depends on nothing that its call read: what stood there before is gone unseen.

    What its call also reads, or takes away again, under the same lock is its own concern.
    """
    if write.mode != "w" or any(window.write is write for window in view.windows):
        return False
    beside = [
        access
        for access in view.primary
        if access is not write and access.resource == write.resource and set(access.locks) & set(write.locks)
    ]
    return not any(access.mode == "r" or {access.operation, write.operation} & TAKES for access in beside)


def _severity(clash: Clash, latent: bool, sure: Confidence, blind: bool) -> Severity:
    """A live race that is well understood fails the gate; what is latent, unsure or only a matter of order does not.

    Of two writes in either order only blind ones lose something: an update that saw the other one has taken it into account.
    """
    if sure == "low":
        return "note"
    if clash.kind == "race":
        return "warning" if latent else "error"
    return "warning" if clash.code == "TA402" or (blind and not latent and clash.code == "TA103") else "note"


__all__ = ["Meetings", "conflicts", "overlap"]
