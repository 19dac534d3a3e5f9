"""What names and attributes hold before any call runs: module globals, class attributes, what constructors assign.

Flow-insensitive and kept: a global or an attribute is worked out once, by walking its assignments for their value alone.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from toolaudit.effects.annotations import annotated
from toolaudit.effects.bodies import assigned_to, imported_in
from toolaudit.effects.frame import Effect, Frame, World
from toolaudit.effects.keys import kept_at, loc_parts
from toolaudit.effects.local_values import bind_locals
from toolaudit.effects.members import vague, with_members
from toolaudit.effects.values import (
    Class,
    Data,
    Either,
    Foreign,
    Function,
    Handle,
    Instance,
    Loc,
    Many,
    Module,
    Scalar,
    Text,
    Value,
    alternatives,
    union,
)
from toolaudit.facts import (
    Binding,
    Call,
    Expr,
    FunctionFacts,
    FunctionHead,
)
from toolaudit.model import KeyPart
from toolaudit.project.resolve import (
    ClassRef,
    FunctionRef,
    GlobalRef,
    Member,
    ModuleRef,
    Target,
    decorator_name,
)

ENUMS = {"enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag"}
CACHES = {"lru_cache", "cache", "cached"}
MANAGERS = {"contextmanager", "asynccontextmanager"}
ASSIGNED = re.compile(r"\.(\w+)\s*(?:\[[^=]*\]\s*)?(?::|=(?!=))")
FIELD_MAKERS = {"Field", "field", "PrivateAttr", "attrib", "ib", "mapped_column", "relationship"}


def scope_of(ref: ClassRef) -> str:
    """The owner of a class's attributes, as the scope of a resource."""
    return f"{ref.path}::{ref.qualname}"


def is_enum(world: World, ref: ClassRef) -> bool:
    return any(base in ENUMS for base in world.resolver.foreign_bases(ref))


# --- functions and classes as values ---------------------------------------------------------------------------------


def target_value(world: World, target: Target) -> Value:
    """A resolved name as a value."""
    if isinstance(target, FunctionRef):
        code = world.code(target.path, target.qualname)
        return Value(Data("unreadable")) if code is None else Value(Function(target.path, target.qualname, code))
    if isinstance(target, ClassRef):
        return Value(Class(target))
    if isinstance(target, ModuleRef):
        return Value(Module(target.path, target.module))
    if isinstance(target, GlobalRef):
        from toolaudit.effects.globals import global_value

        return global_value(world, target)
    return foreign(world, target.name)


def imported(world: World, binding: Binding) -> Value:
    """What an import inside a function binds."""
    target = world.resolver.binding(binding)
    return Value(Data("unresolved-import")) if target is None else target_value(world, target)


def foreign(world: World, name: str) -> Value:
    """A foreign name: the object it is bound to where the catalogue knows one (`os.environ`)."""
    name = name.removeprefix("builtins.")
    entry = world.catalogue.value(name)
    if entry is None:
        return Value(Foreign(name))
    if entry.value is not None and not entry.type:
        return Value(Scalar(entry.value))
    kind, _, key = entry.handle.partition(":")
    parts = (KeyPart("any", "*"),) if key == "*" else (KeyPart("literal", key),) if key else ()
    return Value(Handle(entry.type, kind, parts))


def bind(frame: Frame, instance: Value, member: Member, line: int) -> Value:
    """A method seen through an instance: bound, called when it is a property."""
    world = frame.world
    code = world.code(member.owner.path, member.head.qualname)
    if code is None:
        return Value(Data("unreadable"))
    names = tuple(decorator_name(d) for d in member.head.decorators)
    receiver: Value | None = instance
    if "staticmethod" in names:
        receiver = None
    elif "classmethod" in names and isinstance(instance.form, Instance):
        receiver = Value(Class(instance.form.cls))
    function = Value(Function(member.owner.path, member.head.qualname, code, member.owner, receiver))
    if "property" in names or "cached_property" in names:
        from toolaudit.effects.arguments import NO_ARGUMENTS
        from toolaudit.effects.calls import call
        from toolaudit.effects.objects import place_of

        before = len(frame.effects)
        made = call(frame, function, NO_ARGUMENTS, line)
        frame.effects[before:] = [_on_the_way(effect) for effect in frame.effects[before:]]
        kept = place_of(instance, member.head.name) if "cached_property" in names else None
        return Value(placed(made, kept).form, made.taint, made.loc or kept) if kept is not None else made
    return function


