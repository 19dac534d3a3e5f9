"""Tools that are made by running code: one function registered again and again, for each operation of a client, each entry of a table."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress

from toolaudit.facts import Attr, Call, Const, Define, Display, Expr, For, FunctionFacts, FunctionHead, Mapping, Name
from toolaudit.frameworks.bodies import MODULE, Bodies
from toolaudit.frameworks.callables import FunctionRef, functions_of
from toolaudit.frameworks.discover_calls import argument, called_rules
from toolaudit.frameworks.discover_decorators import declared_by
from toolaudit.frameworks.drafts import Draft, from_ref
from toolaudit.frameworks.known import Known
from toolaudit.frameworks.making import MAX_STEPS, ExhaustedError, Maker
from toolaudit.frameworks.making_values import (
    UNKNOWN,
    Client,
    Env,
    Kind,
    Made,
    Plain,
    RaisedError,
    Registered,
    Row,
    Table,
    Thing,
    Value,
    of_key,
)
from toolaudit.frameworks.names import last_part
from toolaudit.frameworks.nodes import body_calls, inner
from toolaudit.frameworks.scope import Scope
from toolaudit.model import Given

MAX_LEVELS = 3
MAX_STARTS = 8
MAX_NESTED = 2
MIN_STEPS = 2000
MAX_MEMBERS = 24
Key = tuple[str, str]


# --- where tools are made --------------------------------------------------------------------------------------------


def makers(bodies: Bodies, known: Known, path: str) -> Iterator[str]:
    """The functions of a file that register what another function, or a loop, makes; `<module>` for its top-level code."""
    for scope, call in bodies.calls(path):
        declaring = call.func if isinstance(call.func, Call) else call
        given = _registered(bodies, known, scope, call, declaring)
        if any(_is_made(scope, value) for value in given):
            yield scope.qualname or MODULE
    index = bodies.project.index(path)
    for head in index.functions if index is not None else ():
        if head.decorators and head.owner is None and _is_repeated(bodies, known, path, head):
            yield head.nested_in or MODULE


def _is_repeated(bodies: Bodies, known: Known, path: str, head: FunctionHead) -> bool:
    """A tool by decorator that is defined in a loop, or under a name that the function around it is given."""
    outer = bodies.names.head(path, head.nested_in) if head.nested_in else None
    parameters = {one.name for one in outer.parameters} if outer is not None else set()
    calls = [one for one in head.decorators if isinstance(one, Call)]
    given = {one.id for call in calls for one in (*call.args, *(k.value for k in call.keywords)) if isinstance(one, Name)}
    text = bodies.names.between(path, outer.line if outer is not None else 1, head.start)
    looped = calls and re.search(r"^[ \t]*(?:async )?for\b", text, re.MULTILINE) is not None
    if not given & parameters and not (looped and _in_loop(bodies.scope(path, head.nested_in or ""), head.qualname)):
        return False
    return any(declared_by(bodies, known, path, head, one) is not None for one in calls)


def _registered(bodies: Bodies, known: Known, scope: Scope, call: Call, declaring: Call) -> list[Expr]:
    """What a call registers as functions of tools."""
    found: list[Expr] = []
    for rule in called_rules(bodies, known, scope, declaring, declaring is not call):
        if rule.declare.kind.startswith("decorator"):
            found += call.args[:1]
        elif declaring is call and rule.declare.kind in ("factory", "registration"):
            found += [value for place in rule.declare.callables if (value := argument(call, place)) is not None]
    if not found and isinstance(call.func, Attr) and call.func.attr in known.methods and call.args:
        return list(call.args[:1])  # of an object that only running the code tells
    return found


def _is_made(scope: Scope, value: Expr) -> bool:
    """The function is defined in a loop, is given arguments beforehand, comes out of the function that defines it, or calls what that one is
    given."""
    if isinstance(value, Name):
        bound = scope.local(value.id) if scope.qualname else scope.module_local(value.id)
        calls = [one.expr for one in bound if isinstance(one.expr, Call)]
    else:
        calls = [value] if isinstance(value, Call) else []
    if any(last_part(call.func) == "partial" for call in calls):
        return True
    if _is_told_by_running(scope, value):
        return True
    for ref in functions_of(scope, value):
        head = scope.names.head(ref.path, ref.qualname) if ref.kind == "function" else None
        if head is None or not head.nested_in:
            continue
        if head.nested_in != scope.qualname or _in_loop(scope, ref.qualname) or _calls_given(scope, ref):
            return True
    return False


def _calls_given(scope: Scope, ref: FunctionRef) -> bool:
    """Whether a function calls a parameter of the function around it, so that each of those that are given makes another tool."""
    outer, facts = scope.names.head(scope.path, scope.qualname), scope.names.project.facts(ref.path, ref.qualname)
    if outer is None or not isinstance(facts, FunctionFacts):
        return False
    called = {call.func.id for call in body_calls(facts.body) if isinstance(call.func, Name)}
    return bool(called & {one.name for one in outer.parameters})


def _is_told_by_running(scope: Scope, value: Expr) -> bool:
    """A loop's variable, or an attribute by a name in a loop: what the rows hold, only running the code tells."""
    if any(ref.kind != "foreign" for ref in functions_of(scope, value)):
        return False
    if isinstance(value, Name) and _loops_over(scope, value.id):
        return True
    bound = [one.expr for one in scope.local(value.id)] if isinstance(value, Name) and scope.qualname else [value]
    looked = [one for one in bound if isinstance(one, Call) and last_part(one.func) == "getattr" and len(one.args) > 1]
    return any(_loops(scope) and not isinstance(one.args[1], Const) for one in looked)


