"""Runs schedules of one batch and judges them: the part between the engine, the world and the oracle."""

from __future__ import annotations

import gc
import sys
import threading
import types
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from operator import itemgetter
from typing import Any

from pytest_toolaudit import isolation
from pytest_toolaudit.calls import Call
from pytest_toolaudit.engine.patches import Patches, uninterrupted
from pytest_toolaudit.engine.run import Machine, Run
from pytest_toolaudit.engine.stops import Everything
from pytest_toolaudit.engine.threads import END, WAIT
from pytest_toolaudit.engine.turn import Site, turn
from pytest_toolaudit.engine.whole import Whole
from pytest_toolaudit.hooks import as_called
from pytest_toolaudit.instrument import INSTRUMENTATION, import_anew, late_modules
from pytest_toolaudit.isolation import Both
from pytest_toolaudit.oracle.compare import Masks, Outcome
from pytest_toolaudit.oracle.patched import follow_kept
from pytest_toolaudit.oracle.serial import Order, SerialOrders, SerialRun
from pytest_toolaudit.oracle.world import World, patches_for
from pytest_toolaudit.points.drivers import loaded_drivers
from pytest_toolaudit.points.forks import end_children
from pytest_toolaudit.points.settings import BEFORE
from pytest_toolaudit.search.conflicts import Found, cancellations, find
from pytest_toolaudit.search.exhaustive import Reduction
from pytest_toolaudit.search.named import Entry, Narrator, Step, preemption_of
from pytest_toolaudit.search.schedule import Point, Schedule
from pytest_toolaudit.search.token import labels

_RETRIES = 3
_NOTHING = Run((), [], None)
_PLACE, _SITE = itemgetter(0, 1), itemgetter(1)  # of an access: who and where; where
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Settings:
    """How far and how a batch is explored.

    ``preemptions``: the bound of the sweep; ``budget``: schedules at most; ``seed``: of the random walk; ``seconds``
    and ``steps``: what one schedule may take; ``limit``: seconds for all of them; ``packages``: instrumented besides the project's own modules;
    ``indices``: the calls' places in a larger batch; ``progress``: told schedules and budget before each one; ``roots``: folders below which file names are shown relative;
    ``trees``: folders that other programs write in, put back whole; ``counts``: whether an outcome that equals none of the serial ones is
    what is looked for: others are shown only where none is found; ``isolate``: ``"fork"`` runs each schedule in a forked process, for state that
    nobody can put back (Linux and macOS; a few milliseconds each).
    """

    runner: str = "threads"
    preemptions: int = 2
    budget: int = 300
    seed: int = 0
    seconds: float = 10.0
    limit: float = float("inf")
    steps: int = 200_000
    packages: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    trees: tuple[str, ...] = ()
    exhaustive: bool = False
    indices: tuple[int, ...] = ()
    progress: Callable[[int, int], None] | None = None
    counts: Callable[[Outcome, Sequence[tuple[Order, Outcome]]], bool] | None = None
    isolate: str | None = None


@dataclass(frozen=True)
class Judged:
    """One schedule that was run: its outcome, and the serial order with the same outcome, if there is one.

    ``undecided``: none was found, but not all could be tried.
    """

    schedule: Schedule
    outcome: Outcome
    run: Run
    serial: Order | None
    undecided: bool = False


@dataclass
class Known:
    """What the runs so far showed about conflicts."""

    points: dict[int, list[Point]] = field(default_factory=lambda: defaultdict(list))
    listed: set[Point] = field(default_factory=set)
    ranks: dict[Point, int] = field(default_factory=dict)
    groups: list[list[Point]] = field(default_factory=list)
    pairs: set[tuple[int, int]] = field(default_factory=set)
    sites: set[tuple[int, Site]] = field(default_factory=set)
    everywhere: set[Site] = field(default_factory=set)

    def visit(self, places: Iterable[tuple[int, Site]], calls: int) -> None:
        """Adds where one run came; ``everywhere`` are the sites that every call has come to: nothing is new there, whoever comes."""
        self.sites.update(places)
        times = Counter(site for call, site in self.sites if 0 <= call < calls)
        self.everywhere = {site for site, times_ in times.items() if times_ == calls}

    def add(self, found: Found) -> bool:
        """Adds what one run showed; True when there is a new point."""
        grew = False
        for call, points in found.points.items():
            for point in points:
                if point not in self.listed:
                    self.listed.add(point)
                    self.points[call].append(point)
                    grew = True
        for point, rank in found.ranks.items():
            self.ranks[point] = min(rank, self.ranks.get(point, 2))
        self.pairs |= found.pairs
        for group in found.groups.values():
            if len({point.call for point in group}) > 1 and group not in self.groups:
                self.groups.append(group)
        return grew


