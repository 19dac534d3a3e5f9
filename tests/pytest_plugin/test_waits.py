"""Calls that wait in the system: for what comes by itself, and for what another call holds there."""

from __future__ import annotations

import asyncio
import os
import select
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_toolaudit import call, explore
from pytest_toolaudit.engine.watchdog import Watchdog

pytestmark = [pytest.mark.timeout(120), pytest.mark.skipif(os.name == "nt", reason="select takes sockets only")]
TOTAL = {"n": 0}
GUARD = threading.Lock()
_NOTHING, _ = os.pipe()
TOKEN, BACK = socket.socketpair()
CLEAN = ("serializable", "order-dependent")


def reset() -> None:
    TOTAL["n"] = 0


def answer() -> None:
    """What a server, a child process or a C library needs 120 ms for."""
    select.select([_NOTHING], [], [], 0.12)


def add() -> None:
    old = TOTAL["n"]
    TOTAL["n"] = old + 1


def asks_then_adds() -> None:
    answer()
    add()


def asks_in_between() -> None:
    old = TOTAL["n"]
    answer()
    TOTAL["n"] = old + 1


def asks_then_adds_locked() -> None:
    answer()
    with GUARD:
        add()


def adds_locked() -> None:
    with GUARD:
        add()


async def asks_in_a_thread_then_adds() -> None:
    await asyncio.to_thread(answer)
    await adds_later()


async def asks_on_the_loop_then_adds() -> None:
    answer()
    await adds_later()


async def adds_later() -> None:
    old = TOTAL["n"]
    await asyncio.sleep(0)
    TOTAL["n"] = old + 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (asks_then_adds, add),
        (add, asks_then_adds),
        (asks_in_between, asks_then_adds),
        (asks_then_adds_locked, add),
        (asks_in_a_thread_then_adds, adds_later),
        (asks_on_the_loop_then_adds, add),
    ],
)
def test_a_race_after_a_long_wait(first: Callable[[], Any], second: Callable[[], Any]) -> None:
    verdict = explore([call(first), call(second)], state=reset)
    assert verdict.kind == "racy", verdict.render()
    assert verdict.witness is not None
    assert verdict.witness.preemptions == 1
    assert not verdict.notes  # the other one was not let in because of the wait


def test_no_race_after_a_long_wait() -> None:
    verdict = explore([call(asks_then_adds_locked), call(adds_locked)], state=reset)
    assert verdict.kind in CLEAN and verdict.exhausted, verdict.render()
    assert not verdict.notes


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_what_a_child_has_learned_its_parent_knows() -> None:
    verdict = explore([call(asks_then_adds), call(add)], state=reset, isolate="fork")
    assert verdict.kind == "racy" and not verdict.notes, verdict.render()


def adds_with_token() -> None:
    """A lock that only the system knows: whoever has the token may go on."""
    TOKEN.recv(1)
    try:
        add()
    finally:
        BACK.send(b"x")


@pytest.fixture
def token() -> Iterator[None]:
    BACK.send(b"x")
    yield
    TOKEN.recv(1)


def test_who_waits_in_vain_is_put_aside_soon(token: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second the first time: it could be a server that is slow."""
    idle: list[int] = []
    detach = Watchdog._detach

    def counted(self: Watchdog, actor: Any) -> None:
        looks = self.idle
        detach(self, actor)
        idle.extend([looks] if actor.detached else [])

    monkeypatch.setattr(Watchdog, "_detach", counted)
    verdict = explore([call(adds_with_token), call(adds_with_token)], state=reset, budget=12)
    assert verdict.kind in CLEAN, verdict.render()
    assert idle[0] == 50
    assert idle.count(3) >= len(idle) - 2 > 0, idle  # each of the calls may have had to wait at length once


# -- sockets on an event loop -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """Answers each connection after 0.4 s."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=_later, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield listening.getsockname()[1]
    listening.close()


def _later(connection: socket.socket) -> None:
    select.select([_NOTHING], [], [], 0.4)
    with connection:
        connection.sendall(b"ok\n")


async def asks_server_then_adds(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.readline()
    writer.close()
    await adds_later()


def test_a_task_races_after_a_slow_answer(server: int) -> None:
    verdict = explore([call(asks_server_then_adds, server), call(adds_later)], state=reset, observe=lambda _: TOTAL["n"], budget=12)
    assert verdict.kind == "racy", verdict.render()
