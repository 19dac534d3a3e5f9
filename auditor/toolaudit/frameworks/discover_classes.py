"""Tools declared by a class: a subclass of a framework's tool, or a toolkit whose methods are tools."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.facts import Attr, Call, ClassHead, Const, Display, Expr, FunctionHead, Name, Raise
from toolaudit.frameworks.bodies import Bodies
from toolaudit.frameworks.callables import FunctionRef, elements, functions_of
from toolaudit.frameworks.drafts import Draft, from_ref
from toolaudit.frameworks.known import Known, Rule, is_own, rules_for
from toolaudit.frameworks.names import Target, last_part
from toolaudit.frameworks.nodes import body_calls
from toolaudit.frameworks.schema import Declare
from toolaudit.frameworks.scope import Scope
from toolaudit.frameworks.texts import text_of
from toolaudit.frameworks.types import returns


def classes(bodies: Bodies, known: Known, path: str) -> Iterator[Draft]:
    index = bodies.project.index(path)
    for head in index.classes if index is not None else ():
        if not head.bases:
            continue
        target = Target("class", (f"{index.module}.{head.qualname}",), path, head.qualname) if index else None
        if target is None:
            continue
        bases = bodies.names.ancestors(target)
        found = [rule for one in bases for rule in known.bases.find(one.names) if one.path or not rule.declare.own]
        for rule in dict.fromkeys(found):
            if rule.declare.kind == "toolkit":
                yield from toolkit(bodies, rule, path, head)
        tools = [rule for rule in dict.fromkeys(found) if rule.declare.kind == "base-class"]
        tools = [rule for rule in tools if rule.framework.name != "bare"] or tools
        drafts = (draft for rule in tools if (draft := draft_of(bodies, rule, target, head)) is not None)
        draft = next(drafts, None)
        if draft is not None:
            yield draft


def decorated_classes(bodies: Bodies, known: Known, path: str) -> Iterator[Draft]:
    """The public methods of a class below a framework's decorator, or those of them that the decorator names."""
    index = bodies.project.index(path)
    for head in index.classes if index is not None else ():
        for decorator in head.decorators:
            func = decorator.func if isinstance(decorator, Call) else decorator
            rules = rules_for(known.decorators, bodies.names, bodies.names.resolve(path, func) if isinstance(func, Name | Attr) else ())
            for rule in [one for one in rules if one.declare.public][:1]:
                named = _named_in(bodies, rule, path, decorator)
                target, own = Target("class", (), path, head.qualname), bodies.scope(path, head.nested_in or "")
                nearest: dict[str, Offer] = {}
                for offer in _public(bodies, rule.declare, target, own):
                    nearest.setdefault(offer[0].qualname.rpartition(".")[2], offer)
                for name, (ref, _, call, scope) in nearest.items():
                    if named is None or name in named:
                        yield _member(bodies, rule, path, head, ref, "", call, scope)


def _named_in(bodies: Bodies, rule: Rule, path: str, decorator: Expr) -> set[str | None] | None:
    keywords = [part.partition(":")[2] for part in rule.declare.lists]
    given = [one.value for one in decorator.keywords if one.name in keywords] if isinstance(decorator, Call) else []
    return {text_of(where, item) for value in given for where, item in elements(bodies.scope(path), value)} if given else None


def draft_of(bodies: Bodies, rule: Rule, target: Target, head: ClassHead) -> Draft | None:
    if head.name in rule.declare.abstract and _is_own(rule, target):
        return None
    entry = entry_of(bodies, rule, target)
    if entry is None or _is_abstract(bodies, target, head):
        return None
    where, function = entry
    name = function.qualname.rsplit(".", 1)[-1]
    inherited = where.qualname != target.qualname or where.path != target.path
    scope = bodies.scope(target.path, head.nested_in or "")
    return Draft(
        rule.framework,
        rule.declare,
        "base-class",
        target.path,
        f"{head.qualname}.{name}",
        head.line if inherited else function.line,
        ref=FunctionRef("function", where.path, function.qualname, function.line),
        entry=f"{where.path}::{function.qualname}" if inherited else "",
        scope=scope,
        cls=head,
        cls_scope=bodies.scope(target.path, head.nested_in or ""),
        owner=head.qualname,
        receiver=rule.declare.receiver,
    )


