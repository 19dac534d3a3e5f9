"""Threads that a call starts and that stay outside our control (of process pools): calls may wait for what they answer."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_toolaudit.engine.threads import Engine

_lives = threading.Thread.is_alive


def expected(engine: Engine) -> bool:
    """Whether one of them may yet answer a call that waits: then real time passes, and nobody is stuck."""
    return any(map(_lives, engine.outsiders)) and any(actor.waiting for actor in engine.busy)


def look(engine: Engine) -> None:
    """Nobody could go on but for one of them: perhaps it has answered. Called by the watchdog, because it answers in no turn."""
    with engine.mutex:
        if engine.running is not None or engine.ending:
            return
        ready = [a for a in engine.busy if a is not engine.loop_actor and a.job and a.waiting is None and not a.detached]
        if ready or not expected(engine):
            engine.give(engine.next_actor())
