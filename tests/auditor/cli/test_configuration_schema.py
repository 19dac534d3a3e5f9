"""The published schema of `[tool.toolaudit]`: what ships is what the code says, and it refuses what the code refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from toolaudit import config
from toolaudit.errors import ConfigurationError

TABLES: list[dict[str, Any]] = [
    {},
    {"fail-on": "warning", "severity": {"TA101": "off"}, "per-file-ignores": {"x.py": ["TA102"]}, "jobs": 2, "baseline": "b.json"},
    {"fail-onn": "warning"},
    {"fail-on": "errors"},
    {"severity": {"TA101": "fatal"}},
    {"jobs": 0},
    {"folder": "x"},
    {"exclude": "build/"},
    {"strict": "yes"},
]


def test_it_ships_as_the_code_says(run) -> None:
    assert json.loads(config.shipped_schema()) == config.schema(), "python -m toolaudit.config writes it anew"
    said = run("schema", "configuration")
    assert (said.code, json.loads(said.out)) == (0, config.schema())


@pytest.mark.parametrize("table", TABLES, ids=[str(number) for number in range(len(TABLES))])
def test_it_refuses_what_the_code_refuses(table: dict[str, Any]) -> None:
    try:
        config.read(table, Path("pyproject.toml"))
        taken = True
    except ConfigurationError:
        taken = False
    assert Draft7Validator(config.schema()).is_valid(table) == taken


@pytest.mark.parametrize("name", ["configuration", "scan", "evidence"])
def test_every_schema_is_printed(run, name: str) -> None:
    said = run("schema", name)
    assert said.code == 0
    assert json.loads(said.out)["$schema"].startswith("http")
