"""Assignments: names, attributes, items; writes of shared places."""

from __future__ import annotations

from toolaudit import facts as f
from toolaudit.effects import attributes, edits, names
from toolaudit.effects.arguments import Arguments
from toolaudit.effects.calls import call
from toolaudit.effects.containers import collected
from toolaudit.effects.context import trim
from toolaudit.effects.edits import CLIENT, RECORD
from toolaudit.effects.emptied import leaves_nothing
from toolaudit.effects.expressions import evaluate, look
from toolaudit.effects.external import call_method
from toolaudit.effects.frame import Frame, Repeat
from toolaudit.effects.iteration import members, named_members
from toolaudit.effects.kept_objects import holds_members
from toolaudit.effects.objects import attribute, concrete, key_step, of_function, place_of, read
from toolaudit.effects.targets import is_own, resource_of
from toolaudit.effects.truth import same_text
from toolaudit.effects.values import (
    MARKS,
    Class,
    Data,
    Foreign,
    Function,
    Handle,
    Instance,
    Loc,
    Many,
    Module,
    Scalar,
    Taint,
    Text,
    Value,
    alternatives,
    join_taint,
    tidy,
    union,
)
from toolaudit.model import KeyPart, Operation, Resource
from toolaudit.project.resolve import GlobalRef


def assign_to(frame: Frame, target: f.Expr, value: Value, op: Operation = "write") -> None:
    """Bind or write one target."""
    if isinstance(target, f.Name):
        _to_name(frame, target, value, op)
    elif isinstance(target, f.Attr):
        _to_attribute(frame, target, value, op)
    elif isinstance(target, f.Item):
        _to_item(frame, target, value, op)
    elif isinstance(target, f.Display):
        _to_pattern(frame, target, value)
    elif isinstance(target, f.Starred):
        assign_to(frame, target.value, Value(Many("list", element=value), value.taint))


def _to_name(frame: Frame, target: f.Name, value: Value, op: Operation) -> None:
    frame.line = target.line or frame.line
    name = target.id
    frame.fixed.discard(name)
    if name in frame.global_names:
        loc = names.global_place(frame, name)
        frame.emit(loc, "w", op, frame.line, data=value.taint, atomic=op != "increment", repeat="again" if op == "increment" else "same")
        known = frame.world.resolver.name(frame.path, name)
        if isinstance(known, GlobalRef) and isinstance(value.form, Instance):
            frame.env.pop(name, None)
        return
    if name in frame.outer_names:
        held = frame.closure.get(name)
        if held is not None and held.loc is not None and held.loc.root in ("cell", "param"):  # another is of what the name stood for
            frame.emit(
                held.loc, "w", op, frame.line, data=value.taint, atomic=op != "increment", repeat="again" if op == "increment" else "same"
            )
        frame.closure[name] = Value(value.form, value.taint, held.loc if held else None)
        return
    frame.env[name] = value if isinstance(value.form, LEAVES) else trim(value)


LEAVES = (Scalar, Text, Data)


def _to_attribute(frame: Frame, target: f.Attr, value: Value, op: Operation) -> None:
    base = look(frame, target.value)
    frame.line = target.line or frame.line
    for option in concrete(frame, alternatives(base), target.attr):
        _set_attribute(frame, target, option, value, op)


def _set_attribute(frame: Frame, target: f.Attr, base: Value, value: Value, op: Operation) -> None:
    form = base.form
    if isinstance(form, Instance) and _setter(frame, base, target.attr, value):
        return
    place = place_of(base, target.attr)
    if isinstance(form, Instance) and place is not None:
        attributes.learn(frame.world, form.cls, target.attr, value)
    if isinstance(form, Class):
        place = Loc("self", "", attributes.scope_of(attributes.definer(frame.world, form.ref, target.attr))) / target.attr
    elif isinstance(form, Module):
        place = Loc("global", target.attr, form.path)
    elif isinstance(form, Handle) and base.loc is not None:
        place = base.loc / target.attr
    elif isinstance(form, Function):
        place = of_function(form, target.attr)
    if place is not None:
        repeat = "again" if op in ("increment", "append") else "same"
        # A module that is imported late is the same for every call.
        why = "lazy-init" if isinstance(value.form, Foreign | Module) and not value.taint else ""
        atomic = op != "increment"
        note = leaves_nothing(value) if op == "write" else ""
        frame.emit(place, "w", op, frame.line, data=value.taint, atomic=atomic, repeat=repeat, secondary=why, note=note)  # type: ignore[arg-type]
    elif isinstance(form, Handle) and form.kind and form.kind not in ("file", "memory"):
        api = frame.world.catalogue.method(form.type, "__setattr__")
        if api is not None:
            call_method(frame, base, "__setattr__", Arguments(args=(Value(Scalar(target.attr)), value)), frame.line)
    elif isinstance(form, Foreign):
        rebind(frame, f"{form.name}.{target.attr}", value, op)
    else:
        if isinstance(form, Data) and form.why in ("not-in-catalogue", "client"):  # who handed it out may keep what is set on it
            frame.missing(f"{frame.called}.{target.attr} = …", "not-in-catalogue", "unclear", frame.line)
        edits.part_set(frame, value)
        if not isinstance(form, Instance):
            _taint_root(frame, target.value, value.taint)
    if isinstance(target.value, f.Name):
        _remember(frame, target.value.id, target.attr, base, value)


