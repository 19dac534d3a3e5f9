"""Class, shape and the three answers, from what a tool does. The cases follow how experts judged real tools."""

from __future__ import annotations

import pytest

from toolaudit_reports.lines import plain

CASES = [
    # name, what the tool does, class, shape, atomic, idempotent
    ("nothing", "sleep(seconds)", "pure", "", True, True),
    ("one read", "get(path)\n r read file:{path}", "read-only", "", True, True),
    ("existence picks the error text", "get(path)\n r check file:{path}\n r read file:{path}", "read-only", "", True, True),
    ("two reads", "paper(id)\n r read file:{id}.md\n r read file:{id}.json", "read-only", "", False, True),
    ("a listing and then each file", "search(folder)\n r list dir:{folder}\n r read file:{folder}/*", "read-only", "", False, True),
    ("a setting beside a read", "fetch(url)\n r read env:PROXY\n r read http:{url}", "read-only", "", True, True),
    ("truncate and write", "save(path, text)\n w write file:{path}", "write-only", "", False, True),
    ("replace of a finished file", "save(path, text)\n w write file:{path} atomic", "write-only", "", True, True),
    ("append", "journal(text)\n w append file:log.txt", "write-only", "", True, False),
    ("send", "mail(to)\n w send http:https://mail.example/send", "write-only", "", True, False),
    ("put", "put(id)\n w write http:https://x.org/{id} repeat=same", "write-only", "", True, True),
    ("a new record each time", "add(text)\n w create sql:memories[{new}] atomic", "write-only", "", True, False),
    ("delete", "remove(id)\n w delete sql:memories[{id}] atomic", "write-only", "", True, True),
    ("two commands", "hset(name, key)\n w write redis:{name}[{key}]\n w update redis:{name} repeat=same", "write-only", "", False, True),
    ("a setting or a removal", "put(key)\n w write redis:{key} atomic\n w delete redis:{key} atomic", "write-only", "", True, True),
    ("a part or the whole", "set(key)\n w update redis:{key} repeat=same\n w write redis:{key} atomic", "write-only", "", True, True),
    ("a listing and the size of each", "sizes(folder)\n r list dir:{folder}\n r read file:{folder}/{?}", "read-only", "", False, True),
    (
        "a new name refused when taken",
        "branch(repo)\n r list git:{repo}\n w create git:{repo} repeat=error <- 0 data io",
        "read-modify-write",
        "in-place",
        False,
        True,
    ),
    ("one command or the other", "set(key)\n w write redis:{key}\n w write redis:{key}", "write-only", "", True, True),
    (
        "load, edit, save",
        "add(path)\n r read file:{path}\n w write file:{path} <- 0 data io",
        "read-modify-write",
        "in-place",
        False,
        False,
    ),
    (
        "the same under a lock",
        "add(path)\n r read file:{path} lock=L/threads\n w write file:{path} lock=L/threads <- 0 data io",
        "read-modify-write",
        "in-place",
        True,
        False,
    ),
    (
        "an asyncio lock does not hold threads",
        "add(path)\n r read file:{path} lock=L/event-loop\n w write file:{path} lock=L/event-loop <- 0 data io",
        "read-modify-write",
        "in-place",
        False,
        False,
    ),
    (
        "an asyncio lock holds coroutines",
        "add(path) async suspends\n r read file:{path} lock=L/event-loop\n w write file:{path} lock=L/event-loop <- 0 data await",
        "read-modify-write",
        "in-place",
        True,
        False,
    ),
    (
        "a coroutine without an await between",
        "add(task) async\n r read memory:{state.tasks}\n w append memory:{state.tasks} <- 0 data sync",
        "read-modify-write",
        "in-place",
        True,
        False,
    ),
    (
        "a coroutine with one",
        "add(task) async suspends\n r read memory:{state.tasks}\n w write memory:{state.tasks} <- 0 data await",
        "read-modify-write",
        "in-place",
        False,
        False,
    ),
    (
        "check, then write",
        "save(path)\n r check file:{path}\n w write file:{path} <- 0 control io",
        "read-modify-write",
        "check-then-act",
        False,
        True,
    ),
    (
        "check, then delete",
        "remove(path)\n r check file:{path}\n w delete file:{path} <- 0 control io",
        "read-modify-write",
        "check-then-act",
        False,
        True,
    ),
    (
        "get or create",
        "label(name)\n r read http:labels/{name}\n w create http:labels/{name} <- 0 control io",
        "read-modify-write",
        "get-or-create",
        False,
        True,
    ),
    ("transfer", "copy(a, b)\n r read file:{a}\n w write file:{b} <- 0 data io", "read-modify-write", "transfer", False, True),
    ("a setting is no transfer", "post(text)\n r read env:TOKEN\n w send http:x <- 0 data io", "write-only", "", True, False),
    ("pop", "lpop(name)\n rw consume redis:{name} atomic", "read-modify-write", "cursor", True, False),
    ("counter in one command", "hit()\n rw increment redis:hits atomic repeat=again", "read-modify-write", "in-place", True, False),
    (
        "counter in two",
        "hit()\n r read memory:{global.N}\n w write memory:{global.N} <- 0 data sync",
        "read-modify-write",
        "in-place",
        False,
        False,
    ),
    (
        "one transaction",
        "move(a)\n r read sql:accounts tx=1\n w update sql:accounts tx=1 <- 0 data io",
        "read-modify-write",
        "in-place",
        True,
        False,
    ),
    ("free shell", "shell(command) opaque=shell\n rw opaque subprocess:{command}", "read-modify-write", "opaque", False, False),
    ("free text without an access", "run(code) opaque=code", "read-modify-write", "opaque", False, False),
    (
        "bookkeeping does not count",
        "get(id)\n r read sql:notes\n w write memory:{self.cache}[{id}] secondary=memo",
        "read-only",
        "",
        True,
        True,
    ),
    (
        "changed and read back",
        "cd(d)\n w write memory:{self.cwd}\n r read memory:{self.cwd}",
        "read-modify-write",
        "write-then-read",
        True,
        True,
    ),
    ("one free statement", "query(sql) opaque=sql\n rw opaque sql:", "read-modify-write", "opaque", True, False),
    (
        "a new record behind a check of what the call changes",
        "team(n)\n r read sql:session\n w create sql:teams[{new}] <- 0 control await\n w write sql:session <- 0 control await",
        "read-modify-write",
        "check-then-act",
        False,
        True,
    ),
    (
        "a handle beside a read",
        "get(k)\n r read memory:{global.CLIENT}\n r read redis:{k}\n\nset()\n w write memory:{global.CLIENT}",
        "read-only",
        "",
        True,
        True,
    ),
    (
        "deleted and made anew",
        "redo(n)\n w delete docker:{n} atomic @4\n w create docker:{n} atomic @6",
        "read-modify-write",
        "in-place",
        False,
        False,
    ),
    ("emptied and filled", "set(x)\n w delete memory:{state.g} @4\n w append memory:{state.g} @5", "write-only", "", False, True),
    ("what could write", "get(id) unknown=client.fetch/may-write\n r read sql:notes", "unknown", "", True, True),
    ("an attribute that nobody writes", "get()\n r read memory:{self.name}", "pure", "", True, True),
]


