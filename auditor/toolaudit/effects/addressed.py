"""Requests of clients that no entry describes: a method called like an HTTP method, given a path (`client.rget("/teams")`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from toolaudit.effects import http
from toolaudit.effects.frame import Frame
from toolaudit.effects.keys import Parts, parts_of
from toolaudit.effects.values import Data, Taint, Value, taints
from toolaudit.model import Resource

if TYPE_CHECKING:
    from toolaudit.effects.arguments import Arguments

_METHOD = re.compile(r"^(?:[a-z]|\w*_)?(get|head|post|put|patch|delete)(?:_(?:json|async|raw|request))?$", re.IGNORECASE)
"""With at most a letter before it: `target` is no `get`."""


def requested(frame: Frame, type_name: str, name: str, arguments: Arguments | None, line: int) -> Value | None:
    """What a method does that is called like an HTTP method and is given a path; None for any other."""
    method = _METHOD.match(name)
    if method is None or arguments is None or not arguments.args:
        return None
    address = parts_of(arguments.args[0])
    if address is None or not _is_path(address):
        return None
    request = http.classify(method[1].upper(), address, frame.function)
    frame.io += 1
    frame.pending = True
    frame.missing(f"{type_name}.{name}", "not-in-catalogue", "ignored", line)
    taint: Taint = taints(arguments.all())
    made = frame.emit(
        Resource("http", address, type_name),
        request.mode,  # type: ignore[arg-type]
        request.op,
        line,
        data=taint,
        atomic=True,
        repeat=request.repeat,  # type: ignore[arg-type]
        confidence="name-only",
    )
    return Value(Data("not-in-catalogue"), taint | made)


def _is_path(address: Parts) -> bool:
    return bool(address) and address[0].kind == "literal" and address[0].text.startswith(("/", "http://", "https://"))
