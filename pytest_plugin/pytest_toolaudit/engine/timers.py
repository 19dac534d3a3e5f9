"""The event loop's time: each call has a clock of its own, and a timer fires when nobody can go on, or when its call only sleeps."""

from __future__ import annotations

import asyncio
import contextvars
import heapq
from asyncio import futures
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pytest_toolaudit.engine.lanes import Actor, Lane
from pytest_toolaudit.engine.passing import note_expired, time_matters
from pytest_toolaudit.engine.ready import NOBODY, ReadyQueues, owner

if TYPE_CHECKING:
    from pytest_toolaudit.engine.threads import Engine

SLEEP = futures._set_result_unless_cancelled  # type: ignore[attr-defined]


class Timed(asyncio.SelectorEventLoop):
    """Timers by call, in virtual time."""

    def __init__(self) -> None:
        super().__init__()
        self.engine: Engine | None = None
        self.lanes: list[Lane] = []
        self.inside: Lane | None = None
        self.keeper: Actor | None = None
        self.queues = ReadyQueues()
        self._ready: Any = self.queues
        self._scheduled: list[Any]

    def time(self) -> float:
        """The running call's own clock, in seconds."""
        if self.engine is not None and self.inside is not None:
            return self.inside.clock
        return max((lane.clock for lane in self.lanes), default=0.0)

    def timers(self, call: int) -> Iterator[Any]:
        """Those of one call."""
        return (t for t in self._scheduled if not t._cancelled and owner(t) == call)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> Any:
        """As the standard library's; what is no sleep is a limit to how long the call waits."""
        timer = super().call_at(when, callback, *args, context=context)
        if callback is not SLEEP and self.engine is not None:
            self.engine.impatient.add(owner(timer))
            time_matters(self.engine)
        return timer

    def expire(self, lane: Lane, until: float) -> bool:
        """Another call has slept, or is about to: waits that by their own clock are over by then end; whether there are any."""
        engine = self.engine
        mine = lane.index if engine is None or engine.running is self.keeper else NOBODY  # a thread of a task may outlast its timeout
        late = [t for t in self._live_timers() if t._callback is not SLEEP and t._when <= until and owner(t) not in (NOBODY, mine)]
        for timer in sorted(late, key=lambda t: float(t._when)):
            self.fire(timer)
        return bool(late)

    def fire(self, timer: Any) -> None:
        """Time has come to a timer: its call goes on."""
        self._scheduled.remove(timer)
        heapq.heapify(self._scheduled)
        timer._scheduled = False
        call = owner(timer)
        if 0 <= call < len(self.lanes_by_index):
            lane = self.lanes_by_index[call]
            lane.clock = max(lane.clock, timer._when)
            if timer._callback is not SLEEP and self.engine is not None:
                note_expired(self.engine, lane)
        self.queues.append(timer)

    @property
    def lanes_by_index(self) -> list[Lane]:
        """All lanes of the batch, synchronous ones too."""
        return self.engine.lanes if self.engine is not None else []

    def earliest(self) -> float | None:
        """Seconds to the next timer of any unfinished call, each on its own clock."""
        left = [t._when - self._clock(t) for t in self._live_timers()]
        return min(left, default=None)

    def _clock(self, timer: Any) -> float:
        call = owner(timer)
        return self.lanes_by_index[call].clock if 0 <= call < len(self.lanes_by_index) else 0.0

    def _live_timers(self) -> Iterator[Any]:
        engine = self.engine
        assert engine is not None
        first = next((lane.index for lane in engine.order if not lane.finished), NOBODY)
        for timer in self._scheduled:
            if timer._cancelled:
                continue
            call = owner(timer)
            if call != NOBODY and (self.lanes_by_index[call].finished or (engine.serial and call != first)):
                continue
            yield timer

    def fire_earliest(self) -> Lane | None:
        """Nobody can go on: time passes up to the next timer. Gives the call whose timer it is."""
        timer = min(self._live_timers(), key=lambda t: t._when - self._clock(t))
        self.fire(timer)
        call = owner(timer)
        return self.lanes_by_index[call] if call != NOBODY else None
