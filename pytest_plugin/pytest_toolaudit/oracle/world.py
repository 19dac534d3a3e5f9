"""The state around a batch: put back before every schedule, collected after it."""

from __future__ import annotations

import inspect
import os
import shutil
import tempfile
import types
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

from pytest_toolaudit.calls import Call
from pytest_toolaudit.engine.patches import Patches
from pytest_toolaudit.engine.turn import INSIDE, WRITE, Access
from pytest_toolaudit.generators import goes_on, stood_for
from pytest_toolaudit.oracle.content import content
from pytest_toolaudit.oracle.freeze import freeze
from pytest_toolaudit.oracle.images import PreImages
from pytest_toolaudit.oracle.memory import Graph, Located, Steps, resolve
from pytest_toolaudit.oracle.tree import Tree
from pytest_toolaudit.oracle.waiters import unbind_loops
from pytest_toolaudit.points import files, settings, sqlite, streams
from pytest_toolaudit.points.journal import JOURNAL
from pytest_toolaudit.points.process import ProcessState
from pytest_toolaudit.points.resources import NAMES

_SEEN = ("file:", "dir:", "env:", "cwd:", "sql:")
_DATABASE = (b"SQLite format 3\0",)


class World:
    """Knows how to make the start state of a schedule and how to read its end state.

    ``state`` is called before each schedule; without it, files, environment, working folder and reachable memory are
    put back to what they were when the exploration began. ``observe`` adds whatever it returns to the final state.
    """

    def __init__(
        self,
        calls: Sequence[Call],
        modules: Sequence[types.ModuleType],
        state: Callable[[], Any] | None,
        observe: Callable[..., Any] | None,
        roots: Iterable[str] = (),
        trees: Iterable[str] = (),
    ) -> None:
        self.calls, self.modules, self.state, self.observe = calls, modules, state, observe
        self.process = ProcessState()
        self.value: Any = None
        self.version = 0
        self.memory: dict[str, Located] = {}
        self.shown: list[tuple[str, Steps, Any]] = []
        self.outside: dict[str, None] = {}
        self.unobserved: set[str] = set()
        self.loose: set[str] = set()
        self.fixed: set[str] = set()
        self.observes_world = observe is not None and _takes_argument(observe)
        self.roots = list(roots)
        self.trees = [Tree(root) for root in trees]
        self.images: PreImages | None = None
        self.graph_: Graph | None = None
        self.last: list[Any] = []
        NAMES.start([os.getcwd(), *self.roots])
        JOURNAL.start()
        if state is None:
            self.images = PreImages(self.graph())

    def put_back(self) -> None:
        """What the last schedule changed, as it was."""
        self.process.restore()
        settings.BEFORE.restore()
        if self.images is not None:
            self.images.opened.settle()
        JOURNAL.restore()
        for tree in self.trees:
            tree.restore()
        if self.images is not None and not self.images.restore() and self.observe is None:
            self.unobserved.add("sql:a database that is locked between two schedules")

    def reset(self) -> None:
        """The start state of the next schedule."""
        self.put_back()
        JOURNAL.forget()
        sqlite.DATABASES.current.clear()
        if self.state is not None:
            self.value = self.state()
        self.graph_ = None

    def follow(self, named: Mapping[int, Iterable[str]]) -> None:
        """Names of modules that were patched, or are no longer, are put back as they are now."""
        if self.images is not None:
            self.images.follow(named)

    def extend(self, modules: Sequence[types.ModuleType]) -> None:
        """More modules take part: a call imported them."""
        self.modules = modules
        if self.images is not None:
            self.images.close()
            self.images = PreImages(Graph(modules, self.calls, None))

    def graph(self) -> Graph:
        """Names of the objects that exist now."""
        if self.graph_ is None:
            self.graph_ = Graph(self.modules, self.calls, self.value)
        return self.graph_

    def learn(self, trace: Iterable[Access]) -> bool:
        """Adds what the calls wrote to what is collected at the end; True when that grew."""
        before = len(self.memory) + len(self.outside) + len(self.unobserved)
        graph: Graph | None = None
        owners: dict[int, set[int]] = {}
        hidden: dict[int, Any] = {}
        for call, site, obj, key in trace:
            if obj is None:
                if key is not None and site.kind == WRITE:
                    self._learn_outside(key)
                continue
            if isinstance(obj, types.ModuleType):
                continue
            if site.name != INSIDE:  # what was reached from something that can be seen is not hidden, though it may be gone by now
                owners.setdefault(id(obj), set()).add(call)
            if site.kind != WRITE:
                continue
            if graph is None:
                self.graph_ = None
                graph = self.graph()
            found = graph.locator(obj, key)
            if found is not None and self.images is not None and goes_on(obj) and not self.images.iterators.is_copy(obj):
                self.unobserved.add(f"{found.resource}, which goes on from schedule to schedule (state= may make a new one)")
            elif found is not None:
                self.memory.setdefault(found.label, found)
            else:
                hidden[id(obj)] = stood_for(obj)
        for identity, obj in hidden.items():
            if len(owners.get(identity, ())) > 1 and not isinstance(obj, str) and self.observe is None:
                self.unobserved.add(f"memory:<{type(obj).__name__}>")
        grew = len(self.memory) + len(self.outside) + len(self.unobserved) != before
        self.version += grew
        return grew

    def fix_names(self, one: Iterable[Access], other: Iterable[Access]) -> None:
        """Two runs of one schedule: files that only one of them wrote have names that nobody can predict."""
        left, right = _written(one), _written(other)
        for resource in left ^ right:
            folder = resource.rpartition("/")[0] or resource.partition(":")[0] + ":"
            self.loose.add(folder)
            for known in [r for r in self.outside if self._is_loose(r)]:
                if known not in left & right:
                    del self.outside[known]
        self.fixed |= left & right

    def _is_loose(self, resource: str) -> bool:
        folder = resource.rpartition("/")[0] or resource.partition(":")[0] + ":"
        return folder in self.loose and resource not in self.fixed

    def _learn_outside(self, resource: str) -> None:
        if self.loose and self._is_loose(resource):
            return
        if resource in settings.BY_NAME or (resource.startswith(_SEEN) and resource != "env:*"):
            self.outside.setdefault(resource)
        elif resource == "memory:random":  # where the generator stands is seen in what is drawn from it
            return
        elif self.observe is None and not resource.startswith("other:"):
            self.unobserved.add(resource)

    def final(self) -> tuple[tuple[str, Any], ...]:
        """The final state by resource, sorted, and what ``observe`` returns."""
        if len(self.shown) != len(self.memory):
            times = Counter(part.resource for part in self.memory.values())
            self.shown = [
                (part.resource if times[part.resource] == 1 else f"{part.resource} ({part.label})", part.steps, part.key)
                for part in self.memory.values()
            ]
        found = [(name, resolve(steps, key, self.value)) for name, steps, key in self.shown]
        for resource in self.outside:
            value = self._outside(resource)
            if value is not _UNSEEN:
                found.append((resource, value))
        if len(found) > 1:
            found.sort(key=itemgetter(0))
        if self.observe is not None:
            seen = self.observe(self.value) if self.observes_world else self.observe()
            found.append(("observe", freeze(seen)))
        return tuple(found)

    def _outside(self, resource: str) -> Any:
        if resource in settings.BY_NAME:
            return settings.final(resource)
        kind, _, key = resource.partition(":")
        if kind == "env":
            return os.environ.get(key)
        if kind == "cwd":
            try:
                return NAMES.shown(os.path.realpath(os.getcwd()))
            except OSError:
                return "removed"
        if kind == "sql":
            rows = sqlite.final(resource, lambda connection: id(connection) in self.graph().paths)
            if rows is None:
                if self.observe is None:
                    self.unobserved.add(resource)
                return _UNSEEN
            if not rows and resource not in sqlite.DATABASES.of:
                if self.observe is None:
                    self.unobserved.add(resource)
                return _UNSEEN
            return rows
        value = files.final(resource)
        if not isinstance(value, bytes):
            return value
        return _UNSEEN if value.startswith(_DATABASE) else content(value)

    def close(self) -> None:
        """Puts back what the last schedule changed."""
        self.process.restore()
        settings.BEFORE.restore()
        if self.images is not None:
            self.images.opened.settle()
        if self.state is None:
            JOURNAL.stop()
        JOURNAL.active = False
        JOURNAL.images.clear()
        if self.images is not None:
            self.images.close()
        unbind_loops(Graph(self.modules, self.calls, self.value).objects)


