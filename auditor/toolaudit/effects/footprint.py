"""A walked tool to its footprint: places to resources, dependences to updates, bookkeeping told from effects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from msgspec.structs import replace

from toolaudit.branches import apart
from toolaudit.effects import secondary, upkeep
from toolaudit.effects.commands import is_own_program
from toolaudit.effects.edits import accumulates, missed
from toolaudit.effects.frame import Effect
from toolaudit.effects.keys import loc_resource, scope_text
from toolaudit.effects.locks import bare
from toolaudit.effects.sql import OF_ITSELF
from toolaudit.effects.temporaries import carried
from toolaudit.effects.units import Marks, Walked
from toolaudit.effects.values import CLEAN, Loc, Taint, join_taint
from toolaudit.model import RENEWED, Access, Footprint, KeyPart, Resource, Tool, UnknownCall, Update

MAX_UPDATES = 400
Window = Literal["none", "sync", "await", "io"]


class Settled(NamedTuple):
    """What all tools together decide for each: which memory is written, with the reason where no write counts, and whether one of them
    changes the working folder."""

    written: dict[tuple[str, ...], str]
    moves: bool


def marks(walked: Walked) -> Marks:
    """What a walk says of others."""
    written: dict[tuple[str, ...], str] = {}
    _join(written, ((root_of(effect.target), effect.secondary) for effect in walked.effects if "w" in effect.mode))
    looked = {root_of(e.target) for e in walked.effects if e.mode == "r" and not e.secondary and _named_member(e.target)} - written.keys()
    written.update((handed(root), "memo") for root in looked)
    moves = any(isinstance(e.target, Resource) and e.target.kind == "cwd" and "w" in e.mode for e in walked.effects)
    return Marks(tuple(written.items()), moves)


def handed(root: tuple[str, ...]) -> tuple[str, ...]:
    """Under this name it is said of a store that a tool takes from it what it never puts there: by a key that the caller gives."""
    return ("handed", *root)


def _named_member(target: Loc | Resource) -> bool:
    return isinstance(target, Loc) and any(isinstance(step, tuple) and any(part.kind == "param" for part in step) for step in target.path)


def together(said: Sequence[Marks]) -> Settled:
    """What the marks of all tools say."""
    written: dict[tuple[str, ...], str] = {}
    for one in said:
        _join(written, one.written)
    return Settled(written, any(one.moves for one in said))


def _join(written: dict[tuple[str, ...], str], said: Iterable[tuple[tuple[str, ...], str]]) -> None:
    """One write that counts is enough."""
    for root, why in said:
        written[root] = why and written.get(root, why)


def settle(tool: Tool, frame: Walked, settled: Settled) -> Footprint:
    """The footprint of one tool. Memory that no tool writes is configuration, and reading it no access; relative paths depend on the working
    folder only where a tool changes it."""
    return _footprint(tool, frame, _bookkeeping(frame.effects, settled.written), *settled)


def _bookkeeping(effects: Sequence[Effect], written: dict[tuple[str, ...], str]) -> list[Effect]:
    """A read of what is only ever filled as bookkeeping is part of that bookkeeping, save that of a memo which the tool itself never fills:
    where that is handed over so, putting it there is no bookkeeping either, unless it is looked up first. So is a look whether the connection is there that another tool opens, or the fetching of one, on the way to what it reaches."""
    fills = {root_of(effect.target) for effect in effects if "w" in effect.mode}
    looks = {root_of(effect.target) for effect in effects if effect.mode == "r"}
    asks_only = all(effect.mode == "r" and isinstance(effect.target, Loc) for effect in effects)
    beyond = any(isinstance(effect.target, Resource) and not effect.secondary for effect in effects)

    def kept(effect: Effect) -> str:
        if effect.secondary == "memo" and (effect.mode, effect.op) == ("w", "write") and _named_member(effect.target):
            root = root_of(effect.target)
            return "" if root not in looks and handed(root) in written else "memo"
        if effect.mode != "r" or effect.secondary:
            return effect.secondary
        root = root_of(effect.target)
        why = written.get(root, "")
        if isinstance(effect.target, Resource):
            return why if effect.target.kind == "session" and why == "memo" and root in fills else ""
        if why == "telemetry" and asks_only:
            return ""
        if why:
            return why if why != "memo" or root in fills else ""
        if root in fills or effect.op not in ("check", "read"):
            return ""
        if effect.op == "check" and secondary.is_connection(effect.target):
            return "lazy-init"
        return "lazy-init" if beyond and len(effect.chain) > 2 and secondary.is_handle(effect.target) else ""

    return [replace(effect, secondary=why) if (why := kept(effect)) != effect.secondary else effect for effect in effects]


def root_of(target: Loc | Resource) -> tuple[str, ...]:
    """What two places must share to be able to overlap: owner and first name; of an object in a framework's state, its field, too."""
    if isinstance(target, Resource):
        return (target.kind, target.scope, scope_text(target.key)) if target.kind == "session" else (target.kind, target.scope)
    if target.root == "state" and len(target.path) > 1 and all(isinstance(step, str) for step in target.path[:2]):
        return (target.root, target.scope, *map(str, target.path[:2]))
    first = next((step for step in target.path if isinstance(step, str)), "") if target.root in ("self", "state") else target.name
    return (target.root, target.scope, first)


