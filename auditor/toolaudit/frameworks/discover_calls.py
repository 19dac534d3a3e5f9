"""Tools declared by a call: factories and constructors, registrations, decorators applied by hand, plain functions in a list of tools."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.facts import Attr, Call, Comprehension, Const, Expr, Item, Mapping, Name
from toolaudit.frameworks.bodies import Bodies
from toolaudit.frameworks.callables import FunctionRef, elements, functions_of
from toolaudit.frameworks.drafts import Draft, from_ref
from toolaudit.frameworks.known import Known, Rule, rules_for
from toolaudit.frameworks.loops import listed, unrolled
from toolaudit.frameworks.names import Target, last_part
from toolaudit.frameworks.scope import Scope
from toolaudit.frameworks.texts import text_of
from toolaudit.frameworks.types import types_of
from toolaudit.frameworks.untold import unknown_receiver

KINDS = {"factory": "factory", "registration": "registration", "decorator": "factory", "decorator-method": "registration"}


def declared_by_calls(bodies: Bodies, known: Known, path: str) -> Iterator[Draft]:
    for scope, _, node in bodies.nodes(path):
        if isinstance(node, Call):
            yield from _one(bodies, known, scope, node)
        elif isinstance(node, Comprehension):
            made = node.element if node.value is None else node.value
            if isinstance(made, Call) and called_rules(bodies, known, scope, made):
                for call in listed(scope, node):
                    yield from _one(bodies, known, scope, call)


def _one(bodies: Bodies, known: Known, scope: Scope, call: Call) -> Iterator[Draft]:
    if isinstance(call.func, Call):
        yield from _by_hand(bodies, known, scope, call, call.func)
        return
    for rule in called_rules(bodies, known, scope, call):
        kind = rule.declare.kind
        if kind == "callables":
            yield from _listed(bodies, known, rule, scope, call)
        elif kind in {"factory", "registration"}:
            for one in unrolled(scope, call):
                yield from _given(rule, scope, one)
        elif kind in {"decorator", "decorator-method"} and call.args:
            for one in unrolled(scope, call):
                for ref in functions_of(scope, one.args[0]):
                    yield from _draft(rule, KINDS[kind], ref, scope, one)


def called_rules(bodies: Bodies, known: Known, scope: Scope, call: Call, applied: bool = False) -> list[Rule]:
    """The rules that a call's callee has: by its name, or by its receiver's class. `applied`: what it gives is called with a function."""
    func = call.func.value if isinstance(call.func, Item) else call.func  # `Toolset[Deps]([one])`
    targets = scope.resolve(func) if isinstance(func, Name | Attr) else ()
    found = [rule for rule in rules_for(known.calls, bodies.names, targets) if rule.declare.kind != "schema"]
    if isinstance(func, Attr) and func.attr == "__init__" and isinstance(func.value, Call) and last_part(func.value.func) == "super":
        return rules_for(known.calls, bodies.names, [scope.own_class()] if scope.owner else [], {"factory"})
    if isinstance(func, Attr) and not found:
        full = _chained(func, known)
        for owner, method in full:
            for cls in types_of(scope, owner):
                found += [r for r in known.receiver_rules(bodies.names, cls, method) if r.declare.kind != "dispatcher" and r not in found]
        if not found and func.attr in known.decorator_methods and (call.args or applied):
            rule = unknown_receiver(bodies, known, scope, func)
            found += [rule] if rule else []
    return found


def _chained(func: Attr, known: Known) -> list[tuple[Expr, str]]:
    """`client.tools.create(…)` as a method `create` of `client.tools` and as `tools.create` of `client`, where a framework has such names."""
    found: list[tuple[Expr, str]] = [(func.value, func.attr)] if func.attr in known.methods else []
    if isinstance(func.value, Attr) and f"{func.value.attr}.{func.attr}" in known.methods:
        found.append((func.value.value, f"{func.value.attr}.{func.attr}"))
    return found


def _by_hand(bodies: Bodies, known: Known, scope: Scope, call: Call, made: Call) -> Iterator[Draft]:
    """`server.tool(name="x")(fn)`: a decorator applied by hand."""
    for rule in called_rules(bodies, known, scope, made, applied=True):
        if rule.declare.kind in {"decorator", "decorator-method"}:
            for one in unrolled(scope, call) if call.args else ():
                given = one.func if isinstance(one.func, Call) else made
                for ref in functions_of(scope, one.args[0]):
                    yield from _draft(rule, KINDS[rule.declare.kind], ref, scope, given)


def argument(call: Call, place: str) -> Expr | None:
    """`argument:0` or `keyword:name` of a call."""
    how, _, what = place.partition(":")
    if how == "argument":
        return call.args[int(what)] if int(what) < len(call.args) else None
    return next((keyword.value for keyword in call.keywords if keyword.name == what), None)


def _given(rule: Rule, scope: Scope, call: Call) -> Iterator[Draft]:
    """The function that a factory or registration gets, the first place that holds one; a dict of them names each."""
    for place in rule.declare.callables:
        value = argument(call, place)
        if value is None:
            continue
        if isinstance(value, Mapping):
            for key, function in value.items:
                for ref in functions_of(scope, function):
                    yield from _draft(rule, "registration", ref, scope, call, key=text_of(scope, key) or "")
            return
        drafts = [draft for ref in functions_of(scope, value) for draft in _draft(rule, rule.declare.kind, ref, scope, call)]
        if drafts:
            yield from drafts
            return


def _draft(rule: Rule, how: str, ref: FunctionRef, scope: Scope, call: Call, key: str = "") -> Iterator[Draft]:
    if ref.kind == "instance":
        yield from _of_instance(rule, how, ref, scope, call)
        return
    if ref.kind == "foreign" and not any(
        argument(call, place) is not None for place in rule.declare.name if place.startswith(("arg", "key"))
    ):
        return
    if ref.kind == "foreign":
        ref = FunctionRef(
            "foreign", ref.path, f"{scope.qualname}.{ref.text}" if scope.qualname else ref.text, ref.line or call.line, text=ref.text
        )
    yield from_ref(rule.framework, rule.declare, how, ref, call=call, scope=scope, key=key)


def _of_instance(rule: Rule, how: str, ref: FunctionRef, scope: Scope, call: Call) -> Iterator[Draft]:
    """The method that a factory makes a tool of, of the object that it is given: `ComponentTool(component=Search())`."""
    names, cls = scope.names, ref.cls
    if cls is None or not cls.path:
        return
    for entry in rule.declare.entries:
        for member in names.class_member(cls, entry):
            head = names.head(member.path, member.qualname)
            if head is not None:
                method = FunctionRef("function", member.path, member.qualname, head.line, cls.qualname, cls.path, "shared")
                whose, there = names.class_head(cls.path, cls.qualname), Scope(names, cls.path)
                yield from_ref(rule.framework, rule.declare, how, method, call=call, scope=scope, cls=whose, cls_scope=there)
                return


def _listed(bodies: Bodies, known: Known, rule: Rule, scope: Scope, call: Call) -> Iterator[Draft]:
    """Plain functions among the tools that a call gets; tool objects in it are declared elsewhere."""
    for place in rule.declare.lists:
        value = argument(call, place)
        if value is None or isinstance(value, Const | Comprehension):
            continue
        for where, item in elements(scope, value):
            if isinstance(item, Name | Attr):
                for ref in functions_of(where, item):
                    if ref.kind in {"function", "lambda"} and not is_factory(bodies, known, where, item):
                        yield from_ref(rule.framework, rule.declare, "callable", ref)


def is_factory(bodies: Bodies, known: Known, scope: Scope, item: Expr) -> bool:
    """The name holds a tool object made by a framework's factory, whose function is already declared by that."""
    for target in scope.resolve(item):
        value = target.value.value if target.value is not None else None
        if isinstance(value, Call) and rules_for(known.calls, bodies.names, Scope(scope.names, target.path).resolve(value.func)):
            return True
    for local in scope.local(item.id) if isinstance(item, Name) and scope.qualname else ():
        if isinstance(local.expr, Call) and rules_for(known.calls, bodies.names, scope.resolve(local.expr.func)):
            return True
    return False