def _on_the_way(effect: Effect) -> Effect:
    """What a property puts somewhere before it gives its value: whoever reads an attribute changes nothing, unless it counts or takes."""
    kept = "w" in effect.mode and not effect.secondary and isinstance(effect.target, Loc)
    return replace(effect, secondary="lazy-init") if kept and effect.op in ("write", "ensure", "update", "delete") else effect


def bind_to_class(frame: Frame, owner: Value, member: Member) -> Value:
    """A method seen through a class: bound to it when a classmethod, else a plain function."""
    code = frame.world.code(member.owner.path, member.head.qualname)
    if code is None:
        return Value(Data("unreadable"))
    names = tuple(decorator_name(d) for d in member.head.decorators)
    receiver = owner if "classmethod" in names or member.head.name in ("__init_subclass__", "__class_getitem__") else None
    return Value(Function(member.owner.path, member.head.qualname, code, member.owner, receiver))


def module_frame(world: World, path: str) -> Frame:
    """A frame for expressions at the top level of a module; what they do is not recorded."""
    return Frame(world, path, "<module>", quiet=1)


def merged(value: Value | None, hinted: Value) -> Value:
    """A literal container keeps its members and learns its element from the annotation."""
    if value is not None and isinstance(value.form, Many) and isinstance(hinted.form, Many):
        form = value.form
        return Value(Many(form.kind, form.items, form.entries, form.element or hinted.form.element, form.type))
    return hinted


def placed(value: Value, loc: Loc, name: str = "") -> Value:
    """A value that outlives calls, at its place. Shared instances of a class are one object (see `objects.place_of`)."""
    form = value.form
    if isinstance(form, Either):
        return Value(Either(tuple(placed(part, loc, name) for part in form.values), form.facts))
    if value.loc is not None and value.loc.root in ("self", "global", "cell"):
        return value
    if isinstance(form, Instance):
        return Value(form, loc=loc)
    if isinstance(form, Scalar) and name.isupper() and form.value not in (None, True, False, 0, ""):
        return value
    if isinstance(form, Text) and name.isupper():
        return value
    if isinstance(form, Data) and form.why == "callable":
        return value
    if isinstance(form, Scalar | Text | Data | Many | Handle):
        if isinstance(form, Handle) and form.type == "pathlib.Path":
            return value
        if isinstance(form, Many) and form.items == () and form.kind != "tuple":
            form = Many(form.kind, None, None, form.element, form.type)
        return Value(kept_at(form, loc) if isinstance(form, Handle) else form, loc=loc)
    return value


# --- attributes of classes -------------------------------------------------------------------------------------------


def definer(world: World, ref: ClassRef, name: str) -> ClassRef:
    """The class that gives an attribute its first value at class level; the class itself when none does."""
    found = world.resolver.field(ref, name)
    return found[0] if found and found[1].value is not None else ref


def class_level(world: World, ref: ClassRef, name: str) -> bool:
    """A mutable class attribute: one object for all instances."""
    found = world.resolver.field(ref, name)
    if found is None or found[1].value is None or is_record(world, ref):
        return False
    return name not in constructed(world, ref)


def is_record(world: World, ref: ClassRef) -> bool:
    """Fields declared at class level belong to each instance: dataclasses, pydantic models, TypedDicts."""
    for owner in world.resolver.ancestors(ref):
        head = world.resolver.klass(owner)
        if head and any(decorator_name(d) in ("dataclass", "define", "attrs", "s", "frozen") for d in head.decorators):
            return True
    models = ("BaseModel", "BaseTool", "BaseSettings", "TypedDict", "NamedTuple", "SQLModel", "Struct", "RootModel", "BaseToolkit")
    return any(base.rsplit(".", 1)[-1] in models for base in world.resolver.foreign_bases(ref))


