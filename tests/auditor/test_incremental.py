"""After an edit the document is that of a scan with nothing remembered, to the byte; and only what can have changed is walked again."""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolaudit import export, pipeline, unchanged
from toolaudit.cli import main
from toolaudit.config import Config
from toolaudit.effects import footprint, summarise
from toolaudit.frameworks import crossing, discover
from toolaudit.project import cache
from toolaudit.project.answers import Answers
from toolaudit.request import Request
from toolaudit_reports.document import encode
from toolaudit_reports.render import json_v1

HEAD = "from fastmcp import FastMCP\n\nmcp = FastMCP('t')\n\n"
ACTION = "from langchain_core.tools import BaseTool\n\nclass Action(BaseTool):\n"
SCHEMA = (
    "{'type': 'function', 'function': {'name': 'put_by', 'description': 'P', "
    "'parameters': {'type': 'object', 'properties': {'t': {'type': 'string'}}}}}"
)
STRANDS = (
    "from strands.types.tools import ToolUse\n\nTOOL_SPEC = {'name': 'counter', 'description': 'C', "
    "'inputSchema': {'json': {'type': 'object', 'properties': {}}}}\n\n"
    "def counter(tool: ToolUse, **kwargs):\n    open('hits', 'a').write('1')\n"
)
FILES: dict[str, list[str]] = {
    "kit/__init__.py": ["from kit.store import *\n", "from kit.other import save\n", ""],
    "kit/store.py": [
        "import json\n\ndef save(name, text):\n    with open(name, 'w') as f:\n        f.write(text)\n",
        "CACHE = {}\n\ndef save(name, text):\n    CACHE[name] = CACHE.get(name, '') + text\n",
        "def save(name, text):\n    return name\n",
        "def keep(name, text):\n    open('kept', 'a').write(text)\n",
        "def save(:\n",
    ],
    "kit/other.py": ["import os\n\ndef save(name, text):\n    os.environ[name] = text\n", "from kit.store import save\n"],
    "notes.py": [
        HEAD + "import kit\n\n@mcp.tool\ndef note(name: str, text: str) -> str:\n    '''Notes.'''\n    return kit.save(name, text)\n",
        HEAD + "from kit import save\n\n@mcp.tool\ndef note(name: str) -> str:\n    '''Notes.'''\n    save('log', name)\n    return name\n",
        HEAD,
    ],
    "counts.py": [
        HEAD + "N = 0\n\n@mcp.tool\ndef count() -> int:\n    '''Counts.'''\n    global N\n    N = N + 1\n    return N\n",
        HEAD + "@mcp.tool\ndef count() -> int:\n    '''Counts.'''\n    return 1\n",
    ],
    "registry.py": [
        "def register(mcp, shelf):\n    @mcp.tool()\n    def put(key: str, value: str) -> str:\n        '''Puts.'''\n        shelf[key] = value\n        return key\n",
        "def register(mcp, shelf):\n    @mcp.tool()\n    def put(key: str) -> str:\n        '''Puts.'''\n        return shelf.get(key)\n",
    ],
    "hooks.py": [
        "HOOKS = {}\n\ndef hook(name):\n    def put(f):\n        HOOKS[name] = f\n        return f\n    return put\n\ndef fire(name, text):\n    return HOOKS[name](text)\n",
        "def hook(name):\n    return lambda f: f\n\ndef fire(name, text):\n    return text\n",
    ],
    "hooked.py": [
        HEAD + "from hooks import hook\n\n@hook('a')\ndef log(text):\n    open('a.log', 'a').write(text)\n",
        HEAD + "from hooks import hook\n\ndef log(text):\n    open('a.log', 'a').write(text)\n",
        HEAD,
    ],
    "fires.py": [HEAD + "from hooks import fire\n\n@mcp.tool\ndef go(text: str) -> str:\n    '''Goes.'''\n    return fire('a', text)\n", HEAD],
    "main.py": [
        HEAD + "from registry import register\n\nSHELF = {}\nregister(mcp, SHELF)\n",
        HEAD + "from registry import register\n\ndef build():\n    shelf = {'a': 1}\n    register(mcp, shelf)\n",
        HEAD,
    ],
    "wraps.py": [
        HEAD + "def tool_kept(f):\n    '''Makes a tool.'''\n    return mcp.tool()(f)\n",
        HEAD + "def tool_kept(f):\n    '''Makes no tool.'''\n    return f\n",
    ],
    "wrapped.py": [
        "from wraps import tool_kept\n\n@tool_kept\ndef wrap(t: str) -> str:\n    '''Wraps.'''\n    open('w', 'a').write(t)\n    return t\n",
        "\n\nfrom wraps import tool_kept\n\n@tool_kept\ndef wrap(t: str) -> str:\n    '''Wraps.'''\n    open('w', 'a').write(t)\n    return t\n",
        "from langchain_core.tools import tool as tool_kept\n\n@tool_kept\ndef wrap(t: str) -> str:\n    '''Wraps.'''\n    return open('w').read()\n",
    ],
    "handing.py": [
        "from wraps import tool_kept\n\ndef hand(t: str) -> str:\n    open('hand', 'a').write(t)\n    return t\n\ntool_kept(hand)\n",
        "from wraps import tool_kept\n\ndef keep(f):\n    return tool_kept(f)\n",
        "\n\ndef hand(t: str) -> str:\n    return open('hand').read()\n",
    ],
    "handed.py": [
        "# a tool\nfrom handing import keep\n\ndef pass_on(t: str) -> str:\n    open('on', 'a').write(t)\n    return t\n\nkeep(pass_on)\n",
        "# a tool\ndef pass_on(t: str) -> str:\n    return t\n",
    ],
    "actions.py": [
        ACTION + "    mode: str\n    def _run(self, t: str) -> str:\n        open(self.mode, 'a').write(t)\n        return t\n",
        ACTION + "    name: str = 'act'\n    mode: str\n    def _run(self, t: str) -> str:\n        return t\n",
        "class Action:\n    def _run(self, t: str) -> str:\n        return t\n",
    ],
    "acting.py": [
        "from actions import Action\n\nTOOLS_MADE = [Action(name='one', mode='a'), Action(name='two', mode='b')]\n",
        "\nfrom actions import Action\n\nTOOLS_MADE = [Action(name='one', mode='a')]\n",
        "TOOLS_MADE = []\n",
    ],
    "schemas.py": [
        "# a tool\ndef described(name, text):\n    return " + SCHEMA.replace("'put_by'", "name") + "\n",
        "SCHEMAS = [" + SCHEMA + "]\n",
        "# a tool\ndef described(name, text):\n    return name\n",
    ],
    "spoken.py": [
        "from schemas import described\n\nSPOKEN_TOOLS = [described('put_by', 'Puts.'), described('look_up', 'Looks.')]\n",
        "from schemas import described\n\nSPOKEN_TOOLS = [described('look_up', 'Looks.')]\n",
        "# a tool\ndef look_up(t):\n    return open('look').read()\n",
    ],
    "dispatch.py": [
        "def put(t):\n    open('put', 'a').write(t)\n\ndef run_tool(name, arguments):\n    if name == 'put_by':\n        return put(arguments['t'])\n    if name == 'look_up':\n        return open('put').read()\n",
        "\ndef run_tool(name, arguments):\n    if name == 'look_up':\n        return open('put').read()\n    if name == 'nobody':\n        return 1\n",
        "# a tool\ndef put_by(t):\n    open('put', 'a').write(t)\n",
    ],
    "tables.py": [
        "def shout(t):\n    open('shout', 'a').write(t)\n\nTOOL_TABLE = {'shout': shout}\n",
        "def shout(t):\n    return t\n\nTOOL_TABLE = {'shout': shout, 'call': shout}\n",
    ],
    "runs.py": [
        "from tables import TOOL_TABLE\n\ndef all_of(reply):\n    for call in reply.tool_calls:\n        TOOL_TABLE[call.name](**call.args)\n",
        "import asyncio\nfrom tables import TOOL_TABLE\n\nasync def all_of(reply):\n    return await asyncio.gather(*[TOOL_TABLE[call.name](**call.args) for call in reply.tool_calls])\n",
        "",
    ],
}  # fmt: skip
FAR = "\n" * 9
"""Beyond the lines around any evidence that a document shows."""
CLOCK = itertools.count(1)


