"""Methods of clients of unknown type that are handed on before they are called: `self._ask(self.client.get_posts, limit=3)`."""

from __future__ import annotations

from toolaudit.effects import guesses
from toolaudit.effects.values import Data, Value

_MARK = "client:"
CALLING = frozenset({"fn", "func", "__wrapped__", "__call__", "run", "arun", "invoke", "ainvoke", "coroutine"})
"""Attributes of a tool made from a function that call the function."""


def is_operation(value: Value, name: str) -> bool:
    """An attribute that is called some time: its name is a verb with its object, and what has it is called a client."""
    return isinstance(value.form, Data) and "_" in name.strip("_") and guesses.client_like(_owner(value)) and guesses.verb_known(name)


def of_client(value: Value) -> Value:
    """What has the operation, known to be a client by its name wherever it goes."""
    return Value(Data(_MARK + _owner(value)), value.taint, value.loc)


def client_of(value: Value) -> tuple[str, Value]:
    """The name that such a client was kept under, and the client; no name for any other object."""
    form = value.form
    if not isinstance(form, Data) or not form.why.startswith(_MARK):
        return "", value
    return form.why.removeprefix(_MARK), Value(Data("client"), value.taint, value.loc)


def _owner(value: Value) -> str:
    """The name under which an object keeps its client; empty where it keeps none."""
    loc = value.loc
    last = loc.path[-1] if loc is not None and loc.root == "self" and loc.path else ""
    return last if isinstance(last, str) else ""
