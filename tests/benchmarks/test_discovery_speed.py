"""Discovery over a large tree, as a ratio to `ast.parse` of the same files, and how little of it libcst reads.

    pytest -o addopts=--import-mode=importlib tests/benchmarks/test_discovery_speed.py -s
    TOOLAUDIT_TREE=FOLDER pytest …      over a tree of your own, say unpacked packages of several frameworks

CPU seconds, cold, one process. Without a folder: the installed packages of this environment beside the sources of the framework cases.
"""

from __future__ import annotations

import ast
import gc
import os
import re
import sysconfig
import time
import warnings
from pathlib import Path

import pytest

from toolaudit import frameworks
from toolaudit.frameworks.discover import discover
from toolaudit.project import open_project
from toolaudit.project.pool import Workers

CASES = Path(__file__).parents[1] / "auditor" / "frameworks" / "cases"
TIMES_PARSE = 3.0
SHARE_READ = 0.2


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if "TOOLAUDIT_TREE" in os.environ:
        return Path(os.environ["TOOLAUDIT_TREE"])
    folder = tmp_path_factory.mktemp("tree")
    for case in sorted(CASES.glob("*.md")):
        for number, (name, text) in enumerate(re.findall(r"```python\n# (\S+\.py)\n(.*?)```", case.read_text(), re.DOTALL)):
            file = folder / case.stem / f"{number}_{Path(name).name}"
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
    for file in sorted(Path(sysconfig.get_paths()["purelib"]).rglob("*.py")):
        if file.stat().st_size < 200_000:
            copy = folder / "installed" / file.relative_to(sysconfig.get_paths()["purelib"])
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    return folder


def test_discovery_costs_at_most_three_times_what_parsing_costs(tree: Path) -> None:
    texts = [file.read_bytes() for file in sorted(tree.rglob("*.py"))]
    known = frameworks.load()
    parsing = _seconds(lambda: _parse(texts))
    project = open_project([tree], frameworks.markers(known), workers=Workers(1))
    tools: list[object] = []
    finding = _seconds(lambda: tools.extend(discover(project, known).tools))
    functions = sum(len(index.functions) for path in project.files if path in project.candidates and (index := project.index(path)))
    read = project.extracted
    lines = sum(text.count(b"\n") for text in texts)
    print(
        f"\n{lines} lines, {len(texts)} files, {len(project.candidates)} that can hold a tool, {len(tools)} tools: "
        f"{finding / parsing:.2f} times ast.parse; libcst read {read} of the {functions} functions in those files"
    )
    assert tools
    assert finding / parsing < TIMES_PARSE
    assert read / functions < SHARE_READ


def _seconds(run: object) -> float:
    assert callable(run)
    gc.collect()
    gc.disable()  # as a scan does
    try:
        began = time.process_time()
        run()
        return time.process_time() - began
    finally:
        gc.enable()


def _parse(texts: list[bytes]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for text in texts:
            try:
                ast.parse(text)
            except (SyntaxError, ValueError):
                continue