def rebind(frame: Frame, name: str, value: Value, op: Operation) -> None:
    """A process-wide object replaced by another: `sys.stdout = io.StringIO()`."""
    if op == "increment":
        frame.emit(foreign_place(name), "rw", op, frame.line, data=value.taint, repeat="again", confidence="catalogued")
        return
    held = attributes.foreign(frame.world, name).form
    if isinstance(held, Handle) and held.kind:
        resource = resource_of(held.kind, held.parts, held.scope)
        frame.emit(resource, "w", "write", frame.line, data=value.taint, atomic=True, repeat="same", confidence="catalogued")
    elif not name.startswith("_"):
        # A setting of a library, for all its users; what depends on no call's argument is set to the same by each.
        told = any(isinstance(item, str) and item[:1] not in MARKS for item in value.taint)
        secondary = "" if told else "lazy-init"
        frame.emit(foreign_place(name), "w", "write", frame.line, data=value.taint, atomic=True, repeat="same", secondary=secondary)


def foreign_place(name: str, index: Value | None = None) -> Resource:
    """An attribute of a library's module or object, which all its users share, or an entry of it."""
    entry = () if index is None else (KeyPart("literal", "["), *key_step(index), KeyPart("literal", "]"))
    return resource_of("memory", tidy((KeyPart("literal", name), *entry)), name.partition(".")[0])


def _set_foreign_item(frame: Frame, name: str, index: Value, data: Taint, op: Operation) -> None:
    place, line = foreign_place(name, index), frame.line
    if op == "increment":
        frame.emit(place, "rw", op, line, data=data, repeat="again", confidence="catalogued")
    else:
        frame.emit(place, "w", op, line, data=data, atomic=True, repeat="same", confidence="catalogued")


def _setter(frame: Frame, base: Value, name: str, value: Value) -> bool:
    """An assignment to a property with a setter is a call."""
    form = base.form
    assert isinstance(form, Instance)
    world = frame.world
    for owner in world.resolver.ancestors(form.cls):
        for head in world.resolver.definitions(owner, name):
            if head.owner == owner.qualname and any(isinstance(d, f.Attr) and d.attr == "setter" for d in head.decorators):
                facts = world.setter(owner.path, head)
                if facts is not None:
                    call(
                        frame,
                        Value(Function(owner.path, head.qualname, facts, owner, base, raw=True)),
                        Arguments(args=(value,)),
                        frame.line,
                    )
                return True
    return False


def _remember(frame: Frame, name: str, attr: str, base: Value, value: Value) -> None:
    """The attribute of an object that a local name holds."""
    if name in frame.env and isinstance(base.form, Instance) and isinstance(frame.env[name].form, Instance):
        held = frame.env[name]
        assert isinstance(held.form, Instance)
        fields = {**dict(held.form.fields), attr: value}
        frame.env[name] = Value(Instance(held.form.cls, tuple(sorted(fields.items(), key=lambda x: x[0]))[:40]), held.taint, held.loc)
    if name == frame.receiver:
        frame.fields[attr] = trim(value)


def _to_item(frame: Frame, target: f.Item, value: Value, op: Operation) -> None:
    base = look(frame, target.value)
    index = evaluate(frame, target.index)
    frame.line = target.line or frame.line
    for option in alternatives(base):
        for key in alternatives(index) if option.loc is not None else (index,):
            _set_item(frame, target, option, key, value, op)


