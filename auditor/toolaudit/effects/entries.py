"""Where a tool begins: its function with receiver and closed-over variables, and arguments as the model and the framework supply them."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from toolaudit.effects import attributes, cells, given, names, registrations
from toolaudit.effects.annotations import annotated
from toolaudit.effects.arguments import Arguments
from toolaudit.effects.containers import NAMES
from toolaudit.effects.external import HARMLESS, OF_PLAIN
from toolaudit.effects.frame import Frame, World
from toolaudit.effects.free import asked, changes, rebound_names
from toolaudit.effects.values import Class, Data, Function, Handle, Instance, Loc, Many, Scalar, Text, Value, bare
from toolaudit.facts import Call, Display, FunctionFacts, FunctionHead, Item, Mapping, Parameter
from toolaudit.model import Dispatcher, KeyPart, Tool, ToolParameter
from toolaudit.project.resolve import ClassRef, FunctionRef

PLAIN_METHODS = frozenset(NAMES | OF_PLAIN | HARMLESS)
"""Methods of what a model can supply."""


def entry_of(tool: Tool) -> tuple[str, str]:
    """File and qualname of the function to analyse."""
    return split(tool.entry) if "::" in tool.entry else (tool.file, tool.function)


def split(function: str) -> tuple[str, str]:
    """File and qualname of `file::qualname`."""
    path, _, qualname = function.partition("::")
    return path, qualname


def by_dispatcher(tool: Tool, dispatcher: Dispatcher) -> Tool:
    """The tool as its dispatcher sees it."""
    path, qualname = split(dispatcher.function)
    return replace(
        tool,
        file=path,
        function=qualname,
        entry="",
        owner=dispatcher.owner,
        receiver="shared" if dispatcher.owner else "none",
        when=dispatcher.when,
        arguments_in=dispatcher.arguments_in,
        dispatcher=None,
    )


def entry(world: World, tool: Tool) -> Value | None:
    """The tool's function as a value; None when it cannot be read."""
    path, qualname = entry_of(tool)
    head = world.resolver.function(FunctionRef(path, qualname))
    code = world.code(path, qualname)
    if code is None:
        return None
    owner = ClassRef(path, head.owner) if head is not None and head.owner else None
    receiver = _receiver(world, tool, path, owner, head)
    if head is not None and head.nested_in and head.owner is None:
        return nested(world, path, head)
    env: tuple[tuple[str, Value], ...] = ()
    if head is not None and head.nested_in:
        env = tuple(sorted(closure(world, path, head.nested_in).items(), key=lambda item: item[0]))
    return Value(Function(path, qualname, code, owner, receiver, env))


def _receiver(world: World, tool: Tool, path: str, owner: ClassRef | None, head: FunctionHead | None) -> Value | None:
    """The object or class that the method is called on."""
    if owner is None or head is None:
        return None
    decorators = attributes.decorators_of(head)
    if "staticmethod" in decorators:
        return None
    ref = _concrete(world, tool, path, owner)
    if "classmethod" in decorators:
        return Value(Class(ref))
    if tool.receiver == "per-call":
        fields = {**attributes.constructed(world, ref), **_given_fields(world, tool, ref)}
        return Value(Instance(ref, tuple(sorted(fields.items(), key=lambda item: item[0]))[:40]))
    known = given.fields(given.held(world, path, head.qualname), head.parameters[0].name) if head.parameters else ()
    return Value(Instance(ref, (*_made_with(tool), *known)), loc=Loc("self", "", attributes.scope_of(ref)))


def _made_with(tool: Tool) -> tuple[tuple[str, Value], ...]:
    """The constant attributes that this one of several objects of a class was made with: `Action(name="Get issue", mode="get_issue")`."""
    facts = ((fact.parameter.partition("."), fact.value) for fact in tool.when)
    return tuple((name, Value(Scalar(value))) for (root, _, name), value in facts if root == "self" and name)


def _given_fields(world: World, tool: Tool, ref: ClassRef) -> dict[str, Value]:
    """What the model supplies to an object that is made for the call."""
    found: dict[str, Value] = {}
    for parameter in tool.parameters:
        field = world.resolver.field(ref, parameter.name)
        if field is not None and not parameter.injected:
            owner, declared = field
            value = annotated(world, owner.path, declared.annotation, parameter.name)
            found[parameter.name] = value or Value(Text((KeyPart("param", parameter.name),)))
    return found


