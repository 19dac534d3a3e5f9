"""What is put where nothing was: made on the way to what a tool is for, or there for the next calls."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from toolaudit.effects.frame import Effect
from toolaudit.effects.purposes import given, items_of, of_key_alone, same_store
from toolaudit.effects.rebound import THERE, USED
from toolaudit.effects.refusals import refused_if_there
from toolaudit.effects.upkeep import helpers
from toolaudit.effects.values import Loc, Taint, join_taint
from toolaudit.model import Resource

_GETS = re.compile(r"_*(?:a|async_)?(?:get|fetch|find|look_?up|resolve)(?:_(?!or_create|or_make)\w+)?$")
CONTAINERS = frozenset({"sql", "aws", "redis"})
"""Kinds of what is made once and then filled and asked: tables, collections, indexes, buckets, queues."""


def made_where_missing(effects: Sequence[Effect], effect: Effect, checks: Sequence[int], tool: str) -> bool:
    """A look whether something is there yet, before it is put there: not where it was there, nor where the caller of the
    tool itself says what is put."""
    looks = [i for i in checks if effects[i].op == "check"]
    said = not helpers(effect, tool) and given(effect)
    return bool(looks) and not said and any(f"!{i}" not in effect.control for i in looks)


def made_under_constant(effect: Effect, target: Loc, tool: str) -> bool:
    """A helper puts what the call says nothing of under a key that is the same for every call: `self.spaces[self.name] = Space()`."""
    keyed = any(part.kind not in ("literal", "self", "global") for step in target.path if isinstance(step, tuple) for part in step)
    return target.root in ("self", "state", "global") and bool(helpers(effect, tool)) and not given(effect) and not keyed


def unsure(effects: Sequence[Effect], effect: Effect, tool: str) -> Effect:
    """A helper that gets a thing by its key keeps what it read outside, where it did not hold it yet: a memo, unless others change it there."""
    target = effect.target
    gets = any(_GETS.match(name) for name in helpers(effect, tool)[-1:])
    if effect.secondary or not gets or effect.op != "write" or not isinstance(target, Loc) or not of_key_alone(effect):
        return effect
    looked = any(same_store(effects[i].target, target) for i in items_of(effect.control, effects))
    read = [effects[i] for i in items_of(effect.data, effects) if isinstance(effects[i].target, Resource)]
    return replace(effect, confidence="name-only") if looked and read and all(one.mode == "r" for one in read) else effect


def loaded_anew(effects: Sequence[Effect], effect: Effect, target: Loc, tool: str) -> bool:
    """A place of the program's own is filled with what is read outside, and nothing else fills it: after a look at what stood there, or by a
    helper from one file or table whatever stood there. Every call that needs it loads it again."""
    if effect.op != "write" or any(isinstance(i, str) for i in effect.data):
        return False
    if target.root not in ("self", "global") or any(
        part.kind != "literal" for step in target.path if isinstance(step, tuple) for part in step
    ):
        return False
    function = effect.chain[-1].function
    changed = [one for one in effects if isinstance(one.target, Loc) and "w" in one.mode and same_store(one.target, target)]
    alike = [one for one in changed if one.target == target and one.op == "write" and one.chain[-1].function == function]
    looked = any(same_store(effects[i].target, target) for i in items_of(effect.control, effects))
    looked |= bool(helpers(effect, tool)) and any(_looks_there(one, target, function) for one in effects)
    whole = (
        bool(helpers(effect, tool))
        and target.root == "self"
        and not any(isinstance(step, tuple) for step in target.path)
        and len(alike) == len(changed)
    )
    read = [effects[i] for one in alike for i in items_of(one.data, effects)]
    read = [one for one in read if one.note != USED and not _is_setting(one, target)]
    kinds = ("file", "dir", "sql", "http") if looked else ("file", "dir", "sql")
    return (whole or looked) and bool(read) and all(_of_program(one, kinds) for one in read)


def _looks_there(look: Effect, target: Loc, function: str) -> bool:
    """Another call of the same function looks at what stands there: one caller wants it fresh in any case, the other does not."""
    return look.op == "check" and look.target == target and look.chain[-1].function == function


def _is_setting(read: Effect, target: Loc) -> bool:
    """Where the object is kept that does the reading, and what in it or in the environment says what is read: `_client`, `self.url`."""
    place = read.target
    if isinstance(place, Resource):
        return place.kind == "env" and read.mode == "r"
    keyed = any(part.kind == "param" for step in place.path if isinstance(step, tuple) for part in step)
    return place.root in ("self", "global") and read.mode == "r" and not keyed and not same_store(place, target)


def _of_program(read: Effect, kinds: Sequence[str]) -> bool:
    """Something outside is read whose name is the program's own."""
    place = read.target
    return isinstance(place, Resource) and place.kind in kinds and read.mode == "r" and not any(part.kind == "param" for part in place.key)


