"""The values that the engine schedules: a lane for each call, an actor for each thread that works for one."""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from random import Random
from typing import Any

CALL: ContextVar[int] = ContextVar("toolaudit_call")


class Abandoned(BaseException):
    """Raised on a call's thread to end it when its schedule is given up. Not an Exception: tools must not catch it."""


class Actor:
    """One managed thread. ``gate`` is a raw lock that it waits on while another has the turn."""

    __slots__ = ("detached", "gate", "ident", "job", "lane", "thread", "waiting")

    def __init__(self) -> None:
        self.gate = allocate_lock()
        self.gate.acquire()
        self.ident = 0
        self.job: Callable[[], None] | None = None
        self.lane: Lane | None = None
        self.waiting: Wait | None = None
        self.detached = False
        self.thread: Any = None


class Wait:
    """Why an actor cannot go on: for what, held by which call, and until when (seconds of the call's own clock).

    ``there`` looks whether it could, for what others may change without a word.
    """

    __slots__ = ("deadline", "holder", "key", "there", "timed_out", "what")

    def __init__(
        self, key: object, what: str, holder: Callable[[], int], deadline: float | None, there: Callable[[], bool] | None = None
    ) -> None:
        self.key, self.what, self.holder, self.deadline, self.there = key, what, holder, deadline, there
        self.timed_out = False


class Lane:
    """One call of the batch while it runs, with the threads that it started."""

    finished = False  # what each begins with, here: a schedule makes new ones
    clock = 0.0
    naps = 0
    tries = -1  # the call that has what this one keeps trying for, and which it has let go on
    random: Random | None = None
    patience = 0.25
    outcome: Any = None
    task: Any = None

    def __init__(self, index: int, is_async: bool) -> None:
        self.index, self.is_async = index, is_async
        self.actors: list[Actor] = []

    def over(self) -> bool:
        """Finished, and so are the threads that it started."""
        return self.finished and (not self.actors or not any(actor.job for actor in self.actors))


ENDLESS, TRIES = "did not end within", "keeps trying for"  # what a problem's text says of loops


@dataclass(frozen=True)
class Problem:
    """Why a schedule did not end by itself: ``deadlock``, ``outside`` (perhaps a thread outside the batch would help),
    ``livelock`` (step budget), ``unanswered`` (on a connection that calls share) or ``timeout`` (wall clock). ``held``: each call keeps trying for what another of them holds."""

    kind: str
    text: str
    calls: tuple[int, ...] = field(default=())
    held: bool = False

    @property
    def verdict(self) -> str:
        """What a batch is called whose calls end up like this."""
        if self.kind == "unanswered":
            return "racy"
        return "livelock" if self.kind == "livelock" and not self.held else "deadlock"
