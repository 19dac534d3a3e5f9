"""Drafts → tools: the name as the model sees it, parameters, flags, and one tool where several declarations speak of the same."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from toolaudit.facts import Call, ClassHead, Expr, FunctionHead, Mapping, Name
from toolaudit.frameworks.bodies import Bodies
from toolaudit.frameworks.discover_calls import argument
from toolaudit.frameworks.drafts import ORDER, Draft
from toolaudit.frameworks.generated import is_generated
from toolaudit.frameworks.handed_back import hands_back_coroutine
from toolaudit.frameworks.hints import Written, declared, written
from toolaudit.frameworks.names import last_part
from toolaudit.frameworks.nodes import body_calls
from toolaudit.frameworks.scope import Scope
from toolaudit.frameworks.signature import injected_by, is_required, parameters, schema_parameters
from toolaudit.frameworks.texts import mapping_value, text_of
from toolaudit.frameworks.types import returns
from toolaudit.model import Tool, ToolParameter


class Made(Struct, frozen=True, array_like=True):
    """A tool that one declaration gives, with the hints as written, which the check of spellings needs."""

    tool: Tool
    written: tuple[Written, ...]
    explicit: bool = True
    """The declaration says the name; it is not only taken from the function."""
    named: str = ""
    """The name that the way of declaring gives by itself."""


def finish(declared: Iterable[Made]) -> list[Made]:
    """Tools sorted by file, line and name, each once, with unique ids."""
    best: dict[tuple[str, str, str], Made] = {}
    for one in sorted(declared, key=lambda one: (_rank(one.tool), not one.explicit)):
        best.setdefault((one.tool.file, one.tool.function, one.tool.name), one)
    return _identified(_without_repeats(list(best.values())))


def _rank(tool: Tool) -> tuple[int, str, int, str]:
    order = ORDER.index(tool.declared_by) if tool.declared_by in ORDER else len(ORDER)
    if tool.framework == "bare":
        order += 100 if tool.declared_by == "dispatch" else 120
    return (order, tool.file, tool.line, tool.function)


def _without_repeats(made: list[Made]) -> list[Made]:
    """One tool for each function, unless further declarations give it further names. They stand in order of strength.

    A function that a decorator makes a tool is not another one because it is also registered or listed under no name of its own, or
    because a hand-written table holds it.
    """
    first: dict[tuple[str, str], Made] = {}
    found: list[Made] = []
    for one in made:
        known = first.setdefault((one.tool.file, one.tool.function), one)
        again = one.tool.declared_by == known.tool.declared_by and one.tool.declared_by in {"registration", "factory"}
        if known is one or one.tool.when or ((one.explicit or again) and not _is_weak(one.tool)):
            found.append(one)
    return found


def _is_weak(tool: Tool) -> bool:
    return tool.declared_by in {"callable", "schema"} or tool.framework == "bare"


def _identified(made: list[Made]) -> list[Made]:
    made.sort(key=lambda one: (one.tool.file, one.tool.line, one.tool.name))
    count: dict[tuple[str, str], int] = {}
    for one in made:
        count[one.tool.file, one.tool.function] = count.get((one.tool.file, one.tool.function), 0) + 1
    found: list[Made] = []
    used: set[str] = set()
    for one in made:
        base = f"{one.tool.file}::{one.tool.function}"
        shared = count[one.tool.file, one.tool.function] > 1 or bool(one.tool.when)
        identity = f"{base}#{one.tool.name}" if shared else base
        if identity not in used:
            used.add(identity)
            found.append(Made(replace(one.tool, id=identity), one.written))
    return found


def said_name(bodies: Bodies, draft: Draft) -> str:
    """The name that the declaration says; empty when only the function or class has one."""
    sources = tuple(one for one in draft.declare.name if one not in {"function", "class", "class-snake"})
    return draft.name or _text(bodies, draft, None, sources)


def made(bodies: Bodies, draft: Draft) -> Made:
    """The tool that a declaration gives, before it is known what else speaks of the same one; it has no id yet."""
    head = _head(bodies, draft)
    found = written(draft)
    values, lines = declared(draft.framework, found)
    said = draft.name or _text(bodies, draft, head, tuple(one for one in draft.declare.name if one != "function"))
    tool = Tool(
        id="",
        name=said or draft.function.rsplit(".", 1)[-1],
        file=draft.file,
        line=draft.line,
        function=draft.function,
        framework=draft.framework.name,
        declared_by=draft.declared_by,
        is_async=head is not None
        and (head.is_async or draft.on_loop or hands_back_coroutine(bodies, draft.ref.path if draft.ref else draft.file, head)),
        parameters=_parameters(bodies, draft, head),
        owner=draft.owner,
        receiver=draft.receiver,
        when=draft.when,
        declared=values,
        declared_lines=lines,
        description=_description(bodies, draft, head),
        entry=draft.entry,
        arguments_in=draft.arguments_in or _arguments(draft, head),
        dispatcher=draft.dispatcher,
        given=draft.given,
        generated=draft.declared_by != "dispatch" and not said_name(bodies, draft) and is_generated(bodies, draft),
    )
    return Made(tool, tuple(found), bool(said), draft.name)


def _head(bodies: Bodies, draft: Draft) -> FunctionHead | None:
    ref = draft.ref
    if ref is not None and ref.kind == "function":
        return bodies.names.head(ref.path, ref.qualname)
    return bodies.names.head(draft.file, draft.function)


def _arguments(draft: Draft, head: FunctionHead | None) -> str:
    """`declare.arguments` for this function: a name it has, or `#0` and a path for a position (the receiver not counted)."""
    text = draft.declare.arguments
    if not text or head is None:
        return ""
    first, _, path = text.partition(".")
    names = [parameter.name for parameter in head.parameters if parameter.kind not in {"vararg", "kwarg"}]
    if head.owner and names:
        names = names[1:]
    if first.startswith("#"):
        position = int(first[1:])
        if position >= len(names):
            return ""
        first = names[position]
    elif first not in names:
        return ""
    return f"{first}.{path}" if path else first


def _parameters(bodies: Bodies, draft: Draft, head: FunctionHead | None) -> tuple[ToolParameter, ...]:
    found: tuple[ToolParameter, ...] = ()
    if draft.schema is not None and draft.schema.parameters is not None:
        found = schema_parameters(draft.schema.scope, draft.schema.parameters)
    if head is None or (draft.when and draft.declared_by == "dispatch" and not found):
        return found
    path = draft.ref.path if draft.ref is not None else draft.file
    held = {one.name for one in draft.given if one.function == f"{path}::{head.qualname}"}
    listed = tuple(one for one in parameters(bodies.scope(path, head.nested_in or ""), head, draft.framework) if one.name not in held)
    listed = _said_by_model(bodies, draft, listed)
    injected = tuple(one for one in listed if one.injected)
    if draft.receiver == "per-call":
        return _own_fields(bodies, draft) + injected
    if found:
        return found + injected
    if draft.inputs:
        return tuple(ToolParameter(name) for name in draft.inputs) + injected
    if draft.declare.arguments or draft.arguments_in:
        return _model_fields(bodies, draft, head) + injected
    return listed or _model_fields(bodies, draft, head)


def _own_fields(bodies: Bodies, draft: Draft) -> tuple[ToolParameter, ...]:
    """The fields of a class of which each call makes an object, inherited ones first: `class Save(BaseTool): path: str`."""
    from toolaudit.frameworks.names import Target
    from toolaudit.frameworks.signature import shown

    if draft.cls is None:
        return ()
    bases = bodies.names.ancestors(Target("class", (), draft.cls_scope.path if draft.cls_scope else draft.file, draft.cls.qualname))
    heads = [bodies.names.class_head(one.path, one.qualname) for one in reversed(bases) if one.path]
    by_name = {one.name: one for head in (*heads, draft.cls) if head is not None for one in head.fields}
    fields = [one for one in by_name.values() if one.annotation is not None and one.name[0] != "_"]
    listed = [one for one in fields if not shown(one.annotation).startswith("ClassVar")]
    return tuple(ToolParameter(f.name, shown(f.annotation), required=f.value is None or is_required(f.value)) for f in listed)


def _model_fields(bodies: Bodies, draft: Draft, head: FunctionHead) -> tuple[ToolParameter, ...]:
    """Fields of the arguments' schema: a dict literal `{"a": int}` given to the decorator, a model class, or a JSON Schema of the class."""
    for place in ("keyword:input_schema", "argument:2", "keyword:args_schema"):
        value = argument(draft.call, place) if draft.call is not None and draft.scope is not None else None
        if isinstance(value, Mapping) and draft.scope is not None:
            return schema_parameters(draft.scope, value) or _plain_fields(value)
    if draft.cls is not None and draft.cls_scope is not None:
        for field in draft.cls.fields:
            if field.name in {"args_schema", "input_schema", "inputs", "parameters"}:
                literal = schema_parameters(draft.cls_scope, field.value)
                return literal or _class_fields(bodies, draft.cls_scope, field.value)
    return ()


