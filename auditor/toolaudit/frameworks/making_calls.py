"""Calls in code that makes tools: functions and classes of the project are followed, a framework's declaration registers what it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolaudit.facts import Attr, Call, Const, Expr, FunctionFacts, FunctionHead, Lambda, Parameter
from toolaudit.frameworks import client_operations, making_natives
from toolaudit.frameworks.discover_calls import KINDS, argument
from toolaudit.frameworks.discover_decorators import declared_by
from toolaudit.frameworks.known import Rule
from toolaudit.frameworks.making_expressions import arguments, evaluate, missing
from toolaudit.frameworks.making_values import (
    ABSENT,
    NONE,
    UNKNOWN,
    Client,
    Either,
    Env,
    Foreign,
    Frame,
    Kind,
    Made,
    Module,
    Native,
    Plain,
    RaisedError,
    Registered,
    Row,
    Thing,
    Value,
    default_of,
    either,
    options,
    plain,
    present,
)
from toolaudit.frameworks.names import Target
from toolaudit.frameworks.schema import Declare, Framework

if TYPE_CHECKING:
    from toolaudit.frameworks.making import Maker

MAX_DEPTH = 14
_SAME = frozenset({"asyncio.run", "anyio.run", "typing.cast", "copy.copy", "copy.deepcopy"})
"""Functions that give what their last argument is, or gives."""


def called(maker: Maker, env: Env, call: Call) -> Value:
    declaring = call.func if isinstance(call.func, Call) else call
    for rule in maker.rules(env, declaring, declaring is not call) or _of_receiver(maker, env, declaring):
        kind = rule.declare.kind
        if kind.startswith("decorator"):
            if declaring is call and not call.args:
                return Native(lambda args, _, rule=rule: _registering(maker, env, rule, call, args))  # type: ignore[misc]
            if call.args:
                return register(maker, env, rule, declaring if declaring is not call else call, evaluate(maker, env, call.args[0]))
        elif declaring is call and kind in ("factory", "registration", "callables"):
            for place in rule.declare.callables or rule.declare.lists:
                value = argument(call, place)
                if value is not None:
                    register(maker, env, rule, call, evaluate(maker, env, value))
            if kind != "callables":
                return UNKNOWN
    func = evaluate(maker, env, call.func)
    return invoke(maker, func, *arguments(maker, env, call))


def _of_receiver(maker: Maker, env: Env, call: Call) -> list[Rule]:
    """The declarations of a call by what its receiver is, where the code does not say its type: `server.add_tool(…)`."""
    if not isinstance(call.func, Attr) or call.func.attr not in maker.known.methods:
        return []
    given = options(evaluate(maker, env, call.func.value))
    kinds = [Target("foreign", (one.name,)) if isinstance(one, Foreign) else one.kind for one in given if isinstance(one, Foreign | Thing)]
    found = [rule for kind in kinds for rule in maker.known.receiver_rules(maker.names, kind, call.func.attr)]
    return [rule for rule in found if rule.declare.kind != "dispatcher"]


def _registering(maker: Maker, env: Env, rule: Rule, call: Call, args: list[Value]) -> Value:
    return register(maker, env, rule, call, args[0]) if args else UNKNOWN


def register(maker: Maker, env: Env, rule: Rule, call: Call, value: Value) -> Value:
    for one in options(value):
        inner = one.items if isinstance(one, Row) else [one]
        for made in inner:
            if isinstance(made, Made):
                _keep(maker, env, rule.framework, rule.declare, KINDS.get(rule.declare.kind, "callable"), call, made)
    return value


def _keep(maker: Maker, env: Env, framework: Framework, declare: Declare, how: str, call: Call | None, made: Made) -> None:
    name = _name(maker, env, declare, call, made)
    if name:
        made.declared = True
        maker.keep(Registered(framework, declare, how, call, env, made, name))


def _name(maker: Maker, env: Env, declare: Declare, call: Call | None, made: Made) -> str:
    """The tool's name; empty where it is not known."""
    for source in declare.name if call is not None else ():
        how, _, _ = source.partition(":")
        given = argument(call, source) if call is not None and how in ("argument", "keyword") else None
        if given is None:
            continue
        said = evaluate(maker, env, given)
        if isinstance(said, Plain) and isinstance(said.value, str):
            return said.value
        if not (isinstance(said, Plain) and said.value is None) and not isinstance(said, Made):
            return ""
    if made.declared:
        return ""  # it has been declared under a name that was said
    text = plain(made.attrs.get("__name__", Plain(made.name)))
    return text if isinstance(text, str) and not text.startswith("<") else ""


# --- functions and classes -------------------------------------------------------------------------------------------


