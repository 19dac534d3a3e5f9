"""The cache gives back what was put in, notices every change, and never stands in the way."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from toolaudit.errors import ToolauditError
from toolaudit.project import open_project
from toolaudit.project.cache import Cache, content_digest, folder, key
from toolaudit.project.pool import Workers

FILES = {
    "pkg/__init__.py": "",
    "pkg/a.py": "import tool\nfrom . import b\ndef f():\n    return b.g()\n",
    "pkg/b.py": "def g():\n    return 1\n",
}
MARKERS = {"any": b"tool"}


@pytest.fixture
def where(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def code(tmp_path, monkeypatch):
    base = tmp_path / "code"
    for name, text in FILES.items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_text(text)
        os.utime(base / name, ns=(10**18, 10**18))
    monkeypatch.chdir(base)
    return base


def scan(where, *roots):
    """Everything the later rooms would ask, and whether libcst had to work."""
    with open_project([Path(r) for r in roots or (".",)], MARKERS, cache=Cache(where)) as opened:
        seen = [opened.index(path) for path in opened.candidates]
        seen += [opened.facts("pkg/a.py", "f"), opened.facts("pkg/b.py", "g"), opened.module("pkg.b"), opened.unreadable]
        return opened, seen


def test_a_second_run_sees_the_same(where, code, monkeypatch):
    _, first = scan(where)
    monkeypatch.setattr("toolaudit.project.pool.unpack", None)  # extracting anything would fail now
    monkeypatch.setattr("toolaudit.project.local.parse", None)
    _, second = scan(where)
    assert first == second


def test_nothing_changed_gives_the_stored_result_without_libcst(where, code):
    program = (
        "import sys\nfrom pathlib import Path\nfrom toolaudit.project import open_project\nfrom toolaudit.project.cache import Cache\n"
        f"with open_project([Path('.')], {MARKERS!r}, cache=Cache(Path({str(where)!r}))) as p:\n"
        "    found = p.result('settings')\n"
        "    if found is None:\n        p.prefetch([('pkg/a.py', 'f')], closely=True); p.store_result('settings', b'stored')\n"
        "    print(found, 'libcst' in sys.modules)\n"
    )
    said = [subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip() for _ in range(2)]
    assert said == ["None True", "b'stored' False"]


CHANGES = {
    "edited": lambda code: (code / "pkg/b.py").write_text("def g():\n    return 2\n"),
    "same size, other time": lambda code: (code / "pkg/b.py").write_text("def g():\n    return 2\n"),
    "added": lambda code: (code / "new.py").write_text("x = 1\n"),
    "removed": lambda code: (code / "pkg/b.py").unlink(),
    "renamed": lambda code: (code / "pkg/b.py").rename(code / "pkg/c.py"),
    "swapped": lambda code: [(code / a).rename(code / b) for a, b in (("pkg/a.py", "t"), ("pkg/b.py", "pkg/a.py"), ("t", "pkg/b.py"))],
    "unreadable": lambda code: ((code / "pkg/b.py").unlink(), (code / "pkg/b.py").symlink_to("nowhere")),
    "too large": lambda code: (code / "pkg/b.py").write_text("x = 1\n" * 200_000),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_result_is_not_given_after_a_change(where, code, change):
    with open_project([Path()], MARKERS, cache=Cache(where)) as opened:
        opened.store_result("settings", b"stored")
        assert opened.result("settings") == b"stored"
        assert opened.result("other settings") is None
    CHANGES[change](code)
    with open_project([Path()], MARKERS, cache=Cache(where)) as opened:
        assert opened.result("settings") is None


def test_other_markers_another_result(where, code):
    with open_project([Path()], MARKERS, cache=Cache(where)) as opened:
        opened.store_result("settings", b"stored")
    with open_project([Path()], {"any": b"other"}, cache=Cache(where)) as opened:
        assert opened.result("settings") is None
        assert opened.candidates == ()


@pytest.mark.parametrize("change", [lambda p: p.write_text("x = 3\n"), lambda p: p.unlink()])
def test_a_result_depends_on_what_lies_beside_the_roots(where, code, change):
    def opened():
        return open_project([Path("pkg/a.py")], MARKERS, cache=Cache(where))

    with opened() as project:
        assert project.module("pkg.b").path == "pkg/b.py"
        project.store_result("settings", b"stored")
    with opened() as project:
        assert project.result("settings") == b"stored"
    change(code / "pkg/b.py")
    with opened() as project:
        assert project.result("settings") is None


def test_a_result_depends_on_look_ups_that_failed(where, code):
    def opened():
        return open_project([Path("pkg/a.py")], MARKERS, cache=Cache(where))

    with opened() as project:
        assert project.module("pkg.later") is None
        project.store_result("settings", b"stored")
    (code / "pkg/later.py").write_text("x = 1\n")
    with opened() as project:
        assert project.result("settings") is None


def test_a_fresh_file_is_read_again(where, code):
    """Its time stamp cannot be trusted yet: a second edit in the same tick would not show."""
    path = code / "pkg/b.py"
    path.write_text("def g():\n    return 2\n")
    stamp = path.stat().st_mtime_ns
    scan(where)
    path.write_text("def g():\n    return 3\n")
    os.utime(path, ns=(stamp, stamp))
    _, seen = scan(where)
    assert seen[2].body[0].value.value == 3


def test_an_edit_is_seen(where, code):
    scan(where)
    (code / "pkg/b.py").write_text("def g():\n    return 'new'\n")
    _, seen = scan(where)
    assert seen[2].body[0].value.value == "new"


def test_equal_files_in_two_packages_keep_their_own_names(where, code):
    for name in ("one", "two"):
        (code / name).mkdir()
        (code / name / "__init__.py").write_text("")
        (code / name / "m.py").write_text("from . import x\ndef f():\n    from .y import z\n")
    with open_project([Path()], {}, cache=Cache(where)) as opened:
        for name in ("one", "two"):
            index = opened.index(f"{name}/m.py")
            assert (index.path, index.module, index.imports[0].module) == (f"{name}/m.py", f"{name}.m", name)
            assert opened.facts(f"{name}/m.py", "f").body[0].bindings[0].module == f"{name}.y"


DAMAGE = {
    "garbage": lambda file: file.write_bytes(b"garbage" * 1000),
    "empty": lambda file: file.write_bytes(b""),
    "half": lambda file: file.write_bytes(file.read_bytes()[:5000]),
    "foreign database": lambda file: (file.unlink(), sqlite3.connect(file).execute("create table foreign_ (x)").connection.close()),
    "other schema": lambda file: sqlite3.connect(file).execute("pragma user_version = 99").connection.close(),
    "our version, no tables": lambda file: (file.unlink(), sqlite3.connect(file).execute("pragma user_version = 1").connection.close()),
    "wrong rows": lambda file: [c := sqlite3.connect(file), c.execute("update facts set data = x'c1'"), c.commit(), c.close()],
    "other values": lambda file: [c := sqlite3.connect(file), c.execute("update facts set data = x'93010203'"), c.commit(), c.close()],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_or_foreign_file_is_replaced(where, code, damage):
    _, first = scan(where)
    for file in where.glob("*-*"):
        file.unlink()
    DAMAGE[damage](where / "facts.sqlite3")
    _, second = scan(where)
    assert first == second
    assert Cache(where).enabled


def test_a_file_in_the_place_of_the_folder(where, code):
    where.write_text("in the way")
    _, seen = scan(where)
    assert seen[1] is not None
    assert where.read_text() == "in the way"


def test_a_folder_in_the_place_of_the_file(where, code):
    (where / "facts.sqlite3").mkdir(parents=True)
    _, seen = scan(where)
    assert seen[1] is not None


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_folder(where, code):
    scan(where)
    where.chmod(0o500)
    try:
        _, seen = scan(where)
    finally:
        where.chmod(0o700)
    assert seen[1] is not None


def test_a_database_that_another_run_holds(where, code, monkeypatch):
    _, first = scan(where)
    monkeypatch.setattr("toolaudit.project.cache.PATIENCE", 0.05)
    holder = sqlite3.connect(where / "facts.sqlite3", isolation_level=None)
    holder.execute("begin exclusive")
    (code / "pkg/b.py").write_text("def g():\n    return 5\n")
    _, second = scan(where)
    holder.execute("rollback")
    holder.close()
    assert second[2].body[0].value.value == 5
    assert first[1] == second[1]


def test_many_runs_at_once(where, code):
    failures: list[BaseException] = []
    seen: list[list[object]] = []

    def run():
        try:
            seen.append(scan(where)[1])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert all(s == seen[0] for s in seen)
    with sqlite3.connect(where / "facts.sqlite3") as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)


def test_no_cache_remembers_nothing(code):
    with open_project([Path()], MARKERS) as opened:
        opened.store_result("settings", b"stored")
        assert opened.result("settings") is None


def test_the_folder_can_be_named(monkeypatch, tmp_path):
    monkeypatch.setenv("TOOLAUDIT_CACHE_DIR", str(tmp_path / "named"))
    assert folder() == tmp_path / "named"
    monkeypatch.delenv("TOOLAUDIT_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert folder().name == "toolaudit"


def test_only_the_latest_results_are_kept(where):
    cache = Cache(where)
    for i in range(30):
        cache.store_result(key(str(i)), b"x", {})
    assert [cache.result(key(str(i))) is not None for i in (0, 9, 10, 29)] == [False, False, True, True]
    cache.close()
    assert cache.result(key("29")) is None


def test_results_are_kept_within_their_bytes(where, monkeypatch):
    monkeypatch.setattr("toolaudit.project.cache.KEPT_BYTES", 100)
    cache = Cache(where)
    for name, size in (("old", 60), ("new", 60), ("huge", 300), ("huge", 400)):
        cache.store_result(key(name), [noise(size // 2)] * 2, {})
    assert [cache.result(key(name)) for name in ("old", "new")] == [None, None]
    assert cache.result(key("huge")) == noise(200) * 2  # the last one is kept whatever its size
    assert list(cache.pieces(key("huge")) or ()) == [noise(200)] * 2
    cache.store_result(key("next"), noise(60), {})
    assert [cache.result(key(name)) for name in ("huge", "next")] == [None, noise(60)]


def noise(size: int) -> bytes:
    """Bytes that cannot be packed."""
    return random.Random(size).randbytes(size)


def test_a_damaged_piece_is_one_clear_line(where):
    cache = Cache(where)
    cache.store_result(key("k"), b"x" * 100, {})
    cache.close()
    with sqlite3.connect(where / "facts.sqlite3") as connection:
        connection.execute("update pieces set data = zeroblob(length(data))")
    assert Cache(where).result(key("k")) is None
    with pytest.raises(ToolauditError, match=r"facts\.sqlite3: the cache is damaged; remove it"):
        list(Cache(where).pieces(key("k")) or ())


def test_a_result_that_lost_a_piece_is_no_result(where):
    cache = Cache(where)
    cache.store_result(key("k"), [b"1", b"2"], {})
    cache.close()
    with sqlite3.connect(where / "facts.sqlite3") as connection:
        connection.execute("delete from pieces where id = (select max(id) from pieces)")
    assert Cache(where).result(key("k")) is None


def test_a_result_whose_dependency_changed(where, tmp_path):
    cache = Cache(where)
    file = tmp_path / "x.py"
    file.write_bytes(b"1")
    cache.store_result(key("k"), b"x", {str(file): content_digest(b"1"), str(tmp_path / "absent"): None})
    assert cache.result(key("k")) == b"x"
    (tmp_path / "absent").write_bytes(b"")
    assert cache.result(key("k")) is None


def test_keys_separate_their_parts():
    assert len({key("ab", "c"), key("a", "bc"), key("abc"), key("ab", "c", "")}) == 4


def test_a_name_that_is_no_text(where, code):
    Path(os.fsdecode(b"caf\xe9.py")).write_bytes(b"def f(): return 1\n")
    for _ in range(2):
        with open_project([Path()], {}, cache=Cache(where)) as opened:
            assert opened.facts("caf\\xe9.py", "f") is not None
            opened.store_result("s", b"x")
            assert opened.result("s") == b"x"


def test_what_a_slow_worker_lost_is_not_remembered(where, code):
    (code / "table.py").write_text("def f():\n    return {" + "1: 2, " * 40_000 + "}\n")

    def opened(timeout):
        return open_project([Path()], MARKERS, workers=Workers(1, timeout=timeout), cache=Cache(where))

    with opened(timeout=-2) as project:  # what is left is its allowance for size, four tenths of a second
        project.prefetch([("table.py", "f")], closely=True)
        assert project.facts("table.py", "f") is None
        assert "takes the parser longer" in project.unreadable[0].reason
        project.store_result("settings", b"stored")
        assert project.result("settings") is None
    with opened(timeout=60) as project:
        project.prefetch([("table.py", "f")], closely=True)
        assert project.facts("table.py", "f") is not None
        project.store_result("settings", b"stored")
        assert project.result("settings") == b"stored"