def constructed(world: World, ref: ClassRef) -> dict[str, Value]:
    """What `__init__` gives the attributes, when its arguments are not known."""
    from toolaudit.effects import constructors

    if ref not in world.fields:
        world.fields[ref] = constructors.held(world, ref)
    return world.fields[ref]


def attribute(world: World, ref: ClassRef, name: str) -> Value | None:
    """What `instance.name` holds, from the constructor, the class body, annotations, or assignments in other methods."""
    key = (ref, name)
    if key not in world.attributes:
        world.attributes[key] = Value(Data("recursion"))
        world.attributes[key] = _attribute(world, ref, name)
    return world.attributes[key]


def _attribute(world: World, ref: ClassRef, name: str) -> Value | None:
    found: list[Value] = []
    made = constructed(world, ref).get(name)
    if made is not None:
        found.append(made)
    declared = _declared(world, ref, name)
    if declared is not None and (not found or vague(found[0])):
        found.append(declared)
    if not found or all(vague(value) for value in found):
        found += _assigned_elsewhere(world, ref, name)
    if not found:
        return None
    held = settled(world, ref, name, union(found))
    if isinstance(held.form, Scalar) and held.form.value is None:
        return Value(Data("untyped-parameter"))  # set up later, by code that was not understood
    from toolaudit.effects.registries import in_attribute

    return with_members(held, lambda: [*_assigned_elsewhere(world, ref, name, member=True), *in_attribute(world, ref, name)])


def either(ways: list[dict[str, Value]]) -> dict[str, Value]:
    """What attributes hold after several ways: any of the objects that they left there, else what the last left."""
    left: dict[str, list[Value]] = {}
    for way in ways:
        for name, value in way.items():
            left.setdefault(name, []).append(value)
    return {name: union(values) if any(_is_object(value) for value in values) else values[-1] for name, values in left.items()}


def _is_object(value: Value) -> bool:
    return any(isinstance(option.form, Handle | Instance | Class | Function | Foreign) for option in alternatives(value))


def learn(world: World, ref: ClassRef, name: str, value: Value) -> None:
    """An attribute that nothing in its class explains holds what a decorator or a helper puts there."""
    made = [_bare(option) for option in alternatives(value) if isinstance(option.form, Handle | Instance)]
    if made:
        known = attribute(world, ref, name)
        if known is None or vague(known):
            world.attributes[ref, name] = union(made)


def _bare(value: Value) -> Value:
    """An object as any call sees it: without what only the call that made it knows."""
    form = value.form
    if isinstance(form, Instance):
        return Value(Instance(form.cls))
    assert isinstance(form, Handle)
    named = not any(part.kind == "param" for part in form.parts)
    return Value(Handle(form.type, form.kind, form.parts if named else (), form.scope))


def _declared(world: World, ref: ClassRef, name: str) -> Value | None:
    """A class-level annotation or value."""
    found = world.resolver.field(ref, name)
    if found is None:
        return None
    owner, field = found
    hinted = annotated(world, owner.path, field.annotation)
    from toolaudit.effects.made_by_default import made_by_default

    if (made := made_by_default(world, owner.path, field.value)) is not None:
        return made
    if field.value is None or (hinted is not None and not isinstance(hinted.form, Data | Text | Many)):
        return _own_text(hinted, name)
    value = world.evaluate(module_frame(world, owner.path), field.value)
    if isinstance(value.form, Data | Foreign) or _field_maker(field.value):
        return _own_text(hinted, name) or Value(Data())
    if hinted is not None and isinstance(hinted.form, Many):
        return merged(value, hinted)
    return Value(value.form)


