"""Runs one schedule while every access is named: to write a schedule as text, to follow one, and to tell the story.

Slower than the search (each access is looked up), and run a handful of times.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_toolaudit.engine.threads import END, WAIT, Engine
from pytest_toolaudit.engine.turn import AWAIT, READ, SLEEP, WRITE, Access, Site, quiet, turn
from pytest_toolaudit.oracle.freeze import freeze, thaw
from pytest_toolaudit.oracle.memory import MISSING
from pytest_toolaudit.oracle.world import World
from pytest_toolaudit.search.conflicts import part, shared_parts
from pytest_toolaudit.search.schedule import Point, Preemption, Schedule
from pytest_toolaudit.suspending import own_file


@dataclass(frozen=True)
class Step:
    """One access as a reader sees it: which call, where, what, and the value there just before."""

    call: int
    kind: str
    resource: str
    function: str
    nth: int
    file: str
    line: int
    text: str
    value: str | None
    preempted_to: int | None = None


@dataclass(frozen=True)
class Entry:
    """One preemption of a schedule by name: ``call@function:nth(resource) -> target``."""

    call: int
    function: str
    nth: int
    resource: str
    target: int


def preemption_of(entry: Entry) -> Preemption | None:
    """What an entry means that names no access: who follows when a call ends or has to wait."""
    site = {"end": END, "wait": WAIT}.get(entry.function)
    return Preemption(Point(entry.call, site, entry.nth), entry.target) if site is not None and entry.resource == entry.function else None


class Narrator:
    """Considers every point: names it, and switches where the plan (by site) or the entries (by name) say."""

    def __init__(self, engine: Engine, world: World, entries: tuple[Entry, ...] = ()) -> None:
        self.engine, self.world = engine, world
        self.wanted = {(e.call, e.function, e.nth, e.resource): e.target for e in entries}
        self.used: set[tuple[int, str, int, str]] = set()
        self.steps: list[Step] = []
        self.taken: list[Preemption] = []
        self.names: dict[Any, str] = {}
        self.nameless: list[tuple[Step, int]] = []
        self.counts: dict[tuple[int, str, str], int] = defaultdict(int)

    def consider(self, site: Site, obj: Any, key: Any) -> None:
        """A point: note it, then switch if wanted."""
        engine, call = self.engine, turn.call
        with quiet():
            step, found = self._step(site, obj, key, call)
        nth = engine.counts[call, site] = engine.counts.get((call, site), 0) + 1
        target = engine.plan.get((call, site, nth))
        if target is None and found in self.wanted and found not in self.used:
            target = self.wanted[found]
        if target is not None:
            at = len(self.steps)
            marker = Step(**{**vars(step), "preempted_to": target})
            self.steps.append(marker)
            if not engine.preempt(target, site):
                del self.steps[at]
            else:
                self.used.add(found)
                self.taken.append(Preemption(Point(call, site, nth), target))
            with quiet():
                step, _ = self._step(site, obj, key, call, again=True)
        self.steps.append(step)

    def conflicting(self, trace: Iterable[Access]) -> list[str]:
        """Names of the resources that two calls touch, at least one of them writing."""
        shared, _ = shared_parts(trace)
        found: dict[Any, str] = {}
        for _, site, obj, key in trace:
            touched = part(obj, key, site)
            name = self.names.get(touched) or key
            if site.kind in (READ, WRITE) and touched in shared and isinstance(name, str):
                found[touched] = name if name.startswith("dir:") else found.get(touched, name)
        return sorted(set(found.values()))

    def story(self, trace: Iterable[Access]) -> tuple[Step, ...]:
        """The steps, without those on an object that nothing shared holds and only one call ever saw: it is that call's own."""
        calls: dict[int, set[int]] = defaultdict(set)
        for call, _, obj, _ in trace:
            calls[id(obj)].add(call)
        own = {id(step) for step, held in self.nameless if len(calls[held]) < 2}
        return tuple(step for step in self.steps if id(step) not in own or step.preempted_to is not None)

    def schedule(self, order: Sequence[int]) -> Schedule:
        """What was followed by name, as a schedule by site that the search can run again."""
        return Schedule(tuple(order), tuple(self.taken))

    def _step(self, site: Site, obj: Any, key: Any, call: int, again: bool = False) -> tuple[Step, tuple[int, str, int, str]]:
        resource = self._resource(site, obj, key)
        function, file, line, text = site.function, site.file, site.line, site.text
        if not file:
            function, file, line = _own_frame()
        counted = (call, function, resource)
        if not again:
            self.counts[counted] += 1
        nth = self.counts[counted]
        value = None if obj is None or site.kind in (AWAIT, SLEEP) else _value(obj, key, site)
        step = Step(call, site.kind, resource, function, nth, file, line, text, value)
        if resource.startswith("memory:<"):
            self.nameless.append((step, id(obj)))
        return step, (call, function, nth, resource)

    def _resource(self, site: Site, obj: Any, key: Any) -> str:
        if site.kind in (AWAIT, SLEEP):
            return site.kind
        if obj is None:
            return str(key)
        named = self.world.graph().name(obj, key)
        if named is None and not isinstance(obj, str):
            self.world.graph_ = None
            named = self.world.graph().name(obj, key)
        named = named or f"memory:<{type(obj).__name__}>"
        self.names[part(obj, key, site)] = named
        return named


def _value(obj: Any, key: Any, site: Site) -> str | None:
    try:
        if isinstance(obj, str):
            return None
        if isinstance(obj, dict):
            value = obj.get(key, MISSING) if key is not None else obj
        elif isinstance(obj, (list, set)) and (key is None or not isinstance(key, int)):
            value = obj
        elif isinstance(obj, list):
            value = obj[key]
        elif isinstance(key, str):
            value = getattr(obj, "__dict__", {}).get(key, MISSING)
            if value is MISSING:
                return None
        else:
            return None
        text = "absent" if value is MISSING else thaw(freeze(value))
    except Exception:
        return None
    return text if len(text) <= 60 else text[:57] + "..."


def _own_frame() -> tuple[str, str, int]:
    frame = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        if own_file(code.co_filename):
            return code.co_qualname.replace(".<locals>", ""), code.co_filename, frame.f_lineno
        if frame.f_back is None:
            break
        frame = frame.f_back
    return "", "", 0
