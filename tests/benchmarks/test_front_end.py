"""Speed of the front end as a ratio to `ast.parse` of the same source in the same run, so that it means the same on any machine.

    pytest -o addopts=--import-mode=importlib tests/benchmarks

CPU seconds, best of three, on a sample of the standard library. The bounds leave about half above what was measured.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import sysconfig
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from toolaudit.project import LocalProject, open_project
from toolaudit.project.cache import Cache
from toolaudit.project.pool import Workers
from toolaudit.project.prefilter import Prefilter

INDEX_RATIO = 2.5
EXTRACT_RATIO = 18.0
PREFILTER_RATIO = 1.0
DECODE_RATIO = 3.0
WARM_SECONDS = 0.3


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    """About 40 000 lines in some 60 files."""
    library = Path(sysconfig.get_paths()["stdlib"])
    folder = tmp_path_factory.mktemp("corpus")
    for file in sorted([*library.glob("[a-n]*.py"), *library.glob("asyncio/*.py")])[::2]:
        (folder / f"{file.parent.name}_{file.name}").write_bytes(file.read_bytes())
    return folder


def best(run: Callable[[], object], rounds: int = 3) -> float:
    taken: list[float] = []
    for _ in range(rounds):
        began = time.process_time()
        run()
        taken.append(time.process_time() - began)
    return min(taken)


@pytest.fixture(scope="module")
def parse_seconds(corpus) -> float:
    texts = [file.read_bytes() for file in sorted(corpus.glob("*.py"))]

    def parse() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for text in texts:
                ast.parse(text)

    return best(parse)


def ratio(benchmark, run: Callable[[], object], parse_seconds: float, rounds: int = 3) -> float:
    """How many times `ast.parse` it takes; recorded with the benchmark."""
    benchmark.pedantic(run, rounds=1)
    times = best(run, rounds) / parse_seconds
    benchmark.extra_info["times ast.parse"] = round(times, 2)
    print(f"{benchmark.name}: {times:.2f} times ast.parse")
    return times


def functions(project: LocalProject) -> list[tuple[str, str]]:
    return [(path, head.qualname) for path in project.files for head in project.index(path).functions if head.nested_in is None]


def test_index(benchmark, corpus, parse_seconds):
    def index() -> None:
        project = open_project([corpus], {})
        assert all(project.index(path) for path in project.files)

    assert ratio(benchmark, index, parse_seconds) < INDEX_RATIO


def test_extract(benchmark, corpus, parse_seconds):
    """Every function of every file, in this process."""

    def extract() -> None:
        project = open_project([corpus], {}, workers=Workers(1))
        project.prefetch(functions(project))

    assert ratio(benchmark, extract, parse_seconds, 2) < EXTRACT_RATIO


def test_prefilter(benchmark, corpus, parse_seconds):
    markers = {name: rb"\b(?:" + name.encode() + rb")\b" for name in ("FastMCP", "BaseTool", "function_tool", "tool_plain", "call_tool")}
    prefilter = Prefilter(markers)
    texts = [file.read_bytes() for file in sorted(corpus.glob("*.py"))]

    def search() -> None:
        for text in texts:
            prefilter.matches(text)

    assert ratio(benchmark, search, parse_seconds) < PREFILTER_RATIO


def test_decoding_facts_is_cheap(benchmark, corpus, parse_seconds, tmp_path):
    with open_project([corpus], {}, workers=Workers(1), cache=Cache(tmp_path)) as project:
        project.prefetch(functions(project))

    def decode() -> None:
        with open_project([corpus], {}, cache=Cache(tmp_path)) as again:
            wanted = functions(again)
            again.prefetch(wanted)
            assert all(again.facts(*where) for where in wanted if where[1] != "<module>")

    assert ratio(benchmark, decode, parse_seconds) < DECODE_RATIO


def test_nothing_changed(benchmark, corpus, tmp_path):
    """Interpreter start and imports included."""
    program = (
        "import sys\nfrom pathlib import Path\nfrom toolaudit.project import open_project\nfrom toolaudit.project.cache import Cache\n"
        "with open_project([Path(sys.argv[1])], {'any': b'x'}, cache=Cache(Path(sys.argv[2]))) as p:\n"
        "    if p.result('s') is None:\n        p.candidates; p.store_result('s', b'stored')\n        sys.exit(3)\n"
        "import time\nprint(time.process_time())\n"
    )
    command = [sys.executable, "-c", program, str(corpus), str(tmp_path)]
    assert subprocess.run(command).returncode == 3
    seconds: list[float] = []

    def again() -> None:
        seconds.append(float(subprocess.run(command, capture_output=True, check=True).stdout))

    benchmark.pedantic(again, rounds=3)
    benchmark.extra_info["cpu seconds"] = min(seconds)
    assert min(seconds) < WARM_SECONDS