def _loops_over(scope: Scope, name: str) -> bool:
    """Whether a loop of the function, or of the module's top level, binds the name to one member after the other."""
    parts = [part for loop in _loops(scope) for part in (loop.target.items if isinstance(loop.target, Display) else (loop.target,))]
    return any(isinstance(part, Name) and part.id == name for part in parts)


def _loops(scope: Scope) -> list[For]:
    facts = scope.names.project.facts(scope.path, scope.qualname or MODULE)
    return [one for one in inner(facts.body) if isinstance(one, For)] if facts is not None else []


def _in_loop(scope: Scope, qualname: str) -> bool:
    facts = scope.names.project.facts(scope.path, scope.qualname or MODULE)
    loops = [one for one in inner(facts.body) if isinstance(one, For)] if facts is not None else []
    made = (one for loop in loops for one in inner(loop.body) if isinstance(one, Define))
    return any(one.function.qualname == qualname for one in made)


# --- from where they are made ----------------------------------------------------------------------------------------


def starts(bodies: Bodies, makers: Iterable[Key]) -> list[list[Key]]:
    """The functions to follow from: those that make tools, those that call these, and so on; the last level is the outermost."""
    levels = [list(dict.fromkeys(_outermost(bodies, key) for key in makers))]
    seen = set(levels[0])
    while len(levels) <= MAX_LEVELS:
        further: list[Key] = []
        for key in levels[-1]:
            further += [one for one in _callers(bodies, *key) if one not in seen] or [key]
        seen.update(further)
        further = list(dict.fromkeys(further))[:MAX_STARTS]
        if further == levels[-1]:
            break
        levels.append(further)
    return levels


def _outermost(bodies: Bodies, key: Key) -> Key:
    path, qualname = key
    head = bodies.names.head(path, qualname)
    while head is not None and head.nested_in and not head.owner:
        qualname = head.nested_in
        head = bodies.names.head(path, qualname)
    return path, qualname


