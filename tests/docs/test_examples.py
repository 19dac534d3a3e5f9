"""The example project: the scan says what `EXPECTED.toml` says, and its own tests pass."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

EXPECTED = tomllib.loads((Path(__file__).resolve().parents[2] / "docs/examples/EXPECTED.toml").read_text(encoding="utf-8"))
FAILS = ("error", "warning")


@pytest.fixture(scope="module")
def document(run) -> dict[str, Any]:
    result = run(["toolaudit", "scan", "docs/examples", "--format", "json"])
    assert result.returncode == 1, result.stderr
    return json.loads(result.stdout)


def pairs(document: dict[str, Any], folder: str) -> Iterator[dict[str, Any]]:
    """Conflicts and orderings of one half of the project, alike: file, tools, resource, code, failure, kind, severity."""
    tools = {tool["id"]: tool for tool in document["tools"]}
    entries = [(entry["tools"], entry["kind"], entry) for entry in document["conflicts"]]
    entries += [((entry["before"], entry["after"]), "ordering", entry) for entry in document["orderings"]]
    for (first, second), kind, entry in entries:
        if all(f"{folder}/" in tools[tool]["file"] for tool in (first, second)):
            yield {
                "file": tools[first]["file"],
                "tools": sorted((tools[first]["name"], tools[second]["name"])),
                "resource": f"{entry['resource']['kind']}:{entry['resource']['key']}",
                "code": entry.get("code", ""),
                "failure": entry["failure"],
                "kind": kind,
                "severity": entry.get("severity", "warning"),
            }


def matches(found: dict[str, Any], planted: dict[str, Any]) -> bool:
    return (
        found["tools"] == sorted(planted["tools"])
        and found["file"].endswith(planted["file"])
        and found["resource"] == planted["resource"]
        and found["code"] in planted["code"]
        and found["failure"] in planted["failure"]
    )


def name(planted: dict[str, Any]) -> str:
    return "-".join(planted["tools"])


def test_every_tool_is_found(document):
    names = sorted(tool["name"] for tool in document["tools"] if "racy/" in tool["file"])
    assert names == sorted(tool["name"] for tool in document["tools"] if "fixed/" in tool["file"])
    assert names == sorted({tool for planted in EXPECTED["planted"] for tool in planted["tools"]})


@pytest.mark.parametrize("planted", EXPECTED["planted"], ids=name)
def test_planted_failure_is_found(document, planted):
    found = [entry for entry in pairs(document, "racy") if entry["tools"] == sorted(planted["tools"])]
    assert any(matches(entry, planted) for entry in found), found


@pytest.mark.parametrize("wrong", EXPECTED["annotation"], ids=name)
def test_wrong_annotation_is_found(document, wrong):
    names = {tool["id"]: tool["name"] for tool in document["tools"]}
    found = [
        (entry["code"], [names[tool] for tool in entry["tools"]]) for entry in document["findings"] if entry["file"].endswith(wrong["file"])
    ]
    assert any((code, wrong["tools"]) in found for code in wrong["code"]), found


def test_no_error_but_the_planted_ones(document):
    errors = [entry for entry in pairs(document, "racy") if entry["severity"] == "error"]
    planted = EXPECTED["planted"]
    assert [entry for entry in errors if not any(sorted(known["tools"]) == entry["tools"] for known in planted)] == []


def test_twins_have_no_race(document):
    assert [entry for entry in pairs(document, "fixed") if entry["kind"] in ("race", "ordering")] == []


def test_twins_pass_the_gate(document, run):
    alone = [entry for entry in document["findings"] if all("fixed/" in place for place in (entry["file"], *entry["tools"]))]
    assert [entry for entry in alone if entry["severity"] in FAILS] == []
    assert run(["toolaudit", "scan", "docs/examples/fixed"]).returncode == 0


def test_its_own_tests_pass(run):
    result = run(["pytest", "docs/examples", "-q"])
    assert result.returncode == 0, result.stdout + result.stderr
    assert "passed" in result.stdout


@pytest.fixture(scope="module")
def evidence(run, clone) -> list[dict[str, Any]]:
    result = run(["toolaudit", "confirm", "docs/examples", "--evidence", "evidence.json", "--exit-zero"])
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads((clone / "evidence.json").read_text(encoding="utf-8"))["items"]


def tried(evidence: list[dict[str, Any]], folder: str) -> list[dict[str, Any]]:
    return [item for item in evidence if all(f"{folder}/" in tool for tool in item["tools"])]


@pytest.mark.parametrize("planted", [entry for entry in EXPECTED["planted"] if "look_up" not in entry["tools"]], ids=name)
def test_confirm_proves_what_is_planted(evidence, planted):
    """But the lookup, for which the sandbox would have to allow the network."""
    names = [[re.split("::|#", tool)[-1] for tool in item["tools"]] for item in tried(evidence, "racy") if item["verdict"] == "confirmed"]
    assert sorted(planted["tools"]) in [sorted(tools) for tools in names]


def test_confirm_finds_no_race_in_the_twins(evidence):
    assert tried(evidence, "fixed")
    assert [item["tools"] for item in tried(evidence, "fixed") if item.get("kind") in ("racy", "deadlock", "nondeterministic")] == []


def test_home_made_framework_and_api(run):
    result = run(["toolaudit", "scan", "docs/examples/home_made", "--format", "json"])
    document = json.loads(result.stdout)
    assert {tool["name"]: tool["class"] for tool in document["tools"]} == {
        "balance": "read-only",
        "pay_in": "read-modify-write",
        "pay_in_at_once": "read-modify-write",
    }
    races = [
        (sorted(tool.rsplit("::")[-1] for tool in entry["tools"]), entry["code"])
        for entry in document["conflicts"]
        if entry["kind"] == "race"
    ]
    assert (["pay_in", "pay_in"], "TA101") in races
    assert all("pay_in" in tools for tools, _ in races)


def test_accepted_finding_does_not_fail_the_gate(run):
    result = run(["toolaudit", "scan", "docs/examples/accepted", "--format", "json"])
    assert result.returncode == 0
    suppressed = [entry["suppressed"] for entry in json.loads(result.stdout)["findings"] if entry["code"] == "TA101"]
    assert suppressed == [True]
