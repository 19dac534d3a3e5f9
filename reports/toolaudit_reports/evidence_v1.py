"""The evidence document, version 1: what running the suspicious batches under controlled interleavings proved.

It holds no duration and no clock: equal runs give equal bytes. Values are `repr` texts, never live objects.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from toolaudit_reports.scan_v1 import Access, Line, Note, Record, Resource

Verdict = Literal["confirmed", "not-reproduced", "cannot-run"]


class Call(Record, frozen=True):
    """One call of a batch: the label that steps use (`add_note#1`), the tool's id and its arguments as `repr` texts."""

    label: str
    tool: str
    arguments: dict[str, str] = msgspec.field(default_factory=dict)


class TimelineStep(Record, frozen=True):
    """One step of an interleaving.

    `resource` is `kind:key`; `preempted`: the scheduler switched away here though the call could go on.
    """

    call: str
    file: str
    line: Line
    code: str
    resource: str = ""
    access: Access | None = None
    value: str = ""
    preempted: bool = False
    function: str = ""
    note: str = ""


class Outcome(Record, frozen=True):
    """What a run left: each call's result or exception, and the final state by resource.

    `order` is set for a serial order.
    """

    results: dict[str, str]
    state: dict[str, str]
    order: tuple[str, ...] = ()
    steps: tuple[TimelineStep, ...] = ()


class Witness(Record, frozen=True):
    """A replayable schedule whose outcome equals no serial order (or depends on which one it was)."""

    schedule: str
    preemptions: int
    steps: tuple[TimelineStep, ...]
    outcome: Outcome
    serial_outcomes: tuple[Outcome, ...]
    failure: str
    replay: str
    replayed: int = 0
    cycle: tuple[str, ...] = ()


class EvidenceItem(Record, frozen=True):
    """What became of one finding or conflict.

    `not-reproduced` says how far it went: `schedules` run, all with up to `preemptions` preemptions when `exhausted`.
    `cannot-run` says why in `reason`. `kind` is the engine's verdict (`racy`, `order-dependent`, `serializable`, …).
    `test` is the test that explored the batch; it knows no codes, so `code` and `fingerprint` are then empty.
    """

    fingerprint: str
    code: str
    tools: tuple[str, ...]
    resource: Resource | None
    verdict: Verdict
    schedules: int
    preemptions: int
    exhausted: bool
    witness: Witness | None = None
    calls: tuple[Call, ...] = ()
    reason: str = ""
    kind: str = ""
    masked: tuple[str, ...] = ()
    unobserved: tuple[str, ...] = ()
    test: str = ""


class EvidenceDocument(Record, frozen=True):
    """One confirm run, or one session of ordinary tests."""

    schema: int
    version: str
    runner: str
    items: tuple[EvidenceItem, ...]
    notes: tuple[Note, ...] = ()
    seed: int = 0
