"""Pairs that must not run in parallel: kind, code, when, runners, latent."""

from __future__ import annotations

import pytest

RMW = "r read file:{path} @4\n w write file:{path} @9 <- 0 data io"
COUNTER = "r read memory:{global.N}\n w write memory:{global.N} <- 0 data sync"


def said(scan) -> list[tuple[str, ...]]:
    """Each conflict as (names, kind, code, when)."""
    names = {tool.id: tool.name for tool in scan.tools}
    return [("/".join(names[t] for t in c.tools), c.kind, c.code, c.when) for c in scan.conflicts]


ITSELF = [
    ("load, edit, save", f"add(path, text)\n {RMW}", [("race", "TA101", "a.path == b.path")]),
    ("one file for all", "add(text)\n r read file:n.json\n w write file:n.json <- 0 data io", [("race", "TA101", "always")]),
    (
        "under one lock",
        "add(text)\n r read file:n lock=L/threads\n w write file:n lock=L/threads <- 0 data io",
        [],
    ),
    (
        "two locks are none",
        "add(text)\n r read file:n lock=L/threads\n w write file:n lock=M/threads <- 0 data io",
        [("race", "TA101", "always")],
    ),
    (
        "a lock by key covers its key",
        "add(path, text)\n r read file:{path} lock=L/threads/{path}\n w write file:{path} lock=L/threads/{path} <- 0 data io",
        [],
    ),
    (
        "a lock by key does not cover a shared total",
        "add(path, n)\n r read memory:{self.total} lock=L/threads/{path}\n w write memory:{self.total} lock=L/threads/{path} <- 0 data sync",
        [("race", "TA101", "a.path != b.path")],
    ),
    (
        "check, then create",
        "new(path, text)\n r check file:{path}\n w write file:{path} <- 0 control io",
        [("race", "TA104", "a.path == b.path")],
    ),
    ("check, then exclusive create", "new(path)\n r check file:{path}\n w create file:{path} atomic <- 0 control io", []),
    ("check, then delete", "rm(path)\n r check file:{path}\n w delete file:{path} atomic <- 0 control io", []),
    ("counter in one command", "hit()\n rw increment redis:hits atomic repeat=again", []),
    ("counter in two steps", f"hit()\n {COUNTER}", [("race", "TA101", "always")]),
    ("appends commute", "log(text)\n w append file:log", []),
    ("sends commute", "mail(to)\n w send http:https://m.example", []),
    ("pops take turns", "pop(name)\n rw consume redis:{name} atomic", []),
    ("fresh keys", "add(text)\n w create sql:notes[{new}]", []),
    ("blind writes", "put(path, text)\n w write file:{path}", [("order", "TA103", "a.path == b.path")]),
    ("a blind write without payload", "start(id)\n w update docker:{id} atomic repeat=same", []),
    ("free shell", "shell(command) opaque=shell\n rw opaque subprocess:{command}", [("race", "TA101", "may")]),
    ("a free statement in one request", "query(sql) opaque=sql\n rw opaque sql: atomic", [("order", "TA103", "may")]),
    ("a guess from a name accuses nobody", "put(x)\n w write other:* sure=name-only", []),
    ("a subscription of its own", "listen(c)\n rw session session:pubsub", []),
    ("a check of what is not known", "new(x)\n r check file:{?}\n w write file:{?} <- 0 control io", []),
    ("an edit of what is not known", "new(x)\n r read file:{?}\n w write file:{?} <- 0 data io", [("race", "TA101", "may")]),
    ("parts under a lock", "add(p, f)\n w update git:{p} repeat=same lock=L/threads", []),
    ("a switch", "stop()\n w write memory:{state.stop}", []),
    ("one page", "go(url)\n w session browser:{self.page}", [("race", "TA103", "always")]),
    ("a coroutine without an await", f"hit() async\n {COUNTER}", []),
    ("the same with something to differ in", f"add(n) async\n {COUNTER}", []),
    (
        "a coroutine with one",
        "hit() async suspends\n r read memory:{global.N}\n w write memory:{global.N} <- 0 data await",
        [("race", "TA101", "always")],
    ),
    ("a reader", "get(path)\n r read file:{path}", []),
    (
        "two actions of one tool",
        "notes(action)\n r read file:n if=action/list\n w append file:n if=action/add",
        [("order", "TA102", "a.action == 'list' and b.action == 'add'")],
    ),
    ("one transaction", "pay(id)\n r read sql:acc tx=1\n w update sql:acc tx=1 <- 0 data io", []),
]


@pytest.mark.parametrize(("text", "expected"), [c[1:] for c in ITSELF], ids=[c[0] for c in ITSELF])
def test_a_tool_with_itself(scan_of, text: str, expected: list[tuple[str, str, str]]) -> None:
    assert [found[1:] for found in said(scan_of(text))] == expected


