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

from pytest_toolaudit.engine.lanes import Lane
from pytest_toolaudit.engine.locks import CooperativeLock, lock_of
from pytest_toolaudit.engine.run import RAISED, Run
from pytest_toolaudit.engine.stops import Plan
from pytest_toolaudit.engine.threads import END, WAIT, Engine
from pytest_toolaudit.engine.turn import ACQUIRE, AWAIT, READ, SLEEP, SUSPENDED, WRITE, Access, Site, turn
from pytest_toolaudit.search.conflicts import Part, clash, part
from pytest_toolaudit.search.schedule import Point, Preemption, Schedule

GOES_ON, FAILED = Site(READ, "group:"), Site(WRITE, "group:")
KEPT, INTERRUPTED = Site(READ, "step:"), Site(WRITE, "step:")
_MARKS = {(KEPT, INTERRUPTED), (INTERRUPTED, KEPT), (GOES_ON, FAILED), (FAILED, GOES_ON), (FAILED, FAILED)}
Touched = frozenset[tuple[Part, str]]
Named = frozenset[tuple[Site, Any]]
Order = tuple[int, ...]
Piece = tuple[int, int, int]  # the call and its part of the trace


@dataclass
class Node:
    """A place in the tree of schedules: which calls could go on, which were or have to be tried, which sleep.

    ``inside``: the call that a thread stopped in the middle of a step of the event loop; until that step is over no other task can run.
    """

    enabled: set[int]
    sleep: dict[int, Named]
    chosen: int
    todo: set[int]
    inside: int | None
    done: dict[int, Named] = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    """What a call did from one choice to the next."""

    call: int
    touched: Touched


