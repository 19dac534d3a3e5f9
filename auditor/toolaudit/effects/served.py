"""What services that nobody described hand out, and are asked by objects."""

from __future__ import annotations

import re

from toolaudit.effects.frame import Frame
from toolaudit.effects.values import Data, Handle, Value
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


def asked_for(value: Value) -> str:
    """What a request object asks for, by the name of its class: `client(GetUsersRequest(...))`; nothing where that has no verb."""
    last = value.form.type.rpartition(".")[2] if isinstance(value.form, Handle) else ""
    name = _REQUEST.sub("", last)
    return name if name != last else ""


def fetched(receiver: Value) -> bool:
    """What a client nobody has described handed out when it was asked."""
    unknown = isinstance(receiver.form, Data) and receiver.form.why in ("not-in-catalogue", "client")
    return unknown and any(isinstance(source, int) for source in receiver.taint)
