"""Which files are found, under which names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from toolaudit.project.walk import walk


@pytest.fixture
def here(tmp_path, monkeypatch):
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def write(base: Path, *names: str, text: str = "") -> None:
    for name in names:
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def found(*roots, exclude=()):
    return list(walk([Path(r) for r in roots], exclude).files)


def test_paths_are_relative_to_the_working_folder(here):
    write(here, "docs/examples/notes.py", "docs/other.py", "a.txt")
    assert found("docs/examples") == ["docs/examples/notes.py"]
    assert found(here / "docs") == ["docs/examples/notes.py", "docs/other.py"]
    assert found(".") == found("docs", ".", "docs/other.py") == ["docs/examples/notes.py", "docs/other.py"]
    assert found("docs/other.py") == ["docs/other.py"]
    assert found("a.txt") == ["a.txt"]


def test_else_to_the_root_given(here, tmp_path):
    write(tmp_path, "away/pkg/a.py", "away/b.py", "far/c.py")
    assert found("../away") == ["b.py", "pkg/a.py"]
    assert found(tmp_path / "away" / "b.py") == ["b.py"]
    assert found("../away", "../far") == ["away/b.py", "away/pkg/a.py", "far/c.py"]


def test_what_is_no_source_of_the_project_is_left_out(here):
    write(
        here, "a.py", ".hidden/b.py", "__pycache__/c.py", "node_modules/d.py", "env/pyvenv.cfg", "env/lib/e.py", "build/lib/f.py",
        "dist/g.py",
        "build_tools/h.py", "src/build/__init__.py", "src/build/i.py", "tests/test_a.py", "x/site-packages/j.py",
    )  # fmt: skip
    assert found(".") == ["a.py", "build_tools/h.py", "src/build/__init__.py", "src/build/i.py", "tests/test_a.py"]


def test_a_named_folder_is_scanned_whatever_its_name(here):
    write(here, "x/site-packages/j.py", ".hidden/b.py", "env/pyvenv.cfg", "env/e.py")
    assert found("x/site-packages") == ["x/site-packages/j.py"]
    assert found(".hidden", "env") == [".hidden/b.py", "env/e.py"]


def test_git_ignored_files_are_left_out(here):
    (here / ".git" / "info").mkdir(parents=True)
    write(here, "a.py", "gen/b.py", "sub/keep.py", "sub/drop.py", "sub/deep/keep_not.py", "local.py", "odd.py")
    write(here, ".gitignore", text="# made\n/gen/\ndrop*\nkeep*.py\n!\n")
    write(here, "sub/.gitignore", text="!keep.py\n")
    write(here, ".git/info/exclude", text="local.py\n")
    assert found(".") == ["a.py", "odd.py", "sub/keep.py"]
    assert found("sub") == ["sub/keep.py"]
    assert found("gen") == ["gen/b.py"], "what is named is scanned, even when ignored"


def test_ignore_files_above_count_up_to_the_repository(here, tmp_path):
    write(tmp_path, ".gitignore", text="*.py\n")
    write(here, "a.py")
    assert found(".") == ["a.py"], "no repository: a stray .gitignore above says nothing"
    (tmp_path / ".git").mkdir()
    write(tmp_path, ".gitignore", text="b.py\n")
    write(here, "b.py")
    assert found(".") == ["a.py"]


def test_excluded_patterns(here):
    write(here, "a.py", "vendor/b.py", "pkg/vendor/c.py", "pkg/d_test.py")
    assert found(".", exclude=["vendor/", "*_test.py"]) == ["a.py"]
    assert found("pkg", exclude=["/vendor"]) == ["pkg/d_test.py", "pkg/vendor/c.py"]


def test_links_are_not_followed_into_folders_and_loops_end(here):
    write(here, "a/b.py")
    (here / "a" / "loop").symlink_to(here / "a", target_is_directory=True)
    (here / "again").symlink_to(here / "a", target_is_directory=True)
    (here / "self").symlink_to(here / "self")
    (here / "linked.py").symlink_to(here / "a" / "b.py")
    assert found(".") == ["a/b.py", "linked.py"]
    assert found("again") == ["again/b.py"], "a link that is named is followed"


def test_what_cannot_be_read_is_said(here):
    (here / "gone.py").symlink_to(here / "nowhere.py")
    os.mkfifo(here / "pipe.py")
    write(here, "a.py")
    walked = walk([Path(), Path("missing.py")])
    assert list(walked.files) == ["a.py"]
    assert sorted((u.path, u.reason) for u in walked.refused) == [
        ("gone.py", "skipped: a link to nothing"),
        ("missing.py", "cannot be read: No such file or directory"),
        ("pipe.py", "skipped: not a regular file"),
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_without_permission_is_said(here):
    write(here, "locked/a.py", "b.py")
    (here / "locked").chmod(0)
    try:
        walked = walk([Path()])
    finally:
        (here / "locked").chmod(0o700)
    assert list(walked.files) == ["b.py"]
    assert [(u.path, u.reason) for u in walked.refused] == [("locked", "the folder cannot be read: Permission denied")]


def test_a_name_that_is_no_text_is_shown_escaped(here):
    Path(os.fsdecode(b"caf\xe9.py")).touch()
    write(here, "ü.py")
    assert found(".") == ["caf\\xe9.py", "ü.py"]


def test_a_path_too_long_for_the_system_is_said(here):
    folder = here
    depth = 0
    here_fd = os.open(here, os.O_RDONLY)
    try:
        current = here_fd
        for _ in range(22):  # 22 × 201 characters, made step by step, since no single path may name them
            os.mkdir("d" * 200, dir_fd=current)
            deeper = os.open("d" * 200, os.O_RDONLY, dir_fd=current)
            if current != here_fd:
                os.close(current)
            current, depth = deeper, depth + 1
        os.close(current)
    finally:
        os.close(here_fd)
    write(folder, "a.py")
    walked = walk([Path()])
    assert list(walked.files) == ["a.py"]
    assert [u.reason for u in walked.refused] == ["the folder cannot be read: File name too long"]
