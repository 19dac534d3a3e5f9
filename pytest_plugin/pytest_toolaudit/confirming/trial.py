"""One work item, tried: worlds and batches from the likeliest on, until one confirms it or the time is up."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from pytest_toolaudit import call, explore
from pytest_toolaudit.calls import Call
from pytest_toolaudit.confirming.absent import stand_ins
from pytest_toolaudit.confirming.arguments import DATABASE, FILE, TABLE, choices, dispatched, made_up, statements
from pytest_toolaudit.confirming.load import load
from pytest_toolaudit.confirming.patience import SECONDS, completed
from pytest_toolaudit.confirming.supplied import CannotRunError, Supplied
from pytest_toolaudit.confirming.work import Work
from pytest_toolaudit.oracle.compare import show_result
from pytest_toolaudit.oracle.world import WorkingFolder
from pytest_toolaudit.sandbox import Allowed, Sandbox
from pytest_toolaudit.verdict import Verdict
from toolaudit_reports.document import Tool


@dataclass(frozen=True)
class Limits:
    """How far one item goes."""

    preemptions: int = 2
    budget: int = 200
    seconds: float = 30.0
    seed: int = 0
    runner: str = "auto"


@dataclass(frozen=True)
class Trial:
    """What came of an item: `verdict` confirmed, not-reproduced or cannot-run; `found` is the exploration that decides it."""

    work: Work
    verdict: str
    found: Verdict | None = None
    reason: str = ""
    remedy: str = ""
    arguments: tuple[Mapping[str, Any], ...] = ()
    schedules: int = 0


@dataclass(frozen=True)
class Batch:
    """The two calls of one attempt: how far their arguments agree, and which choice of a closed set they take."""

    meets: str
    choice: Mapping[str, Any] = field(default_factory=dict)


WORLDS: tuple[Mapping[str, str], ...] = ({}, {FILE: "[]"}, {FILE: "{}"}, {FILE: "alpha\nbeta\n"})


class _Process:
    """What imported modules rely on for as long as the process lives: the folder that was home, and folders they made in it."""

    folder: str | None = None
    made: ClassVar[set[str]] = set()


def attempt(work: Work, root: Path, supplied: Supplied, limits: Limits, allowed: Allowed) -> Trial:
    """Runs the item sandboxed in an empty folder; nothing outside it is changed, or the sandbox says what was refused."""
    started = time.monotonic()
    supplied = replace(supplied, made={})
    with _folder() as folder, Sandbox(allowed, (str(folder),)).entered() as sandbox:
        try:
            with stand_ins():
                functions = tuple(load(root / tool.file, tool.function, _for_tool(supplied, tool)) for tool in work.tools)
                makers = tuple(_maker(tool, root, supplied) for tool in work.before)
        except CannotRunError as error:
            reason = sandbox.refused[-1] if sandbox.refused else error.reason
            return Trial(work, "cannot-run", reason=reason, remedy=error.remedy)
        _Process.made |= {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_dir()}
        best: Trial | None = None
        for tries, (world, batch) in enumerate(_attempts(work, functions, supplied)):
            if tries and time.monotonic() - started > limits.seconds:
                break
            _fill(folder, world, work)
            trial = _explore(work, functions, makers, batch, supplied, limits)
            trial = replace(trial, schedules=trial.schedules + (best.schedules if best else 0))
            if trial.verdict == "confirmed":
                return trial
            best = _better(best, trial)
        assert best is not None
        if sandbox.refused and best.verdict != "confirmed":
            return Trial(work, "cannot-run", best.found, sandbox.refused[0], arguments=best.arguments, schedules=best.schedules)
        return best


def _attempts(work: Work, functions: tuple[Callable[..., Any], ...], supplied: Supplied) -> Iterator[tuple[Mapping[str, str], Batch]]:
    names = [choices(function) for function in functions]
    if work.resource_kind == "sql" and not any(names):
        names = [statements(function, tool) for function, tool in zip(functions, work.tools, strict=True)]
    options: list[dict[str, Any]] = [{}] if not any(names) else [dict(zip(("a", "b"), pair, strict=False)) for pair in _pairs(names)]
    for world in WORLDS if supplied.state is None else WORLDS[:1]:
        for choice in options:
            yield world, Batch("keys", choice)
    for choice in options:
        yield WORLDS[0], Batch("same", choice)


def _pairs(names: list[list[dict[str, Any]]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    first, second = names[0] or [{}], names[-1] or [{}]
    return [(a, b) for a in first for b in second][:16]


@contextmanager
def _folder() -> Iterator[Path]:
    """An empty working folder (in memory where the machine has such a place), which is home too."""
    saved = {name: os.environ.get(name) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")}
    with WorkingFolder(_Process.folder) as folder:
        _Process.folder = _Process.folder or str(folder)
        os.environ.update(dict.fromkeys(saved, str(folder)))
        try:
            yield folder
        finally:
            for name, value in saved.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def _fill(folder: Path, world: Mapping[str, str], work: Work) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
    for name in sorted(_Process.made):
        (folder / name).mkdir(parents=True, exist_ok=True)
    if work.resource_kind == "sql":
        _database(folder / DATABASE)
    texts = dict(world)
    if work.resource_kind == "file" and world and _plain_name(work.key):
        texts[work.key] = next(iter(world.values()))
    for name, text in texts.items():
        file = folder / name
        if file.is_dir():
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _database(file: Path) -> None:
    """A database with the table that made-up statements name."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.executescript(f"CREATE TABLE {TABLE} (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO {TABLE} (name) VALUES ('one');")


def _plain_name(key: str) -> bool:
    return bool(Path(key).name) and not any(c in key for c in "{}:*<> ") and not Path(key).is_absolute() and ".." not in Path(key).parts


def _for_tool(supplied: Supplied, tool: Tool) -> Supplied:
    made = supplied.objects.get(tool.name)
    owner = tool.function.rsplit(".", 2)[0] if "." in tool.function else ""
    return replace(supplied, objects={**supplied.objects, owner: made}) if made is not None and owner else supplied


def _maker(tool: Tool, root: Path, supplied: Supplied) -> Callable[[], Any]:
    function = load(root / tool.file, tool.function, _for_tool(supplied, tool))
    return lambda: function(**_arguments(function, tool, supplied, 0, {}, None))


def _arguments(
    function: Callable[..., Any], tool: Tool, supplied: Supplied, variant: int, fixed: Mapping[str, Any], shared: Mapping[str, Any] | None
) -> dict[str, Any]:
    given = supplied.arguments.get(tool.id) or supplied.arguments.get(tool.name) or {}
    if tool.when or tool.arguments_in:
        return dispatched(function, tool, supplied, variant, {**fixed, **given})
    return made_up(function, supplied, variant=variant, fixed={**fixed, **given}, shared=shared)


def _explore(
    work: Work,
    functions: tuple[Callable[..., Any], ...],
    makers: tuple[Callable[[], Any], ...],
    batch: Batch,
    supplied: Supplied,
    limits: Limits,
) -> Trial:
    try:
        calls, arguments = _calls(work, functions, batch, supplied)
    except CannotRunError as error:
        return Trial(work, "cannot-run", reason=error.reason, remedy=error.remedy)
    for make in makers:
        _quietly(make)
    verdict = explore(
        calls,
        state=supplied.state,
        runner=_runner(work, limits),
        preemptions=limits.preemptions,
        budget=limits.budget,
        seed=limits.seed,
        seconds=min(5.0, limits.seconds),
        roots=(str(Path.cwd()),),
    )
    if verdict.kind in work.wants:
        return Trial(work, "confirmed", verdict, arguments=arguments, schedules=verdict.schedules)
    failed = _failures(verdict)
    if failed and len(failed) == len(calls):
        remedy = 'supply arguments that work: a hook `pytest_toolaudit_arguments` that returns {"<tool>": {…}}'
        return Trial(work, "cannot-run", verdict, f"every call fails: {failed[0]}", remedy, arguments, verdict.schedules)
    return Trial(work, "not-reproduced", verdict, arguments=arguments, schedules=verdict.schedules)


def _quietly(make: Callable[[], Any]) -> None:
    """What usually runs first; when it fails the item is tried without it."""
    with contextlib.suppress(Exception):
        completed(make, SECONDS)


def _calls(
    work: Work, functions: tuple[Callable[..., Any], ...], batch: Batch, supplied: Supplied
) -> tuple[list[Call], tuple[Mapping[str, Any], ...]]:
    first = _arguments(functions[0], work.tools[0], supplied, 0, batch.choice.get("a", {}), None)
    shared = {name: value for name, value in first.items() if not isinstance(value, str | int | float | bool | list | dict | bytes | None)}
    fixed = dict(batch.choice.get("b", {}))
    for mine, other in zip(*work.keys, strict=False):
        head, other_head = mine.split(".")[0], other.split(".")[0]
        if other_head in batch.choice.get("b", {}):
            continue
        if head in first:
            fixed[other_head] = first[head]
        elif work.tools[0].arguments_in and head in first.get(work.tools[0].arguments_in, {}):
            fixed[other_head] = first[work.tools[0].arguments_in][head]
    variant = 0 if batch.meets == "same" else 1
    second = _arguments(functions[-1], work.tools[-1], supplied, variant, fixed, shared)
    return [call(functions[0], **first), call(functions[-1], **second)], (first, second)


def _runner(work: Work, limits: Limits) -> str:
    if limits.runner != "auto":
        return limits.runner
    return "event-loop" if work.runners and "threads" not in work.runners and "event-loop" in work.runners else "threads"


def _failures(verdict: Verdict) -> list[str]:
    """Of a batch whose every outcome is an exception, the exceptions: nothing was exercised."""
    return [show_result(result) for result in verdict.outcome.results if result[0] == "raised"]


def _better(best: Trial | None, trial: Trial) -> Trial:
    """Of two attempts that confirm nothing, the one that got further."""
    if best is None or (best.verdict == "cannot-run" and trial.verdict != "cannot-run"):
        return trial
    return replace(best, schedules=trial.schedules)