_UNSEEN = object()


def _written(trace: Iterable[Access]) -> set[str]:
    return {key for _, site, obj, key in trace if obj is None and key is not None and site.kind == WRITE}


def _takes_argument(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return any(p.kind in positional and p.default is inspect.Parameter.empty for p in parameters)


class WorkingFolder:
    """A fresh, empty working folder for batches without ``state=``: on tmpfs where there is one (20 times cheaper).

    `again` is the path of an earlier one, to be made anew: imported modules may have kept paths inside it.
    """

    def __init__(self, again: str | None = None) -> None:
        base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        try:
            self.path = again or tempfile.mkdtemp(prefix="toolaudit-", dir=base)
            if again:
                os.mkdir(again, 0o700)
        except FileExistsError:
            self.path = tempfile.mkdtemp(prefix="toolaudit-", dir=base)
        self.before = os.getcwd()

    def __enter__(self) -> Path:
        os.chdir(self.path)
        return Path(self.path)

    def __exit__(self, *_: object) -> None:
        os.chdir(self.before)
        shutil.rmtree(self.path, ignore_errors=True)


def patches_for(modules: Sequence[types.ModuleType]) -> Patches:
    """All patches that make outside resources visible, active."""
    from pytest_toolaudit.engine import children, clock, processlocks
    from pytest_toolaudit.points import drivers, filelocks, forks, lazily, process

    patches = Patches()
    try:
        clock.start_clock()
        clock.install(patches, modules)
        children.install(patches)
        processlocks.install(patches)
        files.install(patches, modules)
        streams.install(patches, modules)
        settings.install(patches, modules)
        filelocks.install(patches, modules)
        process.install(patches, modules)
        forks.install(patches, modules)
        sqlite.install(patches, modules)
        lazily.install(patches)
        drivers.install(patches, modules)
        patches.follow(modules)
    except BaseException:
        patches.undo()
        raise
    return patches
