"""Clients of other processes: each access is named as the scan names it, and the servers are real."""

from __future__ import annotations

import contextlib
import http.server
import importlib
import importlib.util
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from pytest_toolaudit import call, explore

pytestmark = pytest.mark.timeout(120)


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def installed(*names: str) -> Any:
    """Skips with the reason where a package is missing, else imports the last one."""
    for name in names:
        if importlib.util.find_spec(name.partition(".")[0]) is None:
            pytest.skip(f"{name} is not installed")
    return importlib.import_module(names[-1])


# -- HTTP -------------------------------------------------------------------------------------------------------------


class Counter(http.server.BaseHTTPRequestHandler):
    """GET /n reads a number, PUT /n sets it."""

    values: ClassVar[dict[str, int]] = {}
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        """The number as JSON."""
        self._answer(json.dumps(self.values.get(self.path, 0)).encode())

    def do_PUT(self) -> None:
        """Stores the number."""
        self.values[self.path] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(b"null")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A real HTTP server on loopback."""
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counter)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_address[1]}/n"
    running.shutdown()
    thread.join()
    running.server_close()


def with_urllib(url: str, n: int) -> str:
    """Read, add, put back."""
    with urllib.request.urlopen(url) as reply:
        old = json.loads(reply.read())
    data = json.dumps(old + n).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, method="PUT")):
        return "ok"


def with_requests(url: str, n: int) -> str:
    """The same with requests."""
    import requests

    old = requests.get(url, timeout=5).json()
    requests.put(url, json=old + n, timeout=5)
    return "ok"


def with_httpx(url: str, n: int) -> str:
    """The same with httpx."""
    import httpx

    with httpx.Client(trust_env=False) as client:
        old = client.get(url).json()
        client.put(url, json=old + n)
    return "ok"


async def with_async_httpx(url: str, n: int) -> str:
    """The same with httpx on an event loop."""
    import httpx

    async with httpx.AsyncClient(trust_env=False) as client:
        old = (await client.get(url)).json()
        await client.put(url, json=old + n)
    return "ok"


async def with_aiohttp(url: str, n: int) -> str:
    """The same with aiohttp."""
    import aiohttp

    async with aiohttp.ClientSession() as session:
        async with session.get(url) as reply:
            old = await reply.json(content_type=None)
        async with session.put(url, json=old + n):
            return "ok"


def with_urllib3(url: str, n: int) -> str:
    """The same with urllib3."""
    import urllib3

    pool = urllib3.PoolManager()
    old = json.loads(pool.request("GET", url).data)
    pool.request("PUT", url, body=json.dumps(old + n))
    return "ok"


def reset() -> None:
    """The server's number is 0."""
    Counter.values.clear()


def number() -> int:
    """The server's number."""
    return Counter.values.get("/n", 0)


@pytest.mark.parametrize(
    ("tool", "package"),
    [
        (with_urllib, "json"),
        (with_requests, "requests"),
        (with_httpx, "httpx"),
        (with_async_httpx, "httpx"),
        (with_aiohttp, "aiohttp"),
        (with_urllib3, "urllib3"),
    ],
)
def test_http(server: str, tool: Callable[..., Any], package: str) -> None:
    """The lost update on a server is found where the user looks at the server, named by its URL."""
    installed(package)
    verdict = explore([call(tool, server, 1), call(tool, server, 2)], state=reset, observe=number, budget=60)
    assert verdict.kind == "racy", verdict.render()
    named = {name.replace(server.removeprefix("http://").removesuffix("/n"), "HOST") for name in verdict.resources}
    assert "http:http://HOST/n" in named


def test_http_unobserved(server: str) -> None:
    """Without observe= nobody sees the server's state, so nothing may be called clean."""
    reset()

    def put(n: int) -> None:
        with urllib.request.urlopen(urllib.request.Request(server, str(n).encode(), method="PUT")):
            return

    verdict = explore([call(put, 1), call(put, 1)], budget=20)
    assert verdict.kind == "inconclusive"
    assert any(name == f"http:{server}" for name in verdict.unobserved)


