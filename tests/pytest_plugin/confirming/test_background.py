"""Servers whose start leaves threads running: no schedule controls those, so no batch has them beside it."""

from __future__ import annotations

import pytest

from toolaudit_reports.document import load_evidence

pytest_plugins = ["pytester"]

STARTS = """
import queue
import sqlite3
import threading
import time

from mcp.server.fastmcp import FastMCP

server = FastMCP("timers")
WATCHER = None
LAST = {"text": ""}
ASKED, ANSWERS = queue.Queue(), queue.Queue()


def database():
    return sqlite3.connect("timers.db")


def watch():
    while True:
        with open("beats.txt", "a") as beats:
            beats.write("beat ")
        time.sleep(0.01)


def serve():
    while True:
        ANSWERS.put(ASKED.get().upper())


@server.tool()
def bump() -> int:
    connection = database()
    (n,) = connection.execute("SELECT n FROM counter").fetchone()
    connection.execute("UPDATE counter SET n = ?", (n + 1,))
    connection.commit()
    connection.close()
    return n


@server.tool()
def ask(text: str) -> str:
    ASKED.put(text)
    LAST["text"] = LAST["text"] + text
    return ANSWERS.get()


def main():
    global WATCHER
    connection = database()
    connection.execute("CREATE TABLE counter (n INTEGER)")
    connection.execute("INSERT INTO counter VALUES (0)")
    connection.commit()
    connection.close()
    if WATCHER is None or not WATCHER.is_alive():
        WATCHER = threading.Thread(target=watch, daemon=True, name="watcher")
        WATCHER.start()
    threading.Thread(target=serve, daemon=True).start()
    server.run()


if __name__ == "__main__":
    main()
"""


def test_what_the_start_leaves_running_is_in_no_batch(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(servers=STARTS)
    pytester.makeconftest(
        """
        import threading
        def pytest_sessionfinish():
            assert not [thread for thread in threading.enumerate() if thread.name == "watcher"]
        """
    )
    done = pytester.runpytest_subprocess("--toolaudit=servers.py", "--toolaudit-evidence=evidence.json", "--toolaudit-seconds=10")
    assert "INTERNALERROR" not in done.stdout.str()
    items = load_evidence((pytester.path / "evidence.json").read_bytes()).items
    verdicts = {(item.tools[0].rpartition("::")[2], item.tools[-1].rpartition("::")[2]): item for item in items}
    assert verdicts["bump", "bump"].verdict == "confirmed", verdicts
    waiting = [item for pair, item in verdicts.items() if "ask" in pair]
    assert {item.verdict for item in waiting} == {"cannot-run"}, waiting