def _through_fields(effects: list[Effect]) -> list[Effect]:
    """What is written outside derives, too, from what was read outside into the field that it is made of: load, change, save."""
    held: dict[tuple[str, ...], Taint] = {}
    out: list[Effect] = []
    for effect in effects:
        data = effect.data
        for item in effect.data if "w" in effect.mode and held else ():
            source = out[item] if isinstance(item, int) and item < len(out) else None
            if source is not None and "r" in source.mode and isinstance(source.target, Loc):
                data = join_taint(data, held.get(root_of(source.target), CLEAN))
        if "w" in effect.mode and isinstance(effect.target, Loc):
            outside = frozenset(i for i in data if isinstance(i, int) and i < len(out) and isinstance(out[i].target, Resource))
            root = root_of(effect.target)
            held[root] = held.get(root, CLEAN) | outside
        kept = isinstance(effect.target, Resource) and data != effect.data
        out.append(replace(effect, data=data) if kept else effect)
    return out


def _footprint(tool: Tool, frame: Walked, effects: list[Effect], written: dict[tuple[str, ...], str], moves: bool) -> Footprint:
    effects = carried(_through_fields(effects))
    kept = [index for index, effect in enumerate(effects) if _counts(effect, written)]
    if not kept:
        kept = [index for index, effect in enumerate(effects) if isinstance(effect.target, Resource)]
    position = {index: at for at, index in enumerate(kept)}
    accesses = [_access(effects[index], at) for at, index in enumerate(kept)]
    updates = _updates(effects, kept, position)
    if moves:
        accesses += _working_folder(accesses)
    return Footprint(
        tool=tool.id,
        accesses=tuple(accesses),
        updates=updates,
        unknown_calls=tuple(_unknown(call) for call in frame.unknown),
        suspends=frame.suspends,
        blocking=tuple(frame.blocking),
        opaque=_opaque(frame, effects),
        calls_total=max(frame.total - 1, 0),
        calls_resolved=max(frame.resolved - 1, 0),
    )


def _unknown(call: UnknownCall) -> UnknownCall:
    """A call that was not followed; below a helper that makes something ready it is part of that."""
    ready = any(upkeep.makes_ready(place.function.rsplit(".", 1)[-1]) for place in call.chain[2:])
    return replace(call, chain=call.chain[1:] or call.chain, consequence="ignored" if ready else call.consequence)


def _opaque(frame: Walked, effects: Sequence[Effect]) -> str:
    """What kind of free text is run, where some is left that no caller made known."""
    for effect in effects:
        if effect.op == "opaque" and isinstance(effect.target, Resource) and not effect.secondary:
            return {"sql": "sql", "subprocess": "shell", "http": "request"}.get(effect.target.kind, frame.opaque or "code")
    return ""


def _counts(effect: Effect, written: dict[tuple[str, ...], str]) -> bool:
    target = effect.target
    if isinstance(target, Resource):
        return target.kind != "env" or "w" in effect.mode or root_of(target) in written
    if target.root == "param":
        return False
    return "w" in effect.mode or root_of(target) in written or effect.note == RENEWED


