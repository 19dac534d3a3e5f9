"""``isolate="fork"``: each schedule runs in a forked child, for state that nobody can put back (of C extensions, of libraries).

The search stays in the parent, whose memory no tool ever touches. A child learns what the parent would have learned, and sends it back.
"""

from __future__ import annotations

import gc
import io
import os
import pickle
import select
import signal
import struct
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pytest_toolaudit.engine.lanes import Problem
from pytest_toolaudit.engine.patches import uninterrupted
from pytest_toolaudit.engine.run import UNFINISHED, Run
from pytest_toolaudit.engine.turn import Access, Site
from pytest_toolaudit.hooks import writing, written_at
from pytest_toolaudit.oracle.compare import Outcome
from pytest_toolaudit.points import sqlite
from pytest_toolaudit.points.resources import NAMES
from pytest_toolaudit.search.named import Entry, Narrator

if TYPE_CHECKING:
    from pytest_toolaudit.explorer import Explorer
    from pytest_toolaudit.search.exhaustive import Reduction

_fork, _waitpid, _kill, _read, _write = getattr(os, "fork", None), os.waitpid, os.kill, os.read, os.write
_LATE = 10.0  # seconds beyond what a schedule may take, after which its process is ended
_PLAIN = (str, int, float, bytes, bool, type(None))
_HEAD = struct.Struct("<Q")


class Gone(Exception):  # noqa: N818 - it becomes a verdict's problem
    """The child ended, or was ended, before it had answered."""


class Elsewhere:
    """Stands for an object that only the child had."""

    __slots__ = ("kind",)

    def __init__(self, kind: str) -> None:
        self.kind = kind


def possible() -> bool:
    """Whether this platform can fork."""
    return _fork is not None


# -- what both sides know ------------------------------------------------------------------------------------------------


class Both:
    """Objects that were there before a child was made, by number: what is told of them in a message is the number."""

    def __init__(self) -> None:
        self.objects: dict[int, Any] = {}
        self.sites: dict[tuple[Any, ...], Site] = {}

    def learn(self, objects: Iterator[Any]) -> None:
        """They exist in every child from now on."""
        for one in objects:
            self.objects[id(one)] = one

    def known(self, one: Any) -> bool:
        return self.objects.get(id(one)) is one

    def site(self, made: tuple[Any, ...]) -> Site:
        """A site that a child met first, for its children to come."""
        how, *rest = made
        if how == "outside":
            key, name = rest
            found = NAMES.sites.get(key) or NAMES.sites.setdefault(key, Site(key[0], key[2], name=name))
        elif how == "writing":
            found = writing(rest[0])
        else:
            found = self.sites.get(made) or self.sites.setdefault(made, Site(*rest))
        self.objects[id(found)] = found
        return found


def _made(site: Site) -> tuple[Any, ...]:
    """How the parent makes a site of its own that the children to come will meet in the place of this one."""
    for key, found in NAMES.sites.items():
        if found is site:
            return ("outside", key, site.name)
    base = written_at(site)
    if base is not None:
        return ("writing", base)
    return ("alike", site.kind, site.text, site.file, site.line, site.function)


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, both: Both) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.both = both

    def persistent_id(self, one: Any) -> Any:
        if type(one) in _PLAIN:
            return None
        if self.both.known(one):
            return ("known", id(one))
        if isinstance(one, Site):
            return ("site", _made(one))
        if isinstance(one, ModuleType):
            return ("module", one.__name__)
        if isinstance(one, dict) and "__name__" in one and (module := sys.modules.get(str(one["__name__"]))) and vars(module) is one:
            return ("namespace", one["__name__"])
        return None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, both: Both) -> None:
        super().__init__(file)
        self.both = both

    def persistent_load(self, told: Any) -> Any:
        how, what = told
        if how == "known":
            return self.both.objects[what]
        if how == "site":
            return self.both.site(what)
        return sys.modules[what] if how == "module" else vars(sys.modules[what])


# -- the child -----------------------------------------------------------------------------------------------------------


def apart(both: Both, work: Callable[[], Any], seconds: float) -> Any:
    """Runs `work` in a child and gives what it returned; raises what it raised (as RuntimeError), or Gone."""
    ends: list[int] = []
    children: list[int] = []
    try:
        _begin(both, work, ends, children)
        answer = _received(ends[0], children[0], time.monotonic() + seconds)
    finally:
        for end in ends:
            os.close(end)
        for pid in children:
            with suppress(OSError):
                _kill(pid, signal.SIGKILL)  # it has said all, or is late
            with suppress(ChildProcessError):
                _waitpid(pid, 0)
    worked, told = _Unpickler(io.BytesIO(answer), both).load()
    if not worked:
        raise RuntimeError(f"a schedule failed in its process:\n{told}")
    return told


