"""The frameworks' files: ours are sound; others are read strictly and refused with the file and the reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from toolaudit.frameworks import FrameworkError, load, markers, parse
from toolaudit.frameworks.versions import holds, parsed

MINIMAL = '[framework]\nname = "ours"\ntitle = "Ours"\n'
FRAMEWORKS = load()


def test_names_are_unique_and_sorted():
    names = [framework.name for framework in FRAMEWORKS]
    assert names == sorted(set(names))
    assert {"mcp", "fastmcp", "langchain", "agno", "bare"} <= set(names)


@pytest.mark.parametrize("framework", FRAMEWORKS, ids=lambda framework: framework.name)
def test_every_version_has_a_way_to_run(framework):
    """Whatever version is found, exactly one entry point is the default, and it says how both kinds of tools run."""
    versions = [framework.framework.newest, framework.framework.oldest, ""]
    for version in versions:
        assert any(holds(run.versions, version) for run in framework.run), (framework.name, version)
    for run in framework.run:
        assert run.entry
        for specifier in re.findall(r"[\d.]+", run.versions):
            assert parsed(specifier) is not None


@pytest.mark.parametrize("framework", FRAMEWORKS, ids=lambda framework: framework.name)
def test_markers_pick_files_that_declare(framework):
    pattern = markers([framework]).get(framework.name)
    if not framework.declare:
        assert pattern is None
        return
    assert pattern is not None
    samples = {
        "semantic-kernel": b"@kernel_function",
        "griptape": b"@activity(config={})",
        "coinbase-agentkit": b"@create_action(name='save')",
        "browser-use": b"from browser_use import Controller",
        "forge": b"from forge.actions.registry import action",
        "kani": b"@ai_function()",
        "nat": b"FunctionInfo.from_fn(save)",
        "swarm": b"from swarm import Agent",
        "agentdojo": b"[make_function(save)]",
        "bare": b'{"name": "x", "input_schema": {}}',
    }
    assert re.search(pattern, samples.get(framework.name, b"tools=[save]"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (MINIMAL + "colour = 1\n", "colour"),
        (MINIMAL + '[[declare]]\nkind = "decorator"\n', "declare number 1 (decorator) lacks names"),
        (MINIMAL + '[[declare]]\nkind = "registration"\nmethods = ["add"]\n', "lacks types or names"),
        (MINIMAL + '[[declare]]\nkind = "magic"\n', "magic"),
        (MINIMAL + '[[run]]\nentry = "run"\nsync = "sometimes"\nasync = "serial"\n', "sometimes"),
        (MINIMAL + '[[run]]\nentry = "run"\nversions = "two"\nsync = "serial"\nasync = "serial"\n', "two"),
        ("[framework\n", "ours.toml"),
        ("", "framework"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_the_reason(text, reason):
    with pytest.raises(FrameworkError) as caught:
        parse(text, "ours.toml")
    assert "ours.toml" in str(caught.value)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value).strip()


def test_files_of_the_configuration_add_and_replace(tmp_path: Path):
    (tmp_path / "ours.toml").write_text(MINIMAL)
    (tmp_path / "mcp.toml").write_text('[framework]\nname = "mcp"\ntitle = "Another"\n')
    names = {framework.name: framework.framework.title for framework in load([tmp_path / "ours.toml", tmp_path / "mcp.toml"])}
    assert names["ours"] == "Ours"
    assert names["mcp"] == "Another"
    assert {framework.name for framework in load([tmp_path])} >= {"ours", "mcp"}


def test_a_named_file_that_is_not_there_is_said(tmp_path: Path):
    with pytest.raises(FrameworkError, match=r"missing\.toml: no such framework file"):
        load([tmp_path / "missing.toml"])


def test_a_file_that_is_no_text_is_said(tmp_path: Path):
    (tmp_path / "ours.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FrameworkError, match=r"ours\.toml"):
        load([tmp_path / "ours.toml"])


def offering(folder: Path, module: str) -> None:
    """An installed distribution with an entry point for `module`."""
    info = folder / "offer-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: offer\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[toolaudit.frameworks]\noffer = {module}\n")


def test_an_installed_package_offers_files_without_being_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    package = tmp_path / "offer" / "described"
    package.mkdir(parents=True)
    (tmp_path / "offer" / "__init__.py").write_text("raise RuntimeError('run')")
    (package / "__init__.py").write_text("raise RuntimeError('run')")
    (package / "ours.toml").write_text(MINIMAL)
    offering(tmp_path, "offer.described")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "ours" in {framework.name for framework in load()}


def test_an_installed_package_that_cannot_be_found_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    offering(tmp_path, "no_such_package.files")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(FrameworkError, match=r"entry point offer .* no_such_package"):
        load()
