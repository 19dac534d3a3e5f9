"""What services that nobody described hand out, and are asked by objects."""

from __future__ import annotations

import re

from toolaudit.effects.frame import Frame
from toolaudit.effects.values import Data, Handle, Scalar, Value
from toolaudit.model import Resource


def handed_out(frame: Frame, receiver: Value) -> Resource | None:
    """What an object came from that a service handed out: changing it changes it there."""
    if not isinstance(receiver.form, Data) or receiver.form.why not in ("", "not-in-catalogue") or receiver.loc is not None:
        return None
    reads = sorted((item for item in receiver.taint if isinstance(item, int) and item < len(frame.effects)), reverse=True)
    for effect in (frame.effects[index] for index in reads):
        if effect.mode == "r" and effect.op == "read" and isinstance(effect.target, Resource) and effect.target.kind == "http":
            return effect.target
    return None


RPC = {"__call__", "invoke", "send", "execute", "request", "call"}
_REQUEST = re.compile(r"(?<=[a-z])(?:Request|Command|Query|Mutation|Operation)$")


_PROCEDURE = re.compile(r"[a-z]+(?:(?:[_/.-]|::)[a-z0-9]+|[A-Z][a-z0-9]+)+")


def asked_for(frame: Frame, value: Value) -> str:
    """What is asked for, by the name of a request's class or of a procedure: `client(GetUsersRequest(...))`, `engine.call("list_tables", {...})`;
    nothing where that has no verb."""
    from toolaudit.effects.objects import parameter_of

    if isinstance(value.form, Scalar):
        return value.form.value if isinstance(value.form.value, str) and _PROCEDURE.fullmatch(value.form.value) else ""
    if named := parameter_of(value):
        frame.demands.add(named)
    last = value.form.type.rpartition(".")[2] if isinstance(value.form, Handle) else ""
    name = _REQUEST.sub("", last)
    return name if name != last else ""


def fetched(receiver: Value) -> bool:
    """What a client nobody has described handed out when it was asked."""
    unknown = isinstance(receiver.form, Data) and receiver.form.why in ("not-in-catalogue", "client")
    return unknown and any(isinstance(source, int) for source in receiver.taint)
