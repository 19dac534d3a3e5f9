"""Which functions of a project are tools, of which framework, under which name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct

from toolaudit.frameworks.bodies import Bodies
from toolaudit.frameworks.checks import DiscoveryNote
from toolaudit.frameworks.crossing import Across, Crossing, across
from toolaudit.frameworks.discover_calls import declared_by_calls, modules
from toolaudit.frameworks.discover_classes import classes, decorated_classes
from toolaudit.frameworks.discover_decorators import decorated
from toolaudit.frameworks.discover_dispatch import low_level
from toolaudit.frameworks.discover_hooks import hooked
from toolaudit.frameworks.discover_made import makers
from toolaudit.frameworks.discover_schemas import helpers, schemas
from toolaudit.frameworks.discover_structural import kits, structural
from toolaudit.frameworks.discover_tables import beside_schemas, registries
from toolaudit.frameworks.drafts import Draft
from toolaudit.frameworks.finish import Made, finish, made, said_name
from toolaudit.frameworks.handed_on import registrars
from toolaudit.frameworks.hints import Written
from toolaudit.frameworks.known import Known
from toolaudit.frameworks.names import Names, Read
from toolaudit.frameworks.schema import Framework
from toolaudit.model import Tool
from toolaudit.project.answers import Answers
from toolaudit.project.source import Project
from toolaudit.project.watched import Watched


class Discovery(Struct, frozen=True):
    """`tools` by file, line and name; `notes` by place; `written` has each tool's hints as spelled, by id."""

    tools: tuple[Tool, ...]
    notes: tuple[DiscoveryNote, ...] = ()
    written: dict[str, tuple[Written, ...]] = {}


class Declared(Struct, frozen=True, array_like=True):
    """What a file declares, and what in it counts together with other files."""

    made: tuple[Made, ...]
    tabled: tuple[Made, ...]
    """From dicts of functions, which count after what is dispatched."""
    unnamed: tuple[str, ...]
    """Classes that do not say a name: their instances may."""
    helpers: tuple[tuple[str, int], ...]
    """Functions that make a schema of their arguments, with the position of the name."""
    speaks: bool
    """There are schema literals in it."""
    handles: bool
    """A framework calls a dispatcher in it."""
    registers: bool
    """A function in it registers what it is given."""
    makers: tuple[str, ...] = ()
    """The functions that register what they, or others, make by running code."""
    beside: tuple[Made, ...] = ()
    """From dicts of functions whose keys schemas of the file declare; they count where nothing else knows the name."""


_declared = msgspec.msgpack.Decoder(Declared)


def discover(
    project: Project, frameworks: Sequence[Framework], told: Callable[[int, int], None] | None = None, answers: Answers | None = None
) -> Discovery:
    """Finds the tools in the candidates of a project. Function bodies are read only where their text can declare a tool.

    Each file is looked at with nothing known, so that what it declares depends on its code and on what that names. `told` hears how many of
    how many files are done; `answers` keeps what holds still until the next run.
    """
    known, read = Known(frameworks), Read()
    answers = answers or Answers(project)

    def world(watched: Watched) -> Bodies:
        return Bodies(watched, Names(watched, read), known)

    found = {path: one for path in project.candidates if (one := answers.known(f"declares {path}", _declared)) is not None}
    fresh = {path: answers.watched() for path in project.candidates if path not in found and project.index(path) is not None}
    worlds = {path: world(watched) for path, watched in fresh.items()}
    project.prefetch([(path, qualname) for path, bodies in worlds.items() for qualname in bodies.picked(path)])
    for path, watched in fresh.items():
        if told is not None:
            told(len(found), len(found) + len(worlds))
        found[path] = answers.put(f"declares {path}", _file(worlds.pop(path), known, path), watched)
    files = {path: found[path] for path in project.candidates if path in found}
    return _joined(files, across(Crossing(known, answers, world), files))


def _file(bodies: Bodies, known: Known, path: str) -> Declared:
    drafts = list(_drafts(bodies, known, path))
    unnamed = tuple(one.owner for one in drafts if one.declared_by == "base-class" and not said_name(bodies, one))
    return Declared(
        tuple([made(bodies, draft) for draft in drafts]),
        tuple([made(bodies, draft) for draft in registries(bodies, known, path)]),
        unnamed,
        tuple(helpers(bodies, known, path)),
        next(schemas(bodies, known, path), None) is not None,
        next(low_level(bodies, known, path), None) is not None,
        next(registrars(bodies, known, path), None) is not None,
        tuple(dict.fromkeys(makers(bodies, known, path))),
        tuple([made(bodies, draft) for draft in beside_schemas(bodies, known, path)]),
    )


def _drafts(bodies: Bodies, known: Known, path: str) -> Iterator[Draft]:
    yield from decorated(bodies, known, path)
    yield from hooked(bodies, known, path)
    yield from classes(bodies, known, path)
    yield from decorated_classes(bodies, known, path)
    yield from structural(bodies, known, path)
    yield from kits(bodies, known, path)
    yield from declared_by_calls(bodies, known, path)
    yield from modules(bodies, known, path)


def _joined(files: Mapping[str, Declared], shared: Across) -> Discovery:
    """One tool where several declarations speak of the same. Classes that do not say a name are replaced by the instances that do."""
    replaced = {key for key, _ in shared.instances}
    every = [one for file in files.values() for one in file.made if not _is_replaced(one.tool, replaced)]
    every += [one for _, one in shared.instances]
    every += shared.handed_on
    every = [one for one in every if not _stands_for(one.tool, shared.generated)] + shared.generated
    every += shared.dispatched
    every += [one for file in files.values() for one in file.tabled]
    said = {one.tool.name for one in every}
    every += [one for file in files.values() for one in file.beside if one.tool.name not in said]
    named = {one.named for one in every if one.named} | {one.tool.function.rsplit(".", 1)[-1] for one in every}
    every += [one for name, one in shared.undispatched if name not in named]
    finished = finish(every)
    names = {one.tool.name for one in finished}
    return Discovery(
        tuple(one.tool for one in finished),
        tuple(sorted({note for note in shared.notes if note.code != "TA903" or note.name not in names})),
        {one.tool.id: one.written for one in finished if one.written},
    )


def _stands_for(tool: Tool, generated: list[Made]) -> bool:
    """A function that was found once, under its own name, or under that of a tool that is known better by now."""
    if ".import_module." in tool.function:  # looked up in a module that is imported by its name: running the code tells in which
        return any(one.tool.name == tool.name for one in generated)
    names = {one.tool.name for one in generated if (one.tool.file, one.tool.function) == (tool.file, tool.function)}
    return bool(names) and (tool.generated or tool.name in names or tool.name == tool.function.rsplit(".", 1)[-1])


def _is_replaced(tool: Tool, replaced: set[tuple[str, str]]) -> bool:
    return tool.declared_by == "base-class" and (tool.file, tool.owner) in replaced
