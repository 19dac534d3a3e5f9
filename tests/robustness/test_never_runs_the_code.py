"""A scan reads. It never imports, executes, connects, starts a program, or writes outside its cache and output."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CANARY = "from pathlib import Path\nPath('CANARY').write_text('sung')\nraise SystemExit('executed')\n"
TOOL = "from mcp.server.fastmcp import FastMCP\nimport canary, helper\nmcp = FastMCP('x')\n@mcp.tool()\ndef tool():\n    return helper.make()\n"

WATCH = """
import json, os, sys
events = []
busy = False

def watch(event, args):
    global busy
    if busy:
        return
    busy = True
    try:
        if event in ("exec", "import", "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn") or event.startswith("socket."):
            code = args[0] if args else None
            events.append([event, str(getattr(code, "co_filename", code))[:300]])
        elif event == "open" and isinstance(args[0], (str, bytes)) and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR):
            events.append(["write", os.path.abspath(os.fsdecode(args[0]))])
        elif event in ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "shutil.rmtree"):
            events.append(["write", os.path.abspath(os.fsdecode(args[0]))])
    finally:
        busy = False

sys.dont_write_bytecode = True
sys.addaudithook(watch)
from toolaudit.cli import main
sys.argv = ["toolaudit", "scan", ".", "--format", "json", "--output", sys.argv[2], "--exit-zero"]
try:
    main()
except SystemExit as end:
    code = end.code
busy = True
with open(os.environ["EVENTS"], "w") as file:
    json.dump([code, events], file)
"""


@pytest.fixture
def tree(tmp_path) -> Path:
    folder = tmp_path / "code"
    names = [
        "canary.py",
        "__init__.py",
        "conftest.py",
        "setup.py",
        "sitecustomize.py",
        "usercustomize.py",
        "pkg/__init__.py",
        "pkg/__main__.py",
        "helper.py",
    ]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(CANARY + TOOL)
    (folder / "evil.pth").write_text("import canary\n")
    (folder / "server.py").write_text(TOOL)
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '-p canary'\n[tool.toolaudit]\n")
    return folder


def test_a_scan_only_reads(tree, tmp_path):
    out, cache, events = tmp_path / "out" / "scan.json", tmp_path / "cache", tmp_path / "events.json"
    environment = {"PATH": "/usr/bin:/bin", "TOOLAUDIT_CACHE_DIR": str(cache), "EVENTS": str(events), "PYTHONPATH": ":".join(sys.path)}
    program = tmp_path / "watch.py"
    program.write_text(WATCH)
    done = subprocess.run(
        [sys.executable, str(program), "scan", str(out)], cwd=tree, env=environment, capture_output=True, text=True, timeout=120
    )
    assert events.exists(), done.stderr
    code, seen = json.loads(events.read_text())
    assert code == 0, done.stderr
    assert not (tree / "CANARY").exists()
    inside = str(tree)
    assert [e for e in seen if e[0] == "exec" and e[1].startswith(inside)] == []
    assert [e for e in seen if e[0] == "import" and e[1] in ("canary", "helper", "server", "pkg", "sitecustomize", "mcp")] == []
    assert [e for e in seen if e[0].startswith(("socket", "subprocess", "os."))] == []
    allowed = (str(out.parent), str(cache), "/dev/")
    assert [e for e in seen if e[0] == "write" and not e[1].startswith(allowed)] == []
    assert len(json.loads(out.read_text())["tools"]) >= 1
