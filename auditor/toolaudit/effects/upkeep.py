"""What a tool's helpers do to be ready: a configuration brought up to date, a token refreshed, a schema or client made."""

from __future__ import annotations

import re

from toolaudit.effects.frame import Effect
from toolaudit.effects.values import Loc

_READY = re.compile(
    r"^_*(?:a|async_)?(?:"
    r"(?:load|get|resolve|ensure|init|initiali[sz]e|connect|setup|set_up|open|prepare|build|make|refresh|migrate)(?:_\w+)?_"
    r"(?:config|configuration|settings|creds?|credentials|tokens?|clients?|conn|connection|engine|pool|service|tables?|schema|database|db|auth|"
    r"dependencies|modules?|models?)"
    r"|(?:connect|connection|client|engine|ensure_connected|ensure_ready)"
    r")$",
    re.IGNORECASE,
)
KINDS = frozenset({"file", "dir", "sql", "memory"})


def helpers(effect: Effect, tool: str) -> list[str]:
    """The functions on the way to an effect that are not the tool's own: neither its entry nor the one that its dispatcher calls by its name."""
    names = [place.function.rsplit(".", 1)[-1] for place in effect.chain]
    own = [index for index, name in enumerate(names) if name.strip("_") == tool.strip("_")]
    return names[max(2, own[-1] + 1 if own else 0) :]


def is_upkeep(effect: Effect, tool: str) -> bool:
    """A write below a helper that makes something ready, of what no argument of the tool names."""
    if not any(_READY.match(name) for name in helpers(effect, tool)):
        return False
    target = effect.target
    if isinstance(target, Loc):
        return target.root != "state"
    return target.kind in KINDS and not any(part.kind == "param" for part in target.key)
