"""An effect of a catalogue entry, recorded: which places or resources it touches."""

from __future__ import annotations

import re

from toolaudit.catalogue.entries import EffectEntry
from toolaudit.effects import classify, messages, picking
from toolaudit.effects.choices import looks_of
from toolaudit.effects.frame import Frame
from toolaudit.effects.keys import ANY, Parts, normal_path, scope_text
from toolaudit.effects.templates import Bound, fill, in_memory
from toolaudit.effects.values import (
    CLEAN,
    Handle,
    Loc,
    Many,
    Scalar,
    Taint,
    Text,
    Value,
    alternatives,
    deep_taint,
    join_taint,
    taints,
)
from toolaudit.model import KeyPart, Resource

IO_KINDS = {"file", "dir", "sql", "redis", "http", "aws", "git", "subprocess", "browser", "docker", "k8s", "session"}
HOLE_NAME = re.compile(r"^\{([^{}|]*)(?:\|[^{}]*)?\}$")


def perform(frame: Frame, effect: EffectEntry, bound: Bound, data: Taint, line: int, name: str) -> Taint:
    """One effect of an entry, recorded; the taint that stands for it."""
    if effect.alone and not is_own(bound.receiver):
        return CLEAN
    if effect.sql is not None or effect.shell is not None or effect.url is not None:
        return classify.perform(frame, effect, bound, data, line, name)
    if effect.entries:
        return _of_entries(frame, effect, bound, line)
    found = CLEAN
    op = effect.op or ("read" if effect.mode == "r" else "write")
    about = picking.rows_among(bound, _holders(effect, bound), op) if "sql" in (effect.kind, *_kinds(_holders(effect, bound))) else ()
    for target in targets(effect, bound):
        folded = frame.fold(target, effect.mode, data) if effect.handle and _stream(effect, bound) else None
        if folded is not None:
            found |= folded
            continue
        if (told := messages.exchanged(frame, effect, target, bound, data, line)) is not None:
            found |= told
            continue
        writes = "w" in effect.mode
        counted = _counted(frame, bound, target) if writes else CLEAN
        chosen = _chosen(frame, effect, bound, target) if writes else CLEAN
        repeat = effect.repeat if effect.repeat != "unknown" else _repeat(effect.op)
        outer, frame.control = frame.control, join_taint(frame.control, chosen)
        found |= frame.emit(
            target,
            effect.mode,
            op,  # type: ignore[arg-type]
            line,
            data=data | counted if writes else CLEAN,
            atomic=effect.atomic,
            repeat="again" if counted else repeat,  # type: ignore[arg-type]
            confidence="name-only" if effect.alone else "catalogued" if isinstance(target, Resource) else "proven",
            secondary=effect.secondary,
            part=effect.part,
            note=f"fails when {effect.fails_when}" if effect.fails_when else "",
            rows=about,
        )
        frame.control = outer
        if isinstance(target, Resource) and target.kind in IO_KINDS:
            frame.io += 1
    return found


def _of_entries(frame: Frame, effect: EffectEntry, bound: Bound, line: int) -> Taint:
    """One write for each entry of a dict, of what the entry holds: an update of the parts of a state that several calls share."""
    found = CLEAN
    for value in named(bound, effect.entries):
        for key, held in (value.form.entries or ()) if isinstance(value.form, Many) else ():
            name = str(key.form.value) if isinstance(key.form, Scalar) else ""
            if name and name not in effect.but:
                place = Loc("state", "", effect.scope) / (KeyPart("literal", name),)
                found |= frame.emit(place, effect.mode, effect.op or "write", line, data=deep_taint(held), repeat=effect.repeat)  # type: ignore[arg-type]
    return found


def _counted(frame: Frame, bound: Bound, target: Loc | Resource) -> Taint:
    """The looks into a folder from which the name of a new file there was made: `notes / f"{len(list(notes.iterdir())) + 1}.txt"`."""
    if not isinstance(target, Resource) or target.kind != "file" or all(part.kind != "unknown" for part in target.key):
        return CLEAN
    named = bound.receiver.taint if bound.receiver is not None else CLEAN
    return frozenset(i for i in looks_of(frame, named, "list") if _within(target.key, frame.effects[i].target))


def _chosen(frame: Frame, effect: EffectEntry, bound: Bound, target: Loc | Resource) -> Taint:
    """The looks by which a name that nobody had taken was found: `while path.exists(): path = …`."""
    if not isinstance(target, Resource) or target.kind != "file":
        return CLEAN
    looks = looks_of(frame, taints(_namers(effect, bound)))
    return frozenset(i for i in looks if frame.effects[i].target == target or _beside(frame.effects[i].target, target))


def _beside(seen: Loc | Resource, target: Resource) -> bool:
    """Whether two files of one folder share a part of their names that the call was given."""
    if (
        not isinstance(seen, Resource)
        or seen.kind != "file"
        or scope_text(seen.key).rpartition("/")[0] != scope_text(target.key).rpartition("/")[0]
    ):
        return False
    return seen.key != target.key and any(part.kind == "param" and part in seen.key for part in target.key)


