"""What came of a work item, how far one goes, and which of two attempts got further."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_toolaudit.calls import Call
from pytest_toolaudit.confirming.refusals import failure
from pytest_toolaudit.confirming.work import Work
from pytest_toolaudit.verdict import Verdict


@dataclass(frozen=True)
class Limits:
    """How far one item goes; `progress` is told schedules and budget before each schedule."""

    preemptions: int = 2
    budget: int = 200
    seconds: float = 30.0
    seed: int = 0
    runner: str = "auto"
    progress: Callable[[int, int], None] | None = None


@dataclass(frozen=True)
class Trial:
    """What came of an item: `verdict` confirmed, not-reproduced or cannot-run; `found` is the exploration that decides it.

    `apart` is the exploration of the same two calls with keys that differ, for an item that was confirmed and has keys; `start` are the
    files that were there before the calls of an item that was confirmed. `before` are calls that did their work before and
    left no file: their `tool` is that of the scan. `elsewhere` is what a witness clashes on that is none of the
    item's resources, `proved` the fingerprints of the clashes on whose resource it turns, `settings` variables of
    the environment that were made up.
    """

    work: Work
    verdict: str
    found: Verdict | None = None
    reason: str = ""
    remedy: str = ""
    arguments: tuple[Mapping[str, Any], ...] = ()
    schedules: int = 0
    apart: Verdict | None = None
    start: Mapping[str, bytes] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()
    before: tuple[Call, ...] = ()
    proved: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


def clashing(verdict: Verdict) -> tuple[str, ...]:
    """The names of the resources on which the calls of a verdict clash."""
    return tuple(dict.fromkeys((*verdict.resources, *(verdict.witness.resources if verdict.witness is not None else ()))))


def cannot_race(work: Work) -> bool:
    """Whether only a runner that is not simulated here could show what the item wants."""
    return bool(work.runners) and not {"threads", "event-loop"} & set(work.runners) and "order-dependent" not in work.wants


def latent(work: Work) -> str:
    if {"threads", "event-loop"} & set(work.runners):
        return ""
    return f"clashes under {', '.join(work.runners)} only, which is not how these calls run here" if work.runners else ""


def runner_of(work: Work, limits: Limits) -> str:
    if limits.runner != "auto":
        return limits.runner
    return "event-loop" if work.runners and "threads" not in work.runners and "event-loop" in work.runners else "threads"


def failures(verdict: Verdict) -> list[str]:
    """The results that are exceptions, or answers that speak of an error: nothing was exercised."""
    return [text for result in verdict.outcome.results if (text := failure(result)) is not None]


def exercised(verdict: Verdict) -> bool:
    """Whether some call does its work in some serial order; where none does, what the orders differ in is how they fail."""
    outcomes = [outcome for _, outcome in verdict.serial_outcomes] or [verdict.outcome]
    return any(failure(result) is None for outcome in outcomes for result in outcome.results)


def of_settings_only(verdict: Verdict) -> bool:
    """Whether what equals no serial order is a setting of the process alone: libraries change those too, whatever a tool is for."""
    kept = [[part for part in outcome.state if not part[0].startswith("other:")] for outcome in (verdict.outcome, *_serial(verdict))]
    same = [outcome.results == verdict.outcome.results for outcome in _serial(verdict)]
    return verdict.kind == "racy" and any(equal and state == kept[0] for equal, state in zip(same, kept[1:], strict=True))


def _serial(verdict: Verdict) -> list[Any]:
    return [outcome for _, outcome in verdict.serial_outcomes]


def better(best: Trial | None, trial: Trial) -> Trial:
    """Of two attempts that confirm nothing, the one that got further."""
    if best is None or (best.verdict == "cannot-run" and trial.verdict != "cannot-run") or (trial.elsewhere and not best.elsewhere):
        return trial
    further = best.verdict == trial.verdict and not best.elsewhere and refused_calls(trial) < refused_calls(best)
    return replace(trial if further else best, schedules=trial.schedules)


def refused_calls(trial: Trial) -> int:
    """How many calls did not do their work."""
    return len(failures(trial.found)) if trial.found is not None else len(trial.work.tools)
