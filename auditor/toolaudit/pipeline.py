"""The one place that knows the order: facts → tools → footprints → verdicts → conflicts → findings → document."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from toolaudit.errors import ChangedError, ToolauditError
from toolaudit.opening import Opened, files_of, open_code
from toolaudit.request import Request

if TYPE_CHECKING:
    from toolaudit.facts import Pragma, Unreadable
    from toolaudit.frameworks.discover import Discovery
    from toolaudit.model import Footprint, Tool
    from toolaudit.unchanged import Basis, Last, Looked, Moved
    from toolaudit.verdicts.dispatching import DispatchSite
    from toolaudit.verdicts.scan_model import ScanModel
    from toolaudit_reports.document import ScanDocument
    from toolaudit_reports.draft import Draft
    from toolaudit_reports.lines import Change, Sentences

T = TypeVar("T")
Report = Callable[[str, int, int], None]
"""Told of progress: a stage's name, how many are done, of how many."""


MANY_TOOLS = 300
"""Of so many tools each stage leaves tens of megabytes behind."""


class Shown(msgspec.Struct, frozen=True):
    """A scan as it was shown. An output that is None is the document on one line. `briefs`: what it takes to write each output again at other
    lines, where that is kept."""

    exit_code: int
    outputs: tuple[bytes | None, ...]
    briefs: tuple[bytes | None, ...] = ()


Make = Callable[["Draft"], Shown]
"""Shows a document."""
Again = Callable[[Shown, "Change"], Shown | None]
"""Shows the same where its lines are now; None where that cannot be told from what was kept."""
Keep = Callable[[bool], None]
"""Remembers what a document was made of, and the document itself if that is asked for."""
Write = Callable[[int, Iterable[bytes]], None]
"""Takes the number of an output, and its pieces."""


class Found(NamedTuple):
    """What the code says before anything is judged. `basis`: all of it, to be compared with another run's where something is kept."""

    discovery: Discovery
    tools: tuple[Tool, ...]
    runners: tuple[DispatchSite, ...]
    footprints: Callable[[], tuple[Footprint, ...]]
    unreadable: tuple[Unreadable, ...]
    basis: Basis


def scan(request: Request, progress: Report | None = None) -> ScanDocument:
    """The scan document of what lies below the request's roots; the stored one when nothing that it depends on has changed.

    Raises ToolauditError for a configuration that cannot be used.
    """

    def document_of(opened: Opened) -> ScanDocument:
        draft, kept = _scanned(opened, progress or _silent)
        kept(True)
        return draft.whole

    return _settled(request, document_of)


def show(
    request: Request, view: str, make: Make, write: Write, progress: Report | None = None, again: Again = lambda shown, change: None
) -> int:
    """Scan, and write what `make` shows of the document; what was shown before of the same code is written without making the document,
    and `again` what differs by lines alone. `view` names all that `make` depends on besides. The exit code.

    Raises ToolauditError for a configuration that cannot be used.
    """

    def shown_of(opened: Opened) -> int:
        shown, found = _shown_before(opened, view), None
        if shown is None and opened.request.use_cache and opened.project.pieces(opened.settings) is None:
            found = _found(opened, progress or _silent)
            shown = _shown_again(opened, view, found, again)
        if shown is not None:
            stored = partial(opened.project.pieces, opened.settings)
            if None not in shown.outputs or stored() is not None:
                return write_shown(shown, lambda: stored() or (), write)
        draft, keep = _scanned(opened, progress or _silent, found)
        del found  # what is shown needs its room
        shown = make(draft)
        keep(None in shown.outputs or draft.is_made)
        if request.use_cache:
            opened.project.store_result(opened.settings + view, msgspec.msgpack.encode(shown))
        return write_shown(shown, lambda: opened.project.pieces(opened.settings) or draft.pieces(), write)

    return _settled(request, shown_of)


def _settled(request: Request, use: Callable[[Opened], T]) -> T:
    """Open the code base for `use`, and again where a file changes while it is read; one that does so twice is left out, and listed."""
    changed = Counter[str]()
    while True:
        try:
            with open_code(request, [path for path, times in changed.items() if times > 1]) as opened:
                return use(opened)
        except ChangedError as error:
            changed[error.path] += 1