def define(maker: Maker, env: Env, facts: FunctionFacts, qualname: str) -> None:
    """A `def` inside a function, with its decorators."""
    made = Made(env.path, facts, qualname, env)
    made.defaults = {
        one.name: evaluate(maker, env, one.default)
        for one in facts.parameters
        if one.default is not None and not isinstance(one.default, Const)
    }
    name = qualname.rsplit(".", 1)[-1]
    env.held[name] = made
    head = maker.names.head(env.path, qualname)
    value: Value = made
    for decorator in reversed(facts.decorators):
        value = _decorated(maker, env, head, decorator, value)
    env.held[name] = value


def _decorated(maker: Maker, env: Env, head: FunctionHead | None, decorator: Expr, value: Value) -> Value:
    draft = declared_by(maker.bodies, maker.known, env.path, head, decorator) if head is not None else None
    if draft is not None:
        for one in options(value):
            if isinstance(one, Made):
                _keep(maker, env, draft.framework, draft.declare, draft.declared_by, draft.call, one)
        return value
    made = invoke(maker, evaluate(maker, env, decorator), [value], {})
    return value if made is UNKNOWN or isinstance(made, Foreign) else made


def invoke(maker: Maker, func: Value, args: list[Value], keywords: dict[str, Value]) -> Value:
    func = missing(func)
    if isinstance(func, Either):
        return either(invoke(maker, one, args, keywords) for one in func.options)
    if isinstance(func, Native):
        return func.call(args, keywords)
    if isinstance(func, Made):
        given = [*([func.receiver] if func.receiver is not None else []), *func.args, *args]
        return run(maker, func, given, {**func.keywords, **keywords})
    if isinstance(func, Kind):
        return construct(maker, func.target, args, keywords)
    if isinstance(func, Thing):
        return invoke(maker, maker.attribute(func, "__call__"), args, keywords)
    if isinstance(func, Client):
        if func.part == "model.operation_model":
            return missing(making_natives.operation_model(func.service, args) or ABSENT)
        return UNKNOWN
    return _foreign(maker, func.name, args, keywords) if isinstance(func, Foreign) else UNKNOWN


def run(maker: Maker, func: Made, args: list[Value], keywords: dict[str, Value]) -> Value:
    """Call a function of the project."""
    facts = func.facts
    env = Env(func.path, func.qualname, {}, func.env)
    if len(maker.frames) > MAX_DEPTH:
        return UNKNOWN
    _bind(maker, func, facts.parameters, env, args, keywords)
    if isinstance(facts, Lambda):
        return evaluate(maker, env, facts.body)
    frame = Frame(env)
    maker.frames.append(frame)
    try:
        maker.block(frame, facts.body)
    finally:
        maker.frames.pop()
    if facts.is_generator:
        return Row(frame.yields, kind="generator")
    return either(frame.returns) if frame.returns else NONE


def _bind(maker: Maker, func: Made, parameters: tuple[Parameter, ...], env: Env, args: list[Value], keywords: dict[str, Value]) -> None:
    left = dict(keywords)
    position = 0
    for one in parameters:
        if one.kind == "vararg":
            env.held[one.name] = Row(args[position:], kind="tuple")
            position = len(args)
        elif one.kind == "kwarg":
            env.held[one.name] = making_natives.FUNCTIONS["dict"]([], left)
        elif one.kind != "keyword" and position < len(args):
            env.held[one.name] = args[position]
            position += 1
        elif one.name in left:
            env.held[one.name] = left.pop(one.name)
        elif one.name in func.defaults:
            env.held[one.name] = func.defaults[one.name]
        else:
            env.held[one.name] = evaluate(maker, func.env or maker.module(func.path), one.default) if one.default is not None else UNKNOWN


def call_unknown(maker: Maker, path: str, qualname: str, facts: FunctionFacts) -> None:
    """A function that nobody in sight calls: what it gets is not known, but for its defaults that are no flags."""
    head = maker.names.head(path, qualname)
    made = Made(path, facts, qualname)
    given: dict[str, Value] = {}
    for number, one in enumerate(facts.parameters):
        if number == 0 and head is not None and head.owner and one.name in ("self", "cls"):
            kind = Target("class", (head.owner,), path, head.owner)
            given[one.name] = _constructed(maker, kind) if one.name == "self" else Kind(kind)
        elif one.kind not in ("vararg", "kwarg"):
            given[one.name] = default_of(evaluate(maker, maker.module(path), one.default)) if one.default is not None else UNKNOWN
    run(maker, made, [], given)


def _constructed(maker: Maker, kind: Target) -> Thing:
    """An object of a class that nobody in sight makes."""
    thing = Thing(kind)
    for member in maker.names.class_member(kind, "__init__"):
        init = maker.meant(member) if member.kind == "function" else UNKNOWN
        if isinstance(init, Made):
            given = {
                one.name: default_of(evaluate(maker, maker.module(init.path), one.default)) if one.default is not None else UNKNOWN
                for one in init.facts.parameters[1:]
                if one.kind not in ("vararg", "kwarg")
            }
            try:
                run(maker, init, [thing], given)
            except RaisedError:
                continue
    return thing


