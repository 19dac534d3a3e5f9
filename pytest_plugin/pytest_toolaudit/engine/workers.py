"""The threads that calls run on. They are kept from schedule to schedule, because a new one costs more than a whole schedule."""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress

from pytest_toolaudit.engine.lanes import Abandoned, Actor, Lane
from pytest_toolaudit.engine.turn import quiet

# The real ones, kept before any patch: the engine must not run on its own stand-ins.
_Thread, _start, _join = threading.Thread, threading.Thread.start, threading.Thread.join


class Workers(ABC):
    """``idle`` ones wait for a job, ``busy`` ones have one; ``lost`` are the identities of those that never came back from foreign code."""

    def __init__(self) -> None:
        self.staff: list[Actor] = []  # all that were started, also where a Ctrl-C came before they had anything to do
        self.idle: list[Actor] = []
        self.busy: list[Actor] = []
        self.lost: set[int] = set()
        self.kept: Actor | None = None
        self.ending = False
        self.is_child = False

    @abstractmethod
    def finish(self, actor: Actor) -> None:
        """The actor's job is done: whoever schedules says what follows."""

    def _worker(self, actor: Actor) -> None:
        while True:
            try:
                actor.gate.acquire()
            except Abandoned:  # sent to the last job, and it arrives late
                if actor.job is None and actor.ident not in self.lost:
                    continue
            job = actor.job
            if job is None:
                return
            try:
                if not self.ending:
                    job()
            except Abandoned:
                pass
            except BaseException:
                if (
                    actor.ident not in self.lost and not self.is_child
                ):  # else nobody waits for it any more, whatever it met when it came back
                    raise
            if self.is_child:  # a call forked, and came back from the tool in the child too
                os._exit(0)
            while True:
                try:
                    self.finish(actor)
                    break
                except Abandoned:  # sent to the job, and it arrives late
                    continue
            if actor.ident in self.lost:
                self.lost.discard(actor.ident)  # the number may be given to another thread
                return

    def hire(self, lane: Lane | None, job: Callable[[], None], actor: Actor | None = None) -> Actor:
        """A thread for ``job``, parked until its turn comes; ``actor`` reuses one that is kept for an executor."""
        if actor is None:
            idle, kept = self.idle, self.kept
            if lane is None:
                actor = self.kept = self._keeper()
            else:
                actor = idle.pop() if idle and idle[-1] is not kept else self.recruit()
        actor.lane, actor.job, actor.waiting, actor.detached = lane, job, None, False
        if lane is not None:
            lane.actors.append(actor)
        self.busy.append(actor)
        return actor

    def _keeper(self) -> Actor:
        """The thread that the event loop ran on last, which it knows; it stands first among the idle ones, and no call is given to it."""
        if self.idle and self.idle[0] is self.kept:
            return self.idle.pop(0)
        return self.idle.pop() if self.idle else self.recruit()

    def recruit(self) -> Actor:
        """A new worker thread, parked at its gate."""
        actor = Actor()
        with quiet():  # starting waits for the new thread, and must do so for real
            actor.thread = _Thread(target=self._worker, args=(actor,), name="toolaudit-call", daemon=True)
            self.staff.append(actor)
            _start(actor.thread)
        actor.ident = actor.thread.ident
        return actor

    def dismiss(self) -> None:
        """Ends the worker threads; those stuck in foreign code are left (daemon) and do not come back."""
        parked = [actor for actor in self.staff if actor not in self.busy and actor.thread.ident not in self.lost]
        for actor in parked:
            actor.job = None
            with suppress(RuntimeError):  # it is on its way
                actor.gate.release()
        for actor in parked:
            if actor.thread.ident is not None:
                _join(actor.thread, 1.0)
        self.idle.clear()
        self.staff = [actor for actor in self.staff if actor in self.busy]