class Reduction:
    """Chooses at every shared access who goes on, run after run, until no choice is left that could matter."""

    def __init__(self, engine: Engine, in_loop: Sequence[bool], cancels: bool = False, deepest: int = 2_000) -> None:
        self.engine, self.in_loop, self.deepest = engine, list(in_loop), deepest
        self.threads = not all(in_loop)
        self.cancels, self.group = cancels, False
        self.sites: set[Site] = set()
        self.awaits: set[Site] = {SUSPENDED}
        self.nodes: list[Node] = []
        self.clashing: set[tuple[Site, Site]] = set(_MARKS)
        self.over = False
        self.lost = False  # a run was too long, or who went on in it was not chosen here: all that can be said is what was seen
        self.restarts = 0  # runs that showed dependent accesses nobody knew of, so that the tree had to be grown anew
        self.start()

    def start(self) -> None:
        """Before a run: nothing has happened yet."""
        self.depth, self.from_, self.acted = 0, 0, True
        self.chosen: int | None = None
        self.pieces: list[Piece] = []
        self.sleep: dict[int, Named] = {}
        self.parked: dict[int, Any] = {}
        self.counts: dict[tuple[int, Site], int] = defaultdict(int)
        self.taken: list[Preemption] = []
        self.redundant = self.failed = False

    @property
    def mixed(self) -> bool:
        """Whether threads may stop a task inside a step, while which no other task can run."""
        return self.threads and sum(self.in_loop) > 1

    @property
    def known(self) -> int:
        """Grows with whatever makes more choices matter."""
        return len(self.clashing) + len(self.awaits) + self.threads + self.group

    def order(self) -> Order:
        """Who starts the next run: the first choice."""
        calls = range(len(self.in_loop))
        first = self._pick(set(calls), 0, None)
        self.acted = False
        self.starts = (first, *(call for call in calls if call != first))
        return self.starts

    @property
    def watch(self) -> set[Site]:
        """Where a choice is made: at shared accesses where there are threads, on an event loop where a call is suspended."""
        return self.awaits | self.sites if self.threads else self.awaits

    @property
    def plan(self) -> Plan:
        """What the engine asks when a call ends or has to wait."""
        return _Asked(self)

    # -- during a run -------------------------------------------------------------------------------------------------

    def consider(self, site: Site, obj: Any, key: Any) -> None:
        """The running call is about to make a shared access, or can be suspended."""
        me = turn.call
        self.counts[me, site] += 1
        self.lost |= self.engine.lanes[me].finished  # a task that the call left behind
        if self.lost or self._astray(me):
            return
        point = Point(me, site, self.counts[me, site])
        if self.chosen == me and not self.acted and site.kind != AWAIT:
            self.acted = True  # nothing shared came before, so here is where it was chosen
            return
        if site.kind != AWAIT:
            self.parked[me] = obj if site.kind == ACQUIRE else None
        blocked: set[int] = set()
        self._close()
        while True:
            target = self._choose(me, blocked, site.kind == AWAIT, not self._between())
            if target == me:
                break
            self.acted = target in self.parked
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
        self.acted = site.kind != AWAIT
        self.parked.pop(me, None)

    def follower(self, call: int, site: Site, nth: int) -> int | None:
        """A call is over, or has to wait: who goes on?"""
        if self.lost or self._astray(call):
            return None
        if site is END:
            self.parked.pop(call, None)
            self.failed = self.group and self.engine.lanes[call].outcome[0] == RAISED
        left = [lane.index for lane in self.engine.lanes if not lane.finished]
        if not left:
            return None
        self._close()
        target = self._choose(left[0], set(), site is END and self.engine.lanes[call].is_async, False)
        self.acted = target in self.parked
        self.taken.append(Preemption(Point(call, site, nth), target))
        return target

    def _astray(self, me: int) -> bool:
        """Whether somebody else goes on than was chosen, or the run is too long to look at every choice."""
        self.lost |= (self.chosen is not None and self.chosen != me) or self.depth >= self.deepest or self.engine.uncontrolled
        return self.lost

    def _choose(self, me: int, blocked: set[int], between: bool, ready: bool) -> int:
        """Who goes on. ``between``: the running call's step of the event loop is over, so that any task can be next; ``ready``: it could itself."""
        loop = self.engine.loop if self.engine.loop_actor is not None else None
        inside = None if between or loop is None else loop.inside
        enabled = {lane.index for lane in self.engine.lanes if lane.index not in blocked and self._free(lane, inside)}
        if ready or not enabled:
            enabled.add(me)
        return self._pick(enabled, me, inside.index if inside is not None else None)

    def _pick(self, enabled: set[int], me: int, inside: int | None) -> int:
        if self.depth < len(self.nodes) and not self.redundant:
            node = self.nodes[self.depth]
            if node.chosen not in enabled:  # it could go on when this place was last here, or a race only said so
                node.enabled.discard(node.chosen)
                node.todo.discard(node.chosen)
                node.chosen = me if me in enabled else min(enabled)
            target = node.chosen
        else:
            awake = enabled - set(self.sleep)
            self.redundant = self.redundant or not awake
            among = enabled if self.redundant else awake
            target = me if me in among else min(among)
            if not self.redundant:
                self.nodes.append(Node(enabled, dict(self.sleep), target, {target}, inside))
        self.chosen, self.from_ = target, len(turn.trace)
        return target

    def _between(self) -> bool:
        """Whether the event loop asks between two steps: then nobody knows whether the call could go on at once."""
        loop = self.engine.loop
        return self.engine.running is self.engine.loop_actor and loop is not None and loop.inside is None

    def _free(self, lane: Lane, inside: Lane | None) -> bool:
        """Could go on: nothing it waits for, no lock ahead that another call holds, no other task ``inside`` a step of the event loop."""
        if lane.finished or not self.engine.could_go(lane, inside):
            return False
        wanted = self.parked.get(lane.index)
        lock = lock_of(wanted) if wanted is not None else None
        return not isinstance(lock, CooperativeLock) or lock.holder in (-1, lane.index)

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
        self.pieces.append((self.chosen, self.from_, len(turn.trace)))
        node = self.nodes[self.depth]
        named = self._named(self.from_, len(turn.trace), turn.trace) | self._marks(node, self.chosen, self.failed)
        self.failed = False
        node.done[self.chosen] = node.done.get(self.chosen, frozenset()) | named
        asleep = {**node.sleep, **{call: known for call, known in node.done.items() if call != self.chosen}}
        self.sleep = {call: known for call, known in asleep.items() if not self._may_clash(known, named)}
        self.depth += 1
        self.chosen = None

    def _may_clash(self, a: Named, b: Named) -> bool:
        return any((one, other) in self.clashing and (None in (key, its) or key == its) for one, key in a for other, its in b)

    def _named(self, start: int, end: int, trace: Sequence[Access]) -> Named:
        return frozenset((site, key if isinstance(key, (str, int)) else None) for _, site, _, key in trace[start:end] if site in self.sites)

    def _marks(self, node: Node, call: int, failed: bool) -> Named:
        """What being chosen there means for the other tasks: a step begins or is interrupted, and who fails cancels them."""
        found = set()
        if self.group and self.in_loop[call]:
            found.add(FAILED if failed else GOES_ON)
        if self.mixed and node.inside != call and (node.inside is not None or self.in_loop[call]):
            found.add(KEPT if node.inside is None else INTERRUPTED)
        return frozenset((site, None) for site in found)

    # -- between runs -------------------------------------------------------------------------------------------------

    def finish(self, run: Run) -> None:
        """After a run: which choices it shows to matter, and which one is next."""
        trace = run.trace
        if self.lost or (run.problem is not None and run.problem.kind != "deadlock"):
            self.over = self.lost = True
            return
        if self.chosen is not None and not self.redundant:
            self.pieces.append((self.chosen, self.from_, len(trace)))
            node = self.nodes[self.depth]
            node.done[self.chosen] = self._named(self.from_, len(trace), trace) | self._marks(node, self.chosen, False)
        self._whole_steps(trace)
        known = self.known
        self._learn(run)
        if self.known > known:
            self.nodes.clear()
            self.restarts += 1
            return
        self._reverse(self._events(run))
        while self.nodes:
            node = self.nodes[-1]
            left = node.todo - set(node.done) - set(node.sleep)
            if left:
                node.chosen = min(left)
                return
            self.nodes.pop()
        self.over = True

    def _events(self, run: Run) -> list[Event]:
        last = {call: at for at, (call, _, _) in enumerate(self.pieces)}
        found = []
        for at, ((call, start, end), node) in enumerate(zip(self.pieces, self.nodes, strict=False)):
            failed = at == last[call] and run.results[call][0] == RAISED
            marks = {((site.text, None), site.kind) for site, _ in self._marks(node, call, failed)}
            found.append(Event(call, _touched(run.trace[start:end]) | marks))
        return found

    def _whole_steps(self, trace: Sequence[Access]) -> None:
        """A task that was chosen between two steps goes on to the end of its step before another task can: all of it counts."""
        for at, (call, _, _) in enumerate(self.pieces):
            following = at + 1
            while following < len(self.pieces) and self.nodes[following].inside == call:
                _, start, end = self.pieces[following]
                mine = self._named(start, end, trace) if self.pieces[following][0] == call else frozenset()
                self.nodes[at].done[call] |= mine | {(INTERRUPTED, None)}
                following += 1

    def _learn(self, run: Run) -> None:
        trace = run.trace
        self.threads = self.threads or any(start < len(trace) and not on_loop for start, on_loop in run.spans)
        self.group = self.group or (self.cancels and any(how == RAISED for how, _ in run.results))
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
        inside = self.nodes[i].inside
        leading = self._put(events, before, (i,), j)
        if inside is not None and any(self.in_loop[call] and call != inside for call in leading):
            start = i  # a task is kept out by a step of the event loop: it has to come before that
            while start > 0 and self.nodes[start].inside == inside:
                start -= 1
            self._put(events, before, (start, i), j)

    def _put(self, events: Sequence[Event], before: list[int], after: Sequence[int], j: int) -> set[int]:
        """Has a call tried at the first place of ``after`` that can begin what leads to event ``j`` without those of ``after``; gives those that could."""
        node, first = self.nodes[after[0]], events[j].call
        later = [k for k in range(after[0] + 1, j) if k not in after and not any(before[k] >> i & 1 for i in after)] + [j]
        leading = {events[k].call for k in later if not any(before[k] >> other & 1 for other in later)}
        possible = leading & node.enabled
        if not possible:
            node.todo |= node.enabled
        elif not possible & node.todo:
            node.todo.add(first if first in possible else min(possible))
        return leading

    def schedule(self) -> Schedule:
        """The choices of the last run as a schedule that replays by its points."""
        return Schedule(self.starts, tuple(self.taken))


class _Asked(Plan):
    """A plan that is asked only when a call ends or has to wait."""

    def __init__(self, reduction: Reduction) -> None:
        super().__init__()
        self.reduction = reduction

    def get(self, key: Any, default: Any = None) -> Any:
        """Who follows the call that has just ended, or has to wait."""
        return self.reduction.follower(*key) if key[1] in (END, WAIT) else default


def _touched(trace: Iterable[Access]) -> Touched:
    found = ((part(obj, key, site), site.kind) for _, site, obj, key in trace if site.kind not in (AWAIT, SLEEP))
    return frozenset((touched, kind) for touched, kind in found if touched is not None)


def _dependent(a: Touched, b: Touched) -> bool:
    for (of, key), kind in a:
        for (other, other_key), other_kind in b:
            if of == other and (key == other_key or key is None or other_key is None) and clash(of, {kind}, {other_kind}):
                return True
    return False
