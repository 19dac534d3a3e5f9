"""Tools behind a dispatcher: one function that gets a name and does, or calls, what that name stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from toolaudit.facts import Assign, Attr, Call, ClassHead, Expr, FunctionFacts, Name
from toolaudit.frameworks.bodies import Bodies
from toolaudit.frameworks.branches import Branch, Lookup, branches, lookups, record_lookups
from toolaudit.frameworks.callables import FunctionRef, functions_of
from toolaudit.frameworks.discover_calls import argument
from toolaudit.frameworks.discover_tables import record_entries, table_entries
from toolaudit.frameworks.drafts import Draft, SchemaText, from_ref, schema_for
from toolaudit.frameworks.filled_tables import CALLS, calls_on_loop, decorated_into, is_of_call, picking, speaks_of_calls, takes_in_others
from toolaudit.frameworks.known import Known, Rule, receiver_rule
from toolaudit.frameworks.names import Target, dotted_text
from toolaudit.frameworks.nodes import body_calls, body_expressions, functions, inner
from toolaudit.frameworks.registered import registered_into
from toolaudit.frameworks.schema import Declare
from toolaudit.frameworks.scope import Scope
from toolaudit.frameworks.sites import Site, arguments_of, dispatcher, holders, origin, passed, receiving, same_subject, with_outer
from toolaudit.frameworks.texts import text_of
from toolaudit.frameworks.types import types_of
from toolaudit.model import Fact

DISPATCH = Declare("dispatcher", types=("*",))


class Dispatched(Struct, frozen=True):
    """One name that a dispatcher knows, with the tool it makes; `dynamic` sites know further names that cannot be seen."""

    site: Site
    text: str
    line: int
    draft: Draft
    telling: bool = False
    """The way it is looked up says that it is a tool (`getattr(self, f"tool_{name}")`)."""


class Dispatch(Struct, frozen=True):
    found: tuple[Dispatched, ...]
    dynamic: frozenset[tuple[str, str]]


def low_level(bodies: Bodies, known: Known, path: str) -> Iterator[Site]:
    """Handlers that a framework calls for every tool: `@server.call_tool()`, `Server(on_call_tool=f)`."""
    index = bodies.project.index(path)
    for head in index.functions if index is not None else ():
        for decorator in head.decorators:
            func = decorator.func if isinstance(decorator, Call) else decorator
            if isinstance(func, Attr) and func.attr in known.methods:
                rule = receiver_rule(bodies.names, known, bodies.scope(path, head.nested_in or ""), func, "dispatcher")
                if rule is not None:
                    yield from _handler(bodies, rule, path, head.qualname)
    for cls in index.classes if index is not None else ():
        yield from _own_method(bodies, known, path, cls)
    for scope, call in bodies.calls(path):
        yield from _given(bodies, known, scope, call)


def _own_method(bodies: Bodies, known: Known, path: str, head: ClassHead) -> Iterator[Site]:
    """The method by which a subclass of a framework's set of tools gets every call: `class Tools(AbstractToolset): def call_tool`."""
    target = Target("class", (), path, head.qualname)
    rules = [rule for one in bodies.names.ancestors(target) for rule in known.bases.find(one.names)] if head.bases else []
    for rule in rules:
        for entry in rule.declare.entries if rule.declare.kind == "dispatcher" else ():
            if bodies.names.head(path, f"{head.qualname}.{entry}") is not None:
                yield from _handler(bodies, rule, path, f"{head.qualname}.{entry}")
                return


def _given(bodies: Bodies, known: Known, scope: Scope, call: Call) -> Iterator[Site]:
    for rule in known.of("dispatcher"):
        for keyword in rule.declare.keywords:
            value = argument(call, f"keyword:{keyword}")
            for ref in functions_of(scope, value) if value is not None else ():
                yield from _handler(bodies, rule, ref.path, ref.qualname)
    made = call.func
    if isinstance(made, Call) and isinstance(made.func, Attr) and made.func.attr in known.methods and call.args:
        found = receiver_rule(bodies.names, known, scope, made.func, "dispatcher")
        for ref in functions_of(scope, call.args[0]) if found is not None else ():
            if found is not None:
                yield from _handler(bodies, found, ref.path, ref.qualname)


