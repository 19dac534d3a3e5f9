"""Dispatchers: functions that get a name and do, or call, what it stands for; where the name and the arguments are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from toolaudit.facts import Assign, Attr, Boolean, Call, Expr, FunctionFacts, Item, Name, Starred
from toolaudit.frameworks.bodies import Bodies
from toolaudit.frameworks.branches import subject_of
from toolaudit.frameworks.callables import FunctionRef, functions_of
from toolaudit.frameworks.filled_tables import hands_to_threads
from toolaudit.frameworks.names import last_part
from toolaudit.frameworks.nodes import body_calls, body_expressions, inner
from toolaudit.frameworks.schema import Framework
from toolaudit.frameworks.scope import Scope
from toolaudit.model import Dispatcher, Fact

_CHAIN = 6
_HANDED = 3


class Site(Struct, frozen=True):
    """A dispatcher: its function, and the parameters that hold the name and the arguments (dotted; empty when not known)."""

    framework: Framework
    path: str
    facts: FunctionFacts
    scope: Scope
    name: str = ""
    arguments: str = ""
    certain: bool = False
    """A framework calls it for every tool."""
    tables: bool = False
    """Only what it looks up in tables by the name of a model's call counts."""
    on_loop: bool = False
    """A coroutine that calls plain functions itself, not in threads."""
    outer: Site | None = None
    """The dispatcher that a framework calls, where that hands the name on to this one."""


def same_subject(site: Site, subject: str) -> bool:
    return subject == site.name or origin(site, subject) == site.name


def origin(site: Site, text: str, depth: int = 0) -> str:
    """A local name followed to the parameter it was taken from: `name` after `name = params.name`; two names may be taken in turn.

    A parameter stays what was given where one of the branches uses its name for something else.
    """
    if depth > _CHAIN:
        return text
    first, _, rest = text.partition(".")
    given = any(parameter.name == first for parameter in site.facts.parameters)
    for statement in site.facts.body if given else inner(site.facts.body):
        if (
            isinstance(statement, Assign)
            and statement.value is not None
            and any(isinstance(t, Name) and t.id == first for t in statement.targets)
        ):
            value = statement.value.values[0] if isinstance(statement.value, Boolean) else statement.value
            base = subject_of(value)
            if base and base.partition(".")[0] != first:
                return origin(site, f"{base}.{rest}" if rest else base, depth + 1)
    return text


def arguments_of(site: Site) -> str:
    names = [parameter.name for parameter in site.facts.parameters]
    return next((name for name in _ARGUMENTS if name in names), "")


_ARGUMENTS = (
    *("arguments", "args", "tool_input", "tool_args", "tool_arguments", "input", "inputs", "params", "parameters", "function_args"),
    *("function_arguments", "kwargs", "payload"),
)


def holders(site: Site) -> set[str]:
    """Names that hold all arguments of the call: the parameter, and locals made from it as a whole."""
    root = site.arguments or arguments_of(site)
    held = {root.partition(".")[0]} if root and "." not in root else set()
    for statement in inner(site.facts.body):
        if isinstance(statement, Assign) and statement.value is not None:
            names = {target.id for target in statement.targets if isinstance(target, Name)}
            if names and _is_whole(statement.value, held, root):
                held |= names
    return held


WHOLE = frozenset({"loads", "dict", "model_validate", "model_validate_json", "parse", "parse_obj", "validate_python"})


def _is_whole(value: Expr, held: set[str], root: str) -> bool:
    if isinstance(value, Call) and last_part(value.func) in WHOLE and value.args:
        return _is_whole(value.args[0], held, root) or isinstance(value.args[0], Attr | Name)
    if isinstance(value, Boolean) and value.values:
        return _is_whole(value.values[0], held, root)
    subject = subject_of(value)
    last = subject.rsplit(".", 1)[-1]
    return bool(subject) and (subject == root or subject in held or ("." in subject and last in {"arguments", "input", "args"}))


def dispatcher(bodies: Bodies, site: Site, subject: str, text: str) -> Dispatcher | None:
    """How the dispatcher itself is called for a name; None where a caller gives it not both the name and the arguments."""
    if (outer := site.outer) is not None:
        site, subject = outer, outer.name
    parameters = {parameter.name for parameter in site.facts.parameters}
    named = origin(site, subject)
    arguments = site.arguments or arguments_of(site) or _beside(site, named)
    if named.partition(".")[0] not in parameters or arguments.partition(".")[0] not in parameters:
        return None
    head = bodies.names.head(site.path, site.facts.qualname)
    owner = head.owner or "" if head is not None else ""
    return Dispatcher(f"{site.path}::{site.facts.qualname}", (Fact(named, text),), arguments, owner)


