"""GraphQL over HTTP: one address and one method for everything; the document in the body says what is done (GraphQL October 2021, §2.3)."""

from __future__ import annotations

import re

from toolaudit.effects.http import Request
from toolaudit.effects.keys import Parts, parts_of
from toolaudit.effects.templates import Bound
from toolaudit.effects.values import Many, Scalar, Value, alternatives

_ADDRESS = re.compile(r"graph-?ql", re.IGNORECASE)
_BODIES = ("json", "data", "content", "body")
_OPERATION = re.compile(r"(?:^|\})\s*(?:#[^\n]*\s*)*(query|mutation|subscription|fragment|\{)")
_ASKS = Request("r", "read", "same", "catalogued", "GraphQL query")
_CHANGES = Request("w", "send", "again", "catalogued", "GraphQL mutation")
_FREE = Request("rw", "opaque", "unknown", "unknown", "GraphQL document not known")


def document(address: Parts, bound: Bound) -> Value | None:
    """The document that a request to a GraphQL server carries; None where none is seen."""
    entries = [entry for body in _bodies(bound) for entry in body.entries or ()]
    named = {key.form.value: value for key, value in entries if isinstance(key.form, Scalar)}
    server = "variables" in named or any(part.kind == "literal" and _ADDRESS.search(part.text) for part in address)
    found = named.get("query")
    return found if found is not None and (server or classify(found) not in (None, _FREE)) else None


def _bodies(bound: Bound) -> list[Many]:
    given = [bound.named[name] for name in _BODIES if name in bound.named]
    return [option.form for body in given for option in alternatives(body) if isinstance(option.form, Many)]


def classify(value: Value) -> Request | None:
    """What a document does: free text of a caller may do anything; None for one of which nothing is known."""
    kinds: set[str] = set()
    options = [parts_of(option) for option in alternatives(value)]
    for parts in options:
        known = "".join(part.text if part.kind == "literal" else "_" for part in parts)
        kinds.update(_OPERATION.findall(known))
    if "mutation" in kinds:
        return _CHANGES
    if kinds:
        return _ASKS
    return _FREE if any(parts and parts[0].kind == "param" for parts in options) else None
