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
    known = "".join(part.text if part.kind == "literal" else "{}" for part in address)
    if verb == "POST":
        path = known.split("//", 1)[-1]
        path = path[path.find("/") :] if "/" in path else path
        if _ASKS.search(path) or _NAME_ASKS.search(function.rsplit(".", 1)[-1]):
            return Request("r", "read", "same", "name-only", "POST taken for a query")
        return Request("w", "send", "again", "catalogued")
    if verb == "PUT":
        return Request("w", "write", "same", "catalogued")
    if verb == "DELETE":
        return Request("w", "delete", "error", "catalogued")
    return Request("w", "update", "same", "catalogued")
