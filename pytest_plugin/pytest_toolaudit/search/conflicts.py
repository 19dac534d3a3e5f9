"""From a recorded trace to the places worth a preemption: accesses that another call's access conflicts with."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_toolaudit.engine.turn import ACQUIRE, AWAIT, READ, SLEEP, WRITE, Access, Site
from pytest_toolaudit.points.resources import ITSELF
from pytest_toolaudit.search.schedule import Point

Part = tuple[Hashable, Hashable]
ANY = None


def part(obj: Any, key: Any, site: Site) -> Part | None:
    """What an access touches: an object (or a kind of outside resource) and the part of it; None for no resource."""
    if obj is not None:
        return (obj if isinstance(obj, str) else id(obj), _hashable(key))
    if key is None:
        return None
    kind, _, name = key.partition(":")
    if site.name == ITSELF:  # whether a folder is there is one question with whether a file of that name is
        kind = "file"
    return (f"{kind}:", ANY if name == "*" else name)


def _hashable(key: Any) -> Hashable:
    try:
        hash(key)
    except TypeError:
        return ANY
    return (type(key).__name__, key) if isinstance(key, bool) else key


@dataclass
class Found:
    """What a trace shows: per call the points in order; per conflicting part the points of all calls; who conflicts."""

    points: dict[int, list[Point]] = field(default_factory=lambda: defaultdict(list))
    ranks: dict[Point, int] = field(default_factory=dict)
    groups: dict[Part, list[Point]] = field(default_factory=lambda: defaultdict(list))
    pairs: set[tuple[int, int]] = field(default_factory=set)
    touched: dict[Part, tuple[Any, Any, Site]] = field(default_factory=dict)


def shared_parts(trace: Iterable[Access]) -> tuple[set[Part], set[tuple[int, int]]]:
    """Parts that two calls touch, at least one of them writing, and the pairs of calls that do."""
    kinds: dict[Part, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    by_object: dict[Hashable, set[Part]] = defaultdict(set)
    for call, site, obj, key in trace:
        touched = part(obj, key, site)
        if touched is not None and site.kind not in (AWAIT, SLEEP):
            kinds[touched][call].add(site.kind)
            by_object[touched[0]].add(touched)
    shared: set[Part] = set()
    pairs: set[tuple[int, int]] = set()
    for touched, mine in kinds.items():
        aliases = by_object[touched[0]] if touched[1] is ANY else {touched, (touched[0], ANY)} & by_object[touched[0]]
        for alias in aliases:
            for a, kinds_a in mine.items():
                for b, kinds_b in kinds[alias].items():
                    if a != b and clash(touched[0], kinds_a, kinds_b):
                        shared |= {touched, alias}
                        pairs.add((min(a, b), max(a, b)))
    return shared, pairs


def clash(of: Hashable, a: set[str], b: set[str]) -> bool:
    """Whether two accesses of these kinds to one part (of this object or kind of resource) do not commute."""
    if of == "dir:" and READ not in a | b:
        return False  # two names added to one folder: only who lists it sees an order, and equal names clash by themselves
    return WRITE in a | b or ACQUIRE in a & b


def find(
    trace: Sequence[Access], in_loop: Sequence[bool], spans: Sequence[tuple[int, bool]] = (), impatient: frozenset[int] = frozenset()
) -> Found:
    """The conflict points of one run. Not the first of a call: before that, only the order counts."""
    found = Found()
    shared, found.pairs = shared_parts(trace)
    counts: dict[tuple[int, Site], int] = defaultdict(int)
    suspended: dict[int, Point | None] = {}
    started: set[int] = set()
    read: set[tuple[int, Part]] = set()
    mixed = not all(in_loop)
    ahead, on_loop = deque(spans), False
    for index, (call, site, obj, key) in enumerate(trace):
        while ahead and ahead[0][0] <= index:
            on_loop = ahead.popleft()[1]
        counts[call, site] += 1
        here = Point(call, site, counts[call, site])
        if site.kind == AWAIT:
            suspended[call] = here  # the last one: a request that takes several steps has been answered by then
            continue
        touched = part(obj, key, site)
        if touched is None or touched not in shared:
            continue
        found.touched.setdefault(touched, (obj, key, site))
        rank = 2 if (call, touched) not in read else 0 if site.kind == WRITE else 1
        read.add((call, touched))
        chosen: list[Point] = []
        if not in_loop[call] or not on_loop:  # a thread that an asynchronous call started can be stopped anywhere
            chosen = [here]
        else:
            pause = suspended.get(call)
            if pause is not None:
                chosen.append(pause)
            if mixed:
                chosen.append(Point(call, site, here.nth, threads_only=True))
        suspended[call] = None
        if call in started:
            for candidate in chosen:
                if candidate not in found.ranks:
                    found.points[call].append(candidate)
                found.ranks[candidate] = min(rank, found.ranks.get(candidate, 2))
        started.add(call)
        if chosen:
            found.groups[touched].append(chosen[0])
    if impatient:
        for point in _holding(trace, shared, impatient, in_loop):
            if point not in found.points[point.call]:
                found.points[point.call].append(point)
            found.ranks.setdefault(point, 1)
    return found


def _holding(trace: Iterable[Access], shared: set[Part], impatient: frozenset[int], in_loop: Sequence[bool]) -> Iterator[Point]:
    """Where a call sleeps, and the first place after it took a shared lock: there another one waits in vain, if it does not wait long."""
    counts: dict[tuple[int, Site], int] = defaultdict(int)
    took: set[int] = set()
    for call, site, obj, key in trace:
        counts[call, site] += 1
        if not impatient - {call}:
            continue
        if site.kind == SLEEP or (call in took and (site.kind == AWAIT or not in_loop[call])):
            yield Point(call, site, counts[call, site])
            took.discard(call)
        if site.kind == ACQUIRE and part(obj, key, site) in shared:
            took.add(call)


def cancellations(trace: Iterable[Access], endings: Sequence[str]) -> Found:
    """In a task group a call that raises cancels the others: every place where they are suspended is a point."""
    found = Found()
    failing = [call for call, how in enumerate(endings) if how == "raised"]
    counts: dict[tuple[int, Site], int] = defaultdict(int)
    for call, site, _, _ in trace:
        counts[call, site] += 1
        if site.kind == AWAIT and any(other != call for other in failing):
            found.points[call].append(Point(call, site, counts[call, site]))
            found.pairs |= {(min(call, other), max(call, other)) for other in failing if other != call}
    return found


def components(count: int, pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Calls that conflict directly or through others, together; only these need to be permuted."""
    leader = list(range(count))

    def top(call: int) -> int:
        while leader[call] != call:
            call = leader[call]
        return call

    for a, b in pairs:
        leader[max(top(a), top(b))] = min(top(a), top(b))
    groups: dict[int, list[int]] = defaultdict(list)
    for call in range(count):
        groups[top(call)].append(call)
    return sorted(groups.values())


def serial_candidate(trace: Iterable[Access], count: int) -> list[int] | None:
    """The serial order that the order of conflicting accesses suggests; None when they form a cycle."""
    trace = list(trace)
    shared, _ = shared_parts(trace)
    before: dict[int, set[int]] = {call: set() for call in range(count)}
    seen: dict[Part, list[tuple[int, str]]] = defaultdict(list)
    for call, site, obj, key in trace:
        touched = part(obj, key, site)
        if touched is None or touched not in shared or site.kind in (AWAIT, ACQUIRE):
            continue
        for other, kind in seen[touched]:
            if other != call and WRITE in (kind, site.kind):
                before[call].add(other)
        if (call, site.kind) not in seen[touched]:
            seen[touched].append((call, site.kind))
    order: list[int] = []
    left = set(range(count))
    while left:
        ready = sorted(call for call in left if not before[call] & left)
        if not ready:
            return None
        order.append(ready[0])
        left.discard(ready[0])
    return order