def _beside(site: Site, named: str) -> str:
    """Where a call that holds its name holds its arguments: `call.function.arguments` beside `call.function.name`."""
    first, _, rest = named.partition(".")
    if not rest:
        return ""
    for expr in body_expressions(site.facts.body):
        text = subject_of(expr) if isinstance(expr, Attr | Item) else ""
        if text.partition(".")[0] == first and text.rsplit(".", 1)[-1] in {"arguments", "input", "args"}:
            return text
    return ""


def receiving(scope: Scope, ref: FunctionRef, position: int | str | None) -> str:
    head = scope.names.head(ref.path, ref.qualname)
    if head is None or position is None:
        return ""
    if isinstance(position, str):
        return position
    names = [parameter.name for parameter in head.parameters]
    if head.owner and ref.receiver != "none":
        names = names[1:]
    return names[position] if position < len(names) else ""


def handed_whole(site: Site, call: Call) -> tuple[int | str | None, bool]:
    """Where a call of a dispatcher gets the arguments as a whole: a position or keyword; and whether it gets them spread by `**`."""
    return passed(call, holders(site))


def passed(call: Call, held: set[str]) -> tuple[int | str | None, bool]:
    """Where a call gets the arguments as a whole: a position or keyword; and whether it gets them spread by `**`."""
    for number, arg in enumerate(call.args):
        if _is_held(arg, held):
            return number, False
        if isinstance(arg, Starred) and _is_held(arg.value, held):
            return None, True
    for keyword in call.keywords:
        if _is_held(keyword.value, held):
            return (None, True) if keyword.name is None else (keyword.name, False)
    return None, False


def _is_held(expr: Expr, held: set[str]) -> bool:
    if isinstance(expr, Name):
        return expr.id in held
    if isinstance(expr, Attr):
        return expr.attr in {"arguments", "input"}
    if isinstance(expr, Call) and last_part(expr.func) in WHOLE and expr.args:
        return _is_held(expr.args[0], held)
    return isinstance(expr, Boolean) and bool(expr.values) and _is_held(expr.values[0], held)


def with_outer(bodies: Bodies, sites: Sequence[Site]) -> list[Site]:
    """The dispatchers, each beside the one that a framework calls and that hands the name on to it; with those that only that tells of."""
    outer: dict[tuple[str, str], tuple[Site, Site]] = {}
    for site in sites:
        for handed in _handed_name(bodies, site) if site.certain and site.name else ():
            outer.setdefault((handed.path, handed.facts.qualname), (site, handed))
    known = {(site.path, site.facts.qualname) for site in sites}
    others = [replace(handed, tables=True, outer=site) for key, (site, handed) in outer.items() if key not in known]
    return [_inside(bodies, site, *outer.get((site.path, site.facts.qualname), (None, None))) for site in (*sites, *others)]


def _inside(bodies: Bodies, site: Site, outer: Site | None, handed: Site | None) -> Site:
    if outer is None or handed is None or site.certain:
        return site
    on_loop = outer.on_loop and not hands_to_threads(bodies, site.path, site.facts.qualname)
    return replace(site, outer=outer, name=handed.name, arguments=handed.arguments, framework=outer.framework, on_loop=on_loop)


def _handed_name(bodies: Bodies, site: Site, depth: int = 0) -> Iterator[Site]:
    """The functions that a dispatcher calls with the name of the call, and those that they call with it."""
    for call in body_calls(site.facts.body) if depth < _HANDED else ():
        given: list[tuple[int | str, Expr]] = [*enumerate(call.args), *((one.name, one.value) for one in call.keywords if one.name)]
        place = next((where for where, value in given if (subject := subject_of(value)) and same_subject(site, subject)), None)
        for ref in functions_of(site.scope, call.func) if place is not None else ():
            facts = bodies.project.facts(ref.path, ref.qualname) if ref.kind == "function" else None
            name = receiving(site.scope, ref, place)
            if facts is None or not name or (ref.path, ref.qualname) == (site.path, site.facts.qualname):
                continue
            arguments = receiving(site.scope, ref, handed_whole(site, call)[0])
            handed = Site(site.framework, ref.path, facts, bodies.scope(ref.path, ref.qualname), name, arguments)
            yield handed
            yield from _handed_name(bodies, handed, depth + 1)
