"""Dicts of functions: the tables that dispatchers look names up in, and those that register tools by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolaudit.facts import Attr, Call, Display, Expr, Item, Mapping, Name
from toolaudit.frameworks.bodies import Bodies
from toolaudit.frameworks.callables import FunctionRef, displays, elements, functions_of
from toolaudit.frameworks.discover_schemas import schemas
from toolaudit.frameworks.drafts import Draft, from_ref
from toolaudit.frameworks.known import Known, Rule
from toolaudit.frameworks.lazy_tables import lazily, takes_context
from toolaudit.frameworks.patterns import matches
from toolaudit.frameworks.records import held_functions, paired, recorded
from toolaudit.frameworks.scope import Scope
from toolaudit.frameworks.texts import mapping_value, text_of
from toolaudit.frameworks.types import assigned_attribute

_SPREAD = 4


def table_entries(scope: Scope, table: Expr | None, depth: int = 0) -> Iterator[tuple[Scope, Expr, FunctionRef]]:
    """Key and function of each entry of a dict of functions; an entry may be a dict or tuple that holds the function.

    A dict may be spread into another (`{**COMMON, …}`), and into itself.
    """
    if table is None or depth > _SPREAD:
        return
    for where, display in (*displays(scope, table), *_attribute_displays(scope, table)):
        for key, value in display.items if isinstance(display, Mapping) else ():
            if key is None:
                yield from table_entries(where, value, depth + 1)
                continue
            for ref in held_functions(where, value):
                yield where, key, ref
    yield from _stored(scope, table)


def record_entries(scope: Scope, table: Expr, key: str, held: str) -> Iterator[tuple[Scope, Expr, FunctionRef]]:
    """Name and function of each record of a list: `[Tool(name="x", handler=f), …]`, `[{"name": "x", "handler": f}, …]`."""
    for where, record in elements(scope, table):
        fields: dict[str, Expr] = {}
        if isinstance(record, Call):
            fields = {keyword.name: keyword.value for keyword in record.keywords if keyword.name is not None}
        elif isinstance(record, Mapping):
            fields = {name: value for name in (key, held) if (value := mapping_value(record, name)) is not None}
        if key in fields and held in fields:
            for ref in functions_of(where, fields[held]):
                if ref.kind in {"function", "lambda"}:
                    yield where, fields[key], ref


def _attribute_displays(scope: Scope, table: Expr) -> Iterator[tuple[Scope, Expr]]:
    if isinstance(table, Attr) and isinstance(table.value, Name) and scope.owner and table.value.id == scope.receiver:
        init = Scope(scope.names, scope.path, f"{scope.owner}.__init__")
        for value in assigned_attribute(init, table.attr):
            if isinstance(value, Mapping):
                yield init, value


def _stored(scope: Scope, table: Expr) -> Iterator[tuple[Scope, Expr, FunctionRef]]:
    """`TOOLS["x"] = fn` at a module's top level."""
    for target in scope.resolve(table):
        index = scope.names.project.index(target.path) if target.kind == "value" else None
        there = Scope(scope.names, target.path) if index is not None else scope
        for assign in index.assigns if index is not None else ():
            for one in assign.targets:
                if isinstance(one, Item) and isinstance(one.value, Name) and one.value.id == target.qualname and assign.value is not None:
                    for ref in held_functions(there, assign.value):
                        yield there, one.index, ref


def registries(bodies: Bodies, known: Known, path: str) -> Iterator[Draft]:
    """Module-level dicts of functions whose variable says that they are tools and that are looked up by a name.

    Files that use a framework of their own have the framework's way of declaring: there such a dict holds factories, names, options.
    """
    index = bodies.project.index(path)
    if index is None:
        return
    yield from _listed(bodies, known, path)
    yield from recorded(bodies, known, path)
    yield from paired(bodies, known, path)
    yield from lazily(bodies, known, path)
    if known.owns([index.module, *(binding.module for binding in index.imports)]):
        return
    for assign in index.assigns:
        for target in assign.targets:
            if isinstance(target, Name) and isinstance(assign.value, Mapping):
                for rule in known.of("registry"):
                    if matches(rule.declare.variables, (target.id,)) and _is_indexed(bodies, target.id):
                        yield from _registered(bodies, rule, path, target)


def beside_schemas(bodies: Bodies, known: Known, path: str) -> Iterator[Draft]:
    """A dict of functions whose keys are the names of schemas in the same file, whoever looks them up: a loader may ask for it by its name."""
    index = bodies.project.index(path)
    rule = next(iter(known.of("registry")), None)
    tables = [one for one in index.assigns if isinstance(one.value, Mapping) and one.value.items] if index is not None else []
    spoken = {schema.name for schema in schemas(bodies, known, path)} if tables else set()
    found: list[list[Draft]] = []
    for assign in tables if spoken and rule is not None else ():
        entries = [(text_of(where, key), ref) for where, key, ref in table_entries(bodies.scope(path), assign.value)]
        if rule is not None and entries and all(name in spoken and ref.kind == "function" for name, ref in entries):
            found.append([from_ref(rule.framework, rule.declare, "registration", ref, name=name or "") for name, ref in entries])
    if len(found) == 1:  # of two, one checks or shows what the other does
        yield from found[0]


def _is_indexed(bodies: Bodies, name: str) -> bool:
    """Some candidate looks names up in the variable."""
    word = re.compile(rf"\b{re.escape(name)}(?:\[\s*[A-Za-z_]|\.get\(\s*[A-Za-z_])")
    return any(word.search(bodies.names.text(path)[0]) for path in bodies.project.mentioning(name))


def _registered(bodies: Bodies, rule: Rule, path: str, target: Name) -> Iterator[Draft]:
    for where, key, ref in table_entries(bodies.scope(path), target):
        text = text_of(where, key)
        # a framework's tools ask for what it gives to them, where the table does not say that it holds tools
        says_tools = not rule.framework.framework.roots or "TOOL" in target.id.upper()
        if text is not None and ref.kind == "function" and (says_tools or takes_context(bodies, rule.framework, ref)):
            yield from_ref(rule.framework, rule.declare, "registration", ref, name=text)


def _listed(bodies: Bodies, known: Known, path: str) -> Iterator[Draft]:
    """Module-level lists of plain functions whose variable says that they are tools: `FILE_TOOLS = [read, write]`, to be handed to agents.

    Each has a docstring, which the model reads, and hands back no tool: it makes none.
    """
    index = bodies.project.index(path)
    rule = next((rule for rule in known.of("registry") if rule.declare.lists), None)
    for assign in index.assigns if index is not None and rule is not None else ():
        for target in assign.targets:
            if rule and isinstance(target, Name) and isinstance(assign.value, Display) and matches(rule.declare.lists, (target.id,)):
                scope = bodies.scope(path)
                refs = [functions_of(scope, item) if isinstance(item, Name) else [] for item in assign.value.items]
                if refs and all(len(one) == 1 and _is_read_by_models(bodies, one[0]) for one in refs):
                    yield from (from_ref(rule.framework, rule.declare, "callable", one[0]) for one in refs)


def _is_read_by_models(bodies: Bodies, ref: FunctionRef) -> bool:
    head = bodies.names.head(ref.path, ref.qualname) if ref.kind == "function" else None
    return head is not None and bool(head.docstring) and not head.decorators and "Tool" not in str(head.returns)