def _handler(bodies: Bodies, rule: Rule, path: str, qualname: str) -> Iterator[Site]:
    facts = bodies.project.facts(path, qualname)
    if facts is None:
        return
    names = [parameter.name for parameter in facts.parameters if parameter.name not in {"self", "cls"}]
    pair = (names[0], names[1]) if len(names) >= 2 else ("", "")
    if len(names) >= 2 and "name" not in names[0] and _has_name(facts, names[1]):
        pair = (f"{names[1]}.name", f"{names[1]}.arguments")
    elif len(names) == 1:
        pair = (f"{names[0]}.name", f"{names[0]}.arguments")
    yield Site(rule.framework, path, facts, bodies.scope(path, qualname), *pair, certain=True, on_loop=calls_on_loop(bodies, path, facts))


def _has_name(facts: FunctionFacts, parameter: str) -> bool:
    """`params.name` is read somewhere in the body."""
    found = body_expressions(facts.body)
    return any(isinstance(one, Attr) and one.attr == "name" and dotted_text(one.value) == parameter for one in found)


def bare(bodies: Bodies, known: Known, path: str, names: frozenset[str]) -> Iterator[Site]:
    """Functions whose text compares with, or tabulates, names that a schema declares."""
    index, framework = bodies.project.index(path), known.frameworks.get("bare")
    if index is None or framework is None:
        return
    text = bodies.names.text(path)[0]
    if not names and not CALLS.search(text):
        return
    lines: list[int] = []
    if any(f"{quote}{name}{quote}" in text for name in names for quote in ('"', "'")):
        lines += [line for line, match in bodies.hits(path, _COMPARED) if (match[1] or match[2] or match[3]) in names]
    if lines or not known.owns([index.module, *(binding.module for binding in index.imports)]):
        if "globals()" in text or "getattr(" in text:
            lines += [line for line, _ in bodies.hits(path, _DYNAMIC)]
        lines += [line for line, _ in bodies.hits(path, _TABLE)]
    whole = bodies.holders(index, sorted(set(lines))) if names else []
    for qualname in dict.fromkeys((*whole, *picking(bodies, path))):
        facts = bodies.project.facts(path, qualname)
        for one in functions(facts) if facts is not None and not _ONLY_CHECKS.search(qualname) else ():
            yield Site(framework, path, one, bodies.scope(path, one.qualname), tables=qualname not in whole)


_COMPARED = re.compile(
    r"""==\s*["']([\w.:/ -]+)["']|\bcase\s+["']([\w.:/ -]+)["']|["']([\w.:/ -]+)["']\s*:\s*[\w.]+\s*(?=[,}\n])""",
)
_ONLY_CHECKS = re.compile(r"(^|[._])(validate|verify)(_|$|[A-Z])")
_DYNAMIC = re.compile(r"""globals\(\)\s*(?:\[|\.get\()|getattr\(\s*\w+\s*,\s*(?:f["']|["']\w+["']\s*\+)""")
_TABLE = re.compile(r"(?:[Tt]ool|TOOL|[Ff]unc|FUNC|[Hh]andler|HANDLER)\w*(?:\[[A-Za-z_]|\.get\([A-Za-z_])")


# --- what a site dispatches ------------------------------------------------------------------------------------------


