"""One address and one method for everything: the body says what is done, by a GraphQL document (October 2021, §2.3) or the name of a
remote procedure (JSON-RPC 2.0, §4)."""

from __future__ import annotations

import re

from toolaudit.effects.http import QUERY, Request, asks_by_name
from toolaudit.effects.keys import Parts, parts_of
from toolaudit.effects.templates import Bound
from toolaudit.effects.values import Many, Scalar, Text, Value, alternatives

_ADDRESS = re.compile(r"graph-?ql", re.IGNORECASE)
_BODIES = ("json", "data", "content", "body")
_PROCEDURES = ("method", "action", "command", "procedure")
_BESIDE = {"params", "args", "arguments", "id", "jsonrpc", "version"}
_ANSWERED = re.compile(r"^(?:[a-z]+(?:[A-Z][a-z]+)*(?:Names|Infos?|Descriptions|Stats|Status|Version)|version|status|ping|health|info)$")
"""A procedure that is called like its answer: `deckNames`, `notesInfo`, `version`."""
PROCEDURE = "procedure told by its name"
_RUNS = re.compile(r"^(?:execute|exec|eval|run)(?:_\w*(?:code|script|command|python|expression|macro|sql)\w*)?$", re.IGNORECASE)
_SETS = re.compile(
    r"^(?:set|update|delete|remove|rename|clear|stop|enable|disable|select|hide|show|switch|move_to|mute|unmute|suspend|unsuspend|archive|unarchive|lock|unlock)(?=[A-Z_]|$)"
)
_REPEATS = re.compile(r"(?:^|_)(?:by|toggle|next|previous|undo|redo)(?:_|$)")
_SET = Request("w", "update", "same", "catalogued", "procedure told by its name")
_OPERATION = re.compile(r"(?:^|\})\s*(?:#[^\n]*\s*)*(query|mutation|subscription|fragment|\{)")
_ASKS = Request("r", "read", "same", "catalogued", "GraphQL query")
_CHANGES = Request("w", "send", "again", "catalogued", "GraphQL mutation")
_CALLED = Request("r", "read", "same", "name-only", "procedure taken for a query by its name")
_SET_BY_MUTATION = Request("w", "send", "same", "catalogued", "GraphQL mutation")
_FREE = Request("rw", "opaque", "unknown", "unknown", "GraphQL document not known")


def procedure(bound: Bound) -> Value | None:
    """The name of the remote procedure that a request calls; None where the body names none."""
    named = _named(bound)
    if not named.keys() & _BESIDE:
        return None
    return next((named[key] for key in _PROCEDURES if key in named), None)


def tool(bound: Bound) -> Value | None:
    """The name of a tool that a request has run elsewhere, `{"tool": "price_feed", …}`."""
    named = _named(bound)
    return next((named[key] for key in ("tool", "tool_name") if key in named and isinstance(named[key].form, Scalar | Text)), None)


def classify_procedure(value: Value) -> Request | None:
    """What a procedure does whose name says that it asks; None for any other."""
    names = [option.form.value for option in alternatives(value) if isinstance(option.form, Scalar) and isinstance(option.form.value, str)]
    last = [re.split(r"[./:]", name)[-1] for name in names]
    asked = len(names) == len(alternatives(value)) and all(asks_by_name(name) or _ANSWERED.search(name) for name in last)
    if last and len(names) == len(alternatives(value)) and all(_SETS.search(name) and not _REPEATS.search(name) for name in last):
        return _SET
    return _CALLED if asked else None


_MESSAGE = re.compile(r'^\{"\w+": "([^"]*)"')


def message(parts: Parts) -> Request | None:
    """What a message does that names its procedure, `{"type": "get_info"}`; None for any other."""
    known = "".join(part.text if part.kind == "literal" else "\0" for part in parts)
    found = _MESSAGE.match(known)
    if found is None or "\0" in found[1]:
        return None
    name = re.split(r"[./:]", found[1])[-1]
    if _RUNS.search(name):
        return Request("rw", "opaque", "again", "catalogued", PROCEDURE)
    if asks_by_name(name) or _ANSWERED.search(name):
        return Request("r", "read", "same", "name-only", PROCEDURE)
    again = _REPEATS.search(name) is not None or not _SETS.search(name)
    return Request("w", "send" if again else "update", "again" if again else "same", "catalogued", PROCEDURE)


def document(address: Parts, bound: Bound) -> Value | None:
    """The document that a request to a GraphQL server carries; None where none is seen."""
    named = _named(bound)
    server = "variables" in named or any(part.kind == "literal" and _ADDRESS.search(part.text) for part in address)
    found = named.get("query")
    return found if found is not None and (server or classify(found) not in (None, _FREE)) else None


def told_by_fields(bound: Bound) -> Request | None:
    """A form or document with a field for what is searched for, `{"q": text}`, asks; one with a field for a secret signs in."""
    names = [name for name in _named(bound) if isinstance(name, str)]
    if any(_SEARCHED.search(name) for name in names):
        return _SEARCHES
    return _SIGNS_IN if any(_SECRET.search(name) for name in names) else None


_SEARCHED = re.compile(r"^(?:q|search|search_?(?:term|query|text|phrase|string)|search(?:Term|Query|Text|Phrase|String)|keywords?)$")
_SECRET = re.compile(r"^(?:password|passwd|client_?secret|refresh_?token|grant_?type)$", re.IGNORECASE)
SIGNS_IN = "signs in"
_SIGNS_IN = Request("w", "send", "again", "catalogued", SIGNS_IN)
_SEARCHES = Request("r", "read", "same", "name-only", QUERY)


def _named(bound: Bound) -> dict[object, Value]:
    entries = [entry for body in _bodies(bound) for entry in body.entries or ()]
    return {key.form.value: value for key, value in entries if isinstance(key.form, Scalar)}


def _bodies(bound: Bound) -> list[Many]:
    given = [bound.named[name] for name in _BODIES if name in bound.named]
    return [option.form for body in given for option in alternatives(body) if isinstance(option.form, Many)]


def classify(value: Value) -> Request | None:
    """What a document does: free text of a caller may do anything; None for one of which nothing is known."""
    kinds: set[str] = set()
    mutations: list[str] = []
    options = [parts_of(option) for option in alternatives(value)]
    for parts in options:
        known = "".join(part.text if part.kind == "literal" else "_" for part in parts)
        kinds.update(_OPERATION.findall(known))
        mutations += _fields(known)
    if "mutation" in kinds:
        return _SET_BY_MUTATION if mutations and all(_SETS.search(name) or _SET_AT_END.search(name) for name in mutations) else _CHANGES
    if kinds:
        return _ASKS
    return _FREE if any(parts and parts[0].kind == "param" for parts in options) else None


def _fields(document: str) -> list[str]:
    """The fields that a document's operation asks for itself: not those of what they answer."""
    found: list[str] = []
    depth = arguments = 0
    for match in _TOKEN.finditer(document):
        token = match[0]
        arguments += (token == "(") - (token == ")")
        if not arguments:
            depth += (token == "{") - (token == "}")
            if depth == 1 and match[1]:
                found.append(match[1])
    return found


_TOKEN = re.compile(r"[{}()]|(?<![@$.\w])([A-Za-z_]\w*)\b(?!\s*:)")
_SET_AT_END = re.compile(r"[a-z](?:Update|Delete|Archive|Unarchive|Remove|Rename)$")
