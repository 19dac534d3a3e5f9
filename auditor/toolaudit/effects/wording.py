"""What the name of a tool or function says that it does, by the verbs of `verbs.toml` and those by which unknown methods are taken to write."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from toolaudit.effects.frame import Effect
from toolaudit.effects.guesses import WRITE_VERBS
from toolaudit.effects.http import QUERY
from toolaudit.effects.nameless import singular
from toolaudit.model import Place, Resource

ASKS, COMPUTES, CHANGES = "asks", "computes", "changes"

_VERBS = Path(__file__).with_name("verbs.toml")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS = re.compile(r"[^A-Za-z0-9]+")


@cache
def _verbs() -> dict[str, frozenset[str]]:
    told = {kind: frozenset(words) for kind, words in tomllib.loads(_VERBS.read_text("utf-8")).items()}
    return {CHANGES: frozenset(WRITE_VERBS) - told["things"], **told}


def _words(name: str) -> list[str]:
    return [word.lower() for part in _SEPARATORS.split(name) for word in _HUMP.split(part) if word]


@cache
def said_by(name: str) -> str:
    """What a caller expects of what is called so: `asks`, `computes` or `changes`; nothing where it says two things or none."""
    verbs, words = _verbs(), _words(name)
    if not words or verbs["joins"] & set(words):
        return ""
    for kind in (CHANGES, ASKS, COMPUTES):
        if words[0] in verbs[kind]:
            return kind
    found = [kind for kind in (CHANGES, ASKS, COMPUTES) if verbs[kind] & set(words)]
    return found[0] if len(found) == 1 else ""


def asked(effects: Sequence[Effect], tool: str) -> list[Effect]:
    """The effects of a tool: where its name says that it asks, and nothing says otherwise, a POST is how it asks."""
    if said_by(tool) != ASKS:
        return list(effects)
    return [replace(e, mode="r", op="read", repeat="same", confidence="name-only", note=QUERY) if is_posted(e) else e for e in effects]


def settled(effects: Sequence[Effect], tool: str) -> list[Effect]:
    """The effects of a tool: a POST to one thing by its id sets what it is told, where the tool or a function on the way is called so
    (`update_task` posts to `/tasks/{id}`, `/tasks/{id}/close`): a second equal one changes nothing."""

    def sets(effect: Effect) -> bool:
        target = effect.target
        if effect.op != "send" or effect.mode != "w" or not isinstance(target, Resource) or target.kind != "http" or not _is_of_one(target):
            return False
        return any(_sets(name) for name in (tool, *(place.function.rpartition(".")[2] for place in effect.chain[1:])))

    return [replace(e, op="update", repeat="same") if e.repeat == "again" and sets(e) else e for e in effects]


def _sets(name: str) -> bool:
    verbs, words = _verbs(), _words(name)
    first = next((word for word in words if word in verbs["sets"] | verbs[CHANGES] | verbs[ASKS] | verbs[COMPUTES]), "")
    return first in verbs["sets"] and not verbs["joins"] & set(words)


def _is_of_one(target: Resource) -> bool:
    """An address that ends in the id of a thing, which the caller gives, or in what becomes of it."""
    ids = [at for at, part in enumerate(target.key) if part.kind == "param" and target.key[at - 1].text.endswith("/")]
    rest = "".join(part.text if part.kind == "literal" else "{}" for part in target.key[ids[-1] + 1 :]) if ids else ""
    return bool(ids) and (not rest.strip("/") or (rest.startswith("/") and _words(rest)[:1] == _words(rest) and _sets(rest)))


def is_posted(effect: Effect) -> bool:
    """A POST of which neither its address nor the functions on the way to it tell that it changes something."""
    target = effect.target
    sent = isinstance(target, Resource) and target.kind == "http" and effect.op == "send" and effect.confidence == "catalogued"
    if not sent or effect.note or effect.part or effect.secondary or not isinstance(target, Resource):
        return False
    return is_silent(target, effect.chain)


def is_silent(target: Resource, chain: Sequence[Place]) -> bool:
    """Whether neither an address nor the functions on the way to it, but for the first, say that something is changed."""
    names = [place.function.rpartition(".")[2] for place in chain[1:]]
    return all(said_by(name) != CHANGES or _carries(name) for name in names) and not leads_to_a_change(target)


def _carries(name: str) -> bool:
    """Whether a helper is called after how it sends what it is given."""
    verbs, words = _verbs(), set(_words(name))
    return bool(words & verbs["carriers"] and words & verbs["sends"]) and not words & (verbs["changes"] - verbs["sends"])


def leads_to_a_change(target: Resource) -> bool:
    """Whether the last word of an address says that it changes something."""
    return said_by(_last_word(target)) == CHANGES


def adds_to_a_collection(target: Resource) -> bool:
    """Whether an address ends in a word for many, to which a POST adds one: `/issues`."""
    word = _last_word(target).lower()
    return word.isalpha() and singular(word) != word and not said_by(word)


def _last_word(target: Resource) -> str:
    address = "".join(part.text if part.kind == "literal" else "{}" for part in target.key).rstrip("/")
    return address.rpartition("/")[2]