def file_made_where_missing(effects: Sequence[Effect], index: int, tool: str) -> bool:
    """A helper writes a file of the program's own words where there is none yet, on the way to what the tool does with it."""
    effect = effects[index]
    target = effect.target
    if not isinstance(target, Resource) or target.kind != "file" or effect.data or not helpers(effect, tool):
        return False
    checks = [
        i for i in effect.control if isinstance(i, int) and i < len(effects) and effects[i].op == "check" and effects[i].target == target
    ]
    used = any(later.target == target and later.op != "check" for later in effects[index + 1 :])
    return used and bool(checks) and not any(part.kind == "param" for part in target.key)


def containers_made(effects: Sequence[Effect], tool: str) -> set[int]:
    """Tables, collections, buckets and indexes that are made because a look did not find them, for what the same call does with them: the
    looks, the making, and what is put there with it (indexes, first rows)."""
    made: set[int] = set()
    for index, effect in enumerate(effects):
        if looks := _container_made(effects, index, tool):
            made |= {index, *looks, *(i for i, one in enumerate(effects) if _set_up_with(one, effect, looks))}
    return made


def _container_made(effects: Sequence[Effect], index: int, tool: str) -> list[int]:
    effect = effects[index]
    target, own = effect.target, not helpers(effect, tool)
    if not isinstance(target, Resource) or target.kind not in CONTAINERS or effect.op != "create" or "r" in effect.mode:
        return []
    if own and any(part.kind == "param" for part in target.key):
        return []
    looks = [i for i in items_of(effect.control, effects) if "r" in effects[i].mode and _of_kind(effects[i].target, target)]
    looks = [i for i in looks if _below(effects[i], effect) and (not own or effects[i].op != "read" or effects[i].target == target)]
    return looks if _used_later(effects, index) and not any(refused_if_there(effect, i) for i in looks) else []


def container_ensured(effects: Sequence[Effect], index: int) -> bool:
    """One statement makes a table or an index where there is none, for what the same call does after it."""
    effect = effects[index]
    target = effect.target
    if effect.op != "ensure" or effect.note != "schema" or not isinstance(target, Resource) or target.kind not in CONTAINERS:
        return False
    return not any(part.kind == "param" for part in target.key) and _used_later(effects, index)


def _used_later(effects: Sequence[Effect], index: int) -> bool:
    made = effects[index].target
    assert isinstance(made, Resource)
    return any(_of_kind(later.target, made) and later.op not in ("create", "check", "ensure") for later in effects[index + 1 :])


def _set_up_with(one: Effect, made: Effect, looks: Sequence[int]) -> bool:
    assert isinstance(made.target, Resource)
    return (
        "w" in one.mode
        and _of_kind(one.target, made.target)
        and _below(one, made)
        and bool(one.control.intersection(looks))
        and not given(one)
    )


def _below(one: Effect, made: Effect) -> bool:
    """It happens in the function that makes the container, in a helper that calls this function, or in what they call."""
    last = len(made.chain) - 1
    return any(one.chain[at : at + 1] and one.chain[at].function == made.chain[at].function for at in {last, max(last - 1, min(2, last))})


