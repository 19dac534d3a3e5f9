"""Whatever is wrong with what a user gives: one line on standard error, exit code 2, no traceback."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from toolaudit_reports.document import encode, load_evidence

EVIDENCE = Path(__file__).parents[2] / "reports" / "data" / "evidence.json"
FILES = {
    "words.json": b"hello",
    "list.json": b"[]",
    "null.json": b"null",
    "empty.json": b"{}",
    "zero.json": b"",
    "bytes.json": b"\xff\xfe\x00",
    "deep.json": b"[" * 100_000,
    "later.json": b'{"schema": 9, "tools": []}',
    "text_schema.json": b'{"schema": "x", "tools": []}',
    "wrong_type.json": b'{"schema": 1, "tools": {}}',
    "bad.toml": b"x = [",
    "other.toml": b"a = 1",
    "flat.toml": b'roots = ["x"]\nlibrary = 3\n',
}
CONFIGURATIONS = {
    "misspelt": "[tool.toolaudit]\nfail-onn = 'error'",
    "not_toml": "[tool.toolaudit",
    "wrong_type": "[tool.toolaudit]\nfail-on = 3",
    "wrong_word": "[tool.toolaudit]\nfail-on = 'errors'",
    "wrong_severity": "[tool.toolaudit.severity]\nlost-update = 'fatal'",
    "no_such_rule": "[tool.toolaudit]\nignore = ['lost-updates-of-all-kinds']",
    "no_such_rule_for_a_file": "[tool.toolaudit.per-file-ignores]\n'x.py' = ['nope']",
    "no_such_catalogue": "[tool.toolaudit]\ncatalogue = ['missing.toml']",
    "bad_catalogue": "[tool.toolaudit]\ncatalogue = ['../bad.toml']",
    "no_such_framework": "[tool.toolaudit]\nframeworks = ['missing.toml']",
    "bad_framework": "[tool.toolaudit]\nframeworks = ['../bad.toml']",
    "no_such_baseline": "[tool.toolaudit]\nbaseline = 'missing.json'",
    "no_jobs": "[tool.toolaudit]\njobs = 0",
}
LINES = [
    "nope",
    "scam src",
    "--nope",
    "scan",
    "scan missing",
    "scan src/notes.py missing",
    "scan loop",
    "scan src --format nope",
    "scan src --format json --format sarif",
    "scan src --output page.foo",
    "scan src --output html=folder",
    "scan src --output html=words.json/page.html",
    "scan src --select nope",
    "scan src --ignore TA999",
    "scan src --fail-on nope",
    "scan src --runner nope",
    "scan src --jobs 0",
    "scan src --since nope",
    "scan src --compare mcp",
    "scan src --compare mcp=1:2:3",
    "scan src --compare mcp=old:new",
    "scan src --compare nope=1:2",
    "scan src --write-baseline folder",
    "scan src --write-baseline missing/b.json",
    *(f"scan src --baseline {name}" for name in ("missing.json", "folder", "words.json", "scan.json", "bytes.json", "deep.json")),
    "report",
    "report missing.json",
    "report folder",
    "report truncated.json",
    "report evidence.json",
    "report scan.json --format nope",
    "report scan.json --output html=folder",
    *(f"report {name}" for name in FILES if name.endswith(".json")),
    "graph missing",
    "graph src --format nope",
    "explain nope",
    "explain TA999",
    "schema nope",
    "frameworks nope",
    *(
        f"{command} --file {name}"
        for command in ("frameworks", "catalogue")
        for name in ("missing", "bad.toml", "other.toml", "bytes.json")
    ),
    "catalogue os.rename --file flat.toml x.y",
    "confirm",
    "confirm missing",
    "confirm words.json",
    "confirm truncated.json",
    "confirm later.json",
    "confirm evidence.json",
    "confirm scan.json --evidence folder",
    "confirm src --budget 0",
]


@pytest.fixture
def wrong(project: Path, run) -> Path:
    """The project with everything that can be wrong beside it."""
    for name, data in FILES.items():
        (project / name).write_bytes(data)
    (project / "folder").mkdir()
    (project / "loop").symlink_to("loop")
    (project / "evidence.json").write_bytes(encode(load_evidence(EVIDENCE.read_bytes())))
    run("scan", "src", "--output", "json=scan.json")
    whole = (project / "scan.json").read_bytes()
    (project / "truncated.json").write_bytes(whole[: len(whole) // 2])
    return project


def test_each_is_one_line_and_exit_code_2(wrong: Path, run, subtests: pytest.Subtests) -> None:
    before = sorted(path.name for path in wrong.rglob("*"))
    for line in LINES:
        with subtests.test(line):
            said = run(*shlex.split(line))
            assert said.code == 2, said
            assert said.err.count("\n") == 1, said.err
            assert said.err.startswith("toolaudit: "), said.err
            assert len(said.err) < 500, said.err
    assert sorted(path.name for path in wrong.rglob("*")) == before, "nothing is left behind"


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_configuration(wrong: Path, run, name: str) -> None:
    (wrong / "src" / "pyproject.toml").write_text(CONFIGURATIONS[name])
    said = run("scan", "src")
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1), said


def test_a_misspelt_key_is_told_the_right_one(wrong: Path, run) -> None:
    (wrong / "src" / "pyproject.toml").write_text(CONFIGURATIONS["misspelt"])
    assert run("scan", "src").err == "toolaudit: pyproject.toml: [tool.toolaudit] has no key `fail-onn`; did you mean `fail-on`?\n"
    (wrong / "src" / "pyproject.toml").write_text(CONFIGURATIONS["wrong_word"])
    assert "did you mean `error`?" in run("scan", "src").err


@pytest.mark.parametrize("text", ["tool = 3", "[project]\ndependencies = 3", "project = []\ndependency-groups = 'x'", "[tool]\npoetry = 1"])
def test_another_tools_mistakes_do_not_stop_a_scan(project: Path, run, text: str) -> None:
    (project / "src" / "pyproject.toml").write_text(text)
    assert run("scan", "src", "--quiet").code == 1
