"""Functions of the project that are handed to code that no entry describes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from toolaudit.effects.frame import Frame
from toolaudit.effects.values import Function, Partial, Value, union

if TYPE_CHECKING:
    from toolaudit.effects.arguments import Arguments

# Words of a name that says that it calls what it is given, now; a listener or a handler is called some time.
_CALLS = frozenset(
    {
        "run", "call", "execute", "exec", "submit", "apply", "invoke", "perform", "retry", "retrying", "thread", "executor", "transaction",
        "atomic", "atomically", "attempt", "try", "timed", "timeout", "blocking", "sync", "offload", "guarded", "locked",
    }
)  # fmt: skip
_LATER = frozenset(
    {"on", "add", "register", "subscribe", "listener", "handler", "callback", "hook", "route", "tool", "when", "later", "set"}
)


def calls_back(frame: Frame, name: str, arguments: Arguments, line: int) -> Value | None:
    """What the functions give that a callee of this name is handed, walked as called here; None where it is handed none, or keeps them."""
    from toolaudit.effects.calls import call

    words = set(re.findall(r"[a-z]+", re.sub(r"([A-Z])", r" \1", name).lower()))
    if not words & _CALLS or words & _LATER:
        return None
    handed = [value for value in arguments.all() if isinstance(value.form, Function | Partial)]
    return union([call(frame, value, arguments.after(value), line) for value in handed]) if handed else None
