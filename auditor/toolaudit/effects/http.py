"""Requests by method, from `catalogue/http.toml`; a POST whose address says that it asks is a read with less confidence."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from toolaudit import catalogue
from toolaudit.effects.frame import How
from toolaudit.effects.keys import Parts
from toolaudit.model import Operation

_ONLY_CALLS = re.compile(r"_*(call|call_fn|do_call|fn|func|inner|request|do_request|make_request|send_request|attempt|go)_*")


_PATHLESS = re.compile(r"(?:[^/]*/)?(?:(?:api|rest|v\d[\w.]*|\{\})(?:/|(?=\{)|$))*")
"""No word of the path is known, save that it leads to an interface."""
_OR = re.compile(
    r"(^|_)or_(add|create|insert|make|new|register|set)|"
    r"^_*(add|cancel|clear|create|delete|disable|enable|enqueue|register|remove|rename|reset|save|schedule|start|stop|trigger|update)_",
    re.IGNORECASE,
)
"""A search that is triggered, saved or deleted is the thing that is changed."""
QUERY = "POST taken for a query"
_VERSION = re.compile(r"api[-_]version=[^&]*")


class _Words(NamedTuple):
    methods: dict[str, dict[str, str]]
    path: re.Pattern[str]
    runs: re.Pattern[str]
    sets: re.Pattern[str]
    collection: re.Pattern[str]
    name: re.Pattern[str]
    hosts: frozenset[str]


@cache
def _words() -> _Words:
    table = tomllib.loads(Path(str(catalogue.__file__)).with_name("http.toml").read_text(encoding="utf-8"))
    post = table["post"]
    parts = ("path_words", "noun_words", "collection_words", "name_words", "run_words", "set_words")
    path, noun, collection, name, run, sets = ("|".join(map(re.escape, post[part])) for part in parts)
    return _Words(
        table["method"],
        re.compile(rf"(^|[/_\-.:])(?:({path})($|[/_\-.:?{{])|({noun})($|[_\-.:?{{]|/$))", re.IGNORECASE),
        re.compile(rf"(^|[/:}}])({run})($|[/:?{{])", re.IGNORECASE),
        re.compile(rf"[/:.]({sets})/?$", re.IGNORECASE),
        re.compile(rf"(^|/)[a-z][a-z_-]*[/:]({collection})/?$"),
        re.compile(rf"(^|_)({name})(_|$|[A-Z0-9])"),
        frozenset(post["hosts"]),
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
    if verb == "POST" and _words().runs.search(_path(address)):
        return Request("rw", "opaque", "again", "catalogued", "runs what it is given")
    if verb == "POST" and (asks(address) or asks_by_name(_named(function))):
        return Request("r", "read", "same", "name-only", QUERY)
    if verb == "POST" and _words().sets.search(_path(address)):
        return Request("w", "update", "same", "catalogued")
    known = _words().methods.get(verb, {"mode": "w", "op": "update", "repeat": "same"})
    return Request(known["mode"], known["op"], known["repeat"], "catalogued")  # type: ignore[arg-type]


def asks_by_name(name: str) -> bool:
    """Whether a name says that what it names asks."""
    return bool(_words().name.search(name)) and not _OR.search(name)


def asked_through(address: Parts, function: str) -> bool:
    """Whether a function asks by the name of it that hands the whole path to one that only sends."""
    return _PATHLESS.fullmatch(_known(address)) is not None and asks_by_name(_named(function))


def asks(address: Parts) -> bool:
    """Whether an address says that a POST to it is a question: by the words of its path, or by its host."""
    host, slash, path = _known(address).partition("/")
    words, asked = _words(), slash + path if slash else host
    return host.lower() in words.hosts or bool(words.path.search(asked) or words.collection.search(asked))


def _known(address: Parts) -> str:
    """The address from its host on, as far as it is known; which version of an interface it speaks of says nothing."""
    known = "".join(part.text if part.kind == "literal" else "{}" for part in address)
    return _VERSION.sub("", known.split("//", 1)[-1])


def _path(address: Parts) -> str:
    """The path of an address, without its query."""
    return _known(address).partition("?")[0]


def _named(function: str) -> str:
    """The name that says what a function is for: of an inner function that only makes the call, the one around it."""
    names = function.split(".")
    return names[-2] if len(names) > 1 and _ONLY_CALLS.fullmatch(names[-1]) else names[-1]