def _concrete(world: World, tool: Tool, path: str, owner: ClassRef) -> ClassRef:
    """The class of the receiver: the tool's own class, where the method is inherited."""
    for candidate in (ClassRef(tool.file, tool.owner), ClassRef(path, tool.owner)):
        if tool.owner and world.resolver.klass(candidate) is not None:
            return candidate
    return owner


def nested(world: World, path: str, head: FunctionHead) -> Value | None:
    """A function defined inside another: with that one's variables, and what its decorators made of it."""
    assert head.nested_in is not None
    env = closure(world, path, head.nested_in)
    held = env.get(head.name)
    if held is not None and isinstance(held.form, Function) and held.form.code.line == head.line:
        return Value(bare(held.form))
    if (
        held is not None
        and isinstance(held.form, Function)
        and any(isinstance(v.form, Function) and v.form.qualname == head.qualname for _, v in held.form.env)
    ):
        return Value(bare(held.form))
    code = world.code(path, head.qualname)
    if code is None:
        return None
    frame = Frame(world, path, head.nested_in, env=dict(env))
    return Value(names.capture(frame, Function(path, head.qualname, code, raw=True)))


def closure(world: World, path: str, qualname: str) -> dict[str, Value]:
    """The variables of a function that made a tool, as they outlive it."""
    key = (path, qualname, world.given)
    if key not in world.closures:
        world.closures[key] = {}
        walks, world.budget.walks = world.budget.walks, 0  # what the program does to make its tools is no part of the first one
        world.closures[key] = _closure(world, path, qualname)
        world.budget.walks = walks
    return world.closures[key]


def _closure(world: World, path: str, qualname: str) -> dict[str, Value]:
    head = world.resolver.function(FunctionRef(path, qualname))
    code = world.code(path, qualname)
    if head is None or code is None or not isinstance(code.facts, FunctionFacts):
        return {}
    frame = Frame(world, path, qualname, quiet=1)
    if head.nested_in:
        frame.closure = dict(closure(world, path, head.nested_in))
    known = given.held(world, path, qualname)
    supplied = registrations.supplied(world, path, head)
    for position, parameter in enumerate(head.parameters):
        if position == 0 and head.owner and parameter.name in ("self", "cls"):
            ref = ClassRef(path, head.owner)
            frame.owner, frame.receiver = ref, parameter.name
            form = Class(ref) if parameter.name == "cls" else Instance(ref, given.fields(known, parameter.name))
            frame.env[parameter.name] = Value(form, loc=Loc("self", "", attributes.scope_of(ref)))
        else:
            found = known.get(parameter.name) or supplied.get(parameter.name)
            declared = _outer_parameter(world, path, parameter) if found is None or isinstance(found.form, Data) else None
            says_more = declared is not None and isinstance(declared.form, Instance | Handle)  # than what an unknown function gave
            frame.env[parameter.name] = declared if declared is not None and (found is None or says_more) else found or Value(Data())
    world.execute(frame, code.facts.body)
    frame.env |= {name: value for name, value in known.items() if "." not in name and not given.is_empty(value)}
    scope = f"{path}::{qualname}"
    placed: dict[str, Value] = {}
    rebound = rebound_names(code)
    for name, value in frame.env.items():
        if name in rebound and isinstance(value.form, Scalar | Text):
            inside = cells.set_inside(world, frame, code, name)
            placed[name] = attributes.placed(inside or Value(Data()), Loc("cell", name, scope))
        elif not isinstance(value.form, Function):
            held = None if name in rebound else _outliving(value.loc)  # a variable that is bound anew is a place of its own
            placed[name] = attributes.placed(Value(value.form, loc=held), Loc("cell", name, scope))
    functions = {name: value for name, value in frame.env.items() if isinstance(value.form, Function)}
    frame.env = {**placed, **functions}
    for name, value in functions.items():
        placed[name] = Value(_recaptured(frame, value.form))  # type: ignore[arg-type]
    return {**frame.closure, **placed}


