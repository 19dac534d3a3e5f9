"""What a scan says of itself: versions that were seen or assumed, odd declarations, hints that are dropped, how calls run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from toolaudit.frameworks import checks
from toolaudit.frameworks.discover import Discovery
from toolaudit.frameworks.schema import Framework
from toolaudit.frameworks.versions import Version
from toolaudit.model import Runner, Tool
from toolaudit.verdicts import conflicts
from toolaudit.verdicts.columns import Conflicts
from toolaudit.verdicts.scan_model import Dropped, Loose, ScanNote


def notes(tools: tuple[Tool, ...], versions: Mapping[str, Version], discovery: Discovery, clashing: Conflicts) -> tuple[ScanNote, ...]:
    """All remarks on the scan as a whole."""
    return (*_notes(tools, versions, discovery), *_unknown_runners(tools), *_shortened(clashing))


def _unknown_runners(tools: tuple[Tool, ...]) -> Iterator[ScanNote]:
    """Tools of which nothing in the code says how their calls are started."""
    for name in sorted({tool.framework for tool in tools if tool.runs == "unknown"}):
        count = sum(tool.framework == name and tool.runs == "unknown" for tool in tools)
        message = (
            f"{name}: no code that starts the calls of a turn was found for {count} tools, so how they run is unknown; --runner says it"
        )
        yield ScanNote(kind="assumed", message=message, framework=name)


def _shortened(found: Conflicts) -> Iterator[ScanNote]:
    if conflicts.is_shortened(found):
        message = f"{len(found)} pairs of tools clash: each is shown by its strongest clash alone, the others on the same pair are left out"
        yield ScanNote(kind="shortened", message=message)


def loose(discovery: Discovery) -> tuple[Loose, ...]:
    """Tools that stand on one side only: in a schema or in a dispatcher."""
    kinds = {"TA903": "undispatched", "TA904": "undeclared"}
    return tuple(sorted(Loose(note.name, note.place, kinds[note.code]) for note in discovery.notes if note.code in kinds))


def dropped(
    tools: tuple[Tool, ...], discovery: Discovery, frameworks: tuple[Framework, ...], versions: Mapping[str, Version]
) -> tuple[Dropped, ...]:
    """Hints that the frameworks found drop without a word."""
    notes = checks.dropped(tools, discovery.written, frameworks, versions)
    return tuple(sorted(Dropped(note.tool, note.place, note.message) for note in notes))


def hints(frameworks: tuple[Framework, ...]) -> dict[str, tuple[str, ...]]:
    """Framework → the hints that an author can write on a tool."""
    return {f.name: tuple(flag.name for flag in f.flag if flag.kind == "hint") for f in frameworks}


def overall(tools: tuple[Tool, ...]) -> Runner:
    """The runner of the document: of those that the tools run under, the one that interleaves most."""
    order: tuple[Runner, ...] = ("processes", "threads", "event-loop", "serial")
    there = {tool.runs for tool in tools}
    for runner in order:
        if runner in there:
            return runner
    return "unknown"


def _notes(tools: tuple[Tool, ...], versions: Mapping[str, Version], discovery: Discovery) -> tuple[ScanNote, ...]:
    """Which version of each framework was assumed, and why; what is odd about a declaration."""
    notes = []
    for name in sorted({tool.framework for tool in tools} & versions.keys()):
        version = versions[name]
        kind = "version" if version.certain else "assumed"
        notes.append(ScanNote(kind=kind, message=f"{name}: {version.source}", framework=name, source=version.source))
    odd = [note for note in discovery.notes if note.code not in ("TA903", "TA904")]
    notes += [ScanNote(kind="declaration", message=f"{n.name}: {n.message}", file=n.place.file, line=n.place.line) for n in odd]
    return tuple(notes)
