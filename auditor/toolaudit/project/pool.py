"""Runs extraction: in this process, in a crash-isolated pool with a timeout a task, or on an executor the caller gives."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from toolaudit.project.slices import Extracted, Slice
from toolaudit.project.worker import extract_batch, pack, unpack

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from toolaudit.project.processes import Processes

POOL_LINES = 20_000
"""Below this many lines, starting processes costs more than they save."""

BATCH_CHARACTERS = 60_000
"""About half a second of work a task: small enough to share out, large enough to carry."""

RISKY_DEPTH = 150
RISKY_CHARACTERS = 200_000
"""Beyond either libcst never parses a slice in this process: nested or long enough to hurt."""

TIMEOUT = 10.0
"""Seconds a task may take, and one more for each 100 000 characters."""

_TOO_SLOW = "takes the parser longer than {:.0f} seconds"
_CRASHED = "makes the parser crash"


class Outcome(NamedTuple):
    """`data`: an encoded `Extracted`. `lasting`: another run would give the same; a timeout may be the machine's fault."""

    data: bytes
    lasting: bool = True


class Workers:
    """Where slices are extracted.

    jobs      processes; None for one a core; 1 for none, but for risky slices
    executor  what carries the batches instead of our own processes, one of Dask's or Ray's, say
    timeout   seconds a task may take
    threshold lines below which no processes are started
    task      what a worker runs on a batch
    """

    def __init__(
        self,
        jobs: int | None = None,
        executor: Executor | None = None,
        timeout: float = TIMEOUT,
        threshold: int = POOL_LINES,
        task: Callable[[bytes], bytes] = extract_batch,
    ) -> None:
        self.jobs = jobs or os.cpu_count() or 1
        self.executor = executor
        self.timeout = timeout
        self.threshold = threshold
        self.task = task
        self._processes: Processes | None = None

    def extract(self, pieces: list[Slice], risky: Iterable[int] = ()) -> list[Outcome]:
        """An outcome for each slice, in order. `risky`: positions of slices to isolate in any case."""
        outcomes: dict[int, Outcome] = {}
        apart = set(risky) | {i for i, p in enumerate(pieces) if p.closely and len(p.text) > RISKY_CHARACTERS}
        normal = [i for i in range(len(pieces)) if i not in apart]
        if self.executor is not None:
            outcomes.update(self._on_executor(self.executor, pieces, normal))
        elif self.jobs > 1 and sum(pieces[i].text.count("\n") for i in normal) >= self.threshold:
            outcomes.update(self._isolated(pieces, _batches(pieces, normal)))
        else:
            for i in normal:
                outcomes.update(_outcomes([i], self.task(pack([pieces[i]]))))
        outcomes.update(self._isolated(pieces, [[i] for i in sorted(apart)]))
        return [outcomes[i] for i in range(len(pieces))]

    def close(self, *, abandon: bool = False) -> None:
        """Ends the processes; `abandon`: without waiting for what they do."""
        if self._processes is not None:
            self._processes.close(abandon)
            self._processes = None

    def _on_executor(self, executor: Executor, pieces: list[Slice], positions: list[int]) -> Iterator[tuple[int, Outcome]]:
        batches = list(_batches(pieces, positions))
        futures = [executor.submit(self.task, pack([pieces[i] for i in batch])) for batch in batches]
        for batch, future in zip(batches, futures, strict=True):
            yield from _outcomes(batch, future.result())

    def _isolated(self, pieces: list[Slice], batches: Iterable[list[int]]) -> Iterator[tuple[int, Outcome]]:
        """In the pool. A batch that dies is taken apart, so that only the slice at fault is lost."""
        waiting = list(batches)
        if waiting:
            from toolaudit.project.processes import outcome_of
        while waiting:
            tasks = [(batch, self._seconds(pieces, batch)) for batch in waiting]
            futures = [self._schedule(pieces, batch, seconds) for batch, seconds in tasks]
            waiting = []
            for (batch, seconds), future in zip(tasks, futures, strict=True):
                outcome = outcome_of(future)
                if outcome is None:
                    outcome = self.task(pack([pieces[i] for i in batch]))
                if isinstance(outcome, bytes):
                    yield from _outcomes(batch, outcome)
                elif len(batch) > 1:
                    waiting += [[i] for i in batch]
                else:
                    reason = _TOO_SLOW.format(seconds) if isinstance(outcome, TimeoutError) else _CRASHED
                    yield batch[0], Outcome(msgspec.msgpack.encode(Extracted(None, reason)), lasting=False)

    def _schedule(self, pieces: list[Slice], batch: list[int], seconds: float) -> Future[bytes]:
        if self._processes is None:
            from toolaudit.project.processes import Processes

            self._processes = Processes(self.jobs)
        return self._processes.schedule(self.task, pack([pieces[i] for i in batch]), seconds)

    def _seconds(self, pieces: list[Slice], batch: list[int]) -> float:
        return self.timeout + sum(len(pieces[i].text) for i in batch) / 100_000


def _outcomes(batch: list[int], made: bytes) -> Iterator[tuple[int, Outcome]]:
    for i, data in zip(batch, unpack(made), strict=True):
        yield i, Outcome(bytes(data))


def _batches(pieces: list[Slice], positions: list[int]) -> Iterator[list[int]]:
    """Groups of neighbouring slices of about BATCH_CHARACTERS."""
    batch: list[int] = []
    size = 0
    for i in positions:
        batch.append(i)
        size += len(pieces[i].text)
        if size >= BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