def _recaptured(frame: Frame, function: Function) -> Function:
    """A helper beside the tool sees the variables at their places."""
    here = {**frame.closure, **frame.env}
    if function.code in frame.local_codes:
        return names.capture(frame, function)
    env = tuple((name, here[name] if name in here and not isinstance(value.form, Function) else value) for name, value in function.env)
    inner = tuple(
        (
            name,
            Value(names.capture(frame, value.form)) if isinstance(value.form, Function) and value.form.code in frame.local_codes else value,
        )
        for name, value in env
    )
    return replace(function, env=inner)


def _outliving(loc: Loc | None) -> Loc | None:
    return loc if loc is not None and loc.root != "param" else None


def _outer_parameter(world: World, path: str, parameter: Parameter) -> Value:
    found = annotated(world, path, parameter.annotation)
    if found is not None:
        return found
    if parameter.default is not None:
        made = world.evaluate(attributes.module_frame(world, path), parameter.default)
        if not isinstance(made.form, Scalar) or made.form.value is not None:
            return made
    return Value(Data("untyped-parameter"))


# --- arguments -------------------------------------------------------------------------------------------------------


def arguments(world: World, tool: Tool, function: Function) -> Arguments:
    """What the function is called with: text named by parameter, objects by annotation, what the framework injects at its place."""
    parameters = _parameters(world, tool, function)
    if function.receiver is not None and parameters:
        parameters = parameters[1:]
    declared = {parameter.name: parameter for parameter in tool.parameters}
    fixed = {fact.parameter: fact.value for fact in tool.when}
    known = given.held(world, function.path, function.qualname)
    positional: list[Value] = []
    keywords: list[tuple[str, Value]] = []
    rest = extra = None
    for parameter in parameters:
        if parameter.kind == "vararg":
            rest = None
        elif parameter.kind == "kwarg":
            ours = tool.arguments_in in ("", parameter.name)  # else the arguments come elsewhere, and these are the framework's
            extra = Value(Text((KeyPart("param", ""),))) if ours else Value(Data(), loc=Loc("state", parameter.name, "framework"))
        else:
            value = (
                known.get(parameter.name)
                or _kept_default(world, function, parameter)
                or _argument(world, tool, function, parameter, declared.get(parameter.name), fixed)
            )
            if not (parameter.name in declared and declared[parameter.name].injected):
                value = value.tainted(frozenset({parameter.name}))  # what is made of it is what the caller says
            if parameter.kind == "keyword":
                keywords.append((parameter.name, value))
            else:
                positional.append(value)
    named = {parameter.name for parameter in parameters}
    if extra is not None and (tool.given or not _plain(parameters)):
        keywords += [(p.name, Value(Text((KeyPart("param", p.name),)))) for p in tool.parameters if p.name not in named and not p.injected]
    return Arguments(tuple(positional), tuple(keywords), rest, extra)


def _parameters(world: World, tool: Tool, function: Function) -> list[Parameter]:
    """The function's own; of a dispatcher behind `wrapper(*args)` those of what is wrapped, as it is called by position."""
    own = list(function.code.facts.parameters)
    if not (tool.when or tool.arguments_in) or _plain(own):
        return own
    code = world.code(*entry_of(tool))
    return own if code is None or code is function.code else list(code.facts.parameters)


def _kept_default(world: World, function: Function, parameter: Parameter) -> Value | None:
    """A default that the function itself changes: one object, made when the function was, for every call that leaves the argument out."""
    if not isinstance(parameter.default, Display | Mapping | Call) or not changes(function.code, parameter.name):
        return None
    made = world.evaluate(attributes.module_frame(world, function.path), parameter.default)
    if not isinstance(made.form, Many | Instance | Handle) or made.loc is not None:
        return None
    return attributes.placed(made, Loc("global", f"{function.qualname}.{parameter.name}", function.path))


def _plain(parameters: list[Parameter]) -> bool:
    return not any(parameter.kind == "vararg" for parameter in parameters)


