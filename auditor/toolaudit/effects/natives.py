"""Built-in functions whose meaning the walk needs: what they give, beyond the effects that the catalogue knows."""

from __future__ import annotations

from collections.abc import Callable

from toolaudit.effects import emptied
from toolaudit.effects.arguments import NO_ARGUMENTS, Arguments
from toolaudit.effects.attributes import target_value
from toolaudit.effects.calls import call, consume
from toolaudit.effects.frame import Frame
from toolaudit.effects.iteration import members, still_shared
from toolaudit.effects.keys import choices, parts_of
from toolaudit.effects.objects import attribute, element, place_of, read
from toolaudit.effects.values import (
    PLAIN,
    Class,
    Data,
    Either,
    Foreign,
    Function,
    Handle,
    Instance,
    Loc,
    Many,
    Method,
    Partial,
    Scalar,
    Super,
    Text,
    Value,
    alternatives,
    constant,
    taints,
    text,
    union,
)
from toolaudit.model import Fact

Native = Callable[[Frame, Arguments, int], Value | None]


def _super(frame: Frame, arguments: Arguments, line: int) -> Value | None:
    receiver = frame.env.get(frame.receiver) if frame.receiver else None
    if receiver is None or frame.owner is None:
        return PLAIN
    return Value(Super(receiver, frame.owner))


def _getattr(frame: Frame, arguments: Arguments, line: int) -> Value | None:
    if len(arguments.args) < 2:
        return PLAIN
    target, name = arguments.args[:2]
    if isinstance(name.form, Scalar) and isinstance(name.form.value, str):
        found = attribute(frame, target, name.form.value, line)
        default = arguments.args[2:]
        return union([found, *default]) if default and not isinstance(default[0].form, Scalar) else found
    for part in parts_of(name):
        if part.kind == "param":
            frame.demands.add(part.text)
    if isinstance(target.form, Either):
        rest = arguments.args[1:]
        return union(_getattr(frame, Arguments(args=(option, *rest)), line) or PLAIN for option in alternatives(target))
    options = _by_prefix(frame, target, name)
    if options is not None:
        return options
    if _free(target, name) or (isinstance(target.form, Handle) and target.form.kind not in ("", "memory", "file")):
        return Value(Method(target, "*"), taints(arguments.args))
    if isinstance(target.form, Handle | Instance):
        return Value(Data("dynamic-getattr"), taints(arguments.args))
    return Value(Data(), taints(arguments.args))


def _imported(frame: Frame, arguments: Arguments, line: int) -> Value:
    """`import_module("package.module")`, as an import gives it."""
    name = arguments.args[0].form if arguments.args else None
    if isinstance(name, Scalar) and isinstance(name.value, str) and not name.value.startswith("."):
        return target_value(frame.world, frame.world.resolver.module(name.value))
    return Value(Data("dynamic-getattr"), taints(arguments.args))


def _free(target: Value, name: Value) -> bool:
    """A method of a shared object that an argument of the tool names."""
    unlisted = isinstance(target.form, Data) or (isinstance(target.form, Handle) and target.form.kind in ("", "memory"))
    return unlisted and target.loc is not None and any(part.kind == "param" for part in parts_of(name))


def _by_prefix(frame: Frame, target: Value, name: Value) -> Value | None:
    """`getattr(self, f"do_{action}")`: the methods of that prefix, each for its action."""
    form = target.form
    if not isinstance(form, Instance) or not isinstance(name.form, Text) or not name.form.parts:
        return None
    parts = name.form.parts
    if not 1 <= len(parts) <= 2 or parts[-1].kind != "param" or (len(parts) == 2 and parts[0].kind != "literal"):
        return None
    prefix = parts[0].text if len(parts) == 2 else ""
    found: list[Value] = []
    facts: list[Fact | None] = []
    for owner in frame.world.resolver.ancestors(form.cls):
        for head in frame.world.resolver.methods(owner):
            action = head.name[len(prefix) :]
            if head.name.startswith(prefix) and action and not head.name.startswith("__") and len(found) < 24 and prefix:
                found.append(attribute(frame, target, head.name, line=head.line, called=True))
                facts.append(Fact(parts[-1].text, action))
    return Value(Either(tuple(found), tuple(facts)), name.taint) if found else None


