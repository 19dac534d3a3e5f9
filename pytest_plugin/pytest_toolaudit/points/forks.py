"""Child processes that a call forks: each runs to its end as one step of its call, outside our control, and is named.

The child must not go on with what it inherits: the hooks are inert in it, and a call that returns there ends it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import ModuleType
from typing import Any

from pytest_toolaudit.engine.patches import Patches
from pytest_toolaudit.engine.turn import WRITE, holds_turn, turn
from pytest_toolaudit.points.resources import touch

RESOURCE = "subprocess:fork"
AWAITED = 0.5  # seconds that a child has to end in: one that does not is a worker that waits for something to do
_LIBRARY = (os.path.dirname(os.__file__) + os.sep, __file__.rpartition("points")[0])
_fork, _sleep, _clock, _kill = getattr(os, "fork", None), time.sleep, time.monotonic, os.kill
_HELPERS = ("resource_tracker.py", "forkserver.py")  # of the whole process: they outlive a batch
_waitid: Any = getattr(os, "waitid", None)
_waitpid = os.waitpid


def _place() -> str:
    """The line outside the standard library that starts the child."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_LIBRARY):
        frame = frame.f_back
    code = frame.f_code
    return f"{code.co_name} ({code.co_filename.rpartition('/')[2]}:{frame.f_lineno})"


def _inert() -> None:
    """In the child: no hook does anything, and no call of the batch goes on."""
    if turn.engine is not None:
        turn.engine.is_child, turn.engine.loop_actor = True, None
    turn.ident, turn.engine, turn.watch = 0, None, ()


def _ended(pid: int) -> bool:
    try:
        return _waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None
    except OSError:  # somebody has asked for its end already
        return True


def await_end(pid: int, seconds: float) -> bool:
    """Waits for a child without taking its exit status away; False when it still runs."""
    pause, end = 0.0005, _clock() + seconds
    while not _ended(pid):
        if _clock() > end:
            return False
        _sleep(pause)
        pause = min(2 * pause, 0.01)
    return True


def _forking(original: Callable[[], Any]) -> Callable[[], Any]:
    def fork() -> Any:
        engine = turn.engine
        if engine is None:
            return original()
        controlled = holds_turn()
        if controlled:
            touch(WRITE, RESOURCE, "os.fork")
            engine.processor.release()  # the child would be kept on the one processor too
            engine.uncontrolled = True
        answer = original()
        pid = answer[0] if isinstance(answer, tuple) else answer
        if pid == 0:
            _inert()
            return answer
        place = _place()
        engine.children[pid] = place
        if controlled and _waitid is not None and place not in engine.lasting and not await_end(pid, AWAITED):
            engine.lasting.add(place)
        return answer

    return fork


def _spawning(original: Callable[..., int]) -> Callable[..., int]:
    def spawn(path: Any, args: Any, passfds: Any) -> int:
        engine = turn.engine
        helper = sys._getframe(1).f_code.co_filename.endswith(_HELPERS)
        if engine is None or helper or not holds_turn():
            return original(path, args, passfds)
        touch(WRITE, RESOURCE, "spawn")
        engine.processor.release()
        engine.uncontrolled = True
        pid = original(path, args, passfds)
        engine.children[pid] = _place()
        return pid

    return spawn


def end_children(children: dict[int, str]) -> None:
    """The batch is over: what it started and did not end, because its schedule was given up, ends now."""
    process: Any = sys.modules.get("multiprocessing.process")
    known = {child.pid: child for child in list(process._children)} if process is not None else {}
    for pid in children:
        if pid in known:
            known[pid].kill()
            known[pid].join(1.0)
        elif _waitid is not None:
            if not _ended(pid):
                _kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):  # its call has asked for its end
                _waitpid(pid, 0)
    children.clear()


def install(patches: Patches, modules: Iterable[ModuleType]) -> None:
    """``os.fork`` and ``os.forkpty``, which ``multiprocessing`` and ``pty`` call."""
    for name in ("fork", "forkpty"):
        patches.wrap(os, name, _forking, modules)
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        patches.wrap(util, "spawnv_passfds", _spawning)