@uninterrupted
def _begin(both: Both, work: Callable[[], Any], ends: list[int], children: list[int]) -> None:
    """Starts the child; ``ends`` becomes the pipe that it answers through."""
    assert _fork is not None
    ends.extend(os.pipe())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # threads of others: the child uses none of them
        pid = _fork()
    if pid == 0:
        _child(both, work, ends[1])
    children.append(pid)
    os.close(ends.pop())


def _child(both: Both, work: Callable[[], Any], writer: int) -> None:
    """Never returns: what the parent has not finished is not the child's to finish."""
    try:
        gc.freeze()
        try:
            message = _packed(both, (True, work()))
        except BaseException:
            message = _packed(both, (False, traceback.format_exc()))
        rest = memoryview(_HEAD.pack(len(message)) + message)
        while rest:
            rest = rest[_write(writer, rest) :]
    finally:
        os._exit(0)


def _packed(both: Both, what: Any) -> bytes:
    file = io.BytesIO()
    _Pickler(file, both).dump(what)
    return file.getvalue()


def _received(reader: int, pid: int, until: float) -> bytes:
    found = bytearray()
    while len(found) < _HEAD.size or len(found) < _HEAD.size + _HEAD.unpack_from(found)[0]:
        ready, _, _ = select.select([reader], [], [], 0.2)
        part = _read(reader, 1 << 16) if ready else None
        if part:
            found += part
        elif part == b"" or (part is None and (time.monotonic() > until or _ended(pid))):
            raise Gone(_how(pid))
    return bytes(found[_HEAD.size :])


def _ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def _how(pid: int) -> str:
    """A child that was ended by a signal says by which."""
    with suppress(ChildProcessError):
        ended, status = _waitpid(pid, os.WNOHANG)
        for _ in range(50):
            if ended:
                break
            time.sleep(0.01)
            ended, status = _waitpid(pid, os.WNOHANG)
        if ended and os.WIFSIGNALED(status):
            return f"its process was ended by {signal.Signals(os.WTERMSIG(status)).name}"
        if ended:
            return f"its process ended with status {os.waitstatus_to_exitcode(status)}"
    return "its process did not answer in time"


# -- one schedule --------------------------------------------------------------------------------------------------------


def one(explorer: Explorer, both: Both, work: Callable[[], tuple[Run, Outcome]]) -> tuple[Run, Outcome]:
    """One schedule in a child."""

    def there() -> Any:
        run, outcome = work()
        return run._replace(trace=[]), _trace_apart(run.trace), outcome

    try:
        run, told, outcome = learning(explorer, both, there)
    except Gone as gone:
        return _lost(explorer, str(gone))
    return run._replace(trace=_trace_here(told)[0]), outcome


_CHOSEN = ("acted", "chosen", "counts", "depth", "failed", "from_", "lost", "nodes", "pieces", "redundant", "sleep", "starts", "taken")


def steered(
    explorer: Explorer, both: Both, reduction: Reduction, work: Callable[[], tuple[Run, Outcome, bool]]
) -> tuple[Run, Outcome, bool]:
    """One schedule of a proof in a child, and what was chosen in it."""

    def there() -> Any:
        run, outcome, grew = work()
        return run._replace(trace=[]), _trace_apart(run.trace), outcome, grew, {name: vars(reduction)[name] for name in _CHOSEN}

    try:
        run, told, outcome, grew, chosen = learning(explorer, both, there)
    except Gone as gone:
        reduction.start()
        reduction.order()
        return *_lost(explorer, str(gone)), False
    vars(reduction).update(chosen)
    return run._replace(trace=_trace_here(told)[0]), outcome, grew