def construct(maker: Maker, kind: Target, args: list[Value], keywords: dict[str, Value]) -> Value:
    thing = Thing(kind)
    for member in maker.names.class_member(kind, "__init__"):
        init = maker.meant(member) if member.kind == "function" else UNKNOWN
        if isinstance(init, Made):
            run(maker, init, [thing, *args], keywords)
            return thing
    fields = [
        one
        for cls in reversed((kind, *maker.names.ancestors(kind)))
        for one in getattr(maker.names.class_head(cls.path, cls.qualname) if cls.path else None, "fields", ())
        if one.annotation is not None
    ]
    names = list(dict.fromkeys(one.name for one in fields))
    for one in fields:
        if one.value is not None:
            thing.attrs[one.name] = _field(maker, kind.path, one.value)
    thing.attrs |= dict(zip(names, args, strict=False)) | keywords
    return thing


def _field(maker: Maker, path: str, value: Expr) -> Value:
    """A field's first value, that of `field(default_factory=dict)` too."""
    if isinstance(value, Call):
        for keyword in value.keywords:
            made = evaluate(maker, maker.module(path), keyword.value) if keyword.name in ("default", "default_factory") else None
            if made is not None:
                return invoke(maker, made, [], {}) if keyword.name == "default_factory" else made
    return evaluate(maker, maker.module(path), value)


# --- names outside the project ---------------------------------------------------------------------------------------


def _foreign(maker: Maker, name: str, args: list[Value], keywords: dict[str, Value]) -> Value:
    root, last = name.partition(".")[0], name.rpartition(".")[2]
    if name in making_natives.FUNCTIONS:
        return making_natives.FUNCTIONS[name](args, keywords)
    if name in ("getattr", "hasattr", "setattr"):
        return _by_name(maker, name, args)
    if last == "import_module" and root == "importlib" and args:
        return either(_imported(maker, one, args[1:]) for one in options(args[0]))
    if name == "functools.partial" and args:
        return either(_partial(one, args[1:], keywords) for one in options(args[0]))
    if name == "functools.wraps" and args:
        return Native(lambda given, _: _wrapped(args[0], given))
    if name in _SAME and args:
        return args[-1]
    if root in client_operations.ROOTS:
        return _of_cloud(name, last, args, keywords)
    return UNKNOWN if "." not in name else Foreign(name)


def _imported(maker: Maker, name: Value, package: list[Value]) -> Value:
    """A module of the project by its name: `import_module(f"tools.{name}")`."""
    text, around = plain(name), plain(package[0]) if package else None
    if not isinstance(text, str):
        return UNKNOWN
    if text.startswith("."):
        if not isinstance(around, str):
            return UNKNOWN
        up = len(text) - len(text.lstrip(".")) - 1
        parts = around.split(".")
        text = ".".join([*parts[: len(parts) - up], text.lstrip(".")])
    target = maker.names.module(text)
    return Module(target) if target.kind == "module" else UNKNOWN


def _of_cloud(name: str, last: str, args: list[Value], keywords: dict[str, Value]) -> Value:
    text = plain(args[0] if args else keywords.get("service_name", NONE))
    if name in client_operations.TO_METHOD:
        return Plain(client_operations.method_name(text)) if isinstance(text, str) else UNKNOWN
    if last not in client_operations.MAKERS and last not in client_operations.MODELS:
        return Foreign(name)
    service = client_operations.service(text) if isinstance(text, str) else None
    if service is None:
        return UNKNOWN
    return Client(service, "model" if last in client_operations.MODELS else "")


def _by_name(maker: Maker, function: str, args: list[Value]) -> Value:
    """`getattr`, `hasattr` and `setattr` with a name that is known."""
    name = plain(args[1]) if len(args) > 1 else None
    if not isinstance(name, str):
        return UNKNOWN
    if function == "setattr":
        for one in options(args[0]):
            if isinstance(one, Thing | Made) and len(args) > 2:
                one.attrs[name] = args[2]
        return NONE
    found = maker.attribute(args[0], name)
    maker.operations += [one for one in options(found) if isinstance(one, Client) and one.part.startswith("operation:")]
    if function == "hasattr":
        return Plain(False) if found is ABSENT else UNKNOWN if found is UNKNOWN else Plain(True)
    if found is ABSENT and len(args) > 2:
        return args[2]
    return missing(found)


def _partial(func: Value, args: list[Value], keywords: dict[str, Value]) -> Value:
    if not isinstance(func, Made):
        return UNKNOWN
    return Made(
        func.path, func.facts, func.qualname, func.env, func.receiver, (*func.args, *args), {**func.keywords, **keywords}, {}, func.defaults
    )


def _wrapped(wrapped: Value, given: list[Value]) -> Value:
    if given and isinstance(given[0], Made) and isinstance(wrapped, Made):
        given[0].attrs.setdefault("__name__", wrapped.attrs.get("__name__", Plain(wrapped.name)))
    return present(given[0]) if given else UNKNOWN