def _setattr(frame: Frame, arguments: Arguments, line: int) -> Value | None:
    if len(arguments.args) < 3:
        return PLAIN
    target, name, value = arguments.args[:3]
    if isinstance(target.form, Handle) and (api := frame.world.catalogue.method(target.form.type, "__setattr__")) and api.effects:
        from toolaudit.effects.external import call_method

        call_method(frame, target, "__setattr__", Arguments(args=(name, value)), line)
        return PLAIN
    step = str(name.form.value) if isinstance(name.form, Scalar) else parts_of(name)
    if isinstance(target.form, Foreign):
        from toolaudit.effects.assign import rebind

        rebind(frame, f"{target.form.name}.{step if isinstance(step, str) else '*'}", value.tainted(name.taint), "write")
        return PLAIN
    place = place_of(target, step)
    if place is not None:
        frame.emit(place, "w", "write", line, data=value.taint | name.taint, atomic=True, repeat="same")
    return PLAIN


def _partial(frame: Frame, arguments: Arguments, line: int) -> Value | None:
    if not arguments.args:
        return PLAIN
    return Value(Partial(arguments.args[0], arguments.args[1:], arguments.keywords))


def _text(frame: Frame, arguments: Arguments, line: int) -> Value | None:
    if not arguments.args:
        return Value(Scalar(""))
    value = read(frame, arguments.args[0], line)
    form = value.form
    if isinstance(form, Scalar) and not isinstance(form.value, str):
        return Value(Scalar(str(form.value)), value.taint)
    if isinstance(form, Scalar | Text):
        return Value(form, value.taint)
    if isinstance(form, Handle) and form.parts:
        return text(form.parts, value.taint)
    if value.loc is not None:
        return text(parts_of(value), value.taint)
    if isinstance(form, Instance):
        made = attribute(frame, value, "__str__", line, called=True)
        if isinstance(made.form, Function):
            return call(frame, made, Arguments(), line)
    if isinstance(form, Either):
        return union(text(parts, value.taint) for parts in choices(value))
    return Value(Data(), value.taint)


def _number(frame: Frame, arguments: Arguments, line: int) -> Value | None:
    value = read(frame, arguments.args[0], line) if arguments.args else Value(Scalar(0))
    return Value(value.form if isinstance(value.form, Text) else Data(), value.taint)


def _container(kind: str) -> Native:
    def make(frame: Frame, arguments: Arguments, line: int) -> Value | None:
        if not arguments.args:
            entries = tuple((Value(Scalar(k)), v) for k, v in arguments.keywords)
            return Value(Many(kind, () if kind != "dict" else None, entries if kind == "dict" else None))  # type: ignore[arg-type]
        given = read(frame, arguments.args[0], line, "list")
        form = given.form
        if isinstance(form, Many):
            if kind == "dict":
                return Value(Many("dict", None, form.entries, form.element), given.taint)
            if form.kind != "dict" and (kept := still_shared(arguments.args[0], form, kind)) is not None:
                return Value(kept, given.taint)
            inside = element(form) if form.kind != "dict" else None
            return Value(Many(kind, form.items, None, inside), given.taint)  # type: ignore[arg-type]
        inside = members(frame, Value(form, given.taint), line)
        if kind == "dict":
            return Value(form, given.taint) if isinstance(form, Text) else Value(Many("dict"), given.taint)
        return Value(Many(kind, element=None if inside.form == PLAIN.form else inside), given.taint)  # type: ignore[arg-type]

    return make


def _defaulted(frame: Frame, arguments: Arguments, line: int) -> Value | None:
    """`defaultdict(Lock)`: any member is the object that the factory makes; plain containers are left to the catalogue."""
    made = call(frame, arguments.args[0], NO_ARGUMENTS, line) if arguments.args else None
    known = made is not None and isinstance(made.form, Handle | Instance)
    return Value(Many("dict", element=made, type="collections.defaultdict")) if known else None


def _first_iterable(frame: Frame, arguments: Arguments, line: int) -> Value | None:
    """`sorted`, `reversed`, `filter`, `iter`: the members of what is given."""
    index = 1 if len(arguments.args) > 1 and not isinstance(arguments.args[0].form, Many) else 0
    if index >= len(arguments.args):
        return None
    for value in (*arguments.args[:index], *(v for k, v in arguments.keywords if k == "key")):
        if isinstance(value.form, Function):
            call(frame, value, Arguments(args=(members(frame, arguments.args[index], line),)), line)
    inside = members(frame, arguments.args[index], line)
    return Value(Many("list", element=inside), inside.taint)


def _map(frame: Frame, arguments: Arguments, line: int) -> Value | None:
    if len(arguments.args) < 2:
        return PLAIN
    inside = tuple(members(frame, value, line) for value in arguments.args[1:])
    made = call(frame, arguments.args[0], Arguments(args=inside), line)
    return Value(Many("generator", element=made), made.taint)


def _enumerate(frame: Frame, arguments: Arguments, line: int) -> Value | None:
    if not arguments.args:
        return PLAIN
    inside = members(frame, arguments.args[0], line)
    pair = Value(Many("tuple", items=(Value(Data(), inside.taint), inside)))
    return Value(Many("generator", element=pair), inside.taint)


