"""The framework's version: from lock files down to nothing known, each with where it was read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from toolaudit.frameworks import load
from toolaudit.frameworks.needs import caret
from toolaudit.frameworks.versions import Version, detect, holds

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


LOCKS = Path(__file__).parent / "locks"
BOTH = "1.30.0 or 2.3.0"


@pytest.mark.parametrize(
    ("file", "mcp", "smolagents"),
    [
        ("uv.lock", BOTH, "1.17.0"),
        ("poetry.lock", BOTH, "1.17.0"),
        ("pdm.lock", "1.30.0", "1.17.0"),
        ("pylock.toml", "1.30.0", "1.17.0"),
        ("pylock.uv.toml", BOTH, "unknown"),
        ("Pipfile.lock", "1.30.0", "1.17.0"),
        ("requirements.txt", BOTH, "unknown"),
    ],
)
def test_what_the_tools_themselves_wrote(file: str, mcp: str, smolagents: str, tmp_path: Path):
    """Written by uv 0.13, Poetry 2.5, PDM 2.26, pip 26 and Pipenv, without addresses and other packages: mcp with an extra, in one version
    below Python 3.12 and another from there on (PDM and Pipenv know one version only), smolagents as an extra of the project."""
    shutil.copy(LOCKS / file, tmp_path / file)
    found = detect([tmp_path], FRAMEWORKS)
    assert found["mcp"].label == mcp
    assert found["smolagents"].label == smolagents
    assert found["mcp"].certain == (mcp == "1.30.0")
    if mcp == BOTH:
        assert found["mcp"].source == f"mcp {BOTH} in {file}, not one version for all; taken as 2.3.0"


REQUIREMENTS = [
    ("mcp[cli]==1.12.4", "1.12.4"),
    ("mcp == 1.12.4 # why", "1.12.4"),
    ("mcp==1.12.4#egg", "unknown"),
    ("mcp==1.12.4 \\\n    --hash=sha256:0 \\\n    --hash=sha256:1", "1.12.4"),
    ("mcp==1.12.4 --hash=sha256:0", "1.12.4"),
    ('mcp==1.12.4 ; sys_platform == "win32" and python_version >= "3.9"', "1.12.4"),
    ("mcp>=1.2,<2 --config-setting=x", "<2,>=1.2"),
    ("mcp==1.12.*", "==1.12.*"),
    ("mcp @ git+https://example.org/mcp@v1.12.4", "2.3.0"),
    ("--index-url https://example.org\n-e .\n./local\nhttps://example.org/mcp-1.12.4.whl\nmcp==1.12.4", "1.12.4"),
    ("-r inner/base.txt", "1.9.0"),
    ("--requirement=inner/base.txt", "1.9.0"),
    ("mcp\n-c inner/base.txt", "1.9.0"),
    ("mcp\n--constraint inner/ranges.txt", "2.3.0"),
    ("-c inner/ranges.txt", "<2"),
    ("-r requirements.txt\n-r missing.txt\nmcp==1.12.4", "1.12.4"),
    ("-r /dev/zero\n-r inner\nmcp==1.12.4", "1.12.4"),
    ('mcp<2 ; python_version < "3.12"\nmcp>=2.1 ; python_version >= "3.12"', "<2 or 2.3.0"),
    ("mcp-types==1.0\nnot a requirement ==", "unknown"),
]


@pytest.mark.parametrize(("text", "label"), REQUIREMENTS)
def test_requirements_as_pip_reads_them(text: str, label: str, tmp_path: Path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "base.txt").write_text("-r more.txt\n")
    (tmp_path / "inner" / "more.txt").write_text("-r base.txt\nmcp==1.9.0\n")
    (tmp_path / "inner" / "ranges.txt").write_text("mcp<2\n")
    (tmp_path / "requirements.txt").write_text(text + "\n")
    assert detect([tmp_path], FRAMEWORKS)["mcp"].label == label


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_powershell_writes(encoding: str, tmp_path: Path):
    (tmp_path / "requirements.txt").write_bytes("mcp==1.12.4\r\nother==1\r\n".encode(encoding))
    assert detect([tmp_path], FRAMEWORKS)["mcp"].version == "1.12.4"


def test_requirements_in_a_folder_and_of_pip_tools(tmp_path: Path):
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "base.txt").write_text("fastmcp>=2,<3\n")
    (tmp_path / "requirements.in").write_text("mcp<2\n")
    found = detect([tmp_path], FRAMEWORKS)
    assert (found["fastmcp"].label, found["mcp"].label) == ("<3,>=2", "<2")


def test_projects_below_the_scanned_folder_count_when_nothing_nearer_speaks(tmp_path: Path):
    for folder, version in (("servers/git", "1.30.0"), ("servers/time", "2.3.0"), ("node_modules/x", "1.1"), (".venv/y", "1.2")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "uv.lock").write_text(UV.replace("1.12.4", version))
    found = detect([tmp_path], FRAMEWORKS)["mcp"]
    assert found.label == "1.30.0 or 2.3.0"
    assert "git/uv.lock and time/uv.lock" in found.source
    (tmp_path / "uv.lock").write_text(UV)
    assert detect([tmp_path], FRAMEWORKS)["mcp"].version == "1.12.4"


def test_a_framework_of_several_distributions_names_the_one_it_found(tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\ndependencies = ["langchain-core>=1"]\n')
    found = detect([tmp_path], FRAMEWORKS)["langchain"]
    assert found.source == "pyproject.toml asks for langchain-core>=1; taken as the newest known, 1.8.1"
    (tmp_path / "requirements.txt").write_text("langgraph==1.1.0\n")
    assert detect([tmp_path], FRAMEWORKS)["langchain"] == Version("1.1.0", "langgraph 1.1.0 in requirements.txt")


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
    assert found["mcp"].source == "server-1.0.dist-info/METADATA asks for mcp<2,>=1.26; taken as a version in that range"
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
