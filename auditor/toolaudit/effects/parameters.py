"""Parameters of a function of the project bound to the arguments of a call."""

from __future__ import annotations

from toolaudit.effects import attributes
from toolaudit.effects.annotations import annotated
from toolaudit.effects.arguments import Arguments
from toolaudit.effects.frame import Frame, World
from toolaudit.effects.values import (
    Data,
    Function,
    Handle,
    Instance,
    Loc,
    Many,
    Text,
    Value,
    alternatives,
    constant,
    union,
)
from toolaudit.facts import Parameter
from toolaudit.project.resolve import ClassRef


def bind(frame: Frame, function: Function, arguments: Arguments) -> dict[str, Value]:
    """Parameters to arguments, as Python binds them; what is left open takes its default or its annotation."""
    facts = function.code.facts
    parameters = facts.parameters
    positional = list(arguments.args)
    if function.receiver is not None:
        positional.insert(0, function.receiver)
    keywords = dict(arguments.keywords)
    bound: dict[str, Value] = {}
    for parameter in parameters:
        if parameter.kind == "vararg":
            rest = (arguments.rest,) if arguments.rest is not None else ()
            bound[parameter.name] = Value(
                Many("tuple", element=union(positional) if positional else None, head=tuple(positional))
                if rest
                else Many("tuple", tuple(positional))
            )
            positional = []
        elif parameter.kind == "kwarg":
            entries = tuple((constant(name), value) for name, value in keywords.items())
            bound[parameter.name] = arguments.extra if arguments.extra is not None and not entries else Value(Many("dict", entries=entries))
        elif parameter.kind != "keyword" and positional:
            bound[parameter.name] = positional.pop(0)
        elif parameter.name in keywords:
            bound[parameter.name] = keywords.pop(parameter.name)
        else:
            bound[parameter.name] = _left_open(frame, function, parameter, arguments)
        if parameter.annotation is not None and isinstance(bound[parameter.name].form, Data | Text):
            bound[parameter.name] = _typed(frame.world, function.path, parameter, bound[parameter.name])
    return bound


def _typed(world: World, path: str, parameter: Parameter, value: Value) -> Value:
    """An argument that is not known is what the annotation says; an object of a class with state is then taken to be shared."""
    found = annotated(world, path, parameter.annotation)
    if found is not None and isinstance(found.form, Many) and isinstance(value.form, Data):
        return Value(Data(), value.taint, value.loc)
    if found is None or not isinstance(found.form, Instance | Handle):
        return value
    if isinstance(value.form, Text) and not (isinstance(found.form, Instance) and _is_service(world, found.form.cls, value.form)):
        return value
    loc = value.loc
    if loc is None and isinstance(found.form, Instance) and not attributes.is_record(world, found.form.cls):
        loc = Loc("self", "", attributes.scope_of(found.form.cls))
    return Value(found.form, value.taint, loc)


def _is_service(world: World, cls: ClassRef, named: Text) -> bool:
    """An attribute of what the tool was given, handed to a helper that says what it is: an object with a state of its own."""
    given = len(named.parts) == 1 and named.parts[0].kind == "param" and "." in named.parts[0].text
    return given and not attributes.is_record(world, cls)


def _left_open(frame: Frame, function: Function, parameter: Parameter, arguments: Arguments) -> Value:
    from toolaudit.effects.objects import element, extend_text

    given: list[Value] = []  # it may well be given, so that it is not its default
    if arguments.rest is not None and parameter.kind != "keyword":
        given += [element(way.form) if isinstance(way.form, Many) else Value(Data(), way.taint) for way in alternatives(arguments.rest)]
    if (extra := arguments.extra) is not None and isinstance(extra.form, Text):
        given.append(extend_text(extra.form, parameter.name, extra))
    elif extra is not None:
        given.append((element(extra.form) if isinstance(extra.form, Many) else Value(Data())).tainted(extra.taint))
    if given:
        return union(given)
    if parameter.default is not None:
        made = frame.world.evaluate(attributes.module_frame(frame.world, function.path), parameter.default)
        return (
            attributes.placed(made, Loc("global", f"{function.qualname}.{parameter.name}", function.path))
            if isinstance(made.form, Many)
            else made
        )
    return Value(Data())