def made_instead(effects: list[Effect], handled: int, looked: Taint) -> None:
    """What a handler makes (the effects from `handled` on) is made because the look before it failed, whatever the handler is for."""
    for index in range(handled, len(effects)):
        one = effects[index]
        if one.op == "create" and isinstance(one.target, Resource) and one.target.kind in CONTAINERS:
            same = frozenset(i for i in looked if isinstance(i, int) and _of_kind(effects[i].target, one.target))
            effects[index] = replace(one, control=join_taint(one.control, same))


def _of_kind(place: Loc | Resource, container: Resource) -> bool:
    return isinstance(place, Resource) and place.kind == container.kind


def renewed(marked: list[Effect]) -> list[Effect]:
    """What is kept for the next calls is dropped where it is of no use any more, by the function that then keeps another in its place."""
    kept = [(e.chain[-1].function, e.target, e.secondary) for e in marked if e.secondary in ("memo", "lazy-init") and e.op == "write"]

    def dropped(effect: Effect) -> str:
        target = effect.target
        if effect.secondary or effect.op != "delete" or not isinstance(target, Loc):
            return ""
        seen = any(marked[i].target == target for i in items_of(effect.control, marked))
        function = effect.chain[-1].function
        return next((why for maker, place, why in kept if seen and maker == function and same_store(place, target)), "")

    return [replace(e, secondary=dropped(e)) if dropped(e) else e for e in marked]


def shown(effects: Sequence[Effect], marked: list[Effect]) -> list[Effect]:
    """What is read outside into a place that holds nothing yet is what the tool is for, where it touches nothing else outside: it shows that."""
    if any(isinstance(e.target, Resource) and e.target.kind != "env" and not e.secondary for e in marked):
        return marked
    filled = [e for e in marked if e.secondary in ("lazy-init", "memo") and isinstance(e.target, Loc) and "w" in e.mode]
    sources = {i for e in filled for i in items_of(e.data, effects)}
    return [replace(e, secondary="") if i in sources and _is_shown(e) and not effects[i].secondary else e for i, e in enumerate(marked)]


def _is_shown(read: Effect) -> bool:
    return (
        read.mode == "r"
        and read.op != "check"
        and isinstance(read.target, Resource)
        and read.target.kind in ("http", "sql", "redis", "aws", "file")
    )


def is_switch(marked: Sequence[Effect], index: int, tool: str) -> bool:
    """What the tool puts where nothing was and does not use in the same call: it is there for the next ones."""
    effect = marked[index]
    if effect.secondary != "lazy-init" or effect.op != "write" or not isinstance(effect.target, Loc) or helpers(effect, tool):
        return False
    return len(effect.chain) <= 2 and not any("r" in later.mode and _within(later.target, effect.target) for later in marked[index + 1 :])


def again_made(marked: list[Effect]) -> list[Effect]:
    """What one call of a helper makes where it is missing, another call of it from the same place makes as well."""
    made = {(e.chain[-2:], e.target, e.op) for e in marked if e.secondary == "lazy-init" and "w" in e.mode and len(e.chain) > 2}

    def again(effect: Effect) -> bool:
        return not effect.secondary and "w" in effect.mode and (effect.chain[-2:], effect.target, effect.op) in made

    return [replace(e, secondary="lazy-init") if made and again(e) else e for e in marked]


def finding(effects: Sequence[Effect]) -> list[int]:
    """The looks whether there is an object, before something is done to what the object holds and nothing to where it is held."""
    found: list[int] = []
    for index, look in enumerate(effects):
        at = look.target
        if look.note != THERE or not isinstance(at, Loc):
            continue
        done = [e.target for e in effects if "w" in e.mode and index in e.control]
        if at not in done and any(_within(target, at) for target in done):
            found.append(index)
    return found


def _within(place: Loc | Resource, whole: Loc) -> bool:
    """The place itself, or a part of what is kept there."""
    return isinstance(place, Loc) and Loc(place.root, place.name, place.scope, place.path[: len(whole.path)]) == whole