class Explorer:
    """A batch made ready: tools instrumented, patches active, threads hired. A context manager; nothing survives it."""

    def __init__(
        self,
        calls: Sequence[Call],
        settings: Settings,
        state: Callable[[], Any] | None = None,
        observe: Callable[..., Any] | None = None,
    ) -> None:
        self.calls, self.settings, self.state, self.observe = list(calls), settings, state, observe
        self.names = [call.name for call in self.calls]
        self.labels = labels(self.names, settings.indices)
        self.known = Known()
        self.masks = Masks()
        self.serial = SerialOrders(len(self.calls), self._serial_run, self.masks, lambda: not self.world.unobserved)
        self.schedules = 0
        self.detached: set[str] = set()
        self.forked: set[str] = set()
        self.modules: list[types.ModuleType] = []
        self.patches: Patches | None = None
        self.both: Both | None = None
        self.is_child = False
        self.machine: Machine
        self.world: World

    def __enter__(self) -> Explorer:
        _ONE_AT_A_TIME.acquire()
        try:
            settings = self.settings
            self.seeds: list[Any] = [part for call in self.calls for part in (call.function, call.tool)]
            self.modules = INSTRUMENTATION.include(self.seeds, settings.packages)
            self.loaded = set(sys.modules)
            self.world = World(self.calls, self.modules, self.state, self.observe, settings.roots, settings.trees)
            INSTRUMENTATION.take(self.world.graph().functions.values())
            calls, fresh = [as_called(call) for call in self.calls], self._has(threading.local)
            self.machine = Machine(calls, settings.runner, settings.steps, settings.seconds, fresh)
            if not settings.isolate:
                self.machine.recruit()
            self.machine.engine.outside.shared = lambda: self.world.graph().paths
            self._patch()
            INSTRUMENTATION.on()
            if settings.isolate:
                self.both = Both()
                self._share()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _patch(self) -> None:
        self._unpatch()
        self.drivers = loaded_drivers()
        self.patches = patches_for(self.modules)
        self.world.follow(follow_kept(self.patches, self.world.graph()))

    def _unpatch(self) -> None:
        if self.patches is not None:
            BEFORE.restore()  # what a call replaced may have been a patch
            self.patches.undo()
            self.world.follow(self.patches.named)

    def _share(self) -> None:
        """What is there now is there in each process that runs a schedule."""
        if self.both is not None:
            graph = self.world.graph()
            self.both.learn(chain(graph.objects, chain(*graph.cells.values()), (one for one in gc.get_objects() if type(one) is Site)))

    @property
    def _apart(self) -> Both | None:
        return self.both if not self.is_child else None

    @uninterrupted
    def _close(self) -> None:
        steps: list[Callable[[], object]] = [INSTRUMENTATION.off, self._unpatch]
        if hasattr(self, "machine"):
            steps += [self.machine.close, partial(end_children, self.machine.engine.children)]
        if hasattr(self, "world"):
            steps.append(self.world.close)
        steps += [self.serial.close, _ONE_AT_A_TIME.release]
        for i, step in enumerate(steps):
            try:
                step()
            except BaseException:
                for other in steps[i + 1 :]:
                    other()
                raise

    def _has(self, kind: type) -> bool:
        return any(isinstance(value, kind) for module in self.modules for value in list(vars(module).values()))

    def carries_context(self) -> bool:
        """Whether the tools keep something per thread or per context, which parallel calls do not share."""
        return self._has(threading.local) or self._has(ContextVar)

    # -- running ------------------------------------------------------------------------------------------------------

    def _late_imports(self) -> bool:
        """Instruments what the calls imported while they ran; True when there was something."""
        names = late_modules(self.loaded)
        self.loaded = set(sys.modules)
        if not names:
            return False
        INSTRUMENTATION.off()
        import_anew(names)
        self.seeds += [sys.modules[name] for name in names]
        self.modules = INSTRUMENTATION.include(self.seeds, self.settings.packages)
        self.world.extend(self.modules)
        self.world.follow(follow_kept(self.patches or Patches(), self.world.graph()))
        INSTRUMENTATION.on()
        self._share()
        self.known.sites.clear()
        self.known.everywhere.clear()
        return True

    def _run(self, order: Order, schedule: Schedule, serial: bool, watch: Any = None) -> tuple[Run, Outcome]:
        if self._apart is not None:
            return isolation.one(self, self._apart, lambda: self._run(order, schedule, serial, watch))
        self.world.reset()
        run = self.machine.run(order, schedule.plan(), serial, watch)
        self.detached.update(run.detached)
        self.forked.update(self.machine.engine.children.values())
        if self.machine.engine.outside.answered and self.observe is None:
            self.world.unobserved.update(f"other:thread {name}" for name in self.machine.engine.outside.answered)
        self._learn(run)
        return run, Outcome(run.results, self.world.final())

    def _learn(self, run: Run) -> bool:
        """Adds what a run shows that none did before; True when more has to be observed than it was."""
        known = self.known
        if known.everywhere.issuperset(map(_SITE, run.trace)) or known.sites.issuperset(map(_PLACE, run.trace)):
            return False
        known.visit(map(_PLACE, run.trace), len(self.calls))
        grew = self.world.learn(run.trace)
        if grew:
            self.serial.forget()
        self.known.add(find(run.trace, self.machine.in_loop, run.spans, run.impatient))
        if self.settings.runner == "task-group":
            self.known.add(cancellations(run.trace, [how for how, _ in run.results]))
        self.serial.pairs = self.known.pairs
        return grew

    def _serial_run(self, order: Order) -> SerialRun:
        self.schedules += len(order) == len(self.calls)  # a beginning of one is no schedule of the batch
        for _ in range(_RETRIES):
            version = self.world.version
            run, outcome = self._run(order, Schedule(order), serial=True)
            if self.schedules <= 1 and len(sys.modules) != len(self.loaded) and self._late_imports():
                continue
            if self.drivers != loaded_drivers():  # a call imported one inside its body, past the patches
                self._patch()
                continue
            if self.world.version == version:
                break  # else more is observed now than when this run began
        return SerialRun(order, outcome, run.trace, run.problem, run.expired)

    def judge(self, schedule: Schedule) -> Judged:
        """Runs a schedule and looks for the serial order that explains its outcome."""
        self.schedules += 1
        if self.settings.progress is not None:
            self.settings.progress(self.schedules, self.settings.budget)
        run, outcome = self._run(schedule.order, schedule, serial=False)
        if run.problem is not None:
            return Judged(schedule, outcome, run, None)
        version = self.world.version
        order = self.serial.explains(outcome, run.trace)
        if order is None and self.world.version != version:  # a serial order showed more to observe
            run, outcome = self._run(schedule.order, schedule, serial=False)
            order = self.serial.explains(outcome, run.trace)
        undecided = self.serial.undecided
        order = order if order is not None else self._uninterrupted(run, outcome)
        return Judged(schedule, outcome, run, order, undecided and order is None)

    def _uninterrupted(self, run: Run, outcome: Outcome) -> Order | None:
        """The serial order that a schedule turned out to be: one more run of it, so where the two differ is masked, not a race."""
        if any(self.machine.in_loop) or run.detached or sorted(run.turns) != list(range(len(self.calls))):
            return None
        known = self.serial.outcome(run.turns)
        if not known.blocked and len(known.outcome.state) == len(outcome.state):
            self.masks.learn(self.masks.apply(known.outcome), self.masks.apply(outcome))
        return run.turns

    def steer(self, reduction: Reduction) -> Judged | None:
        """Runs and judges the next schedule of an exhaustive search; None when it only repeats what others showed."""
        for _ in range(_RETRIES):
            run, outcome, grew = self._steered(reduction)
            if not grew:
                break
        self.schedules += 1
        fresh = not reduction.redundant
        schedule = reduction.schedule()
        reduction.finish(run)
        if not fresh:
            return None
        order = None if run.problem else self.serial.explains(outcome, run.trace)
        return Judged(schedule, outcome, run, order, run.problem is None and self.serial.undecided)

    def _steered(self, reduction: Reduction) -> tuple[Run, Outcome, bool]:
        if self._apart is not None:
            return isolation.steered(self, self._apart, reduction, lambda: self._steered(reduction))
        reduction.start()
        self.world.reset()
        turn.consider = reduction.consider
        run = self.machine.run(reduction.order(), reduction.plan, False, reduction.watch)
        grew = self._learn(run)
        return run, Outcome(run.results, self.world.final()), grew

    def whole(self, picks: Sequence[int]) -> tuple[Run, Outcome, Whole]:
        """Runs the calls so that each goes on until it waits for another; `picks`: who does where several can."""
        self.world.reset()
        engine = self.machine.engine
        whole = Whole(engine, picks)
        engine.chooser, turn.consider = whole.choose, whole.consider
        try:
            run = self.machine.run(range(len(self.calls)), {}, False, Everything())
        finally:
            engine.chooser = None
        self._learn(run)
        return run, Outcome(run.results, self.world.final()), whole

    def together(self, apart: bool = False) -> Outcome:
        """The calls one after the other on one thread; ``apart``: each on one of its own, and otherwise the same."""
        self.schedules += 1
        if self._apart is not None:
            return isolation.one(self, self._apart, lambda: (_NOTHING, self._together(apart)))[1]
        return self._together(apart)

    def _together(self, apart: bool) -> Outcome:
        self.world.reset()
        results = self.machine.run_together(apart)
        return Outcome(results, self.world.final())

    def rerun(self, order: Order) -> tuple[Run, Outcome]:
        """A serial order once more, without what is remembered of it."""
        self.schedules += 1
        return self._run(order, Schedule(order), serial=True)

    def settle(self) -> None:
        """For a batch whose verdict is known from a larger one: its conflicts, and what differs from run to run."""
        given = tuple(range(len(self.calls)))
        self.serial.outcome(given)
        self.serial.outcome(given[::-1])
        self.masks.learn(self.serial.outcome(given).outcome, self.rerun(given)[1])

    def again(self, schedule: Schedule, serial: bool = False) -> tuple[Run, Outcome]:
        """Runs a schedule once more, without judging it. ``serial``: each call to its end."""
        return self._run(schedule.order, schedule, serial)

    def narrate(self, schedule: Schedule, entries: tuple[Entry, ...] = (), serial: bool = False) -> tuple[Run, Outcome, Narrator]:
        """Runs a schedule with every access named; ``entries`` are followed by name. ``serial``: each call to its end."""
        if self._apart is not None:
            return isolation.narrated(self, self._apart, lambda: self.narrate(schedule, entries, serial), entries)
        ends = {(p.point.call, p.point.site, p.point.nth): p.target for p in map(preemption_of, entries) if p is not None}
        for _ in range(_RETRIES):
            narrator = Narrator(self.machine.engine, self.world, entries)
            turn.consider = narrator.consider
            self.world.reset()
            run = self.machine.run(schedule.order, {**schedule.plan(), **ends}, serial, Everything())
            if not self._learn(run):
                break
        return run, Outcome(run.results, self.world.final()), narrator

    def entries(self, schedule: Schedule, steps: Sequence[Step]) -> tuple[Entry, ...]:
        """The preemptions of a narrated schedule, by name."""
        found = [Entry(s.call, s.function, s.nth, s.resource, s.preempted_to) for s in steps if s.preempted_to is not None]
        ends = [
            Entry(p.point.call, p.point.site.kind, p.point.nth, p.point.site.kind, p.target)
            for p in schedule.preemptions
            if p.point.site in (END, WAIT)
        ]
        return (*found, *ends)