# -- Redis ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def redis_port() -> Iterator[int]:
    """A real Redis on loopback."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    installed("redis")
    port = free_port()
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            break
        time.sleep(0.02)
    yield port
    process.terminate()
    process.wait()


def redis_add(port: int, n: int) -> str:
    """GET, add, SET."""
    import redis

    client = redis.Redis(port=port)
    old = int(client.get("total") or 0)
    client.set("total", old + n)
    client.close()
    return "ok"


def redis_incr(port: int, n: int) -> str:
    """One command."""
    import redis

    client = redis.Redis(port=port)
    client.incrby("total", n)
    client.close()
    return "ok"


async def redis_add_later(port: int, n: int) -> str:
    """GET, add, SET on an event loop."""
    from redis import asyncio as aioredis

    client = aioredis.Redis(port=port)
    old = int(await client.get("total") or 0)
    await client.set("total", old + n)
    await client.aclose()
    return "ok"


@pytest.mark.parametrize(
    ("tool", "kinds"),
    [(redis_add, {"racy"}), (redis_add_later, {"racy"}), (redis_incr, {"serializable", "order-dependent"})],
)
def test_redis(redis_port: int, tool: Callable[..., Any], kinds: set[str]) -> None:
    """GET and SET lose updates, INCRBY does not."""
    redis = installed("redis")
    installed("redis", "redis.asyncio")
    client = redis.Redis(port=redis_port)
    verdict = explore(
        [call(tool, redis_port, 1), call(tool, redis_port, 2)],
        state=client.flushall,
        observe=lambda: client.get("total"),
        budget=60,
    )
    client.close()
    assert verdict.kind in kinds, verdict.render()
    assert "redis:total" in verdict.resources


# -- SQL --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A real PostgreSQL on a socket in a temporary folder."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs or os.geteuid() != 0 or shutil.which("runuser") is None:
        pytest.skip("PostgreSQL is not installed, or the tests do not run as root")
    installed("psycopg")
    base = Path(tempfile.mkdtemp(prefix="postgres-"))  # pytest closes its own folders to other users
    shutil.chown(base, "postgres")
    binaries, data = programs[-1].parent, base / "data"

    def run(*words: str) -> None:
        subprocess.run(["runuser", "-u", "postgres", "--", *words], check=True, cwd="/", stdout=subprocess.DEVNULL)

    run(str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-N")
    port = free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={base} -c fsync=off"
    run(str(binaries / "pg_ctl"), "-D", str(data), "-o", options, "-w", "-l", str(base / "log"), "start")
    url = f"host=127.0.0.1 port={port} user=postgres dbname=postgres"
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE account (id int, balance int)")
        connection.execute("INSERT INTO account VALUES (1, 100)")
    yield url
    run(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
    shutil.rmtree(base)


def pg_withdraw(url: str, amount: int) -> str:
    """SELECT, then UPDATE, read committed."""
    import psycopg

    with psycopg.connect(url) as connection:
        balance = connection.execute("SELECT balance FROM account WHERE id = 1").fetchone()[0]
        connection.execute("UPDATE account SET balance = %s WHERE id = 1", (balance - amount,))
    return "ok"


def pg_withdraw_locked(url: str, amount: int) -> str:
    """SELECT … FOR UPDATE makes the second call wait inside the server."""
    import psycopg

    with psycopg.connect(url) as connection:
        balance = connection.execute("SELECT balance FROM account WHERE id = 1 FOR UPDATE").fetchone()[0]
        connection.execute("UPDATE account SET balance = %s WHERE id = 1", (balance - amount,))
    return "ok"


async def pg_withdraw_asyncpg(url: str, amount: int) -> str:
    """SELECT, then UPDATE, with asyncpg."""
    import asyncpg

    words = dict(word.split("=") for word in url.split())
    connection = await asyncpg.connect(host=words["host"], port=int(words["port"]), user=words["user"], database=words["dbname"])
    balance = await connection.fetchval("SELECT balance FROM account WHERE id = 1")
    await connection.execute("UPDATE account SET balance = $1 WHERE id = 1", balance - amount)
    await connection.close()
    return "ok"


@pytest.mark.parametrize(
    ("tool", "package", "kinds"),
    [
        (pg_withdraw, "psycopg", {"racy"}),
        (pg_withdraw_asyncpg, "asyncpg", {"racy"}),
        (pg_withdraw_locked, "psycopg", {"serializable", "order-dependent"}),
    ],
)
def test_postgres(postgres: str, tool: Callable[..., Any], package: str, kinds: set[str]) -> None:
    """Lost without FOR UPDATE; with it, the wait in the server is tolerated and nothing is lost."""
    installed(package)
    import psycopg

    with psycopg.connect(postgres, autocommit=True) as connection:
        verdict = explore(
            [call(tool, postgres, 10), call(tool, postgres, 20)],
            state=lambda: connection.execute("UPDATE account SET balance = 100"),
            observe=lambda world: connection.execute("SELECT balance FROM account").fetchone(),
            budget=30,
        )
    assert verdict.kind in kinds, verdict.render()
    assert "sql:account" in verdict.resources


def test_sqlalchemy(tmp_path: Path) -> None:
    """SQLAlchemy over SQLite, sessions and all."""
    sqlalchemy = installed("sqlalchemy")
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/shop.db", poolclass=sqlalchemy.pool.NullPool)

    def state() -> None:
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("DROP TABLE IF EXISTS stock"))
            connection.execute(sqlalchemy.text("CREATE TABLE stock (n INT)"))
            connection.execute(sqlalchemy.text("INSERT INTO stock VALUES (0)"))

    def add(n: int) -> str:
        with engine.connect() as connection:
            old = connection.execute(sqlalchemy.text("SELECT n FROM stock")).scalar()
            connection.commit()
            connection.execute(sqlalchemy.text("UPDATE stock SET n = :n"), {"n": old + n})
            connection.commit()
        return "ok"

    verdict = explore([call(add, 1), call(add, 2)], state=state, budget=60)
    assert verdict.kind == "racy", verdict.render()
    assert "sql:stock" in verdict.resources


def test_aiosqlite(tmp_path: Path) -> None:
    """aiosqlite works in a thread of its own for each connection."""
    aiosqlite = installed("aiosqlite")
    path = str(tmp_path / "a.db")

    def state() -> None:
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("CREATE TABLE IF NOT EXISTS t (n INT)")
            connection.execute("DELETE FROM t")
            connection.execute("INSERT INTO t VALUES (0)")

    async def add(n: int) -> str:
        async with aiosqlite.connect(path) as db:
            async with db.execute("SELECT n FROM t") as cursor:
                (old,) = await cursor.fetchone()
            await db.execute("UPDATE t SET n = ?", (old + n,))
            await db.commit()
        return "ok"

    verdict = explore([call(add, 1), call(add, 2)], state=state, budget=60)
    assert verdict.kind == "racy", verdict.render()
    assert "sql:t" in verdict.resources


# -- subprocess -------------------------------------------------------------------------------------------------------


def test_subprocess(tmp_path: Path) -> None:
    """What a child process does is named but not seen; observe= shows its effect."""
    target = tmp_path / "n.txt"
    script = "import sys; f = open(sys.argv[1], 'a'); f.write(sys.argv[2])"

    def append(text: str) -> str:
        subprocess.run([sys.executable, "-c", script, str(target), text], check=True)
        return "ok"

    def state() -> None:
        target.write_text("")

    calls = [call(append, "a"), call(append, "a")]
    assert explore(calls, state=state, budget=4).kind == "inconclusive"
    seen = explore(calls, state=state, observe=target.read_text, budget=4)
    assert seen.kind in ("serializable", "independent"), seen.render()
    assert any(name.startswith("subprocess:python") for name in seen.resources)
