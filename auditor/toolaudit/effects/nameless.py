"""Things that a service makes of what it is told, and that get an id of their own, another one each time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolaudit.effects.arguments import Arguments

_IDENTITY = re.compile(r"(?:^|_|(?<=[a-z]))(?:id|name|key|slug|path|email|url)$|(?:Id|Name|Key)$", re.IGNORECASE)
_PART = re.compile(r"(API|Api|Client|Service|Resource|Manager)$")


def nameless(arguments: Arguments | None, thing: str, type_name: str) -> bool:
    """What a service makes of a text and no name gets an id of its own, another one each time: `create_index(index=name)` has a name."""
    if arguments is None or not arguments.keywords:
        return False
    thing = thing or _held_by(type_name)
    return not any(name == thing or (_IDENTITY.search(name) and not _of_another(name, thing)) for name, _ in arguments.keywords)


def _held_by(type_name: str) -> str:
    """The thing that a part of a client holds: a `memory` of `client.memories` and of a `MemoriesAPI`."""
    words = re.findall(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]*", _PART.sub("", type_name.rpartition(".")[2]))
    return singular(words[-1].lower()) if words else ""


def _of_another(name: str, thing: str) -> bool:
    """What a thing is put into, by its id: `create(space_id=…, content=…)` of a memory."""
    before, _, last = name.rpartition("_")
    return last == "id" and bool(before and thing) and thing not in before.split("_")


def singular(word: str) -> str:
    for ending, instead in (
        ("indices", "index"),
        ("ies", "y"),
        ("sses", "ss"),
        ("ases", "as"),
        ("xes", "x"),
        ("ches", "ch"),
        ("shes", "sh"),
    ):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word.removesuffix(ending) + instead
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is", "as")) else word
