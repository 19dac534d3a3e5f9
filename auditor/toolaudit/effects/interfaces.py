"""Methods that only declare what others do: those of a protocol or an abstract base are followed to the classes that implement them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolaudit.branches import way
from toolaudit.effects import attributes, guesses
from toolaudit.effects.annotations import annotated
from toolaudit.effects.arguments import Arguments
from toolaudit.effects.bodies import is_abstract, is_default, is_empty
from toolaudit.effects.frame import MAX_ARMS, Frame, World
from toolaudit.effects.objects import attribute
from toolaudit.effects.values import Function, Instance, Loc, Value, union
from toolaudit.facts import Attr, FunctionFacts, Item, Name
from toolaudit.model import Resource
from toolaudit.project.resolve import ClassRef

MAX_IMPLEMENTERS = 8
MAX_CLASSES = 60
_PROTOCOLS = frozenset({"typing.Protocol", "typing_extensions.Protocol"})
_ABSTRACT = frozenset({"abc.ABC", *_PROTOCOLS})


def call_declared(frame: Frame, form: Function, arguments: Arguments, line: int) -> Value | None:
    """A call of a method without a body of its own, or with one that only says "nothing" for classes that keep nothing; None where it is to
    be walked as it stands."""
    receiver, world = form.receiver, frame.world
    if receiver is None or form.owner is None or not isinstance(receiver.form, Instance):
        return None
    default = is_default(form.code.facts) and is_interface(world, receiver.form.cls)
    if not default and not is_empty(form.code.facts):
        return None
    name = form.qualname.rsplit(".", 1)[-1]
    member = world.resolver.method(receiver.form.cls, name)
    if member is None or member.owner != form.owner or not _is_open(world, form):
        return None  # called by `super()`, or there to do nothing
    found = implementers(world, receiver.form.cls, name)
    if 0 < len(found) <= MAX_IMPLEMENTERS and (len(found) == 1 or _alike_in_kind(frame, receiver, found, name, arguments, line)):
        return _each(frame, receiver, found, name, arguments, line)
    if not found and (default or not declares(world, form)):
        return None
    from toolaudit.effects.calls import consume

    cls = form.owner.qualname.rsplit(".", 1)[-1]
    guessed = guesses.unlisted(frame, receiver, cls, name, consume(frame, arguments.all(), line), line, None, arguments)
    facts = form.code.facts
    given = annotated(world, form.owner.path, facts.returns) if isinstance(facts, FunctionFacts) else None
    return guessed if given is None or not isinstance(given.form, Instance) else Value(given.form, guessed.taint)


def _alike_in_kind(frame: Frame, receiver: Value, found: tuple[ClassRef, ...], name: str, arguments: Arguments, line: int) -> bool:
    """All of them keep what they keep in the same kind of place; what is a file for one and a table for another is only what the name says."""
    if not guesses.verb_known(name):
        return True
    kinds: set[frozenset[str]] = set()
    for ref in found:
        aside = Frame(frame.world, frame.path, frame.function, env=dict(frame.env), owner=frame.owner, receiver=frame.receiver)
        aside.effects = list(frame.effects)  # what the arguments derive from
        _each(aside, receiver, (ref,), name, arguments, line)
        touched = {
            e.target.kind if isinstance(e.target, Resource) else "memory" for e in aside.effects[len(frame.effects) :] if not e.secondary
        }
        kinds.add(frozenset(touched))
    return len(kinds) == 1


def _each(frame: Frame, receiver: Value, found: tuple[ClassRef, ...], name: str, arguments: Arguments, line: int) -> Value:
    """What each implementer does, of which a call meets one."""
    from toolaudit.effects.calls import call

    results: list[Value] = []
    arms, key = frame.arms, f"{line} {name}"
    for number, ref in enumerate(found):
        apart = len(found) > 1 and not frame.in_loop and len(arms) < MAX_ARMS
        frame.arms = (*arms, (key, way(number))) if apart else arms
        loc = receiver.loc or (None if attributes.is_record(frame.world, ref) else Loc("self", "", attributes.scope_of(ref)))
        made = attribute(frame, Value(Instance(ref), receiver.taint, loc), name, line, called=True)
        results.append(call(frame, made, arguments, line) if isinstance(made.form, Function) else made)
    frame.arms = arms
    return union(results)


def by_name(frame: Frame, receiver: Value, called: str, name: str, arguments: Arguments, line: int) -> Value | None:
    """A method of an object nobody tells the class of, where one class of the project alone has it and is called like the object."""
    if "_" not in name.strip("_") or name.startswith("_"):
        return None
    key = (None, name)
    if key not in frame.world.implementers:
        frame.world.implementers[key] = tuple(_having(frame.world, name))
    found = frame.world.implementers[key]
    if len(found) != 1 or found[0] == frame.owner or not _words(called) & _words(found[0].qualname.rpartition(".")[2]):
        return None
    return _each(frame, receiver, found, name, arguments, line)


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name.rpartition(".")[2]) if len(word) > 1}


def _having(world: World, name: str) -> Iterator[ClassRef]:
    """The project's classes that define a method of this name."""
    for path in world.project.mentioning(f"def {name}(", everywhere=True):
        index = world.project.index(path)
        for head in index.classes if index is not None else ():
            ref = ClassRef(path, head.qualname)
            if any(method.name == name for method in world.resolver.methods(ref)):
                yield ref