def _argument(
    world: World, tool: Tool, function: Function, parameter: Parameter, declared: ToolParameter | None, fixed: dict[str, str]
) -> Value:
    name, path = parameter.name, function.path
    if name in fixed:
        return Value(Scalar(fixed[name]))
    if name == tool.arguments_in:
        return _with_fixed(name, Value(Text((KeyPart("param", ""),))), fixed, tool)
    dotted = [fact for fact in (*fixed, tool.arguments_in) if fact.startswith(f"{name}.")]
    if dotted:
        return _with_fixed(name, Value(Data()), fixed, tool)
    if declared is not None and declared.injected:
        return injected(world, path, parameter, declared)
    found = annotated(world, path, parameter.annotation, name)
    if found is None and declared is None and tool.arguments_in and tool.dispatcher is not None:
        return Value(Data("untyped-parameter"))  # the dispatcher's own, beside the model's arguments
    if found is None and parameter.annotation is None and asked(function.code, name, PLAIN_METHODS):
        return Value(Data("client"))  # an object that whoever calls the tool adds: what a model supplies is plain data
    if found is None:
        return Value(Text((KeyPart("param", name),)))
    if isinstance(found.form, Instance | Many | Handle) and found.loc is not None:
        return found.at(Loc("param", name, ""))
    return found


def _with_fixed(name: str, value: Value, fixed: dict[str, str], tool: Tool) -> Value:
    """An argument some parts of which are known: the name of the tool, the place of the arguments."""
    known: dict[str, object] = {}
    for path, held in [*fixed.items(), *([(tool.arguments_in, None)] if tool.arguments_in else [])]:
        steps = path.split(".")
        if steps[0] != name or len(steps) < 2:
            continue
        level: dict[str, Any] = known
        for step in steps[1:-1]:
            level = level.setdefault(step, {})
        level[steps[-1]] = Value(Text((KeyPart("param", ""),))) if held is None else Value(Scalar(str(held)))
    return Value(_tree(known)) if known else value


def _tree(known: dict[str, object]) -> Handle:
    attrs: list[tuple[str, Value]] = []
    for name, held in sorted(known.items()):
        attrs.append((name, held if isinstance(held, Value) else Value(_tree(held))))  # type: ignore[arg-type]
    return Handle("arguments", attrs=tuple(attrs))


def injected(world: World, path: str, parameter: Parameter, declared: ToolParameter) -> Value:
    """What the framework supplies: shared by the calls of a run, so that what it holds lives at a place of its own."""
    annotation = parameter.annotation
    inner = annotation.index if isinstance(annotation, Item) else None
    if isinstance(inner, Display) and inner.items:
        inner = inner.items[-1] if len(inner.items) == 2 else inner.items[0] if len(inner.items) == 1 else inner.items[1]
    loc = Loc("state", parameter.name, declared.place or declared.injected_type or declared.injected)
    if declared.injected in ("deps", "context", "run-context") and inner is not None:
        held = annotated(world, path, inner)
        if held is not None and isinstance(held.form, Instance | Handle):
            deps = Value(held.form, loc=Loc("state", "deps", "deps"))
            request = Value(Handle("arguments", attrs=(("lifespan_context", deps),)))
            attrs = (("context", deps), ("deps", deps), ("lifespan_context", deps), ("request_context", request))
            return Value(Handle(declared.injected_type, attrs=attrs), loc=loc)
    found = annotated(world, path, annotation)
    if declared.injected == "state" and not world.catalogue.known_type(declared.injected_type):
        kept = found is not None and isinstance(found.form, Instance | Handle | Many)
        if found is not None and isinstance(found.form, Handle):  # a library's own carrier: what it carries is the state
            return Value(Handle(found.form.type, attrs=(("state", Value(Data(), loc=loc if declared.place else loc / "state")),)), loc=loc)
        return Value(found.form if kept and found is not None else Data(), loc=loc)
    if found is not None and isinstance(found.form, Instance):
        return Value(found.form, loc=loc)
    if found is not None and isinstance(found.form, Handle):
        return Value(found.form, loc=loc)
    if declared.injected_type:
        return Value(Handle(declared.injected_type), loc=loc)
    if found is not None and isinstance(found.form, Many):
        return Value(found.form, loc=loc)
    return Value(Data(), loc=loc)