def dispatched(bodies: Bodies, known: Known, sites: Sequence[Site], declared: dict[str, list[SchemaText]]) -> Dispatch:
    """All names of all dispatchers. A dispatcher that no framework calls counts when it knows a name that a schema declares."""
    found: list[Dispatched] = []
    dynamic: set[tuple[str, str]] = set()
    for site in with_outer(bodies, sites):
        picked = list(_looked_up(bodies, site, declared, dynamic))
        own, found_there = _place(site), {one.text for one in picked}
        of_site = [*(one for one in _branched(bodies, site, declared) if one.text not in found_there or not _is_own(one, own)), *picked]
        declares = site.certain or any(one.text in declared for one in of_site)
        found += [one for one in of_site if declares or one.telling]
        if site.certain and not of_site:
            dynamic.add((site.path, site.facts.qualname))
    return Dispatch(tuple(_side_by_side(_once_each(found))), frozenset(dynamic))


def _once_each(found: list[Dispatched]) -> list[Dispatched]:
    """Of a name that the framework's own dispatcher of a file knows, what else compares with it there only looks at the call; so does the loop
    around a model's calls of a name that a dispatcher hands on to a function."""
    known = {(one.site.path, one.text) for one in found if one.site.certain}
    handed = {one.text for one in found if not _is_own(one, _place(one.site))}
    kept = [one for one in found if one.site.certain or (one.site.path, one.text) not in known]
    return [one for one in kept if one.text not in handed or not (_is_own(one, _place(one.site)) and _looks(one))]


def _looks(one: Dispatched) -> bool:
    """What is compared is what a model's call says, in the loop that gets the calls."""
    return any(is_of_call(fact.parameter) for fact in one.draft.when)


def _place(site: Site) -> str:
    return f"{site.path}::{site.facts.qualname}"


def _is_own(one: Dispatched, dispatcher_place: str) -> bool:
    """The branch for this name hands nothing on: it only prepares what the function that was looked up does."""
    return one.draft.ref is not None and one.draft.ref.place == dispatcher_place


def _side_by_side(listed: list[Dispatched]) -> Iterator[Dispatched]:
    """The tools, each told what else its dispatcher hands on to."""
    handed: dict[str, set[str]] = {}
    for one in listed:
        if one.draft.dispatcher is not None and one.draft.ref is not None:
            handed.setdefault(one.draft.dispatcher.function, set()).add(one.draft.ref.place)
    for one in listed:
        through = one.draft.dispatcher
        if through is not None and one.draft.ref is not None:
            beside = handed[through.function] - {one.draft.ref.place}
            one = replace(one, draft=replace(one.draft, dispatcher=replace(through, beside=tuple(sorted(beside)))))
        yield one


def _branched(bodies: Bodies, site: Site, declared: dict[str, list[SchemaText]]) -> Iterator[Dispatched]:
    listed = list(branches(site.scope, site.facts.body)) if not site.tables else []
    if site.certain and site.name:
        subjects = {branch.subject for branch in listed if same_subject(site, branch.subject)}
    else:
        subjects = {branch.subject for branch in listed if branch.text in declared and _names_tools(listed, branch.subject, declared)}
    seen: set[str] = set()
    for branch in listed:
        if branch.subject in subjects and branch.text not in seen:
            seen.add(branch.text)
            yield Dispatched(site, branch.text, branch.line, _of_branch(bodies, site, branch, declared))


def _names_tools(listed: list[Branch], subject: str, declared: dict[str, list[SchemaText]]) -> bool:
    """What is compared holds a tool's name: it is called so and one is declared, or most of what it is compared with is declared.

    The value of an `action` parameter may happen to equal the name of some tool.
    """
    texts = {branch.text for branch in listed if branch.subject == subject}
    share = len(texts & set(declared)) / len(texts)
    return share > 0.5 or (share > 0 and re.search(r"name|tool|func", subject.rsplit(".", 1)[-1], re.IGNORECASE) is not None)