def _shown_again(opened: Opened, view: str, found: Found, again: Again) -> Shown | None:
    """What the last run showed, where it would come out the same but for lines that have moved."""
    project, settings, before = opened.project, opened.settings, _last(opened).content
    if not opened.request.use_cache:
        return None
    moved = _carried(opened, found, (settings, settings + view))
    if moved is None or not moved.change:
        return None if moved is None else _shown_before(opened, view)
    shown = _decoded(project.result(settings + view, before))
    told = None if shown is None or moved.relabelled else again(shown, moved.change)
    if told is not None:  # in the place of what was shown before: each that is kept beside it makes the document older
        project.carry(before, settings + view, lambda _: [(0, msgspec.msgpack.encode(told))])
    return told


def write_shown(shown: Shown, document: Callable[[], Iterable[bytes]], write: Write) -> int:
    """Write every output; `document` gives the document on one line. The exit code."""
    for number, output in enumerate(shown.outputs):
        write(number, (output,) if output is not None else itertools.chain(document(), (b"\n",)))
    return shown.exit_code


def _shown_before(opened: Opened, view: str) -> Shown | None:
    return _decoded(opened.project.result(opened.settings + view) if opened.request.use_cache else None)


def _decoded(kept: bytes | None) -> Shown | None:
    try:
        return None if kept is None else msgspec.msgpack.decode(kept, type=Shown)
    except msgspec.MsgspecError:
        return None


def remember(request: Request, progress: Report) -> None:
    """Find the tools and walk them, so that whoever scans the same code next finds it in the cache."""
    with open_code(request) as opened:
        _found(opened, progress, alone=True)


def _scanned(opened: Opened, progress: Report, found: Found | None = None) -> tuple[Draft, Keep]:
    """The document, and what remembers it."""
    from toolaudit import unchanged
    from toolaudit_reports.draft import of_document
    from toolaudit_reports.lines import Sentences

    project, request, settings, last = opened.project, opened.request, opened.settings, _last(opened)
    stored = _stored(opened)
    if stored is None and found is None:
        found = _found(opened, progress)
        stored = _stored(opened) if _carried(opened, found, (settings,)) is not None else None
    if stored is not None:
        return of_document(stored, last.sentences), lambda itself: None
    assert found is not None
    looked, said, basis = unchanged.Looked(project), Sentences(), found.basis
    draft = _draft(opened, found, looked, said, progress)

    def keep(itself: bool) -> None:
        if itself and request.use_cache:
            project.store_result(settings, draft.pieces())
        if request.use_cache and project.unreadable == unreadable:
            last.keep(basis, looked, said, draft, itself)

    unreadable = found.unreadable
    return draft, keep


def _stored(opened: Opened) -> ScanDocument | None:
    """The document that is kept of this code; None where there is none, or it is damaged."""
    from toolaudit_reports.document import load_pieces

    pieces = opened.project.pieces(opened.settings) if opened.request.use_cache else None
    try:
        return None if pieces is None else load_pieces(pieces)
    except (ToolauditError, msgspec.MsgspecError):
        return None


def _last(opened: Opened) -> Last:
    from toolaudit import unchanged

    return unchanged.Last(opened.project, opened.settings)


def _carried(opened: Opened, found: Found, settings: tuple[str, ...]) -> Moved | None:
    """The lines that have moved, none where nothing has, where the last document serves for what was found now; None where it does not."""
    from toolaudit.unchanged import Moved

    last = _last(opened)
    if not opened.request.use_cache:
        return None
    if last.carried(found.basis, settings):
        return Moved({}, False)
    return last.moved(found.basis) if opened.request.compare is None else None


def _draft(opened: Opened, found: Found, looked: Looked, said: Sentences, progress: Report) -> Draft:
    from toolaudit import baseline, export, suppress
    from toolaudit.selection import severities

    request, frameworks, versions, project, _ = opened
    wanted = severities(request.config)
    known = request.config.baseline
    accepted = baseline.read(Path(known)) if known else None
    model = _judged(opened, found, looked, progress)
    _spare(model.tools)
    draft = export.draft(
        model,
        lines=looked.line,
        beside=project.line,
        said=said,
        wanted=wanted,
        accepted=suppress.configured(request.config.per_file_ignores),
        baseline=(Path(known).name, accepted) if known and accepted is not None else None,
    )
    if request.compare is not None:
        from toolaudit.migration import migrated

        draft.rest = migrated(draft.rest, model, frameworks, versions, request.compare)
    return draft