def _set_item(frame: Frame, target: f.Item, base: Value, index: Value, value: Value, op: Operation) -> None:
    form = base.form
    data = join_taint(value.taint, index.taint)
    api = frame.world.catalogue.method(form.type, "__setitem__") if isinstance(form, Handle) else None
    listed = isinstance(form, Handle) and (base.loc is None or (api is not None and api.origin != "default"))
    special = listed or isinstance(form, Instance)
    if special and (special_method(frame, base, "__setitem__", (index, value)) or not holds_members(frame, form)):
        return
    if base.loc is not None and not collected(frame, base):
        place = base.loc if isinstance(target.index, f.Slice) else base.loc / key_step(index)
        repeat = "again" if op in ("increment", "append") else "same"
        note = RECORD if edits.is_record(value) else CLIENT if edits.is_client(value) else ""
        frame.emit(place, "w", op, frame.line, data=data, atomic=op != "increment", repeat=repeat, note=note)  # type: ignore[arg-type]
        return
    if isinstance(form, Foreign):
        _set_foreign_item(frame, form.name, index, data, op)
        return
    edits.part_set(frame, value)
    if base.taint and (isinstance(target.index, f.Slice) or edits.is_new(index)):
        edits.grow(frame, base.taint, value.taint)
    elif base.taint and (demanded := edits.whether_new(index)):
        frame.demands.add(demanded)
    if isinstance(target.value, f.Name) and target.value.id in frame.env:
        held = frame.env[target.value.id]
        if isinstance(held.form, Many):
            frame.env[target.value.id] = Value(_with_entry(held.form, index, value), join_taint(held.taint, data))
        else:
            frame.env[target.value.id] = held.tainted(data)
    elif isinstance(target.value, f.Attr | f.Item):
        _taint_root(frame, target.value, data)


def _taint_root(frame: Frame, expr: f.Expr, data: Taint) -> None:
    """A part of an owned object changed: what is made of the object derives from it."""
    while isinstance(expr, f.Attr | f.Item):
        expr = expr.value
    if isinstance(expr, f.Name) and expr.id in frame.env and expr.id != frame.receiver:
        frame.env[expr.id] = frame.env[expr.id].tainted(data)


def _with_entry(form: Many, index: Value, value: Value) -> Many:
    if form.kind != "dict":
        return Many(form.kind, form.items, None, form.element if form.items else value, form.type)
    if isinstance(index.form, Scalar) and (form.entries is not None or form.element is None) and len(form.entries or ()) < 40:
        kept = tuple((k, v) for k, v in form.entries or () if k.form != index.form)
        return Many("dict", None, (*kept, (index, value)), form.element, form.type)
    return Many("dict", None, form.entries, value, form.type)


def special_method(frame: Frame, base: Value, name: str, arguments: tuple[Value, ...]) -> bool:
    """Call the method behind an operation, where there is one."""
    if isinstance(base.form, Instance):
        method = attribute(frame, base, name, frame.line, called=True)
        found = isinstance(method.form, Function)
        if found:
            call(frame, method, Arguments(args=arguments), frame.line)
        return found
    found = isinstance(base.form, Handle) and frame.world.catalogue.method(base.form.type, name) is not None
    if found:
        call_method(frame, base, name, Arguments(args=arguments), frame.line)
    return found


def _to_pattern(frame: Frame, target: f.Display, value: Value) -> None:
    options = [named_members(frame, v) for v in alternatives(value)]
    options = [v for v in options if isinstance(v.form, Many) and v.form.items is not None]
    same = [v for v in options if len(_members(v)) == len(target.items)]
    if same:
        value = read(frame, value, frame.line)
        for position, part in enumerate(target.items):
            held = [_kept(option, position) for option in same]
            assign_to(frame, part, (held[0] if len(held) == 1 else union(held)).tainted(value.taint))
        return
    if isinstance(value.form, Many | Text):
        any_of = members(frame, value, frame.line)
    else:
        any_of = Value(Data(value.form.why) if isinstance(value.form, Data) else Data(), value.taint)
    for part in target.items:
        assign_to(frame, part, any_of.tainted(value.taint))


def _members(value: Value) -> tuple[Value, ...]:
    return value.form.items or () if isinstance(value.form, Many) else ()


def _kept(holder: Value, position: int) -> Value:
    """A member of a tuple; an object keeps its place in one that outlives the call, and so belongs to no call alone."""
    held = _members(holder)[position]
    if holder.loc is None or held.loc is not None or not (isinstance(held.form, Instance) or is_own(held)):
        return held
    return held.at(holder.loc / (KeyPart("literal", str(position)),))


# --- statements ------------------------------------------------------------------------------------------------------


