"""What a tool keeps in a framework's state for the next calls of a session, and for them alone: a cache, a credential met on the way."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolaudit.effects.edits import accumulates
from toolaudit.effects.frame import Effect
from toolaudit.effects.purposes import given, items_of
from toolaudit.model import Resource

CLOCKS = re.compile(
    r"(^|_)(fetched|cached|refreshed|loaded|built)_at$|[a-z]_timestamp$|last_(request|call|fetch|started|run|used|seen|refresh|update)(_?time|_?at|_?ts)?$"
)
CACHING = re.compile(r"(^|_)(cache|cached|caching|memo|memoize)(_|$)")


def kept_for_session(effects: Sequence[Effect], effect: Effect) -> bool:
    """A cache in a framework's state: its functions say so, or it was not there yet, and is nothing that the caller said."""
    target = effect.target
    assert isinstance(target, Resource)
    name = "".join(part.text for part in target.key if part.kind == "literal")
    if effect.op != "write" or any(part.kind != "literal" for part in target.key):
        return False
    if CLOCKS.search(name) or any(CACHING.search(place.function.rsplit(".", 1)[-1]) for place in effect.chain[2:]):
        return True
    looked = [i for i in items_of(effect.control, effects) if _beside_in_session(effects[i], effect)]
    return bool(looked) and not given(effect) and not any(accumulates(i, effect.data, effect.control) for i in looked)


def _beside_in_session(look: Effect, effect: Effect) -> bool:
    """The same entry, or one that the same function looks at: what comes together is kept together."""
    target = look.target
    return target == effect.target or (
        isinstance(target, Resource) and target.kind == "session" and look.chain[-1].function == effect.chain[-1].function
    )
