"""Objects: reading shared places, attributes, items, and what an attribute of a class holds."""

from __future__ import annotations

from collections.abc import Callable

from toolaudit.catalogue.entries import Api
from toolaudit.effects import attributes, constructors, members
from toolaudit.effects.answering import answer
from toolaudit.effects.bodies import is_empty
from toolaudit.effects.choices import as_chosen
from toolaudit.effects.frame import Frame
from toolaudit.effects.handed_methods import CALLING, is_operation, of_client
from toolaudit.effects.kept_objects import holds_members
from toolaudit.effects.keys import ANY, derived, kept_at, parts_of, step_text
from toolaudit.effects.own_words import own_words
from toolaudit.effects.rebound import looked_at, one_of_paths, there
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
    Manager,
    Many,
    Method,
    Module,
    Partial,
    Scalar,
    Step,
    Super,
    Text,
    Value,
    constant,
    union,
)
from toolaudit.model import Fact, KeyPart, Operation
from toolaudit.project.resolve import Member

READABLE = (Scalar, Text, Data, Many)


def read(frame: Frame, value: Value, line: int, op: Operation = "read") -> Value:
    """The value, its place read where it is shared: what is computed from it derives from that read."""
    if value.loc is None:
        if isinstance(value.form, Either):
            return union(read(frame, part, line, op) for part in value.form.values).tainted(value.taint)
        return value
    if not isinstance(value.form, READABLE) and not holds_members(frame, value.form):
        return looked_at(frame, value, line, whole=True)
    taint = frame.emit(value.loc, "r", op, line, data=value.taint, atomic=not isinstance(value.form, Many))
    return value.tainted(taint)


def checked(frame: Frame, value: Value, line: int) -> Value:
    """A value tested for being there: its place is read whatever it holds."""
    if isinstance(value.form, READABLE) or (isinstance(value.form, Either) and value.loc is None):
        if isinstance(value.form, Either):
            return union(checked(frame, part, line) for part in value.form.values).tainted(value.taint)
        return read(frame, value, line, "check")
    if value.loc is None or not isinstance(value.form, Handle | Instance | Either):
        return value
    return there(frame, value, value.loc, line)


def read_document(frame: Frame, value: Value, line: int) -> None:
    """A part of a shared object that is kept in memory (a workbook, a presentation) is looked at."""
    if value.loc is not None and isinstance(value.form, Handle) and value.form.kind in ("", "memory"):
        frame.emit(value.loc, "r", "read", line, data=value.taint, atomic=True)


def below(loc: Loc | None, step: Step) -> Loc | None:
    return None if loc is None else loc / step


def place_of(value: Value, step: Step) -> Loc | None:
    """Where a part of an object lives. Shared instances of a class are taken to be one: the place is named by class and attribute."""
    if value.loc is None:
        return None
    if isinstance(value.form, Instance) and value.loc.root in ("self", "global", "cell"):
        return Loc("self", "", attributes.scope_of(value.form.cls)) / step
    return value.loc / step


# --- attributes ------------------------------------------------------------------------------------------------------


def attribute(frame: Frame, value: Value, name: str, line: int, called: bool = False) -> Value:
    """`value.name`; `called` when a call follows, so that methods stay methods."""
    form = value.form
    look = _ATTRIBUTE.get(type(form))
    if look is None:
        return Value(Method(value, name), value.taint)
    return look(frame, looked_at(frame, value, line, called), name, line, called)


