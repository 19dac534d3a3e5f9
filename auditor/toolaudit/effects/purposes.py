"""What a tool is called for, told from what it only does on the way: the caller names it, words it, or is refused."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolaudit.effects.edits import CLIENT
from toolaudit.effects.frame import Effect
from toolaudit.effects.keys import loc_parts
from toolaudit.effects.refusals import refused_if_absent, refused_if_there
from toolaudit.effects.values import MARKS, Loc, Taint
from toolaudit.model import KeyPart, Resource

_EMPTIES = re.compile(
    r"^_?(clear|invalidate|reset|purge|flush|empty|remove|delete|drop|set_(enabled|max|ttl|size)|enable|disable|configure)"
)
_ENDS = re.compile(r"(^|_)(a?close|disconnect|end|finish|kill|log_?out|quit|release|shut_?down|stop|terminate|unload|unregister)(_|$)")
_SETS_UP = re.compile(r"(^|_)(init|initiali[sz]e|set_?up|create|ensure|prepare|migrate|install)(_|$)", re.IGNORECASE)
_RELOADS = re.compile(r"(^|_)(reload|refresh|reset|re_?read|rescan|sync)(_|$)", re.IGNORECASE)
_LOADS = re.compile(r"(^|_)(load|preload|switch|warm_?up)_", re.IGNORECASE)
_SETS = re.compile(r"log|level|debug|verbos|quiet|silen|warn|setting|config", re.IGNORECASE)
_WORD = re.compile(r"[a-z]{4,}")
TAKEN_AWAY = frozenset({"delete", "consume"})


def asked_for(effects: Sequence[Effect], effect: Effect, target: Loc) -> bool:
    """What is refused where it is there already, or ended or changed in place where it is not, is what the tool is called for, and not made
    on the way."""
    looks = [i for i in items_of(effect.control, effects) if same_store(effects[i].target, target) and "r" in effects[i].mode]
    if not looks:
        return False
    ended = _ENDS.search(effect.chain[-1].function.rpartition(".")[2]) is not None
    if any(refused_if_absent(effect, i) and _changes_inside(effect, target, effects[i].target) for i in looks):
        return True
    return all(refused_if_there(effect, i) or (ended and refused_if_absent(effect, i)) for i in looks)


def _changes_inside(effect: Effect, target: Loc, entry: Loc | Resource) -> bool:
    """What stands at an entry is changed where it is: no cache is filled so."""
    return effect.op == "update" or (isinstance(entry, Loc) and len(target.path) > len(entry.path) > 0)


def asked_of(effect: Effect, owner: str) -> bool:
    """A cache is emptied or set up because the tool says so, not on the way to an answer."""
    methods = [place.function.rpartition(".") for place in effect.chain]
    first = next((name for of, _, name in methods if of.rpartition(".")[2] == owner), "")
    return bool(_EMPTIES.search(first))


def is_called_for(effect: Effect, tool: str) -> bool:
    """Of a tool that does nothing but upkeep: it is called to set things up, or writes what it is called after."""
    target = effect.target
    if "w" not in effect.mode or not isinstance(target, Resource) or target.kind not in ("file", "dir", "sql"):
        return False
    if effect.secondary == "lazy-init":
        return bool(_SETS_UP.search(tool))
    named = "".join(part.text for part in target.key if part.kind == "literal").lower()
    return effect.secondary == "telemetry" and given(effect) and any(word.rstrip("s") in named for word in _WORD.findall(tool.lower()))


def is_reloaded(effect: Effect, tool: str) -> bool:
    """What is kept in memory is loaded anew because the tool says so."""
    return effect.secondary == "memo" and isinstance(effect.target, Loc) and effect.op == "write" and bool(_RELOADS.search(tool))


def is_loaded(effect: Effect, tool: str) -> bool:
    """What the tool is called after is loaded because the caller says so: `load_model(name, force)`, whoever else would load it on the way."""
    target = effect.target
    if effect.secondary != "lazy-init" or "w" not in effect.mode or not isinstance(target, Loc) or not _LOADS.search(tool):
        return False
    said = {word for part in loc_parts(target) if part.kind != "param" for word in re.findall(r"[a-z]+", part.text.lower())}
    decides = any(isinstance(item, str) and item[:1] not in MARKS for item in effect.control)
    return decides and bool(said & set(_WORD.findall(tool.lower())))


def leave_asked(effects: Sequence[Effect]) -> list[int]:
    """The questions whose answers only decide whether what the tool is for is done: what the user types is in none of it."""
    asked = [i for i, e in enumerate(effects) if e.op == "consume" and isinstance(e.target, Resource) and e.target == _TYPED]
    done = [e for e in effects if "w" in e.mode and not e.secondary and e.target != _TYPED]
    return [i for i in asked if any(i in e.control for e in done) and not any(i in e.data for e in done)]


_TYPED = Resource("other", (KeyPart("literal", "stdin"),))


def is_setting(effect: Effect, tool: str) -> bool:
    """How the process logs or warns, set by a tool that is called so and does nothing else."""
    own = len(effect.chain) <= 2 and effect.secondary == "telemetry" and "w" in effect.mode
    return own and isinstance(effect.target, Resource) and effect.target.kind in ("memory", "other") and bool(_SETS.search(tool))


def empties(effect: Effect) -> bool:
    """Nothing is put there: all of it, or what an argument names, is dropped."""
    whole = not effect.control and not effect.data
    named = effect.op in TAKEN_AWAY and any(part.kind == "param" for part in key_of(effect))
    return named or (whole and effect.op in (*TAKEN_AWAY, "write"))


def puts(effects: Sequence[Effect], effect: Effect) -> bool:
    """The caller's own words are put there, whatever stood there before: what is worked out from the key is no such thing."""
    looks = any(same_store(effects[i].target, effect.target) for i in items_of(effect.control, effects) if isinstance(effect.target, Loc))
    return not looks and (effect.op in ("append", "ensure") or (given(effect) and not of_key_alone(effect)))