def _field_maker(value: Expr) -> bool:
    return isinstance(value, Call) and decorator_name(value) in FIELD_MAKERS


def _own_text(hinted: Value | None, name: str) -> Value | None:
    """A field of plain text is named by itself in keys."""
    if hinted is None:
        return None
    if isinstance(hinted.form, Data) and not hinted.form.why:
        return Value(Text((KeyPart("self", name),)))
    if isinstance(hinted.form, Handle) and hinted.form.kind == "file" and not hinted.form.parts:
        return Value(Handle(hinted.form.type, "file", (KeyPart("self", name),)))
    return hinted


def _assigned_elsewhere(world: World, ref: ClassRef, name: str, member: bool = False) -> list[Value]:
    """Assignments `self.name = …` in methods other than the constructor, by value alone; what validators fill in."""
    from toolaudit.effects.validators import filled_in

    found: list[Value] = []
    for owner in world.resolver.ancestors(ref):
        for head in world.resolver.methods(owner):
            filled = [] if member else filled_in(world, owner.path, head, name)
            if head.name == "__init__" or len(found) >= 3 or not (filled or may_assign(world, owner.path, head, name)):
                continue
            code = world.code(owner.path, head.qualname)
            if code is None or not isinstance(code.facts, FunctionFacts) or not head.parameters:
                continue
            receiver = head.parameters[0].name
            for value in (*filled, *assigned_to(code.facts.body, receiver, name, member)):
                made = _light(world, owner, ref, head, code.facts, value)
                if made is not None:
                    found.append(made)
    return found


def settled(world: World, ref: ClassRef, name: str, value: Value) -> Value:
    """What a constructor gave an attribute, as any later call sees it: a number that is counted up is no constant."""
    number = isinstance(value.form, Scalar) and type(value.form.value) in (int, float)
    return Value(Text((KeyPart("self", name),)), value.taint) if number and _counted(world, ref, name) else value


def _counted(world: World, ref: ClassRef, name: str) -> bool:
    """Whether a method changes the number in place (`self.name += 1`), so that it is no constant."""
    written = re.compile(rf"\.{re.escape(name)}\s*[-+*/%|&^]+=")
    return any(
        written.search(line)
        for owner in world.resolver.ancestors(ref)
        for head in world.resolver.methods(owner)
        for line in world.project.lines(owner.path)[max(head.line - 1, 0) : head.end]
    )


def may_assign(world: World, path: str, head: FunctionHead, name: str) -> bool:
    """Whether the text of a method holds `.name =`: reading bodies costs a hundred times more than a look at their lines."""
    where = (path, head.line, head.end)
    known = world.assigned_names.get(where)
    if known is None:
        lines = world.project.lines(path)[max(head.line - 1, 0) : head.end]
        known = world.assigned_names[where] = frozenset(made for line in lines for made in ASSIGNED.findall(line))
    return name in known


def _light(world: World, owner: ClassRef, ref: ClassRef, head: FunctionHead, facts: FunctionFacts, value: Expr) -> Value | None:
    frame = module_frame(world, owner.path)
    frame.owner = owner
    frame.receiver = head.parameters[0].name
    frame.env[frame.receiver] = Value(Class(ref) if frame.receiver == "cls" else Instance(ref), loc=Loc("self", "", scope_of(ref)))
    for parameter in head.parameters[1:]:
        frame.env[parameter.name] = annotated(world, owner.path, parameter.annotation) or Value(Data())
    for binding in imported_in(facts.body):
        frame.env[binding.name] = imported(world, binding)
    bind_locals(world, frame, facts.body, value)
    made = world.evaluate(frame, value).form
    return None if isinstance(made, Data) or (isinstance(made, Scalar) and made.value is None) else Value(made)


def key_of(loc: Loc) -> str:
    """A location in words, for the name of a lock."""
    return "".join(part.text for part in loc_parts(loc))


def decorators_of(head: FunctionHead) -> tuple[str, ...]:
    return tuple(decorator_name(decorator) for decorator in head.decorators)