def _callers(bodies: Bodies, path: str, qualname: str) -> Iterator[Key]:
    """The functions, or top-level code, that call a function, or make an object of the class that it is a method of."""
    head = bodies.names.head(path, qualname)
    if head is None:
        return
    called = head.owner or qualname
    if head.owner:
        yield from _beside(bodies, path, head)
    name = called.rsplit(".", 1)[-1]
    pattern = re.compile(rf"(?<!def )(?<!class )\b{re.escape(name)}\s*\(")
    for file in dict.fromkeys((path, *bodies.project.mentioning(f"{name}("))):
        index = bodies.project.index(file)
        found = bodies.names.lookup(file, name)
        if index is None or (found and not any((one.path, one.qualname) == (path, called) for one in found)):
            continue
        if not found and file != path and not _imports(bodies, file, path):
            continue
        for holder in bodies.holders(index, [line for line, _ in bodies.hits(file, pattern)]):
            outer = bodies.names.head(file, holder)
            if not (file == path and outer is not None and outer.owner and outer.owner == head.owner):
                yield file, holder


def _beside(bodies: Bodies, path: str, head: FunctionHead) -> Iterator[Key]:
    """The methods of its class that call a method."""
    index = bodies.project.index(path)
    pattern = re.compile(rf"\.{re.escape(head.name)}\s*\(")
    for holder in bodies.holders(index, [line for line, _ in bodies.hits(path, pattern)]) if index is not None else ():
        outer = bodies.names.head(path, holder)
        if outer is not None and outer.owner == head.owner and outer.name != head.name:
            yield path, holder


def _imports(bodies: Bodies, file: str, path: str) -> bool:
    """Whether a file imports the module of another."""
    index, other = bodies.project.index(file), bodies.project.index(path)
    last = other.module.rsplit(".", 1)[-1] if other is not None else ""
    return index is not None and any(last in (one.name, one.attribute or "", one.module.rsplit(".", 1)[-1]) for one in index.imports)


# --- the tools -------------------------------------------------------------------------------------------------------


def generated(bodies: Bodies, known: Known, makers: Iterable[Key]) -> Iterator[Draft]:
    """The tools that the outermost start which makes any makes."""
    steps = MAX_STEPS
    for level in reversed(starts(bodies, makers)):
        found: list[Draft] = []
        for path, qualname in level:
            maker = Maker(bodies, known, steps)
            maker.start(path, qualname)
            steps = max(maker.steps, MIN_STEPS)
            found += [draft for one in list(maker.registered) for draft in _draft(bodies, maker, one)]
        if found:
            yield from found
            return


def _draft(bodies: Bodies, maker: Maker, one: Registered) -> Iterator[Draft]:
    made = one.made
    given = held(maker, made)
    head = bodies.names.head(made.path, made.qualname)
    if head is None or not isinstance(made.facts, FunctionFacts):
        return
    if (not given or _stands_for_another(one, given)) and not _only_run_tells(bodies, maker, one):
        return
    owner = head.owner or ""
    ref = FunctionRef("function", made.path, made.qualname, head.line, owner, made.path if owner else "", "shared" if owner else "none")
    scope = bodies.scope(one.env.path, one.env.qualname)
    inputs = _inputs(maker, made)
    yield from_ref(one.framework, one.declare, one.how, ref, call=one.call, scope=scope, name=one.name, given=given, inputs=inputs)


def _only_run_tells(bodies: Bodies, maker: Maker, one: Registered) -> bool:
    """A function as it stands that a loop registers whose rows nothing else tells."""
    if one.made.env is not None or one.made.args or one.made.keywords:
        return False
    for scope, call in bodies.calls(one.env.path):
        declaring = call.func if isinstance(call.func, Call) else call
        if scope.qualname == one.env.qualname and declaring == one.call:
            return any(_is_told_by_running(scope, value) for value in _registered(bodies, maker.known, scope, call, declaring))
    return False


def _stands_for_another(one: Registered, given: tuple[Given, ...]) -> bool:
    """A method of an object as it is, or a function that calls what only a run knows, or goes by the name of one that it was given."""
    made = one.made
    if made.env is None and not made.args and not made.keywords and not made.defaults:
        return True
    called = (
        [call.func.id for call in body_calls(made.facts.body) if isinstance(call.func, Name)]
        if isinstance(made.facts, FunctionFacts)
        else []
    )
    holders = [(name, made.env.holder(name)) for name in called if made.env is not None]
    if any(env is not None and env.held[name] is UNKNOWN for name, env in holders):
        return True
    return any(known.code.rpartition(".")[2].rpartition("::")[2] == one.name for known in given if known.code)


