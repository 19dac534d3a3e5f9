"""The documents that these tests read: a scan of nine small tools, one confirm run over it, and larger ones."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from toolaudit_reports.document import EvidenceDocument, ScanDocument, load_evidence, load_scan

HERE = Path(__file__).parent
DATA = HERE / "data"


def neighbour(name: str) -> ModuleType:
    """A module beside this file; pytest's importlib mode puts no folder of tests on the path."""
    known = f"toolaudit_reports_tests_{name}"
    if known not in sys.modules:
        spec = importlib.util.spec_from_file_location(known, HERE / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[known] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[known])
    return sys.modules[known]


@pytest.fixture(scope="session")
def scan() -> ScanDocument:
    return load_scan((DATA / "scan.json").read_bytes())


@pytest.fixture(scope="session")
def evidence() -> EvidenceDocument:
    return load_evidence((DATA / "evidence.json").read_bytes())


@pytest.fixture(scope="session")
def many() -> ModuleType:
    """`many.many(n)` makes a scan of n tools."""
    return neighbour("many")


@pytest.fixture(scope="session")
def hostile() -> ModuleType:
    """`hostile.PAYLOADS`, `hostile.hostile_scan`, `hostile.hostile_evidence`."""
    return neighbour("hostile")