def _of_branch(bodies: Bodies, site: Site, branch: Branch, declared: dict[str, list[SchemaText]]) -> Draft:
    body = site.facts.body if branch.rest else branch.body
    ref, held = _delegate(site, body)
    named = None if ref is not None else _namesake(site, branch)
    schema = schema_for(declared, branch.text, site.path)
    framework = schema.framework if schema is not None and schema.framework is not None and not site.certain else site.framework
    if ref is not None:
        through = dispatcher(bodies, site, branch.subject, branch.text)
        return from_ref(
            framework,
            DISPATCH,
            "dispatch",
            ref,
            name=branch.text,
            arguments_in=held,
            schema=schema,
            on_loop=site.on_loop,
            dispatcher=through,
        )
    if named is not None:
        return from_ref(framework, DISPATCH, "dispatch", named, name=branch.text, schema=schema, on_loop=site.on_loop)
    own = FunctionRef("function", site.path, site.facts.qualname, site.facts.line)
    subject, arguments = origin(site, branch.subject), site.arguments or arguments_of(site)
    head = bodies.names.head(site.path, site.facts.qualname)
    owner = (head.owner or "") if head is not None else ""
    return Draft(
        framework,
        DISPATCH,
        "dispatch",
        site.path,
        site.facts.qualname,
        site.facts.line,
        ref=own,
        name=branch.text,
        when=(Fact(subject, branch.text),),
        arguments_in=arguments,
        schema=schema,
        dispatcher=dispatcher(bodies, site, branch.subject, branch.text) if site.outer is not None else None,
        owner=owner,
        receiver="shared" if owner else "none",
        on_loop=site.on_loop,
    )


def _namesake(site: Site, branch: Branch) -> FunctionRef | None:
    """The one function, called like the tool, that the loop around a model's calls calls for it: the rest of the loop is no part of the tool."""
    if branch.rest or not is_of_call(origin(site, branch.subject)):
        return None
    called = [ref for call in body_calls(branch.body) for ref in functions_of(site.scope, call.func) if ref.kind == "function"]
    named = {(ref.path, ref.qualname): ref for ref in called if ref.qualname.rsplit(".", 1)[-1].lstrip("_") == branch.text}
    return next(iter(named.values())) if len(named) == 1 else None


def _delegate(site: Site, body: tuple[object, ...]) -> tuple[FunctionRef | None, str]:
    """The one function that a branch hands all arguments to, and the parameter that then holds them (empty when they are spread)."""
    held = holders(site)
    found: dict[tuple[str, str], tuple[FunctionRef, str]] = {}
    for call in body_calls(body):  # type: ignore[arg-type]
        position, spread = passed(call, held)
        if position is None and not spread:
            continue
        for ref in functions_of(site.scope, call.func):
            if ref.kind == "function" and ref.qualname != site.facts.qualname:
                found[ref.path, ref.qualname] = (ref, receiving(site.scope, ref, position) if position is not None else "")
    return next(iter(found.values())) if len(found) == 1 else (None, "")


# --- tables and attributes -------------------------------------------------------------------------------------------


def _looked_up(bodies: Bodies, site: Site, declared: dict[str, list[SchemaText]], dynamic: set[tuple[str, str]]) -> Iterator[Dispatched]:
    for lookup in (*record_lookups(site.facts), *lookups(site.facts)):
        if site.tables and (lookup.table is None or not _is_telling(bodies, site, lookup)):
            continue
        made = list(
            _of_table(bodies, site, lookup, declared) if lookup.table is not None else _of_attribute(bodies, site, lookup, declared)
        )
        yield from made
        if not made or (lookup.table is None and (lookup.owner is not None or takes_in_others(bodies, site.path))):
            dynamic.add((site.path, site.facts.qualname))


def _is_telling(bodies: Bodies, site: Site, lookup: Lookup) -> bool:
    if site.outer is not None and site.name:
        return same_subject(site, lookup.subject)
    return is_of_call(origin(site, lookup.subject)) and speaks_of_calls(bodies, site.path, site.facts.qualname)


