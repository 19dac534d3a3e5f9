"""A headless Chromium for the tests of the page; without one they are skipped and say why."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from toolaudit_reports.document import EvidenceDocument, ScanDocument, load_evidence, load_scan

REPORTS = Path(__file__).parent.parent / "reports"
AXE = "axe-core@4.10.3"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def neighbour(name: str) -> ModuleType:
    """A module of tests/reports; pytest's importlib mode puts no folder of tests on the path."""
    known = f"toolaudit_reports_tests_{name}"
    if known not in sys.modules:
        spec = importlib.util.spec_from_file_location(known, REPORTS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[known] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[known])
    return sys.modules[known]


@pytest.fixture(scope="session")
def scan() -> ScanDocument:
    return load_scan((REPORTS / "data" / "scan.json").read_bytes())


@pytest.fixture(scope="session")
def evidence() -> EvidenceDocument:
    return load_evidence((REPORTS / "data" / "evidence.json").read_bytes())


@pytest.fixture(scope="session")
def many() -> ModuleType:
    return neighbour("many")


@pytest.fixture(scope="session")
def hostile() -> ModuleType:
    return neighbour("hostile")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Playwright's driver over the Chromium of the system; `TOOLAUDIT_CHROMIUM` may name another.

    Its event loop runs as long as it lives, so it ends with the file: tests of other files start loops of their own.
    """
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright (pip install playwright)")
    program = os.environ.get("TOOLAUDIT_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("needs Chromium (apt-get install chromium, or TOOLAUDIT_CHROMIUM=path)")
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield running
        running.close()


TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PORTION = 4_000
"""So many elements at a time: axe-core's own model of a document grows faster than the document."""
TAKE_APART = """([size, most]) => {
  for (const part of document.querySelectorAll('details')) part.open = true;
  document.getElementById('main').classList.remove('large');
  const lists = 'main .card, tbody.tool, tr.filterable, .groups > .scroll, .picture, .rulehelp, .alone > li, .orderings > li';
  const held = [...document.querySelectorAll(lists)].map((one) => {
    return { one, parent: one.parentElement, size: one.querySelectorAll('*').length + 1 };
  });
  for (const { one } of held) one.remove();
  const taken = new Map();
  const wanted = held.filter(({ parent }) => {
    taken.set(parent, (taken.get(parent) || 0) + 1);
    return taken.get(parent) <= most;
  });
  window.portions = [[]];
  let sum = document.querySelectorAll('*').length;
  for (const item of wanted) {
    if (sum + item.size > size && portions.at(-1).length) { portions.push([]); sum = 0; }
    portions.at(-1).push(item);
    sum += item.size;
  }
  return portions.length;
}"""
LOOK_AT = """async ([number, tags]) => {
  for (const { one, parent } of portions[number]) parent.append(one);
  const found = await axe.run(document, { runOnly: tags, resultTypes: ['violations'] });
  for (const { one } of portions[number]) one.remove();
  return found.violations.flatMap((rule) => rule.nodes.slice(0, 3).map((node) =>
    `${rule.impact} ${rule.id}: ${node.target} ${node.failureSummary}`));
}"""


@pytest.fixture(scope="session")
def violations(axe: str) -> Callable[..., list[str]]:
    """What axe-core says of a page with everything unfolded: its lists portion by portion, each within the whole frame of the page.

    `most` bounds how many entries of one list are looked at.
    """

    def looked(tab: Any, most: int = 1_000_000) -> list[str]:
        tab.evaluate(axe)
        portions = tab.evaluate(TAKE_APART, [PORTION, most])
        said = [line for number in range(portions) for line in tab.evaluate(LOOK_AT, [number, TAGS])]
        return list(dict.fromkeys(said))

    return looked


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core; `TOOLAUDIT_AXE` may name a file of it for runs without a network."""
    named = os.environ.get("TOOLAUDIT_AXE")
    if named:
        return Path(named).read_text(encoding="utf-8")
    if shutil.which("npm") is None:
        pytest.skip("axe-core comes from npm and there is no npm; set TOOLAUDIT_AXE to a file of axe.min.js")
    folder = tmp_path_factory.mktemp("axe")
    done = subprocess.run(["npm", "pack", AXE, "--silent"], cwd=folder, capture_output=True, timeout=60, check=False)
    if done.returncode != 0:
        pytest.skip(f"{AXE} could not be fetched; set TOOLAUDIT_AXE to a file of axe.min.js")
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()
