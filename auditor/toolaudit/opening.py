"""A code base is opened with all that its document depends on: frameworks, versions, files, settings."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from toolaudit import __version__
from toolaudit.errors import ConfigurationError
from toolaudit.request import Request

if TYPE_CHECKING:
    from toolaudit.frameworks.schema import Framework
    from toolaudit.frameworks.versions import Version
    from toolaudit.project.local import LocalProject


class Opened(NamedTuple):
    """A code base and all that its document depends on."""

    request: Request
    frameworks: tuple[Framework, ...]
    versions: Mapping[str, Version]
    project: LocalProject
    settings: str


@contextmanager
def open_code(request: Request, unsettled: Collection[str] = ()) -> Iterator[Opened]:
    """`unsettled`: files that change all the time.

    Raises ToolauditError for a configuration that cannot be used.
    """
    from toolaudit.frameworks.versions import detect

    frameworks = _frameworks(request)
    versions = detect(request.roots, frameworks)
    with uncollected(), _project(request, frameworks, unsettled) as project:
        yield Opened(request, frameworks, versions, project, _settings(request, versions))


@contextmanager
def uncollected() -> Iterator[None]:
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


def _frameworks(request: Request) -> tuple[Framework, ...]:
    from toolaudit import frameworks

    try:
        return frameworks.load(files_of(request.config.frameworks, request))
    except frameworks.FrameworkError as error:
        raise ConfigurationError(str(error)) from None


def files_of(names: tuple[str, ...], request: Request) -> tuple[Path, ...]:
    """Files that the configuration names, where they are."""
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
    named = files_of((*config.frameworks, *config.catalogue), request) + ((Path(config.baseline),) if config.baseline else ())
    ours = (Path(__file__).parent, Path(str(toolaudit_reports.__file__)).parent)  # what was printed is stored too
    own = [file for folder in ours for file in sorted(folder.rglob("*.*")) if file.suffix != ".pyc"]  # Python writes those as it goes
    stamps = [(file.as_posix(), stat.st_mtime_ns, stat.st_size) for file in (*own, *named) if file.is_file() for stat in [file.stat()]]
    shown = {name: (version.version, version.source) for name, version in sorted(versions.items())}
    told = msgspec.structs.replace(config, jobs=None)
    roots = [root.as_posix() for root in request.roots]
    return msgspec.json.encode([__version__, roots, told, request.compare, shown, stamps]).decode()
