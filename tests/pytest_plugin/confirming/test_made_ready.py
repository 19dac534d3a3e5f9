"""Worlds in which two calls can meet: things to work on, folders that hold files, what is made at the first call, words that servers want."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_toolaudit.confirming.commandline import asked_for
from toolaudit_reports.document import load_evidence

TOOLS = {
    "tasks.py": """
import json
from pathlib import Path

from langchain_core.tools import tool

FILE = Path("tasks.json")


@tool
def add_task(title: str) -> str:
    "Add a task."
    tasks = json.loads(FILE.read_text()) if FILE.exists() else []
    FILE.write_text(json.dumps([*tasks, {"title": title}]))
    return "added"


@tool
def complete_task(index: int) -> str:
    "Mark a task as done."
    tasks = json.loads(FILE.read_text()) if FILE.exists() else []
    tasks[index]["done"] = True
    FILE.write_text(json.dumps(tasks))
    return "done"
""",
    "users.py": """
from langchain_core.tools import tool


class Registry:
    _instance = None

    def __new__(cls):
        if cls._instance is None:
            cls._instance = super().__new__(cls)
            cls._instance.users = {}
            cls._instance.next_id = 1
        return cls._instance


@tool
def register_user(name: str) -> int:
    "Register."
    registry = Registry()
    number = registry.next_id
    registry.users[number] = name
    registry.next_id = number + 1
    return number
""",
    "places.py": """
import os

from langchain_core.tools import tool


@tool
def list_in(folder: str) -> str:
    "List a folder."
    before = os.getcwd()
    os.chdir(folder)
    try:
        with open("seen.txt", "w") as file:
            file.write(folder)
        return os.path.basename(os.getcwd())
    finally:
        os.chdir(before)
""",
    "documents.py": """
from pathlib import Path

from langchain_core.tools import tool


@tool
def list_documents(path: str) -> list[str]:
    "Names and sizes."
    return [f"{entry.name} {entry.stat().st_size}" for entry in sorted(Path(path).iterdir())]


@tool
def write_document(path: str, content: str) -> str:
    "Write."
    Path(path).write_text(content)
    return "written"
""",
    "served.py": """
import sys
from pathlib import Path

from mcp.server.fastmcp import FastMCP

server = FastMCP("files")
ALLOWED: list[Path] = []


@server.tool()
def append_line(path: str, line: str) -> str:
    file = Path(path).resolve()
    if not any(folder in file.parents for folder in ALLOWED):
        raise PermissionError(f"{path} is not allowed")
    text = file.read_text() if file.exists() else ""
    file.write_text(text + line)
    return "appended"


def main() -> None:
    if len(sys.argv) < 2:
        print("usage: served FOLDER", file=sys.stderr)
        raise SystemExit(2)
    ALLOWED.append(Path(sys.argv[1]).resolve())
    server.run()


if __name__ == "__main__":
    main()
""",
}
CONFIRMED = {
    ("complete_task", "complete_task", "TA101"),
    ("register_user", "register_user", "TA101"),
    ("list_in", "list_in", "TA101"),
    ("list_documents", "write_document", "TA102"),
    ("append_line", "append_line", "TA101"),
}


def test_tools_are_given_what_lets_them_meet(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    for name, text in TOOLS.items():
        (tmp_path / "tools" / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "toolaudit", "confirm", "tools", "--evidence", "evidence.json", "--exit-zero"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    items = load_evidence((tmp_path / "evidence.json").read_bytes()).items
    found = {(*(tool.rpartition("::")[2] for tool in item.tools), item.code) for item in items if item.verdict == "confirmed"}
    assert found >= CONFIRMED, {(item.tools, item.code, item.verdict, item.reason) for item in items}


SHOP = """
from langchain_core.tools import tool

SESSION = {}
ORDERS = {"n": 0}


@tool
def sign_in(user: str) -> str:
    "Sign in."
    SESSION["user"] = user
    return "signed in"


@tool
def place_order(item: str) -> int:
    "Order."
    if "user" not in SESSION:
        raise PermissionError("not signed in")
    number = ORDERS["n"]
    ORDERS["n"] = number + 1
    return number
"""


def test_what_was_done_before_is_in_the_written_test(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(SHOP, encoding="utf-8")
    confirm = [sys.executable, "-m", "toolaudit", "confirm", "shop.py", "--write-tests", "races", "--exit-zero", "--", "-k", "TA101"]
    done = subprocess.run(confirm, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert "1 confirmed" in done.stdout, done.stdout + done.stderr
    (written,) = (tmp_path / "races").glob("test_*place_order_place_order*.py")
    assert "sign_in" in written.read_text(encoding="utf-8")
    run = [sys.executable, "-m", "pytest", "-q", str(written)]
    assert "equals no serial order" in subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=600).stdout


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("usage: x\nx: error: the following arguments are required: --db-path, folder", ("--db-path", "toolaudit.db", ".")),
        ("Usage: x [OPTIONS]\n\nError: Missing option '--root-dir'.", ("--root-dir", ".")),
        ("Error: Missing argument 'PATH'.", ("toolaudit.json",)),
        ("Usage: x <allowed-directory>", (".",)),
        ("", (".",)),
    ],
)
def test_a_program_gets_the_words_that_it_asks_for(said: str, words: tuple[str, ...]) -> None:
    assert asked_for(said) == words
