"""The one place that knows the order: facts → tools → footprints → verdicts → conflicts → findings → document."""

from __future__ import annotations

import gc
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from toolaudit import __version__
from toolaudit.errors import ChangedError, ConfigurationError, ToolauditError
from toolaudit.request import Request

if TYPE_CHECKING:
    from toolaudit.facts import Pragma, Unreadable
    from toolaudit.frameworks.discover import Discovery
    from toolaudit.frameworks.schema import Framework
    from toolaudit.frameworks.versions import Version
    from toolaudit.model import Footprint, Tool
    from toolaudit.project.local import LocalProject
    from toolaudit.unchanged import Basis, Last, Looked, Moved
    from toolaudit.verdicts.dispatching import DispatchSite
    from toolaudit.verdicts.scan_model import ScanModel
    from toolaudit_reports.document import ScanDocument
    from toolaudit_reports.lines import Change, Sentences

T = TypeVar("T")
Report = Callable[[str, int, int], None]
"""Told of progress: a stage's name, how many are done, of how many."""


class Shown(msgspec.Struct, frozen=True):
    """A scan as it was shown. An output that is None is the document on one line. `briefs`: what it takes to write each output again at other
    lines, where that is kept."""

    exit_code: int
    outputs: tuple[bytes | None, ...]
    briefs: tuple[bytes | None, ...] = ()


Make = Callable[["ScanDocument", Mapping[str, str]], Shown]
"""Shows a document; with the messages that name lines, their marks in them, by fingerprint."""
Again = Callable[[Shown, "Change"], Shown | None]
"""Shows the same where its lines are now; None where that cannot be told from what was kept."""
Messages = Callable[[], Mapping[str, str]]
Write = Callable[[int, Iterable[bytes]], None]
"""Takes the number of an output, and its pieces."""


class Opened(NamedTuple):
    """A code base and all that its document depends on."""

    request: Request
    frameworks: tuple[Framework, ...]
    versions: Mapping[str, Version]
    project: LocalProject
    settings: str


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
    return _settled(request, lambda opened: _scanned(opened, progress or _silent)[0])


def show(
    request: Request, view: str, make: Make, write: Write, progress: Report | None = None, again: Again = lambda shown, change: None
) -> int:
    """Scan, and write what `make` shows of the document; what was shown before of the same code is written without making the document,
    and `again` what differs by lines alone. `view` names all that `make` depends on besides. The exit code.

    Raises ToolauditError for a configuration that cannot be used.
    """
    from toolaudit_reports.document import pieces

    def shown_of(opened: Opened) -> int:
        shown, found = _shown_before(opened, view), None
        if shown is None and opened.request.use_cache and opened.project.pieces(opened.settings) is None:
            found = _found(opened, progress or _silent)
            shown = _shown_again(opened, view, found, again)
        if shown is not None:
            stored = partial(opened.project.pieces, opened.settings)
            if None not in shown.outputs or stored() is not None:
                return write_shown(shown, lambda: stored() or (), write)
        document, messages = _scanned(opened, progress or _silent, found)
        del found  # what is shown needs its room
        shown = make(document, messages())
        if request.use_cache:
            opened.project.store_result(opened.settings + view, msgspec.msgpack.encode(shown))
        return write_shown(shown, lambda: pieces(document), write)

    return _settled(request, shown_of)


def _settled(request: Request, use: Callable[[Opened], T]) -> T:
    """Open the code base for `use`, and again where a file changes while it is read; one that does so twice is left out, and listed."""
    changed = Counter[str]()
    while True:
        try:
            with _opened(request, [path for path, times in changed.items() if times > 1]) as opened:
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
    with _opened(request) as opened:
        _found(opened, progress, alone=True)


