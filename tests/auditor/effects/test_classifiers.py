"""Text that says what a call does: SQL, commands, requests, names of methods; paths as keys."""

from __future__ import annotations

import pytest

from toolaudit.effects import guesses, http, shell, sql
from toolaudit.effects.keys import join_path, normal_path
from toolaudit.effects.values import Many, Scalar, Text, Value
from toolaudit.model import KeyPart


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * FROM a JOIN b ON a.i = b.i", [("a", "r", "read"), ("b", "r", "read")]),
        ("WITH c AS (SELECT 1 FROM a) SELECT * FROM c", [("a", "r", "read")]),
        ("INSERT INTO a (x) SELECT y FROM b", [("a", "w", "append"), ("b", "r", "read")]),
        ("INSERT INTO a (x) VALUES (1) ON CONFLICT (x) DO UPDATE SET n = a.n + 1", [("a", "rw", "increment")]),
        ("INSERT INTO a (x) VALUES (1) ON CONFLICT (x) DO UPDATE SET n = excluded.n", [("a", "w", "write")]),
        ("INSERT INTO a (x) VALUES (1) ON CONFLICT DO NOTHING", [("a", "w", "ensure")]),
        ("INSERT OR REPLACE INTO a (x) VALUES (?)", [("a", "w", "write")]),
        ("INSERT OR IGNORE INTO a (x) VALUES (?)", [("a", "w", "ensure")]),
        ("UPDATE a SET n = n + 1 WHERE id = %s", [("a", "rw", "increment")]),
        ("UPDATE a SET n = :n WHERE id = :id", [("a", "w", "update")]),
        ("DELETE FROM s.a WHERE id = $1", [("s.a", "w", "delete")]),
        ("CREATE TABLE IF NOT EXISTS a (x int)", [("a", "w", "ensure")]),
        ("CREATE TABLE a (x int)", [("a", "w", "create")]),
        ("DROP TABLE a", [("a", "w", "delete")]),
        ("ALTER TABLE a ADD COLUMN y int", [("a", "w", "update")]),
        ("BEGIN", []),
        ("SELECT 1", []),
        ("SELECT version()", [("", "r", "read")]),
        ("SELECT name FROM duckdb_settings() WHERE name = 'x'", [("duckdb_settings", "r", "read")]),
        ("SELECT * FROM a_function(1)", [("", "r", "read")]),
        ("SELECT 1 FROM a; DELETE FROM b", [("a", "r", "read"), ("b", "w", "delete")]),
        ("EXPLAIN QUERY PLAN SELECT * FROM a", [("a", "r", "read")]),
        ("EXPLAIN (FORMAT JSON, COSTS TRUE) DELETE FROM a", [("a", "r", "read")]),
        ("EXPLAIN (FORMAT JSON) " + sql.HOLE + "1", [("", "r", "read")]),
        ("EXPLAIN ANALYZE VERBOSE DELETE FROM a", [("a", "w", "delete")]),
        ("EXPLAIN (ANALYZE, BUFFERS) UPDATE a SET n = 1", [("a", "w", "update")]),
        ("EXPLAIN (ANALYZE FALSE) UPDATE a SET n = 1", [("a", "r", "read")]),
        ("CALL clean_up()", [("", "rw", "opaque")]),
        ("SELECT pg_advisory_lock(1)", [("connection", "rw", "session")]),
        ("SELECT hypopg_reset();EXPLAIN (FORMAT JSON) SELECT 1 FROM a", [("a", "r", "read"), ("connection", "rw", "session")]),
        ("SELECT nextval('s'), x FROM a", [("a", "r", "read"), ("", "rw", "increment")]),
        ("SELECT 'nextval(', lower(x) FROM a", [("a", "r", "read")]),
    ],
)
def test_sql(text: str, expected: list[tuple[str, str, str]]) -> None:
    found = sql.effects(text)
    assert found is not None
    assert [(e.table, e.mode, e.op) for e in found] == expected


def test_text_that_is_no_sql_is_not_understood() -> None:
    assert sql.effects("please tidy up") is None
    assert sql.statement_text((KeyPart("param", "query"),)) is None


def test_a_table_named_by_a_parameter_keeps_it() -> None:
    parts = (KeyPart("literal", "SELECT * FROM "), KeyPart("param", "table"))
    text = sql.statement_text(parts)
    assert text is not None
    (effect,) = sql.effects(text) or ()
    assert sql.table_parts(effect.table, parts) == (KeyPart("param", "table"),)