def _is_own(rule: Rule, target: Target) -> bool:
    """The class belongs to the framework itself."""
    return any(is_own(rule.framework, name) for name in target.names)


def entry_of(bodies: Bodies, rule: Rule, target: Target) -> tuple[Target, FunctionHead] | None:
    """The first entry method that a class or a project's base of it really implements, and the class that does."""
    for entry in rule.declare.entries:
        for cls in (target, *bodies.names.ancestors(target)):
            if not cls.path or (rule.framework.name and _is_adapter(rule, cls)):
                continue
            if matches_base(bodies, rule, cls) and cls is not target:
                break
            head = bodies.names.head(cls.path, f"{cls.qualname}.{entry}")
            if head is not None and implements(bodies, cls.path, head):
                return cls, head
            if head is not None:
                break
    return None


def _is_adapter(rule: Rule, cls: Target) -> bool:
    return cls.qualname in rule.declare.abstract and _is_own(rule, cls)


def matches_base(bodies: Bodies, rule: Rule, cls: Target) -> bool:
    """The class is the framework's base itself."""
    return rule in rules_for(bodies.known.bases, bodies.names, [Target("foreign", cls.names)])


def implements(bodies: Bodies, path: str, head: FunctionHead) -> bool:
    """A method that does something: not abstract, and not only `raise NotImplementedError`."""
    if any(last_part(decorator) == "abstractmethod" for decorator in head.decorators):
        return False
    if "NotImplementedError" not in bodies.names.between(path, head.line, head.end):
        return True
    facts = bodies.project.facts(path, head.qualname)
    body = [one for one in facts.body if not _is_text(one)] if facts is not None else []
    return not (body and isinstance(body[0], Raise))


def _is_text(statement: object) -> bool:
    return isinstance(getattr(statement, "value", None), Const)


def _is_abstract(bodies: Bodies, target: Target, head: ClassHead) -> bool:
    """The class still has abstract methods of its own."""
    if not any(last_part(base) in {"ABC", "ABCMeta", "Protocol"} for base in (*head.bases, *(k.value for k in head.keywords))):
        return False
    table = bodies.names.table(target.path)
    methods = (one for one in table.functions.values() if one.owner == head.qualname) if table else ()
    return any(last_part(decorator) == "abstractmethod" for one in methods for decorator in one.decorators)


# --- toolkits --------------------------------------------------------------------------------------------------------


def toolkit(bodies: Bodies, rule: Rule, path: str, head: ClassHead) -> Iterator[Draft]:
    """The methods that a toolkit offers, each once."""
    seen: set[str] = set()
    for ref, name, call, scope in _offered(bodies, rule, path, head):
        shown = name or ref.qualname.rsplit(".", 1)[-1]
        if shown in seen or ref.kind not in {"function", "lambda"}:
            continue
        seen.add(shown)
        yield _member(bodies, rule, path, head, ref, name, call, scope)


Offer = tuple[FunctionRef, str, Call | None, Scope]


def _offered(bodies: Bodies, rule: Rule, path: str, head: ClassHead) -> Iterator[Offer]:
    declare = rule.declare
    own = bodies.scope(path, head.nested_in or "")
    target = Target("class", (), path, head.qualname)
    for name in declare.fields:
        for member in bodies.names.class_member(target, name):
            if member.value is not None and member.value.value is not None:
                yield from _listed(bodies, own, target, member, member.value.value)
    if declare.public:
        yield from _public(bodies, declare, target, own)
    keywords = [part.partition(":")[2] for part in declare.lists if part.startswith("keyword:")]
    table = bodies.names.table(path)
    for one in list(table.functions.values()) if table else ():
        if one.owner != head.qualname:
            continue
        if one.name == "__init__" or set(declare.methods) & _mentioned(bodies, path, one):
            yield from _constructed(bodies, rule, path, one, keywords)
        if one.name in declare.methods:
            scope = bodies.scope(path, one.qualname)
            for value in returns(scope):
                for where, item in elements(scope, value):
                    for ref in functions_of(where, item) if isinstance(item, Name | Attr) else ():
                        yield ref, "", None, where