def _access(effect: Effect, order: int) -> Access:
    target = effect.target if isinstance(effect.target, Resource) else loc_resource(effect.target)
    return Access(
        resource=target,
        mode=effect.mode,
        operation=effect.op,
        chain=effect.chain[1:] or effect.chain,
        order=order,
        atomic=effect.atomic,
        repeat=effect.repeat,
        locks=tuple(map(bare, effect.locks)),
        taken=tuple(lock.since for lock in effect.locks),
        when=effect.when,
        confidence="name-only" if is_own_program(target.key, effect.note) else effect.confidence,
        secondary=effect.secondary,
        transaction=effect.transaction,
        looped=effect.looped,
        part=effect.part,
        note=effect.note,
        rows=effect.rows,
        arms=effect.arms,
    )


def _updates(effects: Sequence[Effect], kept: list[int], position: dict[int, int]) -> tuple[Update, ...]:
    """Each read with the writes that derive from it or happen because of it."""
    links: list[tuple[int, int, bool]] = []
    for index in kept:
        if "w" in effects[index].mode:
            data = _reads(effects, effects[index].data, index, position)
            links += [(read, index, True) for read in data]
            links += [(read, index, False) for read in _reads(effects, effects[index].control, index, position) if read not in data]
    if len(links) > MAX_UPDATES:  # what is read and written back says most
        own = [link for link in links if effects[link[0]].target == effects[link[1]].target]
        rest = [link for link in links if effects[link[0]].target != effects[link[1]].target]
        chosen = set((own + rest)[:MAX_UPDATES])
        links = [link for link in links if link in chosen]
    return tuple(
        Update(
            position[r], position[w], "data", _window(effects[r], effects[w]), _accumulates(effects, r, effects[w]), _removed(r, effects, w)
        )
        if derives
        else Update(position[r], position[w], "control", _window(effects[r], effects[w]), refused=_refused(effects, r, effects[w]))
        for r, w, derives in links
    )


def _refused(effects: Sequence[Effect], read: int, write: Effect) -> bool:
    """Written only where a query found no rows."""
    target = effects[read].target
    return isinstance(target, Resource) and target.kind == "sql" and f"={read}" in write.control


def _removed(read: int, effects: Sequence[Effect], write: int) -> bool:
    """Taken out of a container only where what was looked for in it was found."""
    seen, taken = effects[read], effects[write]
    return (
        isinstance(seen.target, Loc) and taken.op == "delete" and taken.target == seen.target and f"={read}" in taken.control | taken.data
    )


def _accumulates(effects: Sequence[Effect], read: int, write: Effect) -> bool:
    """Nothing can be added to what an existence check gave, nor again to a container in which the thing was looked up before and not met."""
    seen = effects[read]
    if seen.op == "check" or not accumulates(read, write.data, write.control):
        return False
    looked = (int(item) for item in missed(write.control) if item.isdigit())
    return not (isinstance(seen.target, Loc) and any(at < len(effects) and effects[at].target == seen.target for at in looked))


def _reads(effects: Sequence[Effect], taint: Taint, write: int, position: dict[int, int]) -> list[int]:
    found = sorted(item for item in taint if isinstance(item, int) and item < len(effects) and item != write and item in position)
    return [
        index
        for index in found
        if "r" in effects[index].mode
        and not _configuration(effects[index], effects[write])
        and not apart(effects[index].arms, effects[write].arms)
    ]


def _configuration(read: Effect, write: Effect) -> bool:
    """The environment, the working folder and what a database says of itself configure what they do not belong to."""
    one, other = read.target, write.target
    if isinstance(one, Resource) and (one.kind in ("env", "cwd") or _of_itself(one)):
        return not (isinstance(other, Resource) and other.kind == one.kind)
    return bool(read.secondary) and not write.secondary


def _of_itself(table: Resource) -> bool:
    """A table in which a database lists its tables, extensions and settings."""
    name = table.key[0].text.lower() if table.kind == "sql" and table.key and table.key[0].kind == "literal" else ""
    return name.startswith(OF_ITSELF)


def _window(read: Effect, write: Effect) -> Window:
    if read.awaits != write.awaits:
        return "await"
    return "io" if read.io != write.io else "sync"


def _working_folder(accesses: Sequence[Access]) -> list[Access]:
    """A read of the working folder for the first relative path; it is there only where some tool changes the folder."""
    for access in accesses:
        key = access.resource.key
        if access.resource.kind in ("file", "dir") and key and key[0].kind in ("literal", "param") and not key[0].text.startswith("/"):
            return [
                Access(
                    Resource("cwd", (KeyPart("literal", "process"),)),
                    "r",
                    "read",
                    access.chain,
                    len(accesses),
                    True,
                    "same",
                    note="relative path",
                )
            ]
    return []