@pytest.mark.parametrize(
    ("words", "kind", "mode", "op"),
    [
        ("git -C x log", "git", "r", "read"),
        ("git commit -m x", "git", "rw", "update"),
        ("git branch --list", "git", "r", "read"),
        ("git branch new", "git", "w", "update"),
        ("docker ps", "docker", "r", "read"),
        ("docker compose ls", "docker", "r", "read"),
        ("kubectl delete pod x", "k8s", "w", "delete"),
        ("kubectl get pods", "k8s", "r", "read"),
        ("aws s3api list-buckets", "aws", "r", "list"),
        ("npm install x", "subprocess", "w", "update"),
        ("pip list", "subprocess", "r", "read"),
        ("ls -la", "dir", "r", "list"),
        ("cat a.txt", "file", "r", "read"),
        ("rg -n pattern src", "dir", "r", "list"),
        ("find . -name x", "dir", "r", "list"),
        ("find . -delete", "subprocess", "rw", "opaque"),
        ("sed -i s/a/b/ f", "file", "rw", "update"),
        ("rm -rf x", "dir", "w", "delete"),
        ("curl https://x.org/a", "http", "r", "read"),
        ("curl -X DELETE https://x.org/a", "http", "w", "delete"),
        ("sudo systemctl status x", "subprocess", "r", "read"),
        ("bash -c 'git log'", "git", "r", "read"),
        ("bash x.sh", "subprocess", "rw", "opaque"),
        ("unheard-of --now", "subprocess", "rw", "update"),
        ("node --version", "subprocess", "r", "read"),
        ("crontab -l", "file", "r", "read"),
        ("gh pr list", "http", "r", "read"),
        ("git", "git", "rw", "opaque"),
    ],
)
def test_commands(words: str, kind: str, mode: str, op: str) -> None:
    found = shell.words_of(Value(Scalar(words)))
    assert found is not None
    (command,) = shell.classify(found)
    assert (command.kind, command.mode, command.op) == (kind, mode, op)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("cat a | sort > b", [("file", "r", "a"), ("file", "w", "b")]),
        ("cp a b", [("file", "r", "a"), ("file", "w", "b")]),
        ("cd x && git commit -m y", [("subprocess", "rw", "cd"), ("git", "rw", "")]),
        ("echo $(reboot)", [("subprocess", "rw", "*")]),
        ("echo x 2> /dev/null", []),
    ],
)
def test_a_line_of_commands(line: str, expected: list[tuple[str, str, str]]) -> None:
    words = shell.words_of(Value(Scalar(line)))
    assert words is not None
    assert [(c.kind, c.mode, "".join(part.text for part in c.key)) for c in shell.classify(words)] == expected


def test_a_command_that_is_not_known_text_has_no_words() -> None:
    assert shell.words_of(Value(Text((KeyPart("param", "command"),)))) is None
    assert shell.words_of(Value(Scalar("echo 'unbalanced"))) is None
    assert shell.classify([])[0].op == "opaque"


def test_a_command_with_holes_keeps_its_first_words() -> None:
    value = Value(Text((KeyPart("literal", "git log "), KeyPart("param", "ref"))))
    found = shell.words_of(value)
    assert found is not None and shell.classify(found)[0].mode == "r"
    listed = Value(Many("list", items=(Value(Scalar("git")), Value(Scalar("status")))))
    assert shell.words_of(listed) is not None


@pytest.mark.parametrize(
    ("method", "address", "function", "mode", "op"),
    [
        ("GET", "https://h/x", "f", "r", "read"),
        ("POST", "https://h/items", "f", "w", "send"),
        ("POST", "https://h/v1/search", "f", "r", "read"),
        ("POST", "https://h/graphql", "f", "r", "read"),
        ("POST", "https://h/items", "search_items", "r", "read"),
        ("PUT", "https://h/items", "f", "w", "write"),
        ("DELETE", "https://h/items", "f", "w", "delete"),
        ("PATCH", "https://h/items", "f", "w", "update"),
        (None, "https://h/items", "f", "rw", "opaque"),
    ],
)
def test_requests(method: str | None, address: str, function: str, mode: str, op: str) -> None:
    found = http.classify(method, (KeyPart("literal", address),), function)
    assert (found.mode, found.op) == (mode, op)


@pytest.mark.parametrize(
    ("name", "verb"),
    [
        ("upsert_user_memory", "upsert"),
        ("getMessages", "get"),
        ("queue_push", "push"),
        ("async_send", "send"),
        ("frobnicate", "frobnicate"),
    ],
)
def test_verbs(name: str, verb: str) -> None:
    assert guesses.verb_of(name) == verb


@pytest.mark.parametrize(
    ("name", "kind"),
    [("SqlDatabase", "sql"), ("RedisClient", "redis"), ("BrowserPage", "browser"), ("SessionService", "session"), ("Thing", "other")],
)
def test_kinds_of_clients(name: str, kind: str) -> None:
    assert guesses.kind_of(name, None) == kind


def _text(parts: tuple[KeyPart, ...]) -> str:
    return "".join(part.text if part.kind == "literal" else "{" + part.text + "}" for part in parts)


@pytest.mark.parametrize(
    ("path", "expected"), [("a/b/..", "a"), ("./a//b/", "a/b"), ("/a/./b", "/a/b"), ("a/../b", "b"), ("../a", "../a"), ("/", "/")]
)
def test_paths_are_normal(path: str, expected: str) -> None:
    assert _text(normal_path((KeyPart("literal", path),))) == expected


def test_an_absolute_piece_starts_anew() -> None:
    a, b, p = ((KeyPart("literal", "a"),), (KeyPart("literal", "/b"),), (KeyPart("param", "p"),))
    assert _text(join_path([a, p])) == "a/{p}"
    assert _text(join_path([a, b, p])) == "/b/{p}"
    assert _text(join_path([p, (), a])) == "{p}/a"
