"""Real packages in scratch environments: every tool that their own registry has at run time is found, and nothing that is no tool.

Downloads packages, so it runs only when asked for: `TOOLAUDIT_REGISTRIES=1 pytest tests/registries -s`, or with package names instead of `1`.
"""

from __future__ import annotations

import fnmatch
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from toolaudit import frameworks
from toolaudit.frameworks.discover import discover
from toolaudit.model import Tool
from toolaudit.project.local import open_project

HERE = Path(__file__).parent
WANTED = os.environ.get("TOOLAUDIT_REGISTRIES", "")
PACKAGES: list[dict[str, Any]] = tomllib.loads((HERE / "packages.toml").read_text())["package"]

pytestmark = [
    pytest.mark.skipif(not WANTED, reason="downloads packages; set TOOLAUDIT_REGISTRIES=1"),
    pytest.mark.skipif(shutil.which("uv") is None, reason="needs uv to make scratch environments"),
    pytest.mark.timeout(900),
]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package["name"])
def test_what_the_registry_has_is_found_and_nothing_else(package: dict[str, Any], tmp_path: Path) -> None:
    if WANTED != "1" and package["name"] not in WANTED.split(","):
        pytest.skip("not among the packages asked for")
    environment = _environment(package, tmp_path)
    registry = _registry(package, environment, tmp_path)
    tools = _scanned(package, environment)
    bases = package.get("bases", ())
    made = [one for one in registry["tools"] if one.get("kind") != "unknown" and one.get("function") not in bases]
    pairs = [(one, [tool for tool in tools if _same(package, one, tool)]) for one in made]
    missed = [one for one, found in pairs if not found]
    met = {tool.id for _, found in pairs for tool in found}
    unseen = {(one["module"], one["function"]) for one in registry["tools"] if one.get("kind") == "unknown"}
    failed = {line.split(":")[0] for line in registry.get("failed", ())}
    further = [
        tool
        for tool in tools
        if tool.id not in met
        and not tool.generated
        and _module(tool) not in failed
        and not any(_module(tool) == module and tool.function.startswith(f"{cls}.") for module, cls in unseen)
        and not any(fnmatch.fnmatch(tool.function, pattern) for pattern in package.get("beyond", ()))
    ]
    generated = sum(tool.generated for tool in tools)
    print(f"\n{package['name']}: registry {len(made)}, found {len(made) - len(missed)}, reported {len(tools)}, generated {generated}")
    print(*(f"  missed: {one['module']} {one['function']} {one['name']}" for one in missed if "module" in one), sep="\n")
    assert made, "the registry is empty"
    assert len(missed) <= 0.02 * len(made), missed
    assert not further, [tool.id for tool in further]


def _environment(package: dict[str, Any], folder: Path) -> Path:
    environment = folder / "environment"
    subprocess.run(["uv", "venv", "-q", "-p", sys.executable, str(environment)], check=True)
    wanted = [package["name"], *package.get("requires", ())]
    subprocess.run(["uv", "pip", "install", "-q", "-p", str(environment / "bin/python"), *wanted], check=True)
    return environment


def _registry(package: dict[str, Any], environment: Path, folder: Path) -> dict[str, Any]:
    script, *arguments = package["probe"]
    arguments = [str(environment / "bin" / one[4:]) if one.startswith("bin:") else one for one in arguments]
    command = [str(environment / "bin/python"), str(HERE / "probes" / script), *arguments]
    given = {**os.environ, **package.get("environment", {})}
    answer = subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, timeout=300, check=False)
    lines = [line for line in answer.stdout.splitlines() if line.startswith('{"tools"')]
    assert lines, answer.stderr[-2000:]
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def _scanned(package: dict[str, Any], environment: Path) -> list[Tool]:
    known = frameworks.load()
    site = next(environment.glob("lib/python*/site-packages"))
    tools: list[Tool] = []
    here = Path.cwd()
    os.chdir(site)
    try:
        for folder in package["folders"]:
            with open_project([Path(folder)], frameworks.markers(known)) as project:
                tools += discover(project, known).tools
    finally:
        os.chdir(here)
    return tools


def _module(tool: Tool) -> str:
    return tool.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _same(package: dict[str, Any], registered: dict[str, str], tool: Tool) -> bool:
    """By name where the registry tells no more (a protocol's answer), else by module and class or function."""
    if "module" not in registered:
        return tool.name == registered["name"]
    if _module(tool) != registered["module"]:
        return False
    if registered.get("kind") != "class":
        return tool.name == registered["name"] or tool.function == registered["function"]
    if package["probe"][0] == "classes.py":
        return tool.function.startswith(f"{registered['function']}.")
    return tool.name == registered["name"] or tool.function.rsplit(".", 1)[-1] == registered["name"]
