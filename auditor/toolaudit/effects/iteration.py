"""Iteration: what containers, objects of the project and external objects give one by one."""

from __future__ import annotations

from toolaudit import facts as f
from toolaudit.effects.frame import Frame
from toolaudit.effects.keys import ANY
from toolaudit.effects.objects import attribute, below, element, read, shared
from toolaudit.effects.values import PLAIN, Data, Either, Function, Handle, Instance, Many, Scalar, Text, Value, union
from toolaudit.model import KeyPart


def members(frame: Frame, value: Value, line: int) -> Value:
    """What iterating gives; the place is read where it is shared. Iterating a dict gives its keys."""
    form = value.form
    if isinstance(form, Either):
        return union(members(frame, part, line) for part in form.values).tainted(value.taint)
    if isinstance(form, Many):
        seen = read(frame, value, line, "list")
        loc = below(value.loc, (ANY,))
        if form.kind == "dict":
            keys = [key for key, _ in form.entries or ()]
            return (union(keys[:12]) if keys else PLAIN).tainted(seen.taint)
        return shared(element(form), loc).tainted(seen.taint)
    if isinstance(form, Text):
        if len(form.parts) == 1 and form.parts[0].kind == "param":
            part = form.parts[0]
            return Value(Text((KeyPart("param", f"{part.text}[]"),)), value.taint)
        new = any(part.kind == "fresh" for part in form.parts)  # `descriptor, path = mkstemp()`
        return Value(form if new else Data(), value.taint)
    if isinstance(form, Data):
        seen = read(frame, value, line, "list")
        return Value(Data(form.why), seen.taint, below(value.loc, (ANY,)))
    if isinstance(form, Instance):
        named = named_members(frame, value)
        return _iterated(frame, value, form, line) if named is value else members(frame, named, line)
    if isinstance(form, Handle):
        return _handed_out(frame, value, form, line)
    return Value(Data(), value.taint)


def still_shared(value: Value, form: Many, kind: str) -> Many | None:
    """A list made of the members of a shared one: each of them is the one object that others have; None where nothing can be changed by it."""
    if value.loc is None or form.items or form.entries or form.kind == "generator":
        return None
    inside = element(form)
    if isinstance(inside.form, Scalar | Text | Function):
        return None
    return Many(kind, element=shared(inside, below(value.loc, (ANY,))), type=form.type if kind == form.kind else "")  # type: ignore[arg-type]


def _iterated(frame: Frame, value: Value, form: Instance, line: int) -> Value:
    """What `__iter__`, or the `__next__` behind it, gives."""
    from toolaudit.effects.arguments import Arguments
    from toolaudit.effects.calls import call

    taint = value.taint
    for name in ("__iter__", "__aiter__", "__next__", "__anext__"):
        method = attribute(frame, value, name, line, called=True)
        if not isinstance(method.form, Function):
            continue
        made = call(frame, method, Arguments(), line)
        taint |= made.taint
        if name in ("__next__", "__anext__"):
            return made.tainted(taint)
        if not isinstance(made.form, Instance):
            return members(frame, made, line).tainted(taint)
    return Value(Data(), read(frame, value, line, "list").taint | taint)


def named_members(frame: Frame, value: Value) -> Value:
    """The fields of a NamedTuple, in their order; any other value as it is."""
    form = value.form
    if not isinstance(form, Instance):
        return value
    resolver = frame.world.resolver
    if not any(base.rsplit(".", 1)[-1] == "NamedTuple" for base in resolver.foreign_bases(form.cls)):
        return value
    heads = [head for owner in resolver.ancestors(form.cls) if (head := resolver.klass(owner)) is not None]
    named = next((head.fields for head in heads if head.fields), ())
    held = tuple(attribute(frame, value, field.name, frame.line) for field in named if field.name[:1] != "_")
    return Value(Many("tuple", held), value.taint, value.loc) if held else value


def _handed_out(frame: Frame, value: Value, form: Handle, line: int) -> Value:
    """What an external object gives: where its `__iter__` is described, what that says; else things like itself."""
    from toolaudit.effects.arguments import Arguments
    from toolaudit.effects.external import call_method

    api = frame.world.catalogue.method(form.type, "__iter__")
    if api is not None and api.origin != "default" and api.effects:
        made = call_method(frame, value, "__iter__", Arguments(), line)
        return made if isinstance(made.form, Handle) else Value(form, made.taint, value.loc)
    return Value(form, value.taint, value.loc) if form.kind != "file" or form.type == "pathlib.Path" else Value(Data(), value.taint)


MAX_RECORDS = 48


def chosen(frame: Frame, expr: f.Comprehension) -> Many | None:
    """`(r.run for r in records if r.name == name)`: of a list of known records those that constants do not rule out."""
    clause = expr.clauses[0]
    part = expr.element.value if isinstance(expr.element, f.Attr | f.Item) else expr.element
    if len(expr.clauses) != 1 or not clause.conditions or not isinstance(clause.target, f.Name) or part != clause.target:
        return None
    frame.quiet += 1
    try:
        form = frame.world.evaluate(frame, clause.iterable).form if isinstance(clause.iterable, f.Name | f.Attr) else None
        records = form.items if isinstance(form, Many) and form.kind in ("list", "tuple") else None
        if not records or len(records) > MAX_RECORDS or not all(isinstance(one.form, Instance | Many) for one in records):
            return None
        kept: list[Value] = []
        before = frame.env.get(clause.target.id)
        for record in records:
            frame.env[clause.target.id] = record
            if not any(_ruled_out(frame, condition) for condition in clause.conditions):
                kept.append(frame.world.evaluate(frame, expr.element))
        frame.env.pop(clause.target.id)
        if before is not None:
            frame.env[clause.target.id] = before
        return Many("list", tuple(kept)) if kept else None
    finally:
        frame.quiet -= 1


def _ruled_out(frame: Frame, test: f.Expr) -> bool:
    """Whether two constants are compared and differ."""
    from toolaudit.effects.classify import demand

    if isinstance(test, f.Boolean) and test.op == "and":
        return any(_ruled_out(frame, one) for one in test.values)
    if not isinstance(test, f.Compare) or test.ops != ("==",):
        return False
    sides: list[Value] = []
    for side in (test.left, test.rights[0]):
        if isinstance(side, f.Name | f.Attr | f.Const | f.Item):
            sides.append(frame.world.evaluate(frame, side))
            demand(frame, sides[-1])
    texts = [side.form.value for side in sides if isinstance(side.form, Scalar)]
    return len(texts) == 2 and texts[0] != texts[1]


def filtered(frame: Frame, expr: f.Comprehension) -> Many | Text | None:
    """`{k: v for k, v in given.items() if …}` holds what `given` does under the same keys, as far as its members are known."""
    clause = expr.clauses[0]
    pair = clause.target.items if isinstance(clause.target, f.Display) else ()
    names = tuple(item.id for item in pair if isinstance(item, f.Name))
    made = tuple(part.id for part in (expr.element, expr.value) if isinstance(part, f.Name))
    source = clause.iterable.func if isinstance(clause.iterable, f.Call) else None
    if len(expr.clauses) != 1 or len(made) != 2 or names != made or not isinstance(source, f.Attr) or source.attr != "items":
        return chosen(frame, expr)
    frame.quiet += 1
    form = frame.world.evaluate(frame, source.value).form
    frame.quiet -= 1
    if isinstance(form, Many) and form.kind == "dict" and form.entries:
        return Many("dict", None, form.entries, form.element)
    whole = isinstance(form, Text) and len(form.parts) == 1 and form.parts[0].kind == "param"
    return form if whole and isinstance(form, Text) else None
