"""Every schedule that can matter, once: dynamic partial-order reduction with sleep sets.

Two schedules that differ only in the order of independent accesses lead to the same outcome (Mazurkiewicz: the same
trace). After each run every race in it, two dependent accesses that no third orders, is reversed at the place where
the first of them was chosen, by a call that could begin the reversed order (source sets: Abdulla, Aronis, Jonsson and
Sagonas, "Optimal Dynamic Partial Order Reduction", POPL 2014); sleep sets keep what was explored already from being
entered again (Godefroid, LNCS 1032, 1996).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_toolaudit.engine.locks import CooperativeLock, lock_of
from pytest_toolaudit.engine.threads import END, Engine, Plan
from pytest_toolaudit.engine.turn import ACQUIRE, AWAIT, SLEEP, Access, Site, turn
from pytest_toolaudit.search.conflicts import Part, clash, part
from pytest_toolaudit.search.schedule import Point, Preemption, Schedule

LOOP = Site(ACQUIRE, "a step of the event loop")
Touched = frozenset[tuple[Part, str]]
Named = frozenset[tuple[Site, Any]]


Piece = tuple[int, int, int, bool]  # the call, its part of the trace, and whether it is a step of the event loop


@dataclass
class Node:
    """A place in the tree of schedules: which calls could go on, which were or have to be tried, which sleep."""

    enabled: set[int]
    sleep: dict[int, Named]
    chosen: int
    todo: set[int]
    done: dict[int, Named] = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    """What a call did from one choice to the next."""

    call: int
    touched: Touched


class Reduction:
    """Chooses at every shared access who goes on, run after run, until no choice is left that could matter."""

    def __init__(self, engine: Engine, in_loop: Sequence[bool]) -> None:
        self.engine, self.count = engine, len(in_loop)
        self.threads = not all(in_loop)
        self.mixed = self.threads and sum(in_loop) > 1  # threads may stop a task inside a step, and then no other task can run
        self.sites: set[Site] = set()
        self.awaits: set[Site] = set()
        self.nodes: list[Node] = []
        self.clashing: set[tuple[Site, Site]] = {(LOOP, LOOP)}
        self.over = False
        self.restarts = 0  # runs that showed dependent accesses nobody knew of, so that the tree had to be grown anew
        self.start()

    def start(self) -> None:
        """Before a run: nothing has happened yet."""
        self.depth, self.from_, self.acted, self.stepping = 0, 0, True, False
        self.chosen: int | None = None
        self.pieces: list[Piece] = []
        self.sleep: dict[int, Named] = {}
        self.parked: dict[int, Any] = {}
        self.counts: dict[tuple[int, Site], int] = defaultdict(int)
        self.taken: list[Preemption] = []
        self.redundant = False

    @property
    def watch(self) -> set[Site]:
        """Where a choice is made: at shared accesses where there are threads, on an event loop where a call is suspended."""
        return self.awaits | self.sites if self.threads else self.awaits

    @property
    def plan(self) -> Plan:
        """What the engine asks when a call ends."""
        return _AtEnd(self)

    # -- during a run -------------------------------------------------------------------------------------------------

    def consider(self, site: Site, obj: Any, key: Any) -> None:
        """The running call is about to make a shared access, or can be suspended."""
        me = turn.call
        self.counts[me, site] += 1
        point = Point(me, site, self.counts[me, site])
        if self.chosen == me and not self.acted:
            self.acted = True
            return
        self.parked[me] = obj if site.kind == ACQUIRE else None
        blocked: set[int] = set()
        self._close()
        while True:
            target = self._choose(me, blocked)
            self.stepping = self._steps(target, site.kind == AWAIT)
            if target == me:
                break
            self.acted = target in self.parked or (site.kind == AWAIT and self.engine.lanes[target].is_async)
            at = len(self.taken)
            self.taken.append(Preemption(point, target))
            if not self.engine.preempt(target, site):
                del self.taken[at:]
                blocked.add(target)
                self._forbid(target)
                continue
            if self.engine.pause_wanted or self.chosen == me:
                break
            self._close()  # whoever was chosen blocked: the turn came back unasked
        self.acted = True
        self.parked.pop(me, None)

    def at_end(self, call: int) -> int | None:
        """A call is over: who follows?"""
        self.parked.pop(call, None)
        left = [lane.index for lane in self.engine.lanes if not lane.finished]
        if not left:
            return None
        self._close()
        target = self._choose(left[0], set())
        self.stepping = self._steps(target, True)
        self.acted = target in self.parked or self.engine.lanes[target].is_async
        self.taken.append(Preemption(Point(call, END, 1), target))
        return target

    def _steps(self, target: int, between: bool) -> bool:
        return self.mixed and self.engine.lanes[target].is_async and (target not in self.parked or between)

    def _choose(self, me: int, blocked: set[int]) -> int:
        enabled = {lane.index for lane in self.engine.lanes if not lane.finished and lane.index not in blocked and self._free(lane.index)}
        enabled = enabled or {me}
        if self.redundant:
            target = me if me in enabled else min(enabled)
        elif self.depth < len(self.nodes):
            node = self.nodes[self.depth]
            if node.chosen not in enabled:  # it could go on when this place was last here, or a race only said so
                node.enabled.discard(node.chosen)
                node.todo.discard(node.chosen)
                node.chosen = me if me in enabled else min(enabled)
            target = node.chosen
        else:
            awake = enabled - set(self.sleep)
            if not awake:
                self.redundant = True
                return self._choose(me, blocked)
            target = me if me in awake else min(awake)
            self.nodes.append(Node(enabled, dict(self.sleep), target, {target}))
        self.chosen, self.from_ = target, len(turn.trace)
        return target

    def _free(self, call: int) -> bool:
        """Not about to take a lock that another call holds."""
        wanted = self.parked.get(call)
        lock = lock_of(wanted) if wanted is not None else None
        return not isinstance(lock, CooperativeLock) or lock.holder in (-1, call)

    def _forbid(self, target: int) -> None:
        if not self.redundant and self.depth < len(self.nodes):
            node = self.nodes[self.depth]
            node.enabled.discard(target)
            node.todo.discard(target)
            if self.depth == len(self.nodes) - 1 and not node.done:
                self.nodes.pop()

    def _close(self) -> None:
        """The event of the last choice is over."""
        if self.chosen is None or self.redundant:
            return
        self.pieces.append((self.chosen, self.from_, len(turn.trace), self.stepping))
        named = self._named(self.from_, len(turn.trace), turn.trace, self.stepping)
        node = self.nodes[self.depth]
        node.done[self.chosen] = named
        asleep = {**node.sleep, **{call: known for call, known in node.done.items() if call != self.chosen}}
        self.sleep = {call: known for call, known in asleep.items() if not self._may_clash(known, named)}
        self.depth += 1
        self.chosen = None

    def _may_clash(self, a: Named, b: Named) -> bool:
        return any((one, other) in self.clashing and (None in (key, its) or key == its) for one, key in a for other, its in b)

    def _named(self, start: int, end: int, trace: Sequence[Access], steps: bool) -> Named:
        found = {(site, key if isinstance(key, (str, int)) else None) for _, site, _, key in trace[start:end] if site in self.sites}
        return frozenset(found | {(LOOP, None)} if steps else found)

    # -- between runs -------------------------------------------------------------------------------------------------

    def finish(self, trace: Sequence[Access]) -> None:
        """After a run: which choices it shows to matter, and which one is next."""
        if self.chosen is not None and not self.redundant:
            self.pieces.append((self.chosen, self.from_, len(trace), self.stepping))
            self.nodes[self.depth].done[self.chosen] = self._named(self.from_, len(trace), trace, self.stepping)
        known = len(self.clashing) + len(self.awaits)
        self._learn(trace)
        if len(self.clashing) + len(self.awaits) > known:
            self.nodes.clear()
            self.restarts += 1
            return
        events = [Event(call, _touched(trace[a:b], steps)) for call, a, b, steps in self.pieces]
        self._reverse(events)
        while self.nodes:
            node = self.nodes[-1]
            left = node.todo - set(node.done) - set(node.sleep)
            if left:
                node.chosen = min(left)
                return
            self.nodes.pop()
        self.over = True

    def _learn(self, trace: Sequence[Access]) -> None:
        seen: dict[Part, set[tuple[int, Site]]] = defaultdict(set)
        wholes: dict[Any, set[Part]] = defaultdict(set)
        for call, site, obj, key in trace:
            touched = part(obj, key, site)
            if site.kind == AWAIT:
                self.awaits.add(site)
            elif touched is not None and site.kind != SLEEP:
                seen[touched].add((call, site))
                wholes[touched[0]].add(touched)
        for touched, mine in seen.items():
            for alias in wholes[touched[0]] if touched[1] is None else {touched}:
                for a, one in mine:
                    for b, other in seen[alias]:
                        if a != b and clash(touched[0], {one.kind}, {other.kind}):
                            self.clashing |= {(one, other), (other, one)}
                            self.sites |= {one, other}

    def _reverse(self, events: Sequence[Event]) -> None:
        """For each race, the call of its second event has to be tried where the first one was chosen."""
        before: list[int] = []
        for j, event in enumerate(events):
            mask, races = 0, []
            for i in range(j - 1, -1, -1):
                other = events[i]
                if mask >> i & 1:
                    continue
                if other.call == event.call:
                    mask |= before[i] | 1 << i
                elif _dependent(other.touched, event.touched):
                    races.append(i)
                    mask |= before[i] | 1 << i
            before.append(mask)
            for i in races:
                self._try(events, before, i, j)

    def _try(self, events: Sequence[Event], before: list[int], i: int, j: int) -> None:
        node, first = self.nodes[i], events[j].call
        later = [k for k in range(i + 1, j) if not before[k] >> i & 1] + [j]
        leading = {events[k].call for k in later if not any(before[k] >> other & 1 for other in later)}
        possible = leading & node.enabled
        if not possible:
            node.todo |= node.enabled
        elif not possible & node.todo:
            node.todo.add(first if first in possible else min(possible))

    def schedule(self) -> Schedule:
        """The choices of the last run as a schedule that replays by its points."""
        return Schedule(tuple(range(self.count)), tuple(self.taken))


class _AtEnd(Plan):
    """A plan that is asked only when a call ends."""

    def __init__(self, reduction: Reduction) -> None:
        super().__init__()
        self.reduction = reduction

    def get(self, key: Any, default: Any = None) -> Any:
        """Who follows the call that has just ended."""
        return self.reduction.at_end(key[0]) if key[1] is END else default


def _touched(trace: Iterable[Access], steps: bool) -> Touched:
    found = ((part(obj, key, site), site.kind) for _, site, obj, key in trace if site.kind not in (AWAIT, SLEEP))
    seen = frozenset((touched, kind) for touched, kind in found if touched is not None)
    return seen | {(("loop:", None), ACQUIRE)} if steps else seen


def _dependent(a: Touched, b: Touched) -> bool:
    for (of, key), kind in a:
        for (other, other_key), other_kind in b:
            if of == other and (key == other_key or key is None or other_key is None) and clash(of, {kind}, {other_kind}):
                return True
    return False