def modules(bodies: Bodies, known: Known, path: str) -> Iterator[Draft]:
    """Tools by a module's convention: a schema in a variable of a fixed name, and the function that it names."""
    index = bodies.project.index(path)
    for rule in known.of("module") if index is not None else ():
        for target in bodies.names.lookup(path, rule.declare.variable):
            if target.path != path or target.value is None or not isinstance(target.value.value, Mapping):
                continue
            scope = bodies.scope(path)
            name = text_of(scope, next((v for k, v in target.value.value.items if k == Const("name")), None))
            for found in bodies.names.lookup(path, name) if name else ():
                yield from _module(bodies, rule, path, found, name or "", target)


def _module(bodies: Bodies, rule: Rule, path: str, found: Target, name: str, spec: Target) -> Iterator[Draft]:
    from toolaudit.frameworks.drafts import SchemaText
    from toolaudit.frameworks.texts import mapping_value

    head = bodies.names.head(found.path, found.qualname) if found.kind == "function" else None
    if head is None or spec.value is None:
        return
    value = spec.value.value
    parameters = mapping_value(value, "inputSchema.json") or mapping_value(value, "inputSchema")
    schema = SchemaText(name, bodies.scope(path), spec.value.line, parameters, mapping_value(value, "description"))
    ref = FunctionRef("function", found.path, found.qualname, head.line)
    yield from_ref(rule.framework, rule.declare, "convention", ref, name=name, schema=schema)