def _said_by_model(bodies: Bodies, draft: Draft, listed: tuple[ToolParameter, ...]) -> tuple[ToolParameter, ...]:
    """The parameters, those injected too that the model class of the arguments says are: its own fields, or those of its bases."""
    value = argument(draft.call, "keyword:args_schema") if draft.call is not None else None
    scope = draft.scope
    if value is None and draft.cls is not None and draft.cls_scope is not None:
        value, scope = next((field.value for field in draft.cls.fields if field.name == "args_schema"), None), draft.cls_scope
    for target in scope.resolve(value) if scope is not None and value is not None else ():
        for one in (target, *bodies.names.ancestors(target)) if target.kind == "class" else ():
            model = bodies.names.class_head(one.path, one.qualname) if one.path else None
            if model is not None:
                listed = injected_by(bodies.scope(one.path), model.fields, listed, draft.framework)
    return listed


def _plain_fields(value: Mapping) -> tuple[ToolParameter, ...]:
    return tuple(
        ToolParameter(str(getattr(key, "value", "")), kind.id if isinstance(kind, Name) else "")
        for key, kind in value.items
        if key is not None
    )


def _class_fields(bodies: Bodies, scope: Scope, expr: Expr | None) -> tuple[ToolParameter, ...]:
    from toolaudit.frameworks.signature import shown

    for target in scope.resolve(expr) if expr is not None else ():
        head = bodies.names.class_head(target.path, target.qualname) if target.kind == "class" else None
        if head is not None:
            return tuple(
                ToolParameter(f.name, shown(f.annotation), required=f.value is None) for f in head.fields if f.annotation is not None
            )
    return ()


