"""Methods of clients of unknown type that are handed on before they are called: `self._ask(self.client.get_posts, limit=3)`."""

from __future__ import annotations

from toolaudit.effects import guesses
from toolaudit.effects.values import Data, Value

CLIENT = "client"


def is_operation(value: Value, name: str) -> bool:
    """An attribute that is called some time: its name is a verb with its object, and what has it is called a client."""
    return isinstance(value.form, Data) and "_" in name.strip("_") and guesses.client_like(_owner(value)) and guesses.verb_known(name)


def of_client(value: Value) -> Value:
    """What has the operation, known to be a client wherever it goes."""
    return Value(Data(CLIENT), value.taint, value.loc)


def is_client(value: Value) -> bool:
    return isinstance(value.form, Data) and value.form.why == CLIENT


def _owner(value: Value) -> str:
    """The name under which an object keeps its client; empty where it keeps none."""
    loc = value.loc
    last = loc.path[-1] if loc is not None and loc.root == "self" and loc.path else ""
    return last if isinstance(last, str) else ""