def _of_instance(frame: Frame, value: Value, name: str, line: int, called: bool) -> Value:
    form = value.form
    assert isinstance(form, Instance)
    if name == "__class__":
        return Value(Class(form.cls))
    known = form.field(name)
    unset = constructors.is_unset(frame.world, value, known, name)
    world = frame.world
    if known is not None and value.loc is not None and isinstance(known.form, Many) and members.vague(known):
        known = attributes.attribute(world, form.cls, name) or known  # filled by others since it was made
    if known is not None and not unset:
        return one_of_paths(frame, shared(known, place := place_of(value, name)), place).tainted(value.taint)
    member = world.resolver.method(form.cls, name)
    if member is not None:
        return attributes.bind(frame, value, member, line)
    found = attributes.attribute(world, form.cls, name)
    if found is not None:
        found = own_words(found, form) if world.given else found
        place = place_of(value, name)
        if place is None and attributes.class_level(world, form.cls, name):
            place = Loc("self", "", attributes.scope_of(form.cls)) / name
        return one_of_paths(frame, shared(found, place), place).tainted(value.taint)
    fallback = world.resolver.method(form.cls, "__getattr__")
    if fallback is not None and not name.startswith("__"):
        return _asked_for(frame, value, fallback, name, line)
    if world.resolver.field(form.cls, name) is not None:  # one that holds something to be called, or an object of any type
        return Value(Data("untyped-parameter" if called else ""), value.taint, place_of(value, name))
    if called or any(world.catalogue.method(base, name) for base in world.resolver.foreign_bases(form.cls)):
        return Value(Method(value, name), value.taint)
    return Value(Data(), value.taint, place_of(value, name))


def _asked_for(frame: Frame, value: Value, fallback: Member, name: str, line: int) -> Value:
    """What a class's own `__getattr__` makes of a name."""
    from toolaudit.effects.arguments import Arguments
    from toolaudit.effects.calls import call

    made = call(frame, attributes.bind(frame, value, fallback, line), Arguments(args=(constant(name),)), line)
    return made if not (isinstance(made.form, Data) and not made.form.why) else Value(Data("dynamic-getattr"), made.taint)


def shared(value: Value, loc: Loc | None) -> Value:
    """A value seen at a place: what it holds lives there too."""
    if loc is None:
        return value
    form = value.form
    if isinstance(form, Either):
        return Value(Either(tuple(shared(part, loc) for part in form.values), form.facts), value.taint)
    if isinstance(form, Function | Class | Module | Foreign | Method | Partial | Super | Manager):
        return value
    if value.loc is not None and value.loc.root != "param":
        return value
    if loc.root == "param" and isinstance(form, Text | Scalar):
        return Value(Text((KeyPart("param", ".".join((loc.name, *(step_text(step) for step in loc.path)))),)), value.taint)
    if isinstance(form, Handle) and form.type == "pathlib.Path":
        return value
    return Value(kept_at(form, loc), value.taint, loc) if isinstance(form, Handle) else value.at(loc)


def _of_class(frame: Frame, value: Value, name: str, line: int, called: bool) -> Value:
    form = value.form
    assert isinstance(form, Class)
    world = frame.world
    member = world.resolver.method(form.ref, name)
    if member is not None:
        return attributes.bind_to_class(frame, value, member)
    inner = world.resolver.attribute(form.ref, name)
    if inner is not None:
        return attributes.target_value(world, inner)
    if name in ("__name__", "__qualname__", "__doc__", "__module__"):
        return Value(Data())
    found = attributes.attribute(world, form.ref, name)
    loc = Loc("self", "", attributes.scope_of(attributes.definer(world, form.ref, name))) / name
    if found is not None:
        if attributes.is_enum(world, form.ref):
            return found
        return shared(found, loc)
    if called or any(api.property for api in _of_bases(frame, form, name)):
        return Value(Method(value, name), value.taint)
    return Value(Data(), value.taint, loc)


def _of_bases(frame: Frame, form: Class, name: str) -> list[Api]:
    """What the catalogue says of an attribute that foreign bases give a class: `Note.objects`."""
    found = (frame.world.catalogue.method(base, name) for base in frame.world.resolver.foreign_bases(form.ref))
    return [api for api in found if api is not None]


def _of_module(frame: Frame, value: Value, name: str, line: int, called: bool) -> Value:
    form = value.form
    assert isinstance(form, Module)
    target = frame.world.resolver.member(form.module, name)
    return Value(Data("unresolved-import")) if target is None else attributes.target_value(frame.world, target)


def _of_foreign(frame: Frame, value: Value, name: str, line: int, called: bool) -> Value:
    form = value.form
    assert isinstance(form, Foreign)
    return attributes.foreign(frame.world, f"{form.name}.{name}").tainted(value.taint)


RECORDS = frozenset({"types.SimpleNamespace", "argparse.Namespace"})
"""Types that are nothing but their attributes: in a shared one those are shared."""


