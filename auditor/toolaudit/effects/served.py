"""What services that nobody described hand out, are asked by objects, and save to files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from toolaudit.effects.frame import Frame
from toolaudit.effects.keys import ANY, parts_of
from toolaudit.effects.values import CLEAN, Data, Handle, Scalar, Taint, Value
from toolaudit.model import Resource

if TYPE_CHECKING:
    from toolaudit.effects.arguments import Arguments


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


SAVING = re.compile(r"(?:^|_)(?:download|export|dump)(?:_|$)")
OUTPUTS = re.compile(r"(?:^|_)(?:file|path|filename|filepath|dir|output|out|dest|destination|dst|target)$")


def saved(frame: Frame, name: str, arguments: Arguments, taint: Taint, line: int) -> Taint:
    """The file that a foreign `download(url, file=path)` leaves, where an argument names one."""
    found: Taint = CLEAN
    if not SAVING.search(name):
        return found
    paths = [value for value in arguments.args if isinstance(value.form, Handle) and value.form.type == "pathlib.Path"]
    for value in [*paths, *(value for key, value in arguments.keywords if OUTPUTS.search(key))]:
        if isinstance(value.form, Scalar) and not isinstance(value.form.value, str):
            continue
        if not isinstance(value.form, Handle) or value.form.type == "pathlib.Path":
            key = parts_of(value) or (ANY,)
            found |= frame.emit(Resource("file", key), "w", "write", line, data=taint, repeat="same", confidence="name-only")
    return found


def fetched(receiver: Value) -> bool:
    """What a client nobody has described handed out when it was asked."""
    unknown = isinstance(receiver.form, Data) and receiver.form.why in ("not-in-catalogue", "client")
    return unknown and any(isinstance(source, int) for source in receiver.taint)