@pytest.mark.parametrize(("text", "said"), [(c[1], c[2:]) for c in CASES], ids=[c[0] for c in CASES])
def test_a_tool(scan_of, text: str, said: tuple[object, ...]) -> None:
    verdict = scan_of(text).verdicts[0]
    assert (verdict.tool_class, verdict.shape, verdict.atomic.value, verdict.idempotent.value) == said


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        ("get(path)\n r read file:{path}", "high"),
        ("get(path)\n r read file:{path} sure=name-only", "medium"),
        ("get(path) unknown=f/unknown\n w write file:{path}", "medium"),
        ("save(path)\n w write file:{path} sure=name-only", "low"),
        ("add(path)\n r read file:{path} sure=unknown\n w write file:{path} <- 0 data io", "low"),
        ("get(path) unknown=f/may-write\n r read file:{path}", "low"),
        ("run(code) opaque=code", "medium"),
        ("text()\n r check memory:{self.s}\n w write memory:{self.s} <- 0 control io\n r read browser:page", "high"),
        (
            "text() unknown=page.zoom/ignored\n r check memory:{self.s}\n w write memory:{self.s} <- 0 control io\n r read browser:page",
            "medium",
        ),
        ("text() unknown=page.zoom/ignored\n r check memory:{self.s}\n w write memory:{self.s} <- 0 control io", "high"),
    ],
)
def test_confidence_says_how_much_was_understood(scan_of, text: str, confidence: str) -> None:
    assert scan_of(text).verdicts[0].confidence == confidence