def write(folder: Path, name: str, text: str) -> None:
    """Each edit has a time of its own, well past: the cache trusts it."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    stamp = time.time() - 10_000 + next(CLOCK)
    os.utime(file, (stamp, stamp))


def scanned(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    monkeypatch.setenv("TOOLAUDIT_CACHE_DIR", str(cache))
    return encode(pipeline.scan(Request((folder,), Config(jobs=1), use_cache=True)))


EDITS = st.sampled_from([(name, text) for name, texts in FILES.items() for text in texts])


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EDITS, min_size=1, max_size=3))
def test_an_edited_project_gives_what_a_cold_scan_gives(tmp_path_factory, monkeypatch, edits):
    folder, cache = tmp_path_factory.mktemp("code"), tmp_path_factory.mktemp("cache")
    for name, texts in FILES.items():
        write(folder, name, texts[0])
    scanned(folder, cache, monkeypatch)
    for name, text in edits:
        write(folder, name, text)
        assert scanned(folder, cache, monkeypatch) == scanned(folder, tmp_path_factory.mktemp("none"), monkeypatch)


def test_a_new_file_can_give_a_name_another_meaning(tmp_path, monkeypatch):
    write(
        tmp_path,
        "code/tools.py",
        HEAD + "from store import save\n\n@mcp.tool\ndef note(t: str) -> str:\n    '''N.'''\n    return save(t)\n",
    )
    before = scanned(tmp_path / "code", tmp_path / "cache", monkeypatch)
    write(tmp_path, "code/store.py", "def save(t):\n    open('x', 'w').write(t)\n")
    after = scanned(tmp_path / "code", tmp_path / "cache", monkeypatch)
    assert before != after == scanned(tmp_path / "code", tmp_path / "none", monkeypatch)


@pytest.mark.parametrize(
    ("name", "tools"),
    [("wrapped.py", {"wrap"}), ("acting.py", {"one", "two"}), ("spoken.py", {"put_by", "look_up"}), ("tables.py", {"shout"})],
)
def test_the_project_declares_in_ways_that_several_files_have_a_part_in(tmp_path, monkeypatch, name, tools):
    for path, texts in FILES.items():
        write(tmp_path / "code", path, texts[0])
    before = json.loads(scanned(tmp_path / "code", tmp_path / "cache", monkeypatch))
    write(tmp_path / "code", name, "")
    after = json.loads(scanned(tmp_path / "code", tmp_path / "cache", monkeypatch))
    assert tools == {one["name"] for one in before["tools"]} - {one["name"] for one in after["tools"]}


@pytest.mark.parametrize(
    ("edited", "looked"),
    [
        ("counts.py", ["counts.py"]),
        ("wraps.py", ["wrapped.py", "wraps.py"]),
        ("actions.py", ["acting.py", "actions.py"]),
        ("spoken.py", ["spoken.py"]),
    ],
)
def test_tools_are_looked_for_only_where_they_can_have_changed(tmp_path, monkeypatch, edited, looked):
    for name, texts in FILES.items():
        write(tmp_path / "code", name, texts[0])
    scanned(tmp_path / "code", tmp_path / "cache", monkeypatch)
    seen: list[str] = []
    file = discover._file

    def watched(bodies, known, path):
        seen.append(path)
        return file(bodies, known, path)

    monkeypatch.setattr(discover, "_file", watched)
    write(tmp_path / "code", edited, FILES[edited][0] + "\n# edited\n")
    scanned(tmp_path / "code", tmp_path / "cache", monkeypatch)
    assert sorted(seen) == looked


@pytest.mark.parametrize(
    ("edits", "tools"),
    [
        ({"handing.py": FILES["handing.py"][0] + "\n# edited\n"}, {"hand"}),
        ({"handing.py": FILES["handing.py"][1]}, {"pass_on"}),
        ({"handing.py": FILES["handing.py"][1], "handed.py": FILES["handed.py"][1]}, set()),
        ({"counts.py": FILES["counts.py"][0] + "\nfrom wraps import tool_kept\n\ndef late(t: str) -> str:\n    return t\n\ntool_kept(late)\n"}, {"hand", "late"}),
        ({"wraps.py": FILES["wraps.py"][1]}, set()),
    ],
)  # fmt: skip
def test_what_is_handed_to_registrars_is_looked_for_where_it_can_be(tmp_path, monkeypatch, edits, tools):
    for name, texts in FILES.items():
        write(tmp_path / "code", name, texts[0])
    scanned(tmp_path / "code", tmp_path / "cache", monkeypatch)
    for name, text in edits.items():
        write(tmp_path / "code", name, text)
        after = scanned(tmp_path / "code", tmp_path / "cache", monkeypatch)
    assert after == scanned(tmp_path / "code", tmp_path / "none", monkeypatch)
    assert tools == {one["name"] for one in json.loads(after)["tools"]} & {"hand", "pass_on", "late"}


def test_an_edit_elsewhere_looks_at_no_registrar(tmp_path, monkeypatch):
    for name, texts in FILES.items():
        write(tmp_path / "code", name, texts[0])
    before = scanned(tmp_path / "code", tmp_path / "cache", monkeypatch)
    monkeypatch.setattr(crossing, "handed_on", lambda *_: pytest.fail("looked again"))
    write(tmp_path / "code", "counts.py", FILES["counts.py"][0] + FAR + "# edited\n")
    assert scanned(tmp_path / "code", tmp_path / "cache", monkeypatch) == before


def test_an_edit_of_a_file_without_schemas_of_its_own_looks_at_no_dispatcher(tmp_path, monkeypatch):
    """A schema that a framework joins with its function itself is none that a dispatcher knows."""
    for name, texts in FILES.items():
        write(tmp_path / "code", name, texts[0])
    write(tmp_path / "code", "counter.py", STRANDS)
    before = scanned(tmp_path / "code", tmp_path / "cache", monkeypatch)
    monkeypatch.setattr(crossing, "dispatched", lambda *_: pytest.fail("looked again"))
    write(tmp_path / "code", "counter.py", STRANDS.replace("'hits'", "'visits'"))
    after = scanned(tmp_path / "code", tmp_path / "cache", monkeypatch)
    monkeypatch.undo()
    assert before != after == scanned(tmp_path / "code", tmp_path / "none", monkeypatch)
    assert {"put_by", "counter"} <= {one["name"] for one in json.loads(after)["tools"]}


class Older(msgspec.Struct, array_like=True):
    names: list[str]


def test_answers_in_another_form_are_found_anew(tmp_path, monkeypatch):
    """Another build may keep what it found in a form of its own, under the same names."""
    for name, texts in FILES.items():
        write(tmp_path / "code", name, texts[0])
    kept: list[str] = []
    put = Answers.put

    def older(self, name, value, watched, given=b""):
        kept.append(name)
        put(self, name, Older(["x"]), watched, given)
        return value

    with monkeypatch.context() as other:
        other.setattr(Answers, "put", older)
        before = scanned(tmp_path / "code", tmp_path / "cache", monkeypatch)
    assert {name.split()[0] for name in kept} >= {"declares", "words", "instances", "schemas", "compares", "dispatch", "runs"}
    write(tmp_path / "code", "counts.py", FILES["counts.py"][0] + "\n" * 9)
    assert scanned(tmp_path / "code", tmp_path / "cache", monkeypatch) == before


@pytest.mark.parametrize(
    ("edited", "walked"),
    [
        ("counts.py", ["counts.py"]),
        ("notes.py", ["notes.py"]),
        ("kit/store.py", ["notes.py"]),
        ("kit/other.py", []),
        ("main.py", ["registry.py"]),
        ("hooked.py", ["fires.py"]),
    ],
)
def test_only_what_can_have_changed_is_walked(tmp_path, monkeypatch, edited, walked):
    for name, texts in FILES.items():
        write(tmp_path / "code", name, texts[0])
    scanned(tmp_path / "code", tmp_path / "cache", monkeypatch)
    seen: list[str] = []
    unit = summarise._unit

    def watched(project, catalogue, tools, *more):
        seen.extend(tool.file for tool in tools)
        return unit(project, catalogue, tools, *more)

    monkeypatch.setattr(summarise, "_unit", watched)
    write(tmp_path / "code", edited, FILES[edited][0] + "\n# edited\n")
    scanned(tmp_path / "code", tmp_path / "cache", monkeypatch)
    assert sorted(set(seen)) == walked


@pytest.mark.parametrize(
    ("edited", "text", "settled"),
    [
        ("counts.py", FILES["counts.py"][1], ["counts.py"]),
        ("kit/store.py", FILES["kit/store.py"][2], ["notes.py"]),
        ("counts.py", FILES["counts.py"][0] + "\n\n@mcp.tool\ndef log() -> int:\n    '''L.'''\n    return N\n", ["counts.py"]),
    ],
)
def test_footprints_are_settled_where_something_has_changed(tmp_path, monkeypatch, edited, text, settled):
    for name, texts in FILES.items():
        write(tmp_path / "code", name, texts[0])
    before = scanned(tmp_path / "code", tmp_path / "cache", monkeypatch)
    write(tmp_path / "code", edited, text)
    want = scanned(tmp_path / "code", tmp_path / "none", monkeypatch)
    seen: list[str] = []
    settle = footprint.settle

    def watched(tool, walked, others):
        seen.append(tool.file)
        return settle(tool, walked, others)

    monkeypatch.setattr(footprint, "settle", watched)
    assert before != scanned(tmp_path / "code", tmp_path / "cache", monkeypatch) == want
    assert sorted(set(seen)) == settled


def test_memory_that_a_tool_begins_to_write_is_state_of_all_that_read_it(tmp_path, monkeypatch):
    """What a footprint holds depends on all tools, also on those of files that nothing else leads to."""
    reads = HEAD + "from shared import CACHE\n\n@mcp.tool\ndef look(k: str) -> int:\n    '''L.'''\n    return CACHE[k]\n"
    writes = HEAD + "from shared import CACHE\n\n@mcp.tool\ndef put(k: str) -> str:\n    '''P.'''\n    return k\n"
    for name, text in {"shared.py": "CACHE = {'a': 1}\n", "reads.py": reads, "writes.py": writes}.items():
        write(tmp_path / "code", name, text)
    before = json.loads(scanned(tmp_path / "code", tmp_path / "cache", monkeypatch))
    write(tmp_path / "code", "writes.py", writes.replace("return k", "CACHE[k] = 2\n    return k"))
    after = scanned(tmp_path / "code", tmp_path / "cache", monkeypatch)
    assert after == scanned(tmp_path / "code", tmp_path / "none", monkeypatch)
    touched = [{one["name"]: len(one["resources"]) for one in document["tools"]}["look"] for document in (before, json.loads(after))]
    assert touched == [0, 1]


@pytest.mark.parametrize(
    ("edited", "text", "made"),
    [
        ("counts.py", FILES["counts.py"][0] + FAR + "# a remark\n", False),
        ("kit/other.py", FILES["kit/other.py"][0] + FAR + "x = 1\n", False),
        ("counts.py", "\n" + FILES["counts.py"][0], False),
        ("counts.py", "\n" + FILES["counts.py"][0].replace("global N", "global N\n"), False),
        ("counts.py", "\n" + FILES["counts.py"][0].replace("Counts", "Counts it"), True),
        ("counts.py", "# toolaudit: ignore-file\n" + FILES["counts.py"][0], True),
        ("kit/store.py", "\n\n" + FILES["kit/store.py"][0], False),
        ("counts.py", FILES["counts.py"][0] + "# beside what is shown\n", False),
        ("counts.py", "# toolaudit: skip-file\n" + FILES["counts.py"][0][1:], True),
        ("notes.py", FILES["notes.py"][1], True),
    ],
)
def test_a_document_is_made_again_only_where_it_shows_something_new(tmp_path, monkeypatch, edited, text, made):
    for name, texts in FILES.items():
        write(tmp_path / "code", name, texts[0])
    before = scanned(tmp_path / "code", tmp_path / "cache", monkeypatch)
    made_of: list[object] = []
    draft = export.draft
    monkeypatch.setattr(export, "draft", lambda scan, **more: made_of.append(scan) or draft(scan, **more))
    write(tmp_path / "code", edited, text)
    after = scanned(tmp_path / "code", tmp_path / "cache", monkeypatch)
    assert bool(made_of) == made
    assert (
        scanned(tmp_path / "code", tmp_path / "cache", monkeypatch) == after == scanned(tmp_path / "code", tmp_path / "none", monkeypatch)
    )
    write(tmp_path / "code", edited, FILES[edited][0])
    assert scanned(tmp_path / "code", tmp_path / "cache", monkeypatch) == before


BLOCK = """
import asyncio
import shutil
import time