def given(effect: Effect) -> bool:
    """Something that the caller says is in what is written."""
    return any(isinstance(i, str) and i[:1] not in MARKS for i in effect.data)


def says_what(effects: Sequence[Effect], effect: Effect) -> bool:
    """The caller's own words, or what is read from where the caller says, are put there: an object that is made of them is no such thing."""
    if not isinstance(effect.target, Loc) or effect.op != "write" or effect.note == CLIENT or effect.control:
        return False
    sources = [effects[i] for i in items_of(effect.data, effects)]
    named = any(part.kind == "param" for one in sources for part in key_of(one))
    return named or (given(effect) and not sources)


def told(effects: Sequence[Effect], effect: Effect) -> bool:
    """What is written are the caller's own words, among what stood there."""
    return given(effect) and all(effects[item].target == effect.target for item in items_of(effect.data, effects))


def of_key_alone(effect: Effect) -> bool:
    said = {part.text.split(".")[0] for part in key_of(effect) if part.kind == "param"}
    given = {item for item in effect.data if isinstance(item, str) and item[:1] not in MARKS}
    return {name.split(".")[0] for name in given} <= said


def same_store(one: Loc | Resource, other: Loc) -> bool:
    """They are kept in one variable, or in one field of an object."""
    return isinstance(one, Loc) and _store(one) == _store(other)


def _store(place: Loc) -> tuple[object, ...]:
    keyed = place.root in ("global", "cell") and place.path[:1] and not isinstance(place.path[0], str)
    return place.root, place.name, place.scope, () if keyed else place.path[:1]


def items_of(taint: Taint, effects: Sequence[Effect]) -> list[int]:
    return [item for item in taint if isinstance(item, int) and item < len(effects)]


def key_of(effect: Effect) -> tuple[KeyPart, ...]:
    return effect.target.key if isinstance(effect.target, Resource) else loc_parts(effect.target)


def told_after(effects: Sequence[Effect], effect: Effect) -> bool:
    """What a question leaves about itself where it never looked before: which it was, how it went."""
    return not any(one.target == effect.target and "r" in one.mode for one in effects[: effects.index(effect)])