# --- names -----------------------------------------------------------------------------------------------------------


def _description(bodies: Bodies, draft: Draft, head: FunctionHead | None) -> str:
    if draft.schema is not None and draft.schema.description is not None:
        text = text_of(draft.schema.scope, draft.schema.description)
        if text:
            return text
    return _text(bodies, draft, head, draft.declare.description)


def _text(bodies: Bodies, draft: Draft, head: FunctionHead | None, sources: tuple[str, ...]) -> str:
    for source in sources:
        text = _source(bodies, draft, head, source)
        if text:
            return text
    return ""


def _source(bodies: Bodies, draft: Draft, head: FunctionHead | None, source: str) -> str | None:
    how, _, what = source.partition(":")
    if how == "docstring":
        return (draft.cls.docstring if draft.cls is not None and draft.cls.docstring else head.docstring if head else None) or ""
    if how == "key":
        return draft.key
    if how == "constant":
        return what
    if how == "prefix":
        if not draft.owner and "{class}" in what:
            return None
        owner = draft.owner.rsplit(".", 1)[-1]
        return what.replace("{class}", owner).replace("{function}", draft.function.rsplit(".", 1)[-1])
    if how in {"argument", "keyword", "dict", "model"}:
        return _from_call(draft, how, what)
    return _from_class(bodies, draft, how, what)