LAST_{n} = []
SEEN_{n} = {{}}

@mcp.tool
async def put_{n}(key: str, value: str) -> str:
    \"\"\"Puts.\"\"\"
    if key not in SEEN_{n}:
        time.sleep(1)
        SEEN_{n}[key] = value
    held = SEEN_{n}[key]
    await asyncio.sleep(1)
    SEEN_{n}[key] = held + value
    LAST_{n}.append(key)
    if value:
        unknown_{n}(key)
        open(key, "w").write(value)
    else:
        shutil.rmtree(key)
    return held


@mcp.tool(annotations={{"readOnlyHint": True}})
def look_{n}(key: str) -> str:
    \"\"\"Looks.\"\"\"
    with open(key) as file:
        LAST_{n}.append(file.read())
    return SEEN_{n}.get(key, "")
"""
SPREAD = {**{name: texts[0] for name, texts in FILES.items()}, **{f"block_{n}.py": HEAD + BLOCK.format(n=n) for n in "ab"}}
SPREAD["block_a.py"] += BLOCK.format(n="c")
SHOWN = ("text", "json", "markdown")


def told(folder: Path, cache: Path, capsys, monkeypatch) -> list[str]:
    """What is printed, in some formats."""
    monkeypatch.setenv("TOOLAUDIT_CACHE_DIR", str(cache))
    monkeypatch.chdir(folder)
    for form in SHOWN:
        with pytest.raises(SystemExit):
            main(["scan", "code", "--jobs", "1", "--format", form])
    return [capsys.readouterr().out]


PLACES = st.lists(
    st.tuples(st.sampled_from(sorted(SPREAD)), st.one_of(st.just(0), st.integers(0, 80)), st.sampled_from(["\n", "\n" * 12, "# x\n"])),
    min_size=1,
    max_size=3,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PLACES, min_size=1, max_size=2))
def test_moved_lines_are_told_as_a_cold_scan_tells_them(tmp_path_factory, capsys, monkeypatch, edits):
    folder, cache = tmp_path_factory.mktemp("moving"), tmp_path_factory.mktemp("cache")
    texts = dict(SPREAD)
    for name, text in texts.items():
        write(folder / "code", name, text)
    told(folder, cache, capsys, monkeypatch)
    for edit in edits:
        for name, at, more in edit:
            lines = texts[name].splitlines(keepends=True)
            texts[name] = "".join([*lines[:at], more, *lines[at:]])
            write(folder / "code", name, texts[name])
        assert told(folder, cache, capsys, monkeypatch) == told(folder, tmp_path_factory.mktemp("none"), capsys, monkeypatch)


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("more", ["\n", "\n" * 9, "\n" * 90])
def test_moved_lines_make_no_document(tmp_path, capsys, monkeypatch, form, more):
    """Also where the numbers have more digits than before, and after an edit that moved nothing."""
    monkeypatch.setattr(json_v1, "MANY", 0)
    monkeypatch.setattr(sys.modules[__name__], "SHOWN", (form,))
    for name, text in SPREAD.items():
        write(tmp_path / "code", name, text)
    first = told(tmp_path, tmp_path / "cache", capsys, monkeypatch)
    monkeypatch.setattr(cache, "KEPT_RESULTS", 2)
    for number, lines in enumerate([more, more + FAR, more + more]):
        write(tmp_path / "code", "block_b.py", lines + SPREAD["block_b.py"] + FAR * number)
        want = told(tmp_path, tmp_path / f"none{number}", capsys, monkeypatch)
        with monkeypatch.context() as guarded:
            guarded.setattr(pipeline, "_scanned", None)
            assert told(tmp_path, tmp_path / "cache", capsys, monkeypatch) == want != first


def test_tools_that_are_told_apart_by_their_lines_are_told_anew(tmp_path, capsys, monkeypatch):
    again = SPREAD["block_a.py"].replace("def look_c", "def look_a")
    write(tmp_path / "code", "block_a.py", again)
    first = told(tmp_path, tmp_path / "cache", capsys, monkeypatch)
    write(tmp_path / "code", "block_a.py", "\n" * 70 + again)
    after = told(tmp_path, tmp_path / "cache", capsys, monkeypatch)
    assert first != after == told(tmp_path, tmp_path / "none", capsys, monkeypatch)


def test_a_document_that_cannot_be_told_again_is_made(tmp_path, monkeypatch):
    """The cache is of another build, or damaged."""
    for name, text in SPREAD.items():
        write(tmp_path / "code", name, text)
    scanned(tmp_path / "code", tmp_path / "cache", monkeypatch)
    monkeypatch.setattr(unchanged, "_told", msgspec.msgpack.Decoder(Older))
    write(tmp_path / "code", "block_b.py", "\n" + SPREAD["block_b.py"])
    assert scanned(tmp_path / "code", tmp_path / "cache", monkeypatch) == scanned(tmp_path / "code", tmp_path / "none", monkeypatch)


def test_what_was_shown_of_a_document_goes_with_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TOOLAUDIT_CACHE_DIR", str(tmp_path / "cache"))
    for name, texts in FILES.items():
        write(tmp_path / "code", name, texts[0])
    asked = Request((tmp_path / "code",), Config(jobs=1), use_cache=True)
    made: list[object] = []
    written: list[bytes] = []

    def shown(draft):
        made.append(draft)
        return pipeline.Shown(1, (b"text", None))

    for edit in range(3):
        assert pipeline.show(asked, "view", shown, lambda number, pieces: written.append(b"".join(pieces))) == 1
        write(tmp_path / "code", "counts.py", FILES["counts.py"][0] + FAR + f"# {edit}\n")
    assert len(made) == 1
    assert written[:2] == written[2:4] == written[4:]


PAIR = """
from elsewhere import load

