"""The framework's version: from lock files down to nothing known, each with where it was read."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolaudit.frameworks import load
from toolaudit.frameworks.versions import Version, caret, detect, holds

FRAMEWORKS = load()

UV = '[[package]]\nname = "mcp"\nversion = "1.12.4"\n[[package]]\nname = "haystack-ai"\nversion = "2.1.0"\n'
PYLOCK = 'lock-version = "1.0"\n[[packages]]\nname = "mcp"\nversion = "1.12.4"\n'
PIPFILE = '{"default": {"mcp": {"version": "==1.12.4"}}}'


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("uv.lock", UV),
        ("poetry.lock", UV),
        ("pdm.lock", UV),
        ("pylock.toml", PYLOCK),
        ("pylock.dev.toml", PYLOCK),
        ("Pipfile.lock", PIPFILE),
        ("requirements.txt", "# pins\nMCP[cli] == 1.12.4 ; python_version > '3.8'  # a comment\nother\n"),
        ("dev-requirements.txt", "mcp==1.12.4 \\\n    --hash=sha256:0\n"),
        ("requirements/base.txt", "mcp===1.12.4\n"),
    ],
)
def test_a_lock_file_gives_the_exact_version(file: str, text: str, tmp_path: Path):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text)
    found = detect([tmp_path], FRAMEWORKS)["mcp"]
    assert found == Version("1.12.4", f"mcp 1.12.4 in {Path(file).name}")
    assert found.label == "1.12.4"


def test_a_lock_file_is_found_above_the_scanned_folder_and_below_the_repository(tmp_path: Path):
    (tmp_path / "uv.lock").write_text(UV)
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    inside = repository / "src" / "package"
    inside.mkdir(parents=True)
    assert not detect([inside], FRAMEWORKS)["mcp"].certain
    (repository / "uv.lock").write_text(UV.replace("1.12.4", "1.20.0"))
    assert detect([inside], FRAMEWORKS)["mcp"].version == "1.20.0"
    file = inside / "tool.py"
    file.write_text("")
    assert detect([file], FRAMEWORKS)["mcp"].version == "1.20.0"


@pytest.mark.parametrize(
    ("line", "holds_in", "shown"),
    [
        ("mcp>=1.2,<2", "<2", "<2,>=1.2"),
        ("mcp>=1.2", ">=2", "2.3.0"),
        ("mcp", ">=2", "2.3.0"),
        ("mcp==1.9.*", "<2", "==1.9.*"),
        ("mcp~=1.9", "<2", "~=1.9"),
        ("mcp==1.9.1", "<2", "1.9.1"),
        ("mcp<1.10", "<1.10", "<1.10"),
        ("mcp<=1.10", "<=1.10", "<=1.10"),
    ],
)
def test_a_range_is_not_a_fact(line: str, holds_in: str, shown: str, tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text(f'[project]\nname = "x"\ndependencies = ["{line}"]\n')
    found = detect([tmp_path], FRAMEWORKS)["mcp"]
    assert holds(holds_in, found.version)
    assert found.label == shown
    assert found.certain == (line == "mcp==1.9.1")
    assert "pyproject.toml" in found.source


def test_every_place_of_a_project_file_is_read(tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\noptional-dependencies = { a = ["crewai<1.10"] }\n'
        '[dependency-groups]\nb = ["smolagents<1.18", { include-group = "c" }]\nc = []\n'
        '[tool.poetry.dependencies]\nfastmcp = "^2.3"\nmcp = { version = "~1.2" }\n'
        '[tool.poetry.group.dev.dependencies]\nopenai-agents = "0.7.0"\nstrands-agents = "*"\n'
    )
    found = detect([tmp_path], FRAMEWORKS)
    assert holds("<1.10", found["crewai"].version)
    assert holds("<1.18", found["smolagents"].version)
    assert holds("<3", found["fastmcp"].version) and holds(">=2.3", found["fastmcp"].version)
    assert holds("<2", found["mcp"].version)
    assert found["openai-agents"].version == "0.7.0"
    assert found["strands"].version == "1.62.0"


def test_the_scanned_package_says_what_it_needs(tmp_path: Path):
    info = tmp_path / "server-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: server\nRequires-Dist: mcp<2,>=1.26\nRequires-Dist: ???\n\nRequires-Dist: fastmcp<3\n")
    (tmp_path / "server").mkdir()
    found = detect([tmp_path / "server"], FRAMEWORKS)
    assert holds("<2", found["mcp"].version)
    assert found["mcp"].source == "server-1.0.dist-info/METADATA asks for mcp<2,>=1.26"
    assert "unknown" in found["fastmcp"].source


def test_distributions_beside_the_scanned_package_count(tmp_path: Path):
    for name in ("server-1.0", "mcp-1.30.0", "other-1", "more-2", "agno-2.0.0"):
        (tmp_path / f"{name}.dist-info").mkdir()
        (tmp_path / f"{name}.dist-info" / "METADATA").write_text("Requires-Dist: crewai==1.9.3\n" if name != "server-1.0" else "")
    (tmp_path / "server").mkdir()
    found = detect([tmp_path / "server"], FRAMEWORKS)
    assert found["mcp"].version == "1.30.0"
    assert found["agno"].version == "2.0.0"
    assert found["crewai"].version != "1.9.3", "what other packages ask for says nothing about this one"


def test_nothing_known_is_said_to_be_unknown(tmp_path: Path):
    found = detect([tmp_path], FRAMEWORKS)["letta"]
    assert not found.certain
    assert found.label == "unknown"
    assert found.source.startswith("version unknown")


@pytest.mark.parametrize("file", ["uv.lock", "pyproject.toml", "Pipfile.lock", "requirements.txt", "pylock.toml"])
@pytest.mark.parametrize("content", [b"\xff\xfe", b"[[[", b'{"default": 3}', b"package = 3\n", b"==\n"])
def test_broken_files_are_passed_over(file: str, content: bytes, tmp_path: Path):
    (tmp_path / file).write_bytes(content)
    assert not detect([tmp_path], FRAMEWORKS)["letta"].certain


def test_classic_and_new_apis_share_a_distribution(tmp_path: Path):
    (tmp_path / "requirements.txt").write_text("ag2==0.9.1\n")
    found = detect([tmp_path], FRAMEWORKS)
    assert found["ag2-classic"].version == "0.9.1"
    assert not found["ag2"].certain


@pytest.mark.parametrize(
    ("text", "specifier"),
    [
        ("^1.2", ">=1.2,<2"),
        ("^0.3.1", ">=0.3.1,<0.4"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("^1", ">=1,<2"),
        ("*", ""),
        ("1.2", "==1.2"),
        (">=1,<2", ">=1,<2"),
    ],
)
def test_poetry_ranges(text: str, specifier: str):
    assert caret(text) == specifier


@pytest.mark.parametrize(("specifier", "version", "answer"), [("", "", True), (">=2", "", True), ("<2", "", False), ("<2", "1.9", True)])
def test_an_unknown_version_is_the_newest(specifier: str, version: str, answer: bool):
    assert holds(specifier, version) is answer
