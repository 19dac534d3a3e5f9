"""What a whole scan costs, as ratios within one run: beside `ast.parse` of the same files, beside a tree of half the size, warm beside cold.

    pytest -o addopts=--import-mode=importlib tests/benchmarks/test_scan_cost.py -s

The trees are generated, the same on every run. CPU seconds of this process, best of some rounds. The bounds leave about half above what
was measured.
"""

from __future__ import annotations

import ast
import gc
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from toolaudit import pipeline
from toolaudit.config import Config
from toolaudit.pipeline import Shown
from toolaudit.request import Request
from toolaudit_reports.document import ScanDocument, encode

COLD_RATIO = 60.0
GROWTH = 1.6
WARM_SHARE = 0.25
EDIT_SHARE = 0.8

TOOLS = '''
"""Tools of package {n}."""
import json
from pathlib import Path

from langchain_core.tools import tool
from package_{n}.store import Store, total

STORE = Store("notes_{n}.json")
SEEN_{n} = {{}}
'''
TOOL = '''

@tool
def tool_{n}_{i}(name: str, text: str, count: int = {i}) -> str:
    """Number {i} of package {n}."""
    items = STORE.load()
    for position in range(count):
        if name in items and position > {i}:
            items[name] = text + str(position)
        elif len(text) > position:
            items.setdefault(name, text[:position])
    STORE.save(items)
    SEEN_{n}[name, {i}] = total(items, 3)
    with open("log_{n}_{i}.txt", "a") as log:
        log.write(text)
    return json.dumps(items)
'''
STORE = '''
"""The store of package {n}; it and its tools import each other."""
import json

import package_{n}.tools as tools


class Store:
    def __init__(self, path):
        self.path = path

    def load(self):
        try:
            with open(self.path) as file:
                return json.load(file)
        except FileNotFoundError:
            return {{}}

    def save(self, items):
        with open(self.path, "w") as file:
            json.dump(items, file)


def total(items, depth):
    return depth + (total(items, depth - 1) if depth else len(tools.SEEN_{n}))
'''


def tree(folder: Path, packages: int, tools: int = 8) -> Path:
    """Packages that share nothing, so that the pairs grow as the tools do."""
    for n in range(packages):
        package = folder / f"package_{n}"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "tools.py").write_text(TOOLS.format(n=n) + "".join(TOOL.format(n=n, i=i) for i in range(tools)))
        (package / "store.py").write_text(STORE.format(n=n))
    old = time.time() - 60
    for file in folder.rglob("*.py"):
        os.utime(file, (old, old))
    return folder


def ring(folder: Path, functions: int) -> Path:
    """Functions in modules of four that import and call each other in a ring, with chords: one large cycle below every tool."""
    folder.mkdir()
    modules = functions // 4
    for m in range(modules):
        lines = [f"import ring_{(m + 1) % modules}, ring_{(m * 3 + 1) % modules}", ""]
        for i in range(4):
            after = f"ring_{(m + 1) % modules}.f{i}" if i == 3 else f"f{i + 1}"
            lines += [f"def f{i}(x, depth):", f'    open(f"file_{m}_{i}", "a").write(x)', f"    {after}(x, depth - 1)"]
            lines += [f"    return ring_{(m * 3 + 1) % modules}.f0(x, depth)", ""]
        (folder / f"ring_{m}.py").write_text("\n".join(lines))
    tools = "".join(
        f'\n@tool\ndef enter_{m}(x: str) -> str:\n    """Enters."""\n    return ring_{m}.f0(x, 5)\n' for m in range(0, modules, 2)
    )
    names = "".join(f"import ring_{m}\n" for m in range(modules))
    (folder / "tools.py").write_text("from langchain_core.tools import tool\n" + names + tools)
    return folder


def request(folder: Path, *, use_cache: bool = False) -> Request:
    return Request((folder,), Config(jobs=1), use_cache=use_cache)


def seconds(run: Callable[[], object], rounds: int = 3) -> float:
    taken = []
    for _ in range(rounds):
        gc.collect()
        began = time.process_time()
        run()
        taken.append(time.process_time() - began)
    return min(taken)


def said(benchmark, name: str, value: float) -> float:
    benchmark.extra_info[name] = round(value, 2)
    print(f"{benchmark.name}: {name} {value:.2f}")
    return value


def test_cold_beside_parsing(benchmark, tmp_path):
    """Every function of this tree is reachable from a tool, which is the most that a line can cost."""
    folder = tree(tmp_path / "tree", 24)
    texts = [file.read_bytes() for file in folder.rglob("*.py")]
    parsing = seconds(lambda: [ast.parse(text) for text in texts])
    benchmark.pedantic(lambda: pipeline.scan(request(folder)), rounds=1)
    cold = seconds(lambda: pipeline.scan(request(folder)))
    assert said(benchmark, "times ast.parse", cold / parsing) < COLD_RATIO


@pytest.mark.parametrize("make", [tree, ring])
def test_twice_the_functions_take_twice_the_time(benchmark, tmp_path, make):
    """1x, 2x and 4x. Pairs of tools that touch one kind of resource grow with the square, which is what growth above 1 shows."""
    sizes = (8, 16, 32) if make is tree else (24, 48, 96)
    folders = [make(tmp_path / str(size), size) for size in sizes]
    cost = []
    for folder in folders:
        document = pipeline.scan(request(folder))
        assert len(document.tools) >= sizes[0] // 8
        cost.append(seconds(lambda folder=folder: pipeline.scan(request(folder))))
    benchmark.pedantic(lambda: pipeline.scan(request(folders[0])), rounds=1)
    growth = [said(benchmark, f"{size}:", later / (2 * earlier)) for size, earlier, later in zip(sizes[1:], cost, cost[1:], strict=False)]
    assert max(growth) < GROWTH


def shown(document: ScanDocument, messages: object) -> Shown:
    return Shown(0, (encode(document),))


def test_warm_and_edited_beside_cold(benchmark, tmp_path, monkeypatch):
    monkeypatch.setenv("TOOLAUDIT_CACHE_DIR", str(tmp_path / "cache"))
    folder = tree(tmp_path / "tree", 24)
    outputs: list[bytes] = []

    def show() -> None:
        pipeline.show(request(folder, use_cache=True), "all", shown, lambda number, pieces: outputs.append(b"".join(pieces)))

    cold = seconds(show, 1)
    benchmark.pedantic(show, rounds=1)
    warm = seconds(show)
    edits = []
    for number in range(3):
        file = folder / "package_3" / "tools.py"
        file.write_text(file.read_text() + f"\n# {number}\n")
        edits.append(seconds(show, 1))
    assert len(set(outputs)) == 1, "a comment changes no byte of the document"
    moves = []
    for _ in range(3):
        file.write_text("\n" + file.read_text())
        moves.append(seconds(show, 1))
    assert said(benchmark, "moved beside cold", min(moves) / cold) < EDIT_SHARE
    assert said(benchmark, "warm beside cold", warm / cold) < WARM_SHARE
    assert said(benchmark, "edited beside cold", min(edits) / cold) < EDIT_SHARE
