"""Tools that ask a service: a stand-in answers where the sandbox lets no request out, and the report says so."""

from __future__ import annotations

import asyncio
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from pytest_toolaudit.confirming.answered import BODY, SAID, answered
from pytest_toolaudit.sandbox import Sandbox
from toolaudit_reports.document import load_evidence

pytest_plugins = ["pytester"]
URL = "http://192.0.2.1/things"  # RFC 5737: nobody's address


def _urllib() -> bytes:
    with urllib.request.urlopen(URL, timeout=1) as response:
        assert response.status == 200
        body: bytes = response.read()
    return body


def _httpx() -> bytes:
    httpx = pytest.importorskip("httpx")
    with httpx.Client() as client:
        answer: bytes = client.get(URL).raise_for_status().content
    return answer


def _httpx_async() -> bytes:
    httpx = pytest.importorskip("httpx")

    async def ask() -> bytes:
        async with httpx.AsyncClient() as client:
            answer: bytes = (await client.post(URL, json={})).content
        return answer

    return asyncio.run(ask())


def _requests() -> bytes:
    requests: Any = pytest.importorskip("requests")
    answer = requests.get(URL, timeout=1)
    assert answer.json() == {}
    body: bytes = answer.content
    return body


def _urllib3() -> bytes:
    urllib3: Any = pytest.importorskip("urllib3")
    body: bytes = urllib3.PoolManager().request("GET", URL).data
    return body


def _aiohttp() -> bytes:
    aiohttp: Any = pytest.importorskip("aiohttp")

    async def ask() -> bytes:
        async with aiohttp.ClientSession() as session, session.get(URL) as answer:
            answer.raise_for_status()
            assert await answer.json() == {}
            body: bytes = await answer.read()
        return body

    return asyncio.run(ask())


ASKS = {"urllib": _urllib, "httpx": _httpx, "httpx ": _httpx_async, "requests": _requests, "urllib3": _urllib3, "aiohttp": _aiohttp}


@pytest.mark.parametrize("library", ASKS)
def test_clients_are_answered_and_nothing_leaves(library: str) -> None:
    pytest.importorskip(library.strip())  # clients that are loaded are answered
    ask = ASKS[library]
    with Sandbox().entered() as sandbox, answered():
        assert ask() == BODY
    assert not sandbox.offline


SERVER = """
import urllib.request

from langchain_core.tools import tool

QUOTA = {"left": 5}


@tool
def look_up(term: str) -> str:
    "Define a term."
    left = QUOTA["left"]
    with urllib.request.urlopen("http://192.0.2.1/" + term, timeout=1) as response:
        definition = response.read().decode()
    QUOTA["left"] = left - 1
    return definition
"""


def test_a_race_around_a_request_is_confirmed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(quota=SERVER)
    options = ("--toolaudit=quota.py", "--toolaudit-evidence=e.json", "--toolaudit-write-tests=kept", "-k", "TA101")
    pytester.runpytest_subprocess(*options).assert_outcomes(failed=1)
    (item,) = [item for item in load_evidence(Path("e.json").read_bytes()).items if item.code == "TA101"]
    assert item.verdict == "confirmed"
    assert SAID in item.reason
    (kept,) = Path("kept").glob("test_*.py")
    assert SAID in kept.read_text()
    pytester.runpytest_subprocess(str(kept)).assert_outcomes(failed=1)