PAIRS = [
    ("two readers", "a(p)\n r read file:{p}\n\nb(p)\n r read file:{p}", []),
    (
        "an editor and a blind writer",
        f"a(path)\n {RMW}\n\nb(path, t)\n w write file:{{path}} atomic",
        [("race", "TA101", "a.path == b.path")],
    ),
    ("a reader of a truncated file", "a(p)\n r read file:{p}\n\nb(p, t)\n w write file:{p}", [("race", "TA102", "a.p == b.p")]),
    ("a reader of a replaced file", "a(p)\n r read file:{p}\n\nb(p, t)\n w write file:{p} atomic", [("order", "TA102", "a.p == b.p")]),
    ("a total beside two statements", "a()\n r read sql:acc\n\nb(n)\n w update sql:acc\n w update sql:acc", [("race", "TA102", "always")]),
    (
        "a total beside one transaction",
        "a()\n r read sql:acc\n\nb(n)\n w update sql:acc tx=1\n w update sql:acc tx=1",
        [("order", "TA102", "always")],
    ),
    ("a listing and a constant file", "a()\n r list dir:d\n\nb(t)\n w write file:d/n.json", []),
    ("a listing and a deleted constant file", "a()\n r list dir:d\n\nb(t)\n w delete file:d/n.json", [("order", "TA102", "always")]),
    ("set and delete", "a(k, v)\n w write redis:{k} atomic\n\nb(k)\n w delete redis:{k} atomic", [("order", "TA103", "a.k == b.k")]),
    ("push and pop", "a(k)\n w append redis:{k}\n\nb(k)\n rw consume redis:{k} atomic", [("order", "TA103", "a.k == b.k")]),
    ("a listing and a new file", "a(d)\n r list dir:{d}\n\nb(p, t)\n w create file:{p} atomic", [("order", "TA102", "b.p lies in a.d")]),
    ("other tables", "a()\n r read sql:x\n\nb()\n w update sql:y", []),
    ("a shell beside a file", "a(c)\n rw opaque subprocess:{c}\n\nb(p, t)\n w write file:{p}", [("order", "TA103", "may")]),
    ("a shell beside memory", "a(c)\n rw opaque subprocess:{c}\n\nb(x)\n w write memory:{global.N}", []),
    ("a folder change under a relative path", "a(d)\n w write cwd:\n\nb()\n r read file:{cwd}/n.json", [("order", "TA402", "always")]),
    (
        "a memo that another tool reads",
        "a(p)\n w append memory:{self.seen} secondary=memo\n\nb(p)\n r check memory:{self.seen}",
        [("order", "TA102", "always")],
    ),
    (
        "two editors in one lock",
        "a()\n r read file:n lock=L/threads\n w write file:n lock=L/threads <- 0 data io\n\nb()\n w write file:n lock=L/threads",
        [("order", "TA103", "always")],
    ),
]


@pytest.mark.parametrize(("text", "expected"), [c[1:] for c in PAIRS], ids=[c[0] for c in PAIRS])
def test_two_tools(scan_of, text: str, expected: list[tuple[str, str, str]]) -> None:
    assert [found[1:] for found in said(scan_of(text)) if found[0] == "a/b"] == expected


RUNNERS = [
    ("threads", f"hit() runs=threads\n {COUNTER}", ("threads",), False, "error"),
    ("a plain function on the loop", f"hit() runs=event-loop\n {COUNTER}", ("threads",), True, "warning"),
    ("a serial runner", f"hit() runs=serial\n {COUNTER}", ("threads",), True, "warning"),
    ("not known: a plain function may be in threads", f"hit() runs=unknown\n {COUNTER}", ("threads",), False, "error"),
    ("a file is shared with other processes", f"add(path) runs=threads\n {RMW}", ("threads", "processes"), False, "error"),
    ("a coroutine that does not suspend, and a file", f"add(path) async\n {RMW}", ("processes",), True, "warning"),
    (
        "a coroutine that suspends",
        "add() async suspends\n r read file:n\n w write file:n <- 0 data await",
        ("event-loop", "threads", "processes"),
        False,
        "error",
    ),
]


@pytest.mark.parametrize(("text", "runners", "latent", "severity"), [c[1:] for c in RUNNERS], ids=[c[0] for c in RUNNERS])
def test_under_which_runners_it_bites(scan_of, text: str, runners: tuple[str, ...], latent: bool, severity: str) -> None:
    first = scan_of(text).conflicts[0]
    assert (first.runners, first.latent, first.severity) == (runners, latent, severity)


def test_a_thread_can_come_into_a_coroutine(scan_of) -> None:
    scan = scan_of(f"a() async\n {COUNTER}\n\nb() runs=threads\n w write memory:{{global.N}}")
    race = next(c for c in scan.conflicts if len(set(c.tools)) == 2)
    assert (race.kind, race.runners, race.latent) == ("race", ("threads",), False)


def test_what_is_not_understood_fails_no_gate(scan_of) -> None:
    scan = scan_of("add()\n r read file:n sure=name-only\n w write file:n sure=name-only <- 0 data io")
    assert {(c.severity, c.confidence) for c in scan.conflicts} == {("note", "low")}


def test_the_evidence_is_both_chains(scan_of) -> None:
    first = scan_of(f"add(path)\n {RMW}").conflicts[0]
    assert [[a.chain[-1].line for a in side] for side in first.evidence] == [[4, 9], [4, 9]]
    assert "an update made in between is lost (when a.path == b.path)" in first.message


def test_five_hundred_tools_take_seconds(scan_of) -> None:
    import time

    text = "\n\n".join(f"tool_{i}(path, text)\n {RMW}\n w append sql:log_{i % 50}" for i in range(200))
    start = time.process_time()
    scan = scan_of(text)
    assert len(scan.conflicts) >= 200 * 201 / 2
    assert time.process_time() - start < 12


def test_of_too_many_pairs_each_is_shown_by_its_strongest_clash(scan_of, monkeypatch) -> None:
    from toolaudit.verdicts import conflicts

    text = "\n\n".join(f"t{i}(a, b)\n w write file:{{a}}\n w write file:{{b}}" for i in range(3))
    assert not conflicts.is_shortened(scan_of(text).conflicts)
    monkeypatch.setattr(conflicts, "MANY_PAIRS", 3)
    found = scan_of(text).conflicts
    assert conflicts.is_shortened(found)
    assert len({c.tools for c in found}) == len(found) == 6