def _namers(effect: EffectEntry, bound: Bound) -> list[Value]:
    """What the key of an effect is made of."""
    if effect.handle:
        return _holders(effect, bound)
    return named(bound, effect.key) if effect.key is not None else []


def _within(key: Parts, folder: Loc | Resource) -> bool:
    if not isinstance(folder, Resource) or not folder.key or len(key) < len(folder.key):
        return False
    if all(part.kind in ("unknown", "any") for part in folder.key):
        return False
    last, same = len(folder.key) - 1, folder.key[-1]
    return key[:last] == folder.key[:-1] and key[last].kind == same.kind and key[last].text.startswith(same.text)


def _stream(effect: EffectEntry, bound: Bound) -> bool:
    """The effect goes through an open file: what opening it did to the file was said there."""
    forms = [holder.form for holder in _holders(effect, bound)]
    return any(
        isinstance(form, Handle) and (form.type in REMOTE or (form.kind == "file" and form.type != "pathlib.Path")) for form in forms
    )


REMOTE = frozenset({"paramiko.SFTPFile"})
"""Open files of another machine."""


def _holders(effect: EffectEntry, bound: Bound) -> list[Value]:
    """What an effect goes through; one on a class's table goes through the object that is given."""
    if isinstance(effect.handle, str):
        return named(bound, effect.handle)
    if effect.handle:
        return [bound.receiver] if bound.receiver else []
    return list(bound.positional[:1]) if effect.key is not None and "{class:0}" in effect.key else []


def _kinds(holders: list[Value]) -> set[str]:
    return {option.form.kind for holder in holders for option in alternatives(holder) if isinstance(option.form, Handle)}


def _repeat(op: str) -> str:
    return {"append": "again", "increment": "again", "send": "again", "write": "same", "ensure": "same"}.get(op, "unknown")


def targets(effect: EffectEntry, bound: Bound) -> list[Loc | Resource]:
    """The places or resources that an effect touches; none when they belong to the call."""
    if effect.handle:
        return [
            target
            for holder in _holders(effect, bound)
            for option in alternatives(holder)
            for target in _handle_targets(effect, option, bound)
        ]
    path = effect.kind in ("file", "dir")
    if path and effect.key is not None and in_memory(effect.key, bound):
        return []
    keys = fill(effect.key, bound, path) if effect.key is not None else [(KeyPart("unknown", "not said"),)]
    scope = _scope(bound.receiver)
    return [resource_of(effect.kind or "other", parts or (ANY,), effect.scope or scope) for parts in keys]


def _scope(receiver: Value | None) -> str:
    return receiver.form.scope if receiver is not None and isinstance(receiver.form, Handle) else ""


def is_own(holder: Value | None) -> bool:
    """An object that the call made for itself, and that nothing which outlives the call holds."""
    return holder is not None and isinstance(holder.form, Handle) and holder.form.scope == "own" and holder.loc is None


def _handle_targets(effect: EffectEntry, holder: Value, bound: Bound) -> list[Loc | Resource]:
    form = holder.form
    if is_own(holder):
        return []  # opened by this call: what is selected on it nobody else sees
    scope = form.scope if isinstance(form, Handle) and (form.scope != "own" or form.kind == "session") else ""
    items: list[Parts] = fill(effect.item, bound) if effect.item else [()]
    if isinstance(form, Handle) and form.kind and form.kind != "memory":
        kind = effect.kind or form.kind
        return [resource_of(kind, _with_item(form, item), scope) for item in items]
    if isinstance(form, Handle) and form.parts and effect.kind:
        return [resource_of(effect.kind, _with_item(form, item), scope) for item in items]
    if isinstance(form, Handle) and effect.kind and effect.kind != "memory":  # known by its type alone
        return [resource_of(effect.kind, item or (ANY,), scope) for item in items]
    if holder.loc is not None:
        return [holder.loc / item if item else holder.loc for item in items]
    if isinstance(form, Text) and any(part.kind == "fresh" for part in form.parts):
        return [resource_of("file", form.parts)]  # the descriptor of a file that came with its name
    return []


def _with_item(form: Handle, item: Parts) -> Parts:
    if not item:
        return form.parts or (ANY,)
    if not form.parts or form.parts == (ANY,):
        return item
    return (*form.parts, KeyPart("literal", "["), *item, KeyPart("literal", "]"))


def resource_of(kind: str, parts: Parts, scope: str = "") -> Resource:
    if kind in ("file", "dir"):
        parts = normal_path(parts) or (KeyPart("literal", "."),)
    return Resource(kind, parts, scope)  # type: ignore[arg-type]


def named(bound: Bound, hole: str) -> list[Value]:
    found = HOLE_NAME.match(hole)
    if found is None:
        return []
    name = found.group(1)
    if name == "*":
        return list(bound.positional)
    value = bound.find(name)
    if value is None and f"*{name}" in bound.named:
        value = bound.named[f"*{name}"]
    return [] if value is None else [value]
