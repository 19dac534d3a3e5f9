"""Requests by verb: GET reads, the rest writes; a POST whose address says that it asks is a read with less confidence."""

from __future__ import annotations

import re

from msgspec import Struct

from toolaudit.effects.frame import How
from toolaudit.effects.keys import Parts
from toolaudit.model import Operation

_READ = {"GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND"}
_ASKS = re.compile(
    r"(^|[/_\-.:])(search|query|queries|graphql|rpc/read|lookup|find|list|batchget|bulkfetch|retrieve|rerank|embeddings?|completions?|"
    r"chat/completions|generate|translate|analy[sz]e|detect|classify|extract|scrape|crawl|summari[sz]e|answer|ask|predict|infer|oauth2?|"
    r"token|tokens|login|auth|contents)($|[/_\-.:?{])",
    re.IGNORECASE,
)
_NAME_ASKS = re.compile(
    r"(^|_)(search|query|lookup|find|get|fetch|list|read|retrieve|scrape|crawl|extract|translate|token|auth|login|answer|ask|embed)(_|$|[A-Z0-9])"
)

_ONLY_CALLS = re.compile(r"_*(call|call_fn|do_call|fn|func|inner|request|do_request|make_request|send_request|attempt|go)_*")


class Request(Struct, frozen=True):
    mode: str
    op: Operation
    repeat: str
    confidence: How
    note: str = ""


def classify(method: str | None, address: Parts, function: str) -> Request:
    """What a request does. `method` is None when it is not known text; `function` is the name of the function that sends it."""
    if method is None or not method:
        return Request("rw", "opaque", "unknown", "unknown", "method not known")
    verb = method.upper()
    if verb in _READ:
        return Request("r", "read", "same", "catalogued")
    if verb == "POST":
        if asks(address) or _NAME_ASKS.search(_named(function)):
            return Request("r", "read", "same", "name-only", "POST taken for a query")
        return Request("w", "send", "again", "catalogued")
    if verb == "PUT":
        return Request("w", "write", "same", "catalogued")
    if verb == "DELETE":
        return Request("w", "delete", "error", "catalogued")
    return Request("w", "update", "same", "catalogued")


def asks(address: Parts) -> bool:
    """Whether the path of an address says that a POST to it is a question."""
    known = "".join(part.text if part.kind == "literal" else "{}" for part in address)
    path = known.split("//", 1)[-1]
    return bool(_ASKS.search(path[path.find("/") :] if "/" in path else path))


def _named(function: str) -> str:
    """The name that says what a function is for: of an inner function that only makes the call, the one around it."""
    names = function.split(".")
    return names[-2] if len(names) > 1 and _ONLY_CALLS.fullmatch(names[-1]) else names[-1]
