"""Clients that are generated from OpenAPI documents: a module for each operation."""

from __future__ import annotations

from toolaudit.effects import guesses
from toolaudit.effects.applying import read_all
from toolaudit.effects.arguments import Arguments
from toolaudit.effects.frame import Frame
from toolaudit.effects.values import Value

OPERATIONS = frozenset({"sync", "asyncio", "sync_detailed", "asyncio_detailed"})
"""What clients that are generated from OpenAPI documents call the functions of the module that each operation has."""


def generated_operation(frame: Frame, name: str, arguments: Arguments, line: int) -> Value | None:
    """An operation of a generated client: the module is called what it does, and the client is handed over: `messages_send.sync(client=c)`."""
    owner, _, last = name.rpartition(".")
    client = next((value for key, value in arguments.keywords if key == "client"), None)
    if last not in OPERATIONS or client is None:
        return None
    root, _, operation = owner.rpartition(".")
    rest = Arguments(arguments.args, tuple((key, value) for key, value in arguments.keywords if key != "client"))
    taint = read_all(frame, rest, line) | client.taint
    return guesses.unlisted(frame, client, f"{root.partition('.')[0]}.Client", operation, taint, line, None, rest)
