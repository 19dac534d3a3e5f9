"""Requests answered by a stand-in, where the sandbox lets none out: each gets status 200 and an empty JSON object."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from types import SimpleNamespace
from typing import Any

from pytest_toolaudit.engine.patches import Patches

BODY = b"{}"
HEADERS = {"Content-Type": "application/json", "Content-Length": str(len(BODY))}
SAID = "every request was answered by a stand-in (status 200, {})"


def _urllib(self: Any, http_class: Any, req: Any, **_: Any) -> Any:
    from urllib.response import addinfourl

    headers = Message()
    for name, value in HEADERS.items():
        headers[name] = value
    answer: Any = addinfourl(io.BytesIO(BODY), headers, req.full_url, 200)
    answer.msg = "OK"
    return answer


def _urllib3(self: Any, method: str, url: str, *_: Any, **kwargs: Any) -> Any:
    response = sys.modules["urllib3"].HTTPResponse
    whole = kwargs.get("preload_content", True)
    return response(io.BytesIO(BODY), dict(HEADERS), 200, reason="OK", preload_content=whole, request_method=method, request_url=url)


def _httpx(self: Any, request: Any) -> Any:
    return sys.modules["httpx"].Response(200, headers=HEADERS, content=BODY, request=request)


async def _httpx_async(self: Any, request: Any) -> Any:
    return _httpx(self, request)


class _AiohttpAnswer:
    """As much of ``aiohttp.ClientResponse`` as tools use."""

    status, ok, reason, content_type, charset = 200, True, "OK", "application/json", "utf-8"

    def __init__(self, method: str, url: Any) -> None:
        self.method, self.url, self.headers = method, url, dict(HEADERS)
        self.content = SimpleNamespace(read=self._bytes)

    async def read(self) -> bytes:
        """The body."""
        return BODY

    async def _bytes(self, _: int = -1) -> bytes:
        return BODY

    async def text(self, *_: Any, **__: Any) -> str:
        """The body as text."""
        return BODY.decode()

    async def json(self, **_: Any) -> Any:
        """The body, parsed."""
        return json.loads(BODY)

    def raise_for_status(self) -> None:
        """Nothing is wrong."""

    def release(self) -> None:
        """Nothing is held."""

    close = release

    async def __aenter__(self) -> _AiohttpAnswer:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


async def _aiohttp(self: Any, method: str, str_or_url: Any, **_: Any) -> Any:
    return _AiohttpAnswer(method, str_or_url)


CLIENTS: tuple[tuple[str, str, str, Callable[..., Any]], ...] = (
    ("urllib.request", "AbstractHTTPHandler", "do_open", _urllib),
    ("urllib3.connectionpool", "HTTPConnectionPool", "urlopen", _urllib3),
    ("httpx", "HTTPTransport", "handle_request", _httpx),
    ("httpx", "AsyncHTTPTransport", "handle_async_request", _httpx_async),
    ("aiohttp.client", "ClientSession", "_request", _aiohttp),
)
"""Module, class and method of what sends a request; `requests` and botocore send theirs through urllib3."""


@contextmanager
def answered() -> Iterator[None]:
    """While entered, clients that are loaded send nothing."""
    patches = Patches()
    for module, name, method, stand_in in CLIENTS:
        cls = getattr(sys.modules.get(module), name, None)
        if cls is not None:
            patches.set(cls, method, stand_in)
    try:
        yield
    finally:
        patches.undo()