def _public(bodies: Bodies, declare: Declare, target: Target, own: Scope) -> Iterator[Offer]:
    """Every method that a class or a base of it in the project has, the nearest of a name."""
    for cls in (target, *bodies.names.ancestors(target)):
        table = bodies.names.table(cls.path) if cls.path else None
        for head in list(table.functions.values()) if table is not None else ():
            quiet = head.name.startswith("_") or head.name in declare.blocked or any(last_part(one) in _NO_CALLS for one in head.decorators)
            if head.owner != cls.qualname or quiet:
                continue
            if any(last_part(one) == "staticmethod" for one in head.decorators):
                yield FunctionRef("function", cls.path, head.qualname, head.line), "", None, own
            else:
                yield FunctionRef("function", cls.path, head.qualname, head.line, target.qualname, target.path, "shared"), "", None, own


_NO_CALLS = frozenset({"property", "cached_property", "setter", "deleter"})


def _mentioned(bodies: Bodies, path: str, head: FunctionHead) -> set[str]:
    """The toolkit's registering methods whose names stand in a method's text."""
    text = bodies.names.between(path, head.line, head.end)
    return {method for method in bodies.known.toolkit_methods if f".{method}(" in text}


def _constructed(bodies: Bodies, rule: Rule, path: str, head: FunctionHead, keywords: list[str]) -> Iterator[Offer]:
    facts = bodies.project.facts(path, head.qualname)
    scope = bodies.scope(path, head.qualname)
    for call in body_calls(facts.body) if facts is not None else ():
        func = call.func
        if not isinstance(func, Attr):
            continue
        if func.attr == "__init__":
            for wanted in keywords:
                for keyword in call.keywords:
                    if keyword.name == wanted:
                        yield from _items(scope, keyword.value)
        elif func.attr in rule.declare.methods and isinstance(func.value, Name) and func.value.id == scope.receiver:
            values = (*call.args[:1], *(k.value for k in call.keywords if k.name in {"function", "func"}))
            for value in values:
                for ref in functions_of(scope, value):
                    yield ref, "", call, scope


def _items(scope: Scope, expr: Expr) -> Iterator[Offer]:
    for where, item in elements(scope, expr):
        name = ""
        if isinstance(item, Display) and len(item.items) == 2:
            name, item = text_of(where, item.items[1]) or "", item.items[0]
        for ref in functions_of(where, item):
            yield ref, name, None, where


def _listed(bodies: Bodies, own: Scope, target: Target, member: Target, value: Expr) -> Iterator[Offer]:
    """Method names in a class field: `["load", ("sync", "async")]`; other things (tool objects) are left to other passes."""
    there = bodies.scope(member.path)
    for where, item in elements(there, value):
        first = item.items[0] if isinstance(item, Display) and item.items else item
        text = text_of(where, first)
        if text is None:
            for ref in functions_of(where, first):
                yield ref, "", None, where
            continue
        for one in bodies.names.class_member(target, text):
            head = bodies.names.head(one.path, one.qualname) if one.kind == "function" else None
            if head is not None:
                yield FunctionRef("function", one.path, one.qualname, head.line, target.qualname, target.path, "shared"), "", None, own


def _member(bodies: Bodies, rule: Rule, path: str, head: ClassHead, ref: FunctionRef, name: str, call: Call | None, scope: Scope) -> Draft:
    """A toolkit's method as a tool of the toolkit; one inherited from a base stays with the toolkit that offers it."""
    draft = from_ref(rule.framework, rule.declare, "convention", ref, call=call, scope=scope, name=name)
    if not ref.owner or (ref.path == path and ref.qualname.rpartition(".")[0] == head.qualname):
        return draft
    if bodies.names.head(ref.path, ref.qualname) is None or ref.owner not in {head.qualname}:
        return draft
    return Draft(
        rule.framework,
        rule.declare,
        "convention",
        path,
        f"{head.qualname}.{ref.qualname.rsplit('.', 1)[-1]}",
        head.line,
        ref=ref,
        entry=f"{ref.path}::{ref.qualname}",
        name=name,
        call=call,
        scope=scope,
        owner=head.qualname,
        receiver="shared",
    )