class Left:
    def __init__(self):
        self.right = Right()
        self.path = "left.txt"
        self.other = self.right.path

class Right:
    def __init__(self):
        self.left = Left()
        self.path = "right.txt"
        self.other = self.left.path

def left() -> Left:
    return load("left")

def right() -> Right:
    return load("right")
"""


def asks(side: str) -> str:
    return (
        HEAD + f"from pair import {side}\n\n@mcp.tool\ndef ask_{side}(text: str) -> str:\n    '''Asks.'''\n    side = {side}()\n"
        "    open(side.path, 'w').write(text)\n    return open(side.other).read()\n"
    )


def test_what_classes_hold_that_need_each_other_depends_on_no_tool_elsewhere(tmp_path, monkeypatch):
    keys = {}
    for case, sides in {"left": ["left"], "right": ["right"], "both": ["left", "right"]}.items():
        write(tmp_path / case, "pair.py", PAIR)
        for side in sides:
            write(tmp_path / case, f"{side}.py", asks(side))
        document = json.loads(scanned(tmp_path / case, tmp_path / "cache" / case, monkeypatch))
        for tool in document["tools"]:
            keys[case, tool["name"]] = {(one["key"], one["access"]) for one in tool["resources"]}
    assert keys["both", "ask_left"] == keys["left", "ask_left"] == {("left.txt", "w"), ("right.txt", "r")}
    assert keys["both", "ask_right"] == keys["right", "ask_right"] == {("right.txt", "w"), ("left.txt", "r")}