def _inputs(maker: Maker, made: Made) -> tuple[str, ...]:
    """What the operation requires that the function calls by its name, where it takes any arguments."""
    assert isinstance(made.facts, FunctionFacts)
    if not any(one.kind == "kwarg" for one in made.facts.parameters):
        return ()
    before, registered = len(maker.operations), len(maker.registered)
    with suppress(RaisedError, ExhaustedError, RecursionError):
        maker.invoke(made, [], {})
    found = maker.operations[before:]
    del maker.operations[before:], maker.registered[registered:]
    return found[0].service.required(found[0].part.partition(":")[2]) if found else ()


# --- what a tool's function holds ------------------------------------------------------------------------------------


def held(maker: Maker, made: Made, depth: int = 0) -> tuple[Given, ...]:
    """The variables that a function closes over, and the arguments that it was given beforehand, as far as they are known."""
    found: list[Given] = []
    place = f"{made.path}::{made.qualname}"
    parameters = [one.name for one in made.facts.parameters]
    for name, value in (*zip(parameters, made.args, strict=False), *made.keywords.items(), *_captured(made)):
        found += _given(maker, place, name, value, (), depth)
    if isinstance(made.receiver, Thing) and parameters:
        found += _given(maker, place, parameters[0], made.receiver, (), depth)
    chain: list[Env] = []
    env = made.env
    while env is not None and env.qualname:
        chain.append(env)
        env = env.outer
    for around in chain:
        for name, value in around.held.items():
            found += _given(maker, f"{around.path}::{around.qualname}", name, value, chain, depth)
    return tuple(found)


def _captured(made: Made) -> Iterator[tuple[str, Value]]:
    """Parameters whose default is a variable of the function around: `def call(operation=operation)`."""
    for one in made.facts.parameters:
        if one.name in made.defaults and isinstance(one.default, Name):
            yield one.name, made.defaults[one.name]


def _given(maker: Maker, place: str, name: str, value: Value, chain: Collection[Env | None], depth: int) -> Iterator[Given]:
    if isinstance(value, Thing):
        for attr, part in value.attrs.items():
            if not isinstance(part, Thing | Table | Row):
                yield from _given(maker, place, f"{name}.{attr}", part, chain, depth)
        return
    if isinstance(value, Made):
        if depth < MAX_NESTED and isinstance(value.facts, FunctionFacts) and value.env not in chain and not value.args:
            yield Given(place, name, code=f"{value.path}::{value.qualname}", around=held(maker, value, depth + 1))
        return
    if isinstance(value, Kind):
        yield Given(place, name, code=f"{value.target.path}::{value.target.qualname}")
        return
    expr = _as_expression(value)
    if expr is not None:
        yield Given(place, name, expr)


def _as_expression(value: Value) -> Expr | None:
    """A value as an expression; None for what is not all known, and for empty containers, which are there to be filled."""
    if isinstance(value, Plain):
        return Const(value.value)
    if isinstance(value, Client) and not value.part:
        return Call(Attr(Name("boto3"), "client"), (Const(value.service.name),))
    if isinstance(value, Row) and not value.rest and 0 < len(value.items) <= MAX_MEMBERS:
        items = [_as_expression(one) for one in value.items]
        kind = value.kind if value.kind in ("tuple", "set") else "list"
        return None if None in items else Display(kind, tuple(one for one in items if one is not None))  # type: ignore[arg-type]
    if isinstance(value, Table) and not value.rest and 0 < len(value.items) <= MAX_MEMBERS:
        pairs = [(_as_expression(of_key(key)), _as_expression(one)) for key, one in value.items.items()]
        return None if any(None in pair for pair in pairs) else Mapping(tuple((key, one) for key, one in pairs if one is not None))
    return None
