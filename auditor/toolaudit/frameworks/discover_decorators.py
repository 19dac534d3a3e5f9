"""Tools declared by a decorator: a framework's, a method of a framework's object, or one that the project made itself."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from toolaudit.facts import Attr, Call, Expr, FunctionHead, Name
from toolaudit.frameworks.bodies import Bodies
from toolaudit.frameworks.callables import functions_of
from toolaudit.frameworks.discover_calls import argument
from toolaudit.frameworks.drafts import Draft, from_ref
from toolaudit.frameworks.home_made import applied, is_toolish, stores, wraps_parameter
from toolaudit.frameworks.kept_tools import handed_over
from toolaudit.frameworks.known import Known, Rule, receiver_rule, rules_for
from toolaudit.frameworks.names import Target, dotted_text, last_part
from toolaudit.frameworks.nodes import functions
from toolaudit.frameworks.schema import Declare
from toolaudit.frameworks.scope import Scope
from toolaudit.frameworks.texts import text_of
from toolaudit.frameworks.types import method, returns
from toolaudit.frameworks.untold import is_untold, unknown_receiver

_HOME_MADE = Declare("registration", name=("argument:0", "keyword:name", "function"), note="a decorator of the project's own")


def decorated(bodies: Bodies, known: Known, path: str) -> Iterator[Draft]:
    index = bodies.project.index(path)
    for head in index.functions if index is not None else ():
        if head.decorators and wraps_parameter(bodies, path, head):
            continue
        for decorator in head.decorators:
            draft = declared_by(bodies, known, path, head, decorator)
            if draft is not None:
                yield from _returned(bodies, draft, head) if draft.declare.returned else (draft,)


def _returned(bodies: Bodies, draft: Draft, head: FunctionHead) -> Iterator[Draft]:
    """The functions that a maker of a tool returns, under the name that the declaration says, else the maker's."""
    there = bodies.scope(draft.file, head.qualname)
    said = text_of(draft.scope, argument(draft.call, "keyword:name")) if draft.call is not None and draft.scope is not None else None
    refs = dict.fromkeys(ref for value in returns(there) for ref in functions_of(there, value))
    own = [
        ref for ref in refs if any(isinstance(value, Name) and ref.qualname == f"{head.qualname}.{value.id}" for value in returns(there))
    ]
    for ref in own or refs:
        if ref.kind in {"function", "lambda"}:
            made = from_ref(draft.framework, draft.declare, draft.declared_by, ref, call=draft.call, scope=draft.scope)
            yield replace(made, name=said or head.name)


def declared_by(bodies: Bodies, known: Known, path: str, head: FunctionHead, decorator: Expr) -> Draft | None:
    """The declaration that a decorator makes."""
    func = decorator.func if isinstance(decorator, Call) else decorator
    scope = _around(bodies, path, head)
    if last_part(func) in _COMMON:
        return None
    targets = _meant(bodies, scope, func)
    rules = rules_for(known.decorators, bodies.names, targets)
    if rules:
        return _draft(rules[0], "decorator", path, head, decorator, scope)
    if isinstance(func, Attr) and func.attr in known.methods:
        rule = receiver_rule(bodies.names, known, scope, func, "decorator-method")
        if rule is not None:
            return _draft(rule, "decorator-method", path, head, decorator, scope)
    return _made_here(bodies, known, path, head, decorator, scope, targets)


def _meant(bodies: Bodies, scope: Scope, func: Expr) -> tuple[Target, ...]:
    """What a decorator's name means. A module-level name is not looked for in the functions around, whose bodies would have to be read."""
    root = func
    while isinstance(root, Attr):
        root = root.value
    if isinstance(root, Name) and bodies.names.lookup(scope.path, root.id):
        return bodies.names.resolve(scope.path, func)
    return scope.resolve(func)


def _around(bodies: Bodies, path: str, head: FunctionHead) -> Scope:
    """The scope in which a function's decorators are evaluated."""
    return bodies.scope(path, head.nested_in or "")


def _draft(rule: Rule, how: str, path: str, head: FunctionHead, decorator: Expr | None, scope: Scope) -> Draft:
    static = any(last_part(one) == "staticmethod" for one in head.decorators)
    return Draft(
        rule.framework,
        rule.declare,
        how,
        path,
        head.qualname,
        head.line,
        call=decorator if isinstance(decorator, Call) else None,
        scope=scope,
        owner="" if static else head.owner or "",
        receiver=rule.declare.receiver if head.owner and not static else "none",
    )


# --- decorators of the project's own ---------------------------------------------------------------------------------


def _made_here(
    bodies: Bodies, known: Known, path: str, head: FunctionHead, decorator: Expr, scope: Scope, targets: tuple[Target, ...]
) -> Draft | None:
    """A decorator that the project defines: one that applies a framework's, or that stores the function in a registry of tools."""
    func = decorator.func if isinstance(decorator, Call) else decorator
    if not targets and isinstance(func, Attr):
        targets = tuple(method(scope, func))
    for target in targets:
        if target.kind != "function" or not is_toolish(bodies, target, dotted_text(func)):
            continue
        found = applied(bodies, known, target, decorator if isinstance(decorator, Call) else None)
        if found is not None:
            return _draft(found.rule, "decorator", path, head, found.call, found.scope)
        rule = _of_kept(bodies, known, target, path, head)
        if rule is not None:
            return _draft(rule, "registration", path, head, decorator, scope)
    outside = all(target.kind == "foreign" for target in targets)
    if outside and isinstance(func, Attr) and func.attr in known.decorator_methods:
        rule = unknown_receiver(bodies, known, scope, func) or _bare_method(known, scope, func)
        if rule is not None:
            return _draft(rule, "decorator-method", path, head, decorator, scope)
    return None


def _of_kept(bodies: Bodies, known: Known, decorator: Target, path: str, head: FunctionHead) -> Rule | None:
    """The rule for a function that a decorator of the project keeps: the framework's that gets it in the end, or none that is known."""
    found = handed_over(bodies, known, decorator, path)
    if found is not None:
        return Rule(found.framework, replace(found.declare, name=_HOME_MADE.name, note=_HOME_MADE.note), -1)
    bare, facts = known.frameworks.get("bare"), bodies.project.facts(decorator.path, decorator.qualname)
    kept = facts is not None and any(stores(one) for one in functions(facts))
    if kept and bare is not None and (not _owned(bodies, known, path) or _in_kit(bodies, known, path, head)):
        return Rule(bare, _HOME_MADE, -1)
    return None


def _owned(bodies: Bodies, known: Known, path: str) -> bool:
    index = bodies.project.index(path)
    return index is not None and known.owns([index.module, *(binding.module for binding in index.imports)])


def _in_kit(bodies: Bodies, known: Known, path: str, head: FunctionHead) -> bool:
    """A method of a class derived from a framework's, which is where the project registers what its decorator marks."""
    bases = bodies.names.ancestors(Target("class", (), path, head.owner)) if head.owner else ()
    return any(one.kind == "foreign" and known.owns(one.names) for one in bases)


_COMMON = frozenset(
    {"property", "staticmethod", "classmethod", "abstractmethod", "wraps", "overload", "setter", "dataclass", "cached_property"}
)


def _bare_method(known: Known, scope: Scope, func: Attr) -> Rule | None:
    """`@x.tool()` on an object nobody can tell: it is registered, so it is a tool, of no known framework."""
    bare = known.frameworks.get("bare")
    if bare is None or func.attr != "tool" or not is_untold(known, scope, func):
        return None
    return Rule(bare, _HOME_MADE, -1)