def _of_table(bodies: Bodies, site: Site, lookup: Lookup, declared: dict[str, list[SchemaText]]) -> Iterator[Dispatched]:
    if lookup.table is None:
        return
    entries = record_entries(site.scope, lookup.table, lookup.key, lookup.held) if lookup.key else table_entries(site.scope, lookup.table)
    written = [(text, ref) for where, key, ref in entries if (text := text_of(where, key)) is not None]
    telling = _is_telling(bodies, site, lookup)
    for name, ref in written or _filled(bodies, site, lookup.table, telling):
        schema = schema_for(declared, name, site.path)
        framework = schema.framework if schema is not None and schema.framework is not None and not site.certain else site.framework
        held = receiving(site.scope, ref, _handed(site, lookup))
        through = dispatcher(bodies, site, lookup.subject, name)
        draft = from_ref(
            framework, DISPATCH, "dispatch", ref, name=name, schema=schema, arguments_in=held, on_loop=site.on_loop, dispatcher=through
        )
        yield Dispatched(site, name, ref.line, draft, telling)


def _filled(bodies: Bodies, site: Site, table: Expr, telling: bool) -> list[tuple[str, FunctionRef]]:
    """What decorators and calls put into a table."""
    if not (telling or site.certain):
        return []
    found = dict(registered_into(bodies, site.scope, table))
    return [*(decorated_into(bodies, site.scope, table) if telling or not found else ()), *found.items()]


def _handed(site: Site, lookup: Lookup) -> int | str | None:
    """Where the function that was looked up gets the arguments as a whole; None when they are spread."""
    names = {
        target.id
        for statement in inner(site.facts.body)
        if isinstance(statement, Assign) and getattr(statement.value, "line", 0) == lookup.line
        for target in statement.targets
        if isinstance(target, Name)
    }
    held = holders(site)
    for call in body_calls(site.facts.body):
        by_name = isinstance(call.func, Name) and call.func.id in names
        if by_name or getattr(call.func, "line", 0) == lookup.line:
            position, spread = passed(call, held)
            if position is not None or spread:
                return position
    return None


def _of_attribute(bodies: Bodies, site: Site, lookup: Lookup, declared: dict[str, list[SchemaText]]) -> Iterator[Dispatched]:
    """`globals()[name]` and `getattr(owner, prefix + name)` for the names that schemas declare; a prefix alone tells too."""
    meant = (*types_of(site.scope, lookup.owner), *site.scope.resolve(lookup.owner)) if lookup.owner is not None else ()
    owners = [target for target in meant if target.kind in {"class", "module"}]
    for text, ref in _attributes(bodies, site, lookup, owners, declared):
        schema, through = schema_for(declared, text, site.path), dispatcher(bodies, site, lookup.subject, text)
        draft = from_ref(site.framework, DISPATCH, "dispatch", ref, name=text, schema=schema, on_loop=site.on_loop, dispatcher=through)
        yield Dispatched(site, text, ref.line, draft, telling="tool" in lookup.prefix.lower())


def _attributes(
    bodies: Bodies, site: Site, lookup: Lookup, owners: list[Target], declared: dict[str, list[SchemaText]]
) -> Iterator[tuple[str, FunctionRef]]:
    texts = sorted(declared)
    if lookup.prefix and "tool" in lookup.prefix.lower():
        for owner in owners:
            table = bodies.names.table(owner.path) if owner.kind == "class" else None
            methods = [head for head in table.functions.values() if head.owner == owner.qualname] if table else []
            texts += [head.name.removeprefix(lookup.prefix) for head in methods if head.name.startswith(lookup.prefix)]
    for text in dict.fromkeys(texts):
        name = lookup.prefix + text
        targets = bodies.names.lookup(site.path, name) if lookup.owner is None else bodies.names.attribute(owners, name)
        for target in targets:
            head = bodies.names.head(target.path, target.qualname) if target.kind == "function" else None
            if head is not None:
                owned = head.owner or ""
                receiver: Literal["shared", "none"] = "shared" if owned else "none"
                yield text, FunctionRef("function", target.path, target.qualname, head.line, owned, target.path, receiver)