def _of_handle(frame: Frame, value: Value, name: str, line: int, called: bool) -> Value:
    form = value.form
    assert isinstance(form, Handle)
    known = form.attr(name)
    if known is not None:
        return known.tainted(value.taint)
    if form.type in RECORDS and not called:
        return Value(Data(), value.taint, below(value.loc, name))
    if not called and (asked := answer(frame, form, value, name, line)) is not None:
        return Value(Method(value, name), asked)
    if called or form.type == "arguments" or frame.world.catalogue.method(form.type, name) is not None:
        return Value(Method(value, name), value.taint)
    if value.loc is not None and value.loc.root == "state":
        return Value(Data(), value.taint, below(value.loc, name))
    library = frame.world.catalogue.library(form.type)
    if form.type and (library is None or library.default == "unknown"):
        return Value(Handle(f"{form.type}.{name}", form.kind, form.parts, form.scope), value.taint, below(value.loc, name))
    return Value(Method(value, name), value.taint)


def _of_text(frame: Frame, value: Value, name: str, line: int, called: bool) -> Value:
    form = value.form
    assert isinstance(form, Text)
    return Value(Method(value, name), value.taint) if called else extend_text(form, name, value)


def extend_text(form: Text, name: str, value: Value) -> Value:
    """A part of an argument: `note.id` of `note`."""
    if len(form.parts) == 1 and form.parts[0].kind in ("param", "self", "state"):
        part = form.parts[0]
        return Value(Text((KeyPart(part.kind, f"{part.text}.{name}" if part.text else name),)), value.taint)
    return Value(Text(form.parts), value.taint)


def _of_data(frame: Frame, value: Value, name: str, line: int, called: bool) -> Value:
    if called or is_operation(value, name):
        return Value(Method(value if called else of_client(value), name), value.taint)
    if isinstance(value.form, Scalar) and name == "value":
        return value
    if isinstance(value.form, Many) and frame.world.catalogue.method(value.form.type or value.form.kind, name) is not None:
        return Value(Method(value, name), value.taint)
    why = value.form.why if isinstance(value.form, Data) else ""
    return Value(Data(why), value.taint, below(value.loc, name))


def _of_either(frame: Frame, value: Value, name: str, line: int, called: bool) -> Value:
    assert isinstance(value.form, Either)
    parts = as_chosen(frame, value, concrete(frame, value.form.values, name))
    return union(attribute(frame, part, name, line, called) for part in parts).tainted(value.taint)


def concrete(frame: Frame, options: tuple[Value, ...], name: str) -> tuple[Value, ...]:
    """Of what an object may be, without the interfaces that only declare a member, or the class, where something that has it is known."""
    from toolaudit.effects.interfaces import declares, is_interface

    def only_declares(value: Value) -> bool:
        if not isinstance(value.form, Instance):
            return False
        cls, resolver = value.form.cls, frame.world.resolver
        below = [v for v in options if isinstance(v.form, Instance) and v.form.cls != cls and cls in resolver.ancestors(v.form.cls)]
        member = resolver.method(cls, name)
        code = frame.world.code(member.owner.path, member.head.qualname) if member is not None else None
        if member is None or code is None:
            return False
        if is_empty(code.facts) and declares(frame.world, Function(member.owner.path, member.head.qualname, code, member.owner)):
            return True
        return bool(below) and is_interface(frame.world, cls)

    declared = [only_declares(option) for option in options]
    if not any(declared) or not any(isinstance(v.form, Instance) for v, only in zip(options, declared, strict=True) if not only):
        return options
    return tuple(v for v, only in zip(options, declared, strict=True) if not only)


def _of_super(frame: Frame, value: Value, name: str, line: int, called: bool) -> Value:
    form = value.form
    assert isinstance(form, Super)
    instance = form.instance.form
    cls = instance.cls if isinstance(instance, Instance) else instance.ref if isinstance(instance, Class) else form.owner
    member = frame.world.resolver.method_after(cls, form.owner, name)
    if member is None:
        return Value(Method(form.instance, name), value.taint)
    return attributes.bind(frame, form.instance, member, line)


