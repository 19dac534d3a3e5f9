"""SARIF against the official schema, as the package `@microsoft/jest-sarif` carries it; fetched when the test runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest

from toolaudit_reports.document import EvidenceDocument, ScanDocument
from toolaudit_reports.render import render

PACKAGE = "@microsoft/jest-sarif@1.0.0-beta.0"
MEMBER = "package/lib/schemas/sarif-2.1.0-rtm.5.json"


@pytest.fixture(scope="session")
def validator(tmp_path_factory: pytest.TempPathFactory) -> jsonschema.Draft4Validator:
    """The schema (JSON Schema draft 4); `TOOLAUDIT_SARIF_SCHEMA` may name a file of it for runs without a network."""
    named = os.environ.get("TOOLAUDIT_SARIF_SCHEMA")
    if named:
        return jsonschema.Draft4Validator(json.loads(Path(named).read_text()))
    if shutil.which("npm") is None:
        pytest.skip("the SARIF schema comes from an npm package and there is no npm; set TOOLAUDIT_SARIF_SCHEMA")
    folder = tmp_path_factory.mktemp("sarif")
    done = subprocess.run(["npm", "pack", PACKAGE, "--silent"], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        pytest.skip(f"{PACKAGE} could not be fetched; set TOOLAUDIT_SARIF_SCHEMA to a file of the schema")
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        member = archive.extractfile(MEMBER)
        assert member is not None
        return jsonschema.Draft4Validator(json.loads(member.read()))


def problems(validator: jsonschema.Draft4Validator, log: dict[str, Any]) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(log)]


def test_valid(validator: jsonschema.Draft4Validator, scan: ScanDocument, evidence: EvidenceDocument) -> None:
    assert problems(validator, json.loads(render("sarif", scan, evidence=[evidence]))) == []


def test_valid_when_large(validator: jsonschema.Draft4Validator, many: ModuleType) -> None:
    assert problems(validator, json.loads(render("sarif", many.many(200)))) == []


@pytest.mark.parametrize("number", [0, 25, 47, 50, 52, 56, 58, 59])
def test_valid_when_hostile(validator: jsonschema.Draft4Validator, hostile: ModuleType, scan: ScanDocument, number: int) -> None:
    document = hostile.hostile_scan(scan, hostile.PAYLOADS[number])
    assert problems(validator, json.loads(render("sarif", document))) == []


def test_the_schema_can_refuse(validator: jsonschema.Draft4Validator, scan: ScanDocument) -> None:
    log = json.loads(render("sarif", scan))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert len(problems(validator, log)) == 1
