"""How a framework runs several calls of one turn, by version and entry point, and what that means for one tool."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from toolaudit.frameworks.schema import Failure, Framework, Order, Run, Workers
from toolaudit.frameworks.versions import Version, holds
from toolaudit.model import Runner, Tool


class Dispatch(Struct, frozen=True):
    """How the calls of one tool run. `workers` is how many at once: 0 for no limit, None when unknown."""

    runner: Runner
    workers: int | None
    entry: str
    version: str
    failure: Failure
    order: Order
    timeout: str
    notes: tuple[str, ...]


class Change(Struct, frozen=True, order=True):
    """A tool whose calls run in another way under another version."""

    tool: str
    before: Runner
    after: Runner


def runs(tool: Tool, framework: Framework | None, version: Version | str | None, override: str = "auto") -> Runner:
    """How several calls of one turn run, for this tool. `override` other than `auto` decides alone; without a framework it is unknown."""
    return dispatch(tool, framework, version, override).runner


def dispatch(tool: Tool, framework: Framework | None, version: Version | str | None, override: str = "auto", entry: str = "") -> Dispatch:
    """The whole answer: by the framework's first entry point for the version, or the named one, changed by the tool's own switches."""
    number = version.version if isinstance(version, Version) else version or ""
    found = entries(framework, number) if framework is not None else []
    run = next((one for one in found if one.entry == entry), found[0] if found else None)
    runner, workers, notes = _decided(tool, framework, run, number)
    if override and override != "auto":
        runner, workers = _runner(override), None
        notes = (f"--runner {override}",)
    elif isinstance(version, Version) and not version.certain and framework is not None:
        notes += (version.source,)
    return Dispatch(
        runner,
        workers,
        run.entry if run else "",
        number,
        run.failure if run else "unknown",
        run.order if run else "unknown",
        run.timeout if run else "",
        notes,
    )


def entries(framework: Framework, version: str) -> list[Run]:
    """The entry points of a version, the default first."""
    return [run for run in framework.run if holds(run.versions, version)]


def _decided(tool: Tool, framework: Framework | None, run: Run | None, version: str) -> tuple[Runner, int | None, tuple[str, ...]]:
    if framework is None or run is None:
        return "unknown", None, ()
    runner: Runner = run.asynchronous if tool.is_async else run.sync
    workers = counted(run.async_workers if tool.is_async else run.sync_workers)
    notes = (run.note,) if run.note else ()
    for flag in framework.flag:
        if flag.name in tool.declared and flag.runs and holds(flag.versions, version):
            value = tool.declared[flag.name]
            always = flag.runs.get("*") if value else None
            forced = flag.runs.get(text(value)) or always
            as_is = tool.is_async and (forced == "threads" or (forced == "event-loop" and runner != "serial"))
            if forced is not None and not as_is:
                return forced, 1 if forced in {"serial", "event-loop"} else workers, (*notes, f"{flag.name}={tool.declared[flag.name]}")
    return runner, workers, notes


def text(value: bool | str | int | None) -> str:
    return str(value).lower() if isinstance(value, bool) or value is None else str(value)


def counted(workers: Workers) -> int | None:
    if workers == "asyncio":
        return min(32, (os.cpu_count() or 1) + 4)
    return {"anyio": 40, "unbounded": 0, "unknown": None}.get(workers) if isinstance(workers, str) else workers


def _runner(override: str) -> Runner:
    for one in ("serial", "event-loop", "threads", "processes"):
        if override == one:
            return one
    return "unknown"


def compare(tools: Iterable[Tool], frameworks: Sequence[Framework], name: str, before: str, after: str) -> tuple[Change, ...]:
    """The tools of a framework whose calls run in another way after an upgrade, sorted by id.

    `name` is a framework or a distribution of one (`mcp`, `fastmcp`, `haystack-ai`); raises `ValueError` when there is none of that name.
    """
    framework = named(frameworks, name)
    changes = []
    for tool in tools:
        if tool.framework == framework.name:
            old, new = runs(tool, framework, before), runs(tool, framework, after)
            if old != new:
                changes.append(Change(tool.id, old, new))
    return tuple(sorted(changes))


def named(frameworks: Sequence[Framework], name: str) -> Framework:
    for framework in frameworks:
        if name == framework.name or name in framework.framework.distributions:
            return framework
    raise ValueError(no_such(name, [framework.name for framework in frameworks if framework.framework.distributions]))


def no_such(name: str, known: Sequence[str]) -> str:
    """That there is no framework of this name, which one may be meant, and where all are listed."""
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.7)
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    return f"there is no framework `{name}`; {meant}`toolaudit frameworks` lists the {len(known)} that are known"


def with_runs(
    tools: Iterable[Tool], frameworks: Sequence[Framework], versions: Mapping[str, Version], override: str = "auto"
) -> tuple[Tool, ...]:
    """The tools with `runs` filled in."""
    from msgspec.structs import replace

    by_name = {framework.name: framework for framework in frameworks}
    return tuple(replace(tool, runs=runs(tool, by_name.get(tool.framework), versions.get(tool.framework), override)) for tool in tools)