def _of_function(frame: Frame, value: Value, name: str, line: int, called: bool) -> Value:
    if isinstance(value.form, Function) and name in CALLING:
        return value
    if called:
        return Value(Method(value, name), value.taint)
    if name == "__signature__":
        return Value(Handle("inspect.Signature"))
    return Value(Data(), value.taint, of_function(value.form, name) if isinstance(value.form, Function) else None)


def of_function(form: Function, name: str) -> Loc | None:
    """Where an attribute of a module's function is: as long as the module, for all its users."""
    if "." in form.qualname or name.startswith("__"):
        return None
    return Loc("global", form.qualname, form.path) / name


_ATTRIBUTE: dict[type, Callable[[Frame, Value, str, int, bool], Value]] = {
    Instance: _of_instance,
    Class: _of_class,
    Module: _of_module,
    Foreign: _of_foreign,
    Handle: _of_handle,
    Text: _of_text,
    Data: _of_data,
    Scalar: _of_data,
    Many: _of_data,
    Either: _of_either,
    Super: _of_super,
    Function: _of_function,
    Partial: _of_function,
}


# --- items -----------------------------------------------------------------------------------------------------------


def item(frame: Frame, value: Value, key: Value, line: int) -> Value:
    """`value[key]`, without reading it."""
    form = value.form
    taint = value.taint | key.taint
    if isinstance(form, Many):
        found = _member(form, value, key)
        if type(found.form) is Either and (chosen := parameter_of(key)):
            frame.demands.add(chosen)  # which object it is decides what happens
        return found.tainted(taint)
    if isinstance(form, Text):
        if isinstance(key.form, Scalar):
            return extend_text(form, str(key.form.value), value).tainted(taint)
        return Value(form, taint)
    if isinstance(form, Either):
        return union(item(frame, part, key, line) for part in form.values).tainted(taint)
    if isinstance(form, Foreign | Class):
        return value
    return Value(Data(form.why if isinstance(form, Data) else ""), taint, below(value.loc, key_step(key)))


def key_step(key: Value) -> tuple[KeyPart, ...]:
    parts = parts_of(key)
    return parts if parts else (ANY,)


def _member(form: Many, value: Value, key: Value) -> Value:
    loc = below(value.loc, key_step(key))
    constant = key.form.value if isinstance(key.form, Scalar) else None
    if form.entries is not None and form.kind == "dict":
        return _entry(form, key, constant, loc)
    if form.items is not None and isinstance(constant, int) and -len(form.items) <= constant < len(form.items):
        return shared(form.items[constant], loc)
    return shared(element(form), loc)


def _entry(form: Many, key: Value, constant: object, loc: Loc | None) -> Value:
    entries = form.entries or ()
    if constant is not None:
        for known, held in entries:
            if isinstance(known.form, Scalar) and known.form.value == constant:
                return shared(held, loc)
        return shared(form.element or PLAIN, loc)
    if not entries:
        return shared(form.element or PLAIN, loc)
    chosen = parameter_of(key)
    values = tuple(shared(held, loc) for _, held in entries)
    facts = tuple(Fact(chosen, str(k.form.value)) if chosen and isinstance(k.form, Scalar) else None for k, _ in entries)
    if all(isinstance(v.form, Scalar | Text | Data) for v in values):
        return Value(Text(parts), loc=loc) if (parts := derived([key])) else Value(Data(), loc=loc)
    return Value(Either(values[:40], facts[:40]), key.taint)


DEEPEST = 4


def parameter_of(value: Value) -> str:
    """The parameter that a value is, or empty; a part that lies deeper than `DEEPEST` is none, or functions that call themselves with parts
    of their arguments would ask for more of them each time."""
    form = value.form
    if isinstance(form, Text) and len(form.parts) == 1 and form.parts[0].kind == "param" and form.parts[0].text.count(".") <= DEEPEST:
        return form.parts[0].text
    return ""


def element(form: Many) -> Value:
    """Any member of a container."""
    members = list(form.items or ()) + [held for _, held in form.entries or ()]
    if form.element is not None:
        members.append(form.element)
    return union(members[:12]) if members else PLAIN