def _zip(frame: Frame, arguments: Arguments, line: int) -> Value | None:
    inside = tuple(members(frame, value, line) for value in arguments.args)
    return Value(Many("generator", element=Value(Many("tuple", items=inside))), taints(inside))


def _reader(frame: Frame, arguments: Arguments, line: int) -> Value | None:
    return Value(Data(), consume(frame, arguments.all(), line) | taints(arguments.all()))


def _length(frame: Frame, arguments: Arguments, line: int) -> Value | None:
    if not arguments.args:
        return PLAIN
    value = arguments.args[0]
    if isinstance(value.form, Instance):
        method = attribute(frame, value, "__len__", line, called=True)
        if isinstance(method.form, Function):
            return call(frame, method, Arguments(), line)
    return Value(Data(), emptied.counted(frame, read(frame, value, line, "list").taint))


def _isinstance(frame: Frame, arguments: Arguments, line: int) -> Value | None:
    return Value(Data(), arguments.args[0].taint if arguments.args else frozenset())


def _same_value(frame: Frame, arguments: Arguments, line: int) -> Value | None:
    """`typing.cast(T, x)` and the like."""
    return arguments.args[-1] if arguments.args else PLAIN


def _next(frame: Frame, arguments: Arguments, line: int) -> Value | None:
    if not arguments.args:
        return PLAIN
    value = arguments.args[0]
    if value.loc is not None:
        frame.emit(value.loc, "rw", "consume", line, data=value.taint, atomic=True, repeat="again")
    return members(frame, Value(value.form, value.taint), line)


def _type(frame: Frame, arguments: Arguments, line: int) -> Value | None:
    form = arguments.args[0].form if arguments.args else None
    return Value(Class(form.cls)) if isinstance(form, Instance) else Value(Data())


def _decorator(frame: Frame, arguments: Arguments, line: int) -> Value | None:
    """`wraps(f)`: a decorator that leaves what it decorates as it is."""
    return Value(Data())


def _globals(frame: Frame, arguments: Arguments, line: int) -> Value | None:
    return Value(Many("dict"), loc=Loc("global", "globals()", frame.path))


def _vars(frame: Frame, arguments: Arguments, line: int) -> Value | None:
    return attribute(frame, arguments.args[0], "__dict__", line) if arguments.args else Value(Data())


def _signature(frame: Frame, arguments: Arguments, line: int) -> Value | None:
    return Value(Handle("inspect.Signature"))


def _bound(arguments: Arguments) -> Value:
    """`signature.bind(*args, **kwargs)`: the arguments by name."""
    entries = tuple((constant(name), value) for name, value in arguments.keywords)
    given = Value(Many("dict", entries=entries)) if entries else arguments.extra or Value(Many("dict"))
    return Value(Handle("inspect.BoundArguments", attrs=(("arguments", given), ("kwargs", given))))


def argument(form: Handle, name: str, arguments: Arguments) -> Value:
    """`params.get("values", {})`, of what a call was given as one object: the part of that name."""
    key = arguments.args[0].form if arguments.args and name in ("get", "pop", "setdefault", "__getitem__") else None
    known = form.attr(str(key.value)) if isinstance(key, Scalar) else None
    return known if known is not None else Value(Data(), taints(arguments.args))


METHODS: dict[tuple[str, str], Callable[[Arguments], Value]] = {
    ("inspect.Signature", "bind"): _bound,
    ("inspect.Signature", "bind_partial"): _bound,
}
"""Methods of foreign objects whose result holds what they were given."""
FUNCTIONS: dict[str, Native] = {
    "inspect.signature": _signature,
    "super": _super,
    "vars": _vars,
    "getattr": _getattr,
    "setattr": _setattr,
    "importlib.import_module": _imported,
    "functools.partial": _partial,
    "str": _text,
    "repr": _text,
    "os.fspath": _text,
    "int": _number,
    "float": _number,
    "list": _container("list"),
    "tuple": _container("tuple"),
    "set": _container("set"),
    "frozenset": _container("set"),
    "dict": _container("dict"),
    "collections.OrderedDict": _container("dict"),
    "collections.defaultdict": _defaulted,
    "sorted": _first_iterable,
    "reversed": _first_iterable,
    "filter": _first_iterable,
    "iter": _first_iterable,
    "map": _map,
    "enumerate": _enumerate,
    "zip": _zip,
    "next": _next,
    "anext": _next,
    "len": _length,
    "isinstance": _isinstance,
    "issubclass": _isinstance,
    "callable": _isinstance,
    "hasattr": _isinstance,
    "type": _type,
    "typing.cast": _same_value,
    "functools.wraps": _decorator,
    "globals": _globals,
    "bool": _reader,
}