def test_an_ignored_call_costs_nothing(scan_of) -> None:
    verdict = scan_of("get(path) unknown=row.get/ignored\n r read file:{path}").verdicts[0]
    assert (verdict.tool_class, verdict.confidence) == ("read-only", "high")


def test_a_call_whose_name_says_nothing_lowers_the_confidence(scan_of) -> None:
    verdict = scan_of("get(path) unknown=backend.settle/unclear\n r read file:{path}").verdicts[0]
    assert (verdict.tool_class, verdict.confidence) == ("read-only", "medium")


def test_every_answer_says_why_and_where(scan_of) -> None:
    verdict = scan_of("add(path)\n r read file:{path} @4\n w write file:{path} @9 <- 0 data io").verdicts[0]
    assert plain(verdict.reason) == "reads file:param:path (line 4) and writes it back (line 9)"
    assert plain(verdict.atomic.reason) == "reads file:param:path (line 4) and then writes it: another call can come between"
    assert verdict.atomic.place is not None
    assert verdict.atomic.place.line == 9
    assert "starts from what the first call left" in verdict.idempotent.reason


INDEPENDENCE = [
    ("a reader and its writer", "get()\n r read sql:notes\n\nput()\n w append sql:notes", [False, True]),
    ("readers alone", "get()\n r read sql:notes\n\nlist()\n r list sql:notes", [True, True]),
    ("other files", "get()\n r read file:a\n\nput()\n w write file:b", [True, True]),
    ("a writer that reads its own", "add()\n r read sql:n\n w write sql:n <- 0 data io\n\nsleep()", [True, True]),
    ("a check counts", "save(p)\n r check file:{p}\n w write file:{p} <- 0 control io\n\nrm(p)\n w delete file:{p}", [False, True]),
    ("free text depends on anything", "run(code) opaque=code\n\nsleep()", [False, True]),
]


@pytest.mark.parametrize(("text", "said"), [c[1:] for c in INDEPENDENCE], ids=[c[0] for c in INDEPENDENCE])
def test_independence_looks_at_the_whole_catalogue(scan_of, text: str, said: list[bool]) -> None:
    assert [v.independent.value for v in scan_of(text).verdicts] == said


def test_a_free_command_that_nobody_gave_is_less_sure(scan_of) -> None:
    given, own = scan_of("sh(command)\n rw opaque subprocess:{command}\n\nlook()\n rw opaque subprocess:*").verdicts
    assert (given.confidence, own.confidence) == ("high", "medium")


def test_an_entry_set_by_its_key_is_set_once(scan_of) -> None:
    verdict = scan_of("put(path)\n r read file:{path}\n w write file:{path} <- 0 keyed io").verdicts[0]
    assert (verdict.shape, verdict.idempotent.value) == ("in-place", True)


def test_a_file_read_and_rewritten_behind_a_check_is_edited(scan_of) -> None:
    text = "edit(path)\n r check file:{path}\n r read file:{path}\n w write file:{path} repeat=same <- 0 control io; 1 control io"
    verdict = scan_of(text).verdicts[0]
    assert (verdict.shape, verdict.idempotent.value) == ("in-place", True)


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("put(p)\n w delete memory:{state.groups}\n w append memory:{state.groups} repeat=again", True),
        ("put(p)\n w append file:{p} @4 repeat=again\n w write file:{p} @9", True),
        ("put(p, mode)\n w append file:{p} @4 repeat=again\n w write file:{p} @4", False),
        ("edit()\n r check subprocess:crontab\n rw update subprocess:crontab <- 0 control io", False),
    ],
)
def test_what_a_repeat_adds(scan_of, text: str, again: bool) -> None:
    assert scan_of(text).verdicts[0].idempotent.value is again