@contextmanager
def _opened(request: Request, unsettled: Collection[str] = ()) -> Iterator[Opened]:
    from toolaudit.frameworks.versions import detect

    frameworks = _frameworks(request)
    versions = detect(request.roots, frameworks)
    with _uncollected(), _project(request, frameworks, unsettled) as project:
        yield Opened(request, frameworks, versions, project, _settings(request, versions))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Facts, values and syntax trees hold no cycles: looking for some among millions of them was a third of a scan's time."""
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            if not gc.get_freeze_count():  # all that was made is old from now on: the first collection would look through it
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def _scanned(opened: Opened, progress: Report, found: Found | None = None) -> tuple[ScanDocument, Messages]:
    """The document, and what gives its messages that name lines."""
    from toolaudit import unchanged
    from toolaudit_reports.document import pieces
    from toolaudit_reports.lines import Sentences, by_fingerprint

    project, request, settings, last = opened.project, opened.request, opened.settings, _last(opened)
    stored = _stored(opened)
    if stored is None and found is None:
        found = _found(opened, progress)
        stored = _stored(opened) if _carried(opened, found, (settings,)) is not None else None
    if stored is not None:
        return stored, lambda: by_fingerprint(stored, last.sentences())
    assert found is not None
    looked, said = unchanged.Looked(project), Sentences()
    document = _document(opened, found, looked, said, progress)
    if request.use_cache:
        project.store_result(settings, pieces(document))
        if project.unreadable == found.unreadable:
            last.keep(found.basis, looked, said, document)
    return document, lambda: by_fingerprint(document, said.marked)


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


def _frameworks(request: Request) -> tuple[Framework, ...]:
    from toolaudit import frameworks

    try:
        return frameworks.load(_files(request.config.frameworks, request))
    except frameworks.FrameworkError as error:
        raise ConfigurationError(str(error)) from None


def _files(names: tuple[str, ...], request: Request) -> tuple[Path, ...]:
    return tuple(Path(request.config.folder) / name for name in names)


def _project(request: Request, frameworks: tuple[Framework, ...], unsettled: Collection[str]) -> LocalProject:
    from toolaudit.frameworks import markers
    from toolaudit.project.cache import Cache
    from toolaudit.project.local import open_project
    from toolaudit.project.pool import Workers

    config = request.config
    return open_project(
        request.roots,
        markers(frameworks),
        exclude=config.exclude,
        max_bytes=config.max_file_size,
        workers=Workers(config.jobs) if config.jobs is not None else Workers(),
        cache=Cache() if request.use_cache else Cache.none(),
        unsettled=unsettled,
    )


def _settings(request: Request, versions: Mapping[str, Version]) -> str:
    """All that a document depends on besides the scanned code, as text."""
    import toolaudit_reports

    config = request.config
    named = _files((*config.frameworks, *config.catalogue), request) + ((Path(config.baseline),) if config.baseline else ())
    ours = (Path(__file__).parent, Path(str(toolaudit_reports.__file__)).parent)  # what was printed is stored too
    own = [file for folder in ours for file in sorted(folder.rglob("*.*")) if file.suffix != ".pyc"]  # Python writes those as it goes
    stamps = [(file.as_posix(), stat.st_mtime_ns, stat.st_size) for file in (*own, *named) if file.is_file() for stat in [file.stat()]]
    shown = {name: (version.version, version.source) for name, version in sorted(versions.items())}
    told = msgspec.structs.replace(config, jobs=None)
    roots = [root.as_posix() for root in request.roots]
    return msgspec.json.encode([__version__, roots, told, request.compare, shown, stamps]).decode()


def _document(opened: Opened, found: Found, looked: Looked, said: Sentences, progress: Report) -> ScanDocument:
    from toolaudit import baseline, export, suppress
    from toolaudit.selection import severities

    request, frameworks, versions, project, _ = opened
    wanted = severities(request.config)
    known = request.config.baseline
    accepted = baseline.read(Path(known)) if known else None
    model = _judged(opened, found, looked, progress)
    document = export.document(
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

        return migrated(document, model, frameworks, versions, request.compare)
    return document


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
    catalogue = partial(lookup.load, _files(request.config.catalogue, request))
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
    from toolaudit.verdicts import classify, conflicts, orderings
    from toolaudit.verdicts.profile import profiles
    from toolaudit.verdicts.scan_model import FileCounts, ScanModel

    request, frameworks, versions, project, settings = opened
    discovery, tools, runners, footprints_of, *_ = found
    footprints = footprints_of()
    pragmas = _pragmas(looked, tools, footprints)
    project.release()
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