def declares(world: World, form: Function) -> bool:
    """The method says that others must do something: it is abstract, refuses, or stands in a protocol."""
    return is_abstract(form.code.facts) or (form.owner is not None and _is_protocol(world, form.owner))


def _is_open(world: World, form: Function) -> bool:
    owner = form.owner
    assert owner is not None
    if is_abstract(form.code.facts) or any(base in _ABSTRACT for base in world.resolver.foreign_bases(owner)):
        return True
    head = world.resolver.klass(owner)
    return head is not None and any(isinstance(k.value, Name | Attr) and _last(k.value) == "ABCMeta" for k in head.keywords)


def is_interface(world: World, ref: ClassRef) -> bool:
    """No object is of this class itself: a method of its own is abstract."""
    return _is_protocol(world, ref) or any("abstractmethod" in attributes.decorators_of(head) for head in world.resolver.methods(ref))


def _last(expr: Name | Attr) -> str:
    return expr.id if isinstance(expr, Name) else expr.attr


def _is_protocol(world: World, ref: ClassRef) -> bool:
    """The class itself is a protocol: `class Store(Protocol)`, `class Store(Protocol[T])`."""
    head = world.resolver.klass(ref)
    bases = [base.value if isinstance(base, Item) else base for base in head.bases] if head is not None else []
    return any(isinstance(base, Name | Attr) and _last(base) == "Protocol" for base in bases)


def implementers(world: World, ref: ClassRef, name: str) -> tuple[ClassRef, ...]:
    """The project's classes that implement a method of a class: its subclasses, of a protocol without any those that have all its methods."""
    key = (ref, name)
    if key not in world.implementers:
        found = list(_doing(world, _subclasses(world, ref), name))
        if not found and _is_protocol(world, ref):
            found = list(_doing(world, _alike(world, ref), name))
        world.implementers[key] = tuple(found)
    return world.implementers[key]


def _doing(world: World, classes: Iterator[ClassRef], name: str) -> Iterator[ClassRef]:
    """One class for each body that the method has."""
    seen: set[str] = set()
    for ref in classes:
        member = world.resolver.method(ref, name)
        code = world.code(member.owner.path, member.head.qualname) if member is not None else None
        if member is None or code is None or is_empty(code.facts):
            continue
        place = f"{member.owner.path}::{member.head.qualname}"
        if place not in seen:
            seen.add(place)
            yield ref


def _subclasses(world: World, ref: ClassRef) -> Iterator[ClassRef]:
    """The project's classes below a class, at any depth."""
    seen, waiting = {ref}, [ref]
    while waiting and len(seen) < MAX_CLASSES:
        base = waiting.pop(0)
        for path in world.project.mentioning(base.qualname.rsplit(".", 1)[-1], everywhere=True):
            index = world.project.index(path)
            for head in index.classes if index is not None else ():
                below = ClassRef(path, head.qualname)
                if below not in seen and head.bases and base in world.resolver.bases(below):
                    seen.add(below)
                    waiting.append(below)
                    yield below


def _alike(world: World, ref: ClassRef) -> Iterator[ClassRef]:
    """Classes that have every method of a protocol, without saying that they do."""
    names = [head.name for head in world.resolver.methods(ref) if not head.name.startswith("__")]
    for path in world.project.mentioning(f"def {max(names, key=len)}(", everywhere=True) if names else ():
        index = world.project.index(path)
        for head in index.classes if index is not None else ():
            other = ClassRef(path, head.qualname)
            own = {method.name: method for method in world.resolver.methods(other)}
            if other == ref or not own.keys() >= set(names) or _is_protocol(world, other):
                continue
            if not any("abstractmethod" in attributes.decorators_of(own[name]) for name in names):
                yield other