def assign(frame: Frame, stmt: f.Assign) -> None:
    frame.line = stmt.line
    if stmt.value is None:
        return
    value = look(frame, stmt.value)
    if not isinstance(value.form, Many | Instance | Handle) or value.loc is None:
        value = _loaded(frame, value)
    if stmt.annotation is not None and isinstance(value.form, Data | Many):
        value = _hinted(frame, stmt, value)
    held = same_text(stmt.value)
    fixed = held is not stmt.value and isinstance(held, f.Name) and held.id in frame.fixed
    for target in stmt.targets:
        frame.line = stmt.line
        assign_to(frame, target, value)
        if isinstance(target, f.Name):
            if fixed:
                frame.fixed.add(target.id)
            made_here = isinstance(stmt.value, f.Const | f.Display | f.Mapping) and not value.taint
            (frame.fresh.add if made_here else frame.fresh.discard)(target.id)


def _loaded(frame: Frame, value: Value) -> Value:
    """Scalars are read when they are assigned; an object of unknown kind keeps its place, for it may be changed through the name."""
    seen = read(frame, value, frame.line)
    if seen.loc is not None and isinstance(seen.form, Scalar | Text):
        return seen.at(None)
    return seen


def _hinted(frame: Frame, stmt: f.Assign, value: Value) -> Value:
    from toolaudit.effects.annotations import annotated

    hinted = annotated(frame.world, frame.path, stmt.annotation)
    if hinted is None or isinstance(hinted.form, Data | Text):
        return value
    if isinstance(value.form, Many) and isinstance(hinted.form, Many):
        form = value.form
        return Value(Many(form.kind, form.items, form.entries, form.element or hinted.form.element, form.type), value.taint, value.loc)
    return Value(hinted.form, value.taint, value.loc) if isinstance(value.form, Data) else value


def augment(frame: Frame, stmt: f.Augment) -> None:
    """`target op= value`: a read, then a write that derives from it."""
    from toolaudit.effects.operators import combine

    frame.line = stmt.line
    current = look(frame, stmt.target)
    added = evaluate(frame, stmt.value)
    frame.line = stmt.line
    if isinstance(current.form, Many) and current.loc is not None:
        _into_shared(frame, current.form, current.loc, stmt, added)
        return
    if isinstance(current.form, Instance) and _in_place(frame, current, stmt.op, added):
        return
    seen = read(frame, current, stmt.line)
    here = isinstance(stmt.target, f.Name) and stmt.target.id in frame.fresh
    made = combine(frame, stmt.op.rstrip("="), seen, added)
    if here:
        made = Value(made.form, join_taint(seen.taint, added.taint), made.loc)
    if isinstance(current.form, Many) and isinstance(stmt.target, f.Name):
        frame.env[stmt.target.id] = made
        return
    counts = stmt.op.rstrip("=") in ("+", "-", "*", "<<", "|")
    assign_to(frame, stmt.target, made.tainted(join_taint(seen.taint, added.taint)), "increment" if counts else "update")


def _into_shared(frame: Frame, form: Many, loc: Loc, stmt: f.Augment, added: Value) -> None:
    """`SHARED |= {key: value}` sets entries by their keys, `SHARED += [item]` adds one more each time."""
    entries = added.form.entries if isinstance(added.form, Many) and form.kind == "dict" else None
    for key, value in entries or ():
        data = join_taint(key.taint, value.taint)
        frame.emit(loc / key_step(key), "w", "write", stmt.line, data=data, atomic=True, repeat="same")
    if not entries:
        repeat: Repeat = "same" if form.kind in ("dict", "set") else "again"
        op: Operation = "append" if form.kind == "list" else "update"
        frame.emit(loc, "w", op, stmt.line, data=added.taint, atomic=True, repeat=repeat)


IN_PLACE = {
    "+": "__iadd__", "-": "__isub__", "*": "__imul__", "/": "__itruediv__", "//": "__ifloordiv__", "%": "__imod__", "@": "__imatmul__",
    "|": "__ior__", "&": "__iand__", "^": "__ixor__", "<<": "__ilshift__", ">>": "__irshift__", "**": "__ipow__",
}  # fmt: skip


def _in_place(frame: Frame, current: Value, operator: str, added: Value) -> bool:
    """`target op= value` of an object whose class changes it in place."""
    method = attribute(frame, current, IN_PLACE[operator], frame.line, called=True)
    if isinstance(method.form, Function):
        call(frame, method, Arguments(args=(added,)), frame.line)
        return True
    return False
