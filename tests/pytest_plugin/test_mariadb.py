"""PyMySQL and aiomysql against a real MariaDB."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_toolaudit import call, explore

pytestmark = pytest.mark.timeout(180)
INSTALL, SERVER = shutil.which("mariadb-install-db"), shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def connected(port: int) -> Any:
    """A connection with autocommit, for the test itself."""
    import pymysql

    return pymysql.connect(host="127.0.0.1", port=port, user="audit", password="", database="bank", autocommit=True)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server with its data in a temporary folder."""
    if INSTALL is None or SERVER is None or os.geteuid() != 0:
        pytest.skip("MariaDB is not installed, or the tests do not run as root")
    if importlib.util.find_spec("pymysql") is None:
        pytest.skip("pymysql is not installed")
    base = Path(tempfile.mkdtemp(prefix="mariadb-"))
    shutil.chown(base, "mysql")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    data = f"--datadir={base}/data"
    subprocess.run([INSTALL, "--no-defaults", data, "--user=mysql", "--skip-test-db"], check=True, **quiet)
    (base / "start.sql").write_text(
        "CREATE DATABASE bank;\nCREATE TABLE bank.account (id INT, balance INT) ENGINE=InnoDB;\nINSERT INTO bank.account VALUES (1, 100);\n"
        "FLUSH PRIVILEGES;\nCREATE USER audit@'127.0.0.1';\nGRANT ALL ON bank.* TO audit@'127.0.0.1';\n"
    )
    options = [f"--port={number}", "--bind-address=127.0.0.1", f"--socket={base}/socket", f"--pid-file={base}/pid", "--skip-name-resolve"]
    server = subprocess.Popen([SERVER, "--no-defaults", data, "--user=mysql", f"--init-file={base}/start.sql", *options], **quiet)
    try:
        _wait(server, number)
        yield number
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(base, ignore_errors=True)


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    import pymysql

    why = ""
    for _ in range(300):
        assert server.poll() is None, "mariadbd ended"
        try:
            return connected(port).close()  # type: ignore[no-any-return]
        except (pymysql.err.MySQLError, OSError) as error:
            why = str(error)
            time.sleep(0.1)
    pytest.fail(f"mariadbd does not answer: {why}")


def withdraw(port: int, amount: int) -> str:
    """SELECT, then UPDATE."""
    import pymysql

    with pymysql.connect(host="127.0.0.1", port=port, user="audit", database="bank") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT balance FROM account WHERE id = 1")
        (balance,) = cursor.fetchone()
        cursor.execute("UPDATE account SET balance = %s WHERE id = 1", (balance - amount,))
        connection.commit()
    return "ok"


def withdraw_locked(port: int, amount: int) -> str:
    """SELECT … FOR UPDATE makes the second call wait inside the server."""
    import pymysql

    with pymysql.connect(host="127.0.0.1", port=port, user="audit", database="bank") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT balance FROM account WHERE id = 1 FOR UPDATE")
        (balance,) = cursor.fetchone()
        cursor.execute("UPDATE account SET balance = %s WHERE id = 1", (balance - amount,))
        connection.commit()
    return "ok"


def withdraw_at_once(port: int, amount: int) -> str:
    """One statement."""
    import pymysql

    with (
        pymysql.connect(host="127.0.0.1", port=port, user="audit", database="bank", autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE account SET balance = balance - %s WHERE id = 1", (amount,))
    return "ok"


class Shared:
    """A connection that is used by all calls; PyMySQL says that threads may not share one."""

    connection: Any = None


def look_up_shared(port: int, number: int) -> int:
    """Asks on the shared connection; who reads first takes the first answer."""
    with Shared.connection.cursor() as cursor:
        cursor.execute("SELECT balance + %s FROM account WHERE id = 1", (number,))
        return int(cursor.fetchone()[0])


async def withdraw_later_locked(port: int, amount: int) -> str:
    """SELECT … FOR UPDATE on an event loop."""
    import aiomysql

    connection = await aiomysql.connect(host="127.0.0.1", port=port, user="audit", db="bank")
    async with connection.cursor() as cursor:
        await cursor.execute("SELECT balance FROM account WHERE id = 1 FOR UPDATE")
        (balance,) = await cursor.fetchone()
        await cursor.execute("UPDATE account SET balance = %s WHERE id = 1", (balance - amount,))
    await connection.commit()
    connection.close()
    return "ok"


async def withdraw_later(port: int, amount: int) -> str:
    """SELECT, then UPDATE, on an event loop."""
    import aiomysql

    connection = await aiomysql.connect(host="127.0.0.1", port=port, user="audit", db="bank")
    async with connection.cursor() as cursor:
        await cursor.execute("SELECT balance FROM account WHERE id = 1")
        (balance,) = await cursor.fetchone()
        await cursor.execute("UPDATE account SET balance = %s WHERE id = 1", (balance - amount,))
    await connection.commit()
    connection.close()
    return "ok"


@pytest.mark.parametrize(
    ("tool", "package", "kinds"),
    [
        (withdraw, "pymysql", {"racy"}),
        (withdraw_later, "aiomysql", {"racy"}),
        (withdraw_locked, "pymysql", {"serializable", "order-dependent"}),
        (withdraw_later_locked, "aiomysql", {"serializable", "order-dependent"}),
        (withdraw_at_once, "pymysql", {"serializable", "order-dependent"}),
    ],
)
def test_mariadb(port: int, tool: Callable[..., Any], package: str, kinds: set[str]) -> None:
    """Lost without FOR UPDATE; with it, the wait in the server is tolerated and nothing is lost."""
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    connection = connected(port)

    def put_back() -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE account SET balance = 100")

    def balance() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT balance FROM account")
            return int(cursor.fetchone()[0])

    verdict = explore([call(tool, port, 10), call(tool, port, 20)], state=put_back, observe=balance, budget=40)
    connection.close()
    assert verdict.kind in kinds, verdict.render()
    assert "sql:account" in verdict.resources


def test_a_shared_connection(port: int) -> None:
    """The answers are swapped, or one call gets none: the protocol has no name for whose they are."""

    def connect() -> None:
        if Shared.connection is not None:
            with contextlib.suppress(Exception):
                Shared.connection.close()
        Shared.connection = connected(port)

    verdict = explore([call(look_up_shared, port, 1), call(look_up_shared, port, 2)], state=connect, observe=lambda _: None, budget=40)
    with contextlib.suppress(Exception):
        Shared.connection.close()
    assert verdict.kind == "racy", verdict.render()