def _from_call(draft: Draft, how: str, what: str) -> str | None:
    if draft.call is None or draft.scope is None:
        return None
    if how in {"argument", "keyword"}:
        return text_of(draft.scope, argument(draft.call, f"{how}:{what}"))
    if how == "model":
        targets = draft.scope.resolve(draft.call.args[int(what)]) if int(what) < len(draft.call.args) else ()
        return next((target.names[-1].rsplit(".", 1)[-1] for target in targets), None)
    values = (*draft.call.args, *(keyword.value for keyword in draft.call.keywords))
    return next((text_of(draft.scope, mapping_value(value, what)) for value in values if isinstance(value, Mapping)), None)


def _from_class(bodies: Bodies, draft: Draft, how: str, what: str) -> str | None:
    cls, scope = draft.cls, draft.cls_scope
    if cls is None or scope is None:
        return None
    if how == "class":
        return cls.name
    if how == "class-snake":
        return snake(cls.name)
    if how == "field":
        return field_text(bodies, scope, cls, what)
    if how == "method":
        head = bodies.names.head(draft.file, f"{cls.qualname}.{what}")
        there = bodies.scope(draft.file, f"{cls.qualname}.{what}") if head else None
        return next((_named(there, value) for value in returns(there)), None) if there else None
    if how == "super":
        return _super(bodies, draft, cls, what)
    if how == "executor":
        return _executed(bodies, draft, cls)
    if how == "decorator":
        calls = (one for one in cls.decorators if isinstance(one, Call) and last_part(one.func) == what)
        return next((text_of(scope, argument(one, "argument:0") or argument(one, "keyword:name")) for one in calls), None)
    return None


def _named(scope: Scope, value: Expr) -> str | None:
    """A text, or the `name=` of an object that holds it."""
    if isinstance(value, Call):
        return text_of(scope, argument(value, "keyword:name"))
    if isinstance(value, Mapping):
        return text_of(scope, mapping_value(value, "function.name") or mapping_value(value, "name"))
    return text_of(scope, value)


def field_text(bodies: Bodies, scope: Scope, cls: ClassHead, name: str) -> str | None:
    from toolaudit.frameworks.names import Target

    for member in bodies.names.class_member(Target("class", (), scope.path, cls.qualname), name):
        if member.kind == "function":
            there = bodies.scope(member.path, member.qualname)
            return next((text_of(there, value) for value in returns(there)), None)
        if member.value is not None and member.value.value is not None:
            value = member.value.value
            if isinstance(value, Call):
                value = argument(value, "keyword:default") or (value.args[0] if value.args else value)
            return text_of(bodies.scope(member.path), value)
    init = bodies.names.head(scope.path, f"{cls.qualname}.__init__")
    if init is not None:
        from toolaudit.frameworks.types import assigned_attribute

        there = bodies.scope(scope.path, init.qualname)
        return next((text for value in assigned_attribute(there, name) if (text := text_of(there, value))), None)
    return None


def _super(bodies: Bodies, draft: Draft, cls: ClassHead, what: str) -> str | None:
    """An argument of `super().__init__(…)`."""
    init = bodies.names.head(draft.file, f"{cls.qualname}.__init__")
    facts = bodies.project.facts(draft.file, init.qualname) if init is not None else None
    scope = bodies.scope(draft.file, f"{cls.qualname}.__init__")
    for call in body_calls(facts.body) if facts is not None else ():
        if getattr(call.func, "attr", "") == "__init__":
            place = f"argument:{what}" if what.isdigit() else f"keyword:{what}"
            text = text_of(scope, argument(call, place))
            if text:
                return text
    return None


def _executed(bodies: Bodies, draft: Draft, cls: ClassHead) -> str | None:
    """The tool definition that an executor class belongs to: the class that gives it to its constructor, or has the same stem."""
    stem = re.sub(r"Executor$", "", cls.name)
    index = bodies.project.index(draft.file)
    names = [f"{stem}Tool", stem]
    for head in index.classes if index is not None else ():
        if head.name in names and head.name != cls.name:
            return field_text(bodies, bodies.scope(draft.file), head, "name") or snake(head.name)
    return snake(f"{stem}Tool")


def snake(name: str) -> str:
    """`FileEditorTool` → `file_editor`."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return text.removesuffix("_tool")
