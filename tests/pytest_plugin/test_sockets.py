"""Two calls ask on one connection: who receives whose answer, and who receives none."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_toolaudit import call, explore

pytestmark = [pytest.mark.timeout(120), pytest.mark.skipif(os.name == "nt", reason="needs poll")]
GUARD = threading.Lock()


class Asked:
    """A connection that the tools share."""

    address: Any = None
    connection: Any = None
    file: Any = None


def _echo(connection: socket.socket) -> None:
    with connection, connection.makefile("rwb") as file:
        for line in file:
            file.write(b"re:" + line)
            file.flush()


@pytest.fixture(autouse=True, scope="module")
def server() -> Iterator[None]:
    """Answers each line with itself."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=_echo, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    Asked.address = listening.getsockname()
    yield
    _close()
    listening.close()


def _close() -> None:
    for one in (Asked.file, Asked.connection):
        if one is not None:
            one.close()
    Asked.file = Asked.connection = None


def connect() -> None:
    _close()
    Asked.connection = socket.create_connection(Asked.address)


def connect_file() -> None:
    connect()
    Asked.file = Asked.connection.makefile("rwb")


def asks_for_all_there_is(text: str) -> str:
    """Takes its own answer and any other that has come."""
    Asked.connection.sendall(text.encode() + b"\n")
    return str(Asked.connection.recv(4096), "ascii")


def asks_to_the_byte(text: str) -> str:
    Asked.connection.sendall(text.encode() + b"\n")
    answer = b""
    while not answer.endswith(b"\n"):
        answer += Asked.connection.recv(1)
    return str(answer, "ascii")


def asks_by_file(text: str) -> str:
    Asked.file.write(text.encode() + b"\n")
    Asked.file.flush()
    return str(Asked.file.readline(), "ascii")


def asks_locked(text: str) -> str:
    with GUARD:
        return asks_for_all_there_is(text)


def test_one_takes_both_answers_and_the_other_gets_none() -> None:
    verdict = explore([call(asks_for_all_there_is, "a"), call(asks_for_all_there_is, "bb")], state=connect)
    assert verdict.kind == "racy", verdict.render()
    assert "gets no answer on a connection that another call uses too" in verdict.render()
    assert sorted(how for how, _ in verdict.outcome.results) == ["did not finish", "returned"]
    assert verdict.witness is not None
    assert verdict.witness.replay().results == verdict.outcome.results


def test_on_a_connection_that_stays() -> None:
    """Nothing puts back what stands unread on it: a race, or said to be no two times the same where the machine is slow; never cleared. Who is
    given up while it receives takes nothing of what a later schedule is sent."""
    connect()
    verdict = explore([call(asks_for_all_there_is, "a"), call(asks_for_all_there_is, "bb")])
    assert verdict.kind in ("racy", "nondeterministic"), verdict.render()
    if verdict.kind == "racy":
        assert verdict.witness is not None and verdict.witness.preemptions == 1
        assert asks_for_all_there_is("c") == "re:c\n"


def test_swapped_answers_to_the_byte() -> None:
    verdict = explore([call(asks_to_the_byte, "a"), call(asks_to_the_byte, "bb")], state=connect)
    assert verdict.kind == "racy" and not verdict.problem, verdict.render()


def test_swapped_answers_through_a_file() -> None:
    verdict = explore([call(asks_by_file, "a"), call(asks_by_file, "bb")], state=connect_file)
    assert verdict.kind == "racy" and not verdict.problem, verdict.render()


def test_one_question_at_a_time() -> None:
    verdict = explore([call(asks_locked, "a"), call(asks_locked, "bb")], state=connect)
    assert verdict.kind in ("serializable", "independent"), verdict.render()


def test_a_connection_each() -> None:
    def asks(text: str) -> str:
        with socket.create_connection(Asked.address) as connection:
            connection.sendall(text.encode() + b"\n")
            return str(connection.recv(4096), "ascii")

    verdict = explore([call(asks, "a"), call(asks, "bb")])
    assert verdict.kind == "independent", verdict.render()


def test_a_time_limit_of_the_socket_holds() -> None:
    def asks_nothing() -> str:
        Asked.connection.settimeout(0.3)
        try:
            return str(Asked.connection.recv(10), "ascii")
        except TimeoutError as late:
            return str(late)

    verdict = explore([call(asks_nothing), call(asks_nothing)], state=connect, budget=4)
    assert verdict.outcome.results == (("returned", "timed out"),) * 2, verdict.render()