def narrated(
    explorer: Explorer, both: Both, work: Callable[[], tuple[Run, Outcome, Narrator]], entries: tuple[Entry, ...]
) -> tuple[Run, Outcome, Narrator]:
    """One schedule in a child, told step by step."""

    def there() -> Any:
        run, outcome, teller = work()
        said = {name: getattr(teller, name) for name in ("used", "steps", "taken", "names", "nameless")}
        return run._replace(trace=[]), _trace_apart(run.trace), outcome, said

    narrator = Narrator(explorer.machine.engine, explorer.world, entries)
    try:
        run, told, outcome, said = learning(explorer, both, there)
    except Gone as gone:
        return *_lost(explorer, str(gone)), narrator
    trace, objects = _trace_here(told)
    here = {number: id(one) for number, one in objects.items()}
    vars(narrator).update(said)
    narrator.names = {(here.get(part[0], part[0]), *part[1:]): name for part, name in narrator.names.items() if part is not None}
    narrator.nameless = [(step, here.get(number, number)) for step, number in narrator.nameless]
    return run._replace(trace=trace), outcome, narrator


def learning(explorer: Explorer, both: Both, work: Callable[[], Any]) -> Any:
    """What `work` returns in a child, after the parent knows what the child has learned."""
    result, learned, imported = apart(both, lambda: _told(explorer, both, work), explorer.settings.seconds + _LATE)
    for name in imported:
        with suppress(Exception):  # what only a call can import stays unknown here
            __import__(name)
    _learn(explorer, learned)
    return result


def _lost(explorer: Explorer, why: str) -> tuple[Run, Outcome]:
    """A schedule whose process ended without an answer."""
    results = tuple((UNFINISHED, "its process ended") for _ in explorer.calls)
    problem = Problem("outside", f"a schedule did not come to its end: {why}", tuple(range(len(explorer.calls))))
    return Run(results, [], problem), Outcome(results, ())


def _told(explorer: Explorer, both: Both, work: Callable[[], Any]) -> tuple[Any, dict[str, Any], list[str]]:
    """In the child: the result, and all that was learned on the way."""
    loaded = set(sys.modules)
    explorer.is_child = True
    try:
        result = work()
        imported = [name for name in sys.modules if name not in loaded and getattr(sys.modules[name], "__file__", None)]
        return result, _known(explorer, both), imported
    finally:
        explorer.world.put_back()


def _known(explorer: Explorer, both: Both) -> dict[str, Any]:
    world = explorer.world
    databases = {
        table: {key: where for key, where in places.items() if isinstance(where, str) or both.known(where)}
        for table, places in sqlite.DATABASES.of.items()
    }
    return {
        "known": explorer.known,
        "pairs": explorer.serial.pairs,
        "detached": explorer.detached,
        "forked": explorer.forked | set(explorer.machine.engine.children.values()),
        "hung": explorer.machine.hung,
        "waits": explorer.machine.waits,
        "paths": NAMES.paths,
        "databases": databases,
        "world": {name: getattr(world, name) for name in ("memory", "outside", "unobserved", "loose", "fixed", "version")},
    }


def _learn(explorer: Explorer, learned: dict[str, Any]) -> None:
    grew = learned["world"]["version"] != explorer.world.version
    vars(explorer.world).update(learned["world"])
    explorer.known, explorer.serial.pairs, explorer.machine.hung = learned["known"], learned["pairs"], learned["hung"]
    explorer.machine.waits = learned["waits"]
    explorer.detached, explorer.forked = learned["detached"], learned["forked"]
    NAMES.paths.update(learned["paths"])
    sqlite.DATABASES.of.update(learned["databases"])
    if grew:
        explorer.serial.forget()


def _trace_apart(trace: list[Access]) -> tuple[list[tuple[int, Site, Any, Any]], dict[int, str]]:
    """A trace whose objects are numbers, and the classes of these."""
    kinds: dict[int, str] = {}

    def number(one: Any) -> Any:
        if isinstance(one, _PLAIN) or (isinstance(one, tuple) and all(isinstance(part, _PLAIN) for part in one)):
            return one
        kinds[id(one)] = type(one).__name__
        return ("object", id(one))

    return [(call, site, number(obj), number(key)) for call, site, obj, key in trace], kinds


def _trace_here(told: tuple[list[tuple[int, Site, Any, Any]], dict[int, str]]) -> tuple[list[Access], dict[int, Elsewhere]]:
    """The trace as the parent uses it: one stand-in for each object."""
    trace, kinds = told
    there = {number: Elsewhere(kind) for number, kind in kinds.items()}

    def one(what: Any) -> Any:
        return there[what[1]] if isinstance(what, tuple) and len(what) == 2 and what[0] == "object" and what[1] in there else what

    return [(call, site, one(obj), one(key)) for call, site, obj, key in trace], there
