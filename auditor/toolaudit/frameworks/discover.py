"""Which functions of a project are tools, of which framework, under which name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from toolaudit.facts import Name
from toolaudit.frameworks.bodies import Bodies
from toolaudit.frameworks.callables import FunctionRef
from toolaudit.frameworks.checks import DiscoveryNote, joined
from toolaudit.frameworks.discover_calls import declared_by_calls, modules
from toolaudit.frameworks.discover_classes import classes
from toolaudit.frameworks.discover_decorators import decorated
from toolaudit.frameworks.discover_dispatch import bare, dispatched, low_level
from toolaudit.frameworks.discover_handlers import handlers
from toolaudit.frameworks.discover_instances import instances
from toolaudit.frameworks.discover_schemas import helped, helpers, schemas
from toolaudit.frameworks.discover_tables import registries
from toolaudit.frameworks.drafts import Draft, SchemaText, from_ref
from toolaudit.frameworks.finish import finish, said_name
from toolaudit.frameworks.hints import Written
from toolaudit.frameworks.known import Known
from toolaudit.frameworks.names import Names
from toolaudit.frameworks.schema import Declare, Framework
from toolaudit.frameworks.sites import Site
from toolaudit.model import Tool
from toolaudit.project.source import Project


class Discovery(Struct, frozen=True):
    """`tools` by file, line and name; `notes` by place; `written` has each tool's hints as spelled, by id."""

    tools: tuple[Tool, ...]
    notes: tuple[DiscoveryNote, ...] = ()
    written: dict[str, tuple[Written, ...]] = {}


def discover(project: Project, frameworks: Sequence[Framework], told: Callable[[int, int], None] | None = None) -> Discovery:
    """Finds the tools in the candidates of a project. Function bodies are read only where their text can declare a tool.

    `told` hears how many of how many files are done.
    """
    known = Known(frameworks)
    names = Names(project)
    bodies = Bodies(project, names, known)
    candidates = tuple(path for path in project.candidates if project.index(path) is not None)
    bodies.prefetch(candidates)
    drafts: list[Draft] = []
    for done, path in enumerate(candidates):
        if told is not None:
            told(done, len(candidates))
        drafts += decorated(bodies, known, path)
        drafts += classes(bodies, known, path)
        drafts += declared_by_calls(bodies, known, path)
        drafts += modules(bodies, known, path)
    drafts = _instantiated(bodies, drafts, candidates)
    declared = _declared(bodies, known, candidates)
    sites = _sites(bodies, known, candidates, declared)
    dispatch = dispatched(bodies, known, sites, declared)
    drafts += [one.draft for one in dispatch.found]
    drafts += handlers(bodies, sites, declared)
    for path in candidates:
        drafts += registries(bodies, known, path)
    drafts += _undispatched(bodies, known, declared, drafts)
    made = finish(bodies, drafts)
    notes = joined(made_names=frozenset(one.tool.name for one in made), declared=declared, dispatch=dispatch)
    return Discovery(
        tuple(one.tool for one in made),
        tuple(sorted(set(notes))),
        {one.tool.id: one.written for one in made if one.written},
    )


def _instantiated(bodies: Bodies, drafts: list[Draft], paths: tuple[str, ...]) -> list[Draft]:
    """Classes that do not say a name are replaced by the instances that do."""
    unnamed = {(one.file, one.owner): one for one in drafts if one.declared_by == "base-class" and not said_name(bodies, one)}
    made = list(instances(bodies, unnamed, paths))
    replaced = {key for key, _ in made}
    kept = [one for one in drafts if (one.file, one.owner) not in replaced or one.declared_by != "base-class"]
    return kept + [draft for _, draft in made]


def _declared(bodies: Bodies, known: Known, paths: tuple[str, ...]) -> dict[str, list[SchemaText]]:
    """Schema literals by name."""
    found: dict[str, list[SchemaText]] = {}
    made = helpers(bodies, known, paths)
    for path in paths:
        conventions = _conventions(bodies, known, path)
        for schema in (*schemas(bodies, known, path), *helped(bodies, made, path, known)):
            if schema.line not in conventions:
                found.setdefault(schema.name, []).append(schema)
    return found


def _conventions(bodies: Bodies, known: Known, path: str) -> set[int]:
    """Lines of schemas that a framework joins with their function itself."""
    variables = {rule.declare.variable for rule in known.of("module")}
    index = bodies.project.index(path)
    assigns = index.assigns if index is not None else ()
    return {one.line for one in assigns if any(isinstance(target, Name) and target.id in variables for target in one.targets)}


def _sites(bodies: Bodies, known: Known, paths: tuple[str, ...], declared: dict[str, list[SchemaText]]) -> list[Site]:
    """The dispatchers; one that a framework calls is not also a hand-written one."""
    sites: dict[tuple[str, str], Site] = {}
    for path in paths:
        for site in low_level(bodies, known, path):
            sites.setdefault((site.path, site.facts.qualname), site)
    for path in paths:
        for site in bare(bodies, known, path, frozenset(declared)):
            sites.setdefault((site.path, site.facts.qualname), site)
    return list(sites.values())


_SCHEMA = Declare("schema")


def _undispatched(bodies: Bodies, known: Known, declared: dict[str, list[SchemaText]], drafts: list[Draft]) -> list[Draft]:
    """A schema without a dispatcher that has a function of its name beside it, defined or imported there."""
    named = {draft.name for draft in drafts if draft.name} | {draft.function.rsplit(".", 1)[-1] for draft in drafts}
    found: list[Draft] = []
    for name, listed in declared.items():
        if name in named or not name.isidentifier():
            continue
        for schema in listed:
            for target in bodies.names.lookup(schema.scope.path, name):
                head = bodies.names.head(target.path, target.qualname) if target.kind == "function" else None
                if head is not None and schema.framework is not None:
                    ref = FunctionRef("function", target.path, target.qualname, head.line)
                    found.append(from_ref(schema.framework, _SCHEMA, "schema", ref, name=name, schema=schema))
    return found