def _found(opened: Opened, progress: Report, alone: bool = False) -> Found:
    """The tools, and what their walks gave; in a process of their own first where that is much, unless this is the one."""
    from toolaudit import apart
    from toolaudit.catalogue import lookup
    from toolaudit.effects.summarise import Walker
    from toolaudit.frameworks.discover import discover
    from toolaudit.frameworks.dispatch import with_runs
    from toolaudit.project.answers import Answers
    from toolaudit.unchanged import Basis
    from toolaudit.verdicts import dispatching

    request, frameworks, versions, project, settings = opened
    progress("reading files", 0, 0)
    memory = project.memory(f"files of {settings}") if request.use_cache else None
    if memory is not None and not alone and apart.is_due(opened, memory):
        apart.found(request, progress)
    answers = Answers(project, memory)
    discovery = discover(project, frameworks, partial(progress, "finding tools"), answers)
    runners = dispatching.dispatch_sites(project, answers)
    own = frozenset(one.name for one in frameworks if one.name == "bare" or one.framework.api)
    tools = dispatching.told(with_runs(discovery.tools, frameworks, versions, request.config.runner), runners, own)
    progress("following effects", 0, len(tools))
    catalogue = partial(lookup.load, files_of(request.config.catalogue, request))
    walker = Walker(project, tools, catalogue, partial(progress, "following effects"), answers, project.spare)
    walks = walker.walks()
    answers.store()
    unreadable = project.unreadable
    head = msgspec.msgpack.encode((discovery, tools, runners, unreadable, len(project.files))) if request.use_cache else b""
    basis = Basis(head, walks.packed, walks.before)
    settled = project.kept(f"footprints of {settings}") if request.use_cache else None
    return Found(discovery, tools, runners, partial(walker.footprints, walks, settled), unreadable, basis)


def _judged(opened: Opened, found: Found, looked: Looked, progress: Report) -> ScanModel:
    """Everything before the findings, as one value."""
    from toolaudit import remarks
    from toolaudit.verdicts import classify, conflicts, customary, orderings
    from toolaudit.verdicts.profile import profiles
    from toolaudit.verdicts.scan_model import FileCounts, ScanModel

    request, frameworks, versions, project, settings = opened
    discovery, tools, runners, footprints_of, *_ = found
    footprints = customary.set_aside(tools, footprints_of())
    pragmas = _pragmas(looked, tools, footprints)
    project.release()
    _spare(tools)
    progress("judging pairs", 0, 0)
    views = profiles(tools, footprints)
    verdicts = classify.classified(views)
    judged = project.kept(f"pairs of {settings}") if request.use_cache else None
    clashing = conflicts.among(views, {v.tool: v.confidence for v in verdicts}, judged)
    files = len(project.files)
    skipped = len({item.path for item in project.unreadable if item.line == 0})
    return ScanModel(
        tools=tools,
        footprints=footprints,
        verdicts=verdicts,
        conflicts=clashing,
        orderings=orderings.needed(views, frozenset(v.tool for v in verdicts if v.opaque)),
        unreadable=project.unreadable,
        loose=remarks.loose(discovery),
        dropped=remarks.dropped(tools, discovery, frameworks, versions),
        pragmas=pragmas,
        hints=remarks.hints(frameworks),
        roots=tuple(_shown(root) for root in request.roots),
        runner=remarks.overall(tools),
        files=FileCounts(scanned=files, skipped=skipped, cached=files if request.use_cache else 0),
        notes=remarks.notes(tools, versions, discovery, clashing),
        runners=runners,
    )


def _spare(tools: tuple[Tool, ...]) -> None:
    """What was let go of goes back to the system, where that is much."""
    if len(tools) >= MANY_TOOLS:
        from toolaudit.project.room import give_back

        give_back()


def _shown(root: Path) -> str:
    """A root without what is of this machine: relative to the working folder, else its name."""
    if not root.is_absolute():
        return root.as_posix()
    here = Path.cwd()
    return root.relative_to(here).as_posix() if root.is_relative_to(here) else root.name


def _silent(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def _pragmas(looked: Looked, tools: tuple[Tool, ...], footprints: tuple[Footprint, ...]) -> dict[str, tuple[Pragma, ...]]:
    """The comments of every file that a tool or a line of evidence stands in."""
    chains = {id(access.chain): access.chain for f in footprints for access in f.accesses}  # thousands of accesses share one
    files = {tool.file for tool in tools} | {place.file for chain in chains.values() for place in chain}
    found = {file: looked.pragmas(file) for file in sorted(files)}
    return {file: pragmas for file, pragmas in found.items() if pragmas}
