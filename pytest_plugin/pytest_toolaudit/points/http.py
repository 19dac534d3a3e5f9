"""HTTP clients: a request reads or writes ``http:URL`` without its query; its verb tells which."""

from __future__ import annotations

import sys
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from pytest_toolaudit.engine.patches import Patches
from pytest_toolaudit.engine.turn import READ, WRITE
from pytest_toolaudit.points.resources import touch

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # RFC 9110, section 9.2.1


def request(method: Any, url: Any) -> None:
    """The point of one request."""
    verb, parts = str(method or "GET").upper(), urlsplit(str(url))
    place = f"{parts.scheme or 'http'}://{parts.netloc.rpartition('@')[2]}{parts.path or '/'}"
    touch(READ if verb in _SAFE else WRITE, f"http:{place}", f"{verb} {place}")


def _prepared(self: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    sent = args[0] if args else kwargs.get("request")
    request(getattr(sent, "method", None), getattr(sent, "url", ""))


def _verb_and_url(self: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    named = [*args, *(kwargs[name] for name in ("method", "url", "str_or_url") if name in kwargs)]
    request(*[*named, "", ""][:2])


def _urllib3(self: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if "requests" in sys.modules and kwargs.get("preload_content") is False:
        return  # requests itself has noted this one
    port = f":{self.port}" if self.port not in (None, 80, 443) else ""
    target = (args[1] if len(args) > 1 else kwargs.get("url")) or "/"
    request(args[0] if args else kwargs.get("method"), f"{self.scheme}://{self.host}{port}{urlsplit(str(target)).path}")


def _opener(self: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    sent = args[0] if args else kwargs.get("fullurl")
    if isinstance(sent, urllib.request.Request):
        request(sent.get_method(), sent.full_url)
    else:
        has_body = (len(args) > 1 and args[1] is not None) or kwargs.get("data") is not None
        request("POST" if has_body else "GET", sent)


CLIENTS: tuple[tuple[str, str, str, Callable[..., None]], ...] = (
    ("requests.sessions", "Session", "send", _prepared),
    ("httpx", "Client", "send", _prepared),
    ("httpx", "AsyncClient", "send", _prepared),
    ("aiohttp.client", "ClientSession", "_request", _verb_and_url),
    ("urllib3.connectionpool", "HTTPConnectionPool", "urlopen", _urllib3),
    ("urllib.request", "OpenerDirector", "open", _opener),
)


def install(patches: Patches, noting: Callable[..., Any]) -> None:
    """Patches the clients that are loaded."""
    for module, name, method, note in CLIENTS:
        cls = getattr(sys.modules.get(module), name, None)
        if cls is not None:
            patches.wrap(cls, method, noting(note))
