"""What the rules find in finished scans, and what they leave alone."""

from __future__ import annotations

import pytest

from toolaudit import rules
from toolaudit.facts import Unreadable
from toolaudit.model import Place
from toolaudit.rules import UnknownRuleError
from toolaudit.verdicts.scan_model import Dropped, Loose

RMW = "r read file:{path} @4\n w write file:{path} @9 <- 0 data io"

FINDS = [
    ("lost-update", f"add(path, text)\n {RMW}"),
    ("stale-read", "a()\n r read file:n\n\nb(t)\n w write file:n"),
    ("last-writer-wins", "put(text)\n w write file:n"),
    ("check-then-act", "new(path, text)\n r check file:{path}\n w write file:{path} <- 0 control io"),
    ("half-done-state", "move(a)\n w update sql:accounts\n w append sql:journal"),
    ("half-done-state", "save(t)\n w write file:a\n w write file:b"),
    ("context-dependency", "choose(x)\n w write memory:{global.C}\n\nuse()\n r read memory:{global.C}\n w send http:x"),
    ("timing-dependency", "start(n)\n w create memory:{global.JOBS}[{n}]\n\nstate(m)\n r read memory:{global.JOBS}[{m}]"),
    ("timing-dependency", "start()\n w write memory:{global.JOBS}[{new}]\n\nstate(m)\n r read memory:{global.JOBS}[{m}]"),
    (
        "timing-dependency",
        "open(n)\n r check sql:acc\n w create sql:acc <- 0 control io\n\npay(n)\n r read sql:acc\n w update sql:acc <- 0 data io",
    ),
    ("consolidate-tools", "choose(x)\n w write memory:{global.C}\n\nuse()\n r read memory:{global.C}"),
    (
        "control-flow-tool",
        "begin()\n w create session:{self.tx}\n\nend()\n w delete session:{self.tx}\n\nwork()\n r read session:{self.tx}",
    ),
    ("blocking-in-async", "wait(s) async blocking"),
    ("process-wide-state", "cd(d)\n w write cwd:"),
    ("process-wide-state", "set(n)\n w write env:{n}"),
    ("process-wide-state", "run(c)\n w session other:sys.stdout"),
    ("shared-client", "query(q)\n w session sql:{self.connection}"),
    ("unlocked-lazy-init", "get()\n w write memory:{global.CLIENT} secondary=lazy-init"),
    ("await-in-update", "hit() async suspends\n r read memory:{global.N}\n w write memory:{global.N} <- 0 data await"),
    ("unsafe-retry", "pay(n)\n w send http:https://pay repeat=again"),
    ("false-read-only", "get(p) readOnlyHint=True\n w write file:{p}"),
    ("false-idempotent", "log(t) idempotentHint=True\n w append file:log repeat=again"),
    ("false-non-destructive", "rm(p) destructiveHint=False\n w delete file:{p}"),
    ("false-parallel-safe", f"add(path) is_concurrency_safe=True\n {RMW}"),
    ("undeclared", "get(p)\n r read file:{p}"),
    ("unresolved-effects", "get(p) unknown=f/unknown"),
    ("unresolved-effects", "put(x)\n w write other:* sure=name-only"),
]

LEAVES = [
    ("lost-update", "add(path) \n r read file:{path} lock=L/threads\n w write file:{path} lock=L/threads <- 0 data io"),
    ("half-done-state", "move(a)\n w update sql:accounts tx=1\n w append sql:journal tx=1"),
    ("half-done-state", "save(path)\n w write file:{path}.tmp\n w rename file:{path}.tmp @9\n w write file:{path} atomic @9"),
    ("half-done-state", "tidy()\n w delete file:a\n w delete file:b"),
    ("half-done-state", "act(kind)\n w write file:a if=kind/x\n w write file:b if=kind/y"),
    ("context-dependency", "set(x)\n w write memory:{global.C}\n\nset2(x)\n w write memory:{global.C}"),
    ("context-dependency", "a(x)\n r read memory:{global.C}\n w write memory:{global.C} <- 0 data sync\n\nb()\n r read memory:{global.C}"),
    ("timing-dependency", "a(p, t)\n w write file:{p}\n\nb(p)\n r read file:{p}"),
    ("process-wide-state", "set(n)\n w write env:{state.environment}"),
    ("shared-client", "query(q)\n w session sql:{self.connection} lock=L/threads"),
    ("unlocked-lazy-init", "get() async\n w write memory:{global.CLIENT} secondary=lazy-init"),
    ("unlocked-lazy-init", "get()\n w write memory:{global.CLIENT} secondary=lazy-init lock=L/threads"),
    ("await-in-update", "hit() async suspends\n r read memory:{global.N}\n w write memory:{global.N} <- 0 data sync"),
    ("await-in-update", "rm(p) async suspends\n r check file:{p}\n w delete file:{p} <- 0 control await"),
    ("unsafe-retry", "put(id)\n w write http:https://x/{id} repeat=same"),
    ("unsafe-retry", "log(t)\n w append file:log repeat=again"),
    ("false-read-only", "search(q) readOnlyHint=True\n w send http:https://x/search"),
    ("false-read-only", "get(q) readOnlyHint=True\n r read sql:x\n w write memory:{self.cache}[{q}] secondary=memo"),
    ("false-read-only", "get(q) readOnlyHint=True\n r read sql:x\n w write memory:{self.token} secondary=memo"),
    ("false-read-only", "get(q) readOnlyHint=True\n w write file:x sure=name-only"),
    ("false-read-only", "put(q) readOnlyHint=False\n w write file:x"),
    ("false-idempotent", "put(p) idempotentHint=True\n w write file:{p}"),
    ("false-idempotent", "add(p) idempotentHint=True readOnlyHint=True\n w append file:{p} repeat=again"),
    ("false-non-destructive", "put(p) destructiveHint=False\n w create file:{p}"),
    ("false-non-destructive", "edit(p) destructiveHint=False\n r read file:{p}\n w write file:{p} <- 0 data io"),
    ("false-non-destructive", "rm(p) destructiveHint=True\n w delete file:{p}"),
    ("false-parallel-safe", "get(path) is_concurrency_safe=True\n r read file:{path}"),
    ("undeclared", "get(p) readOnlyHint=True\n r read file:{p}"),
    ("unresolved-effects", "get(p) unknown=f/ignored"),
    ("consolidate-tools", "choose(x)\n w write memory:{global.C}\n\nuse()\n r read memory:{global.C}\n\nshow()\n r read memory:{global.C}"),
]
HINTS = {"mcp": ("readOnlyHint", "idempotentHint", "destructiveHint")}


def names(scan) -> set[str]:
    by_code = {rule.code: rule.name for rule in rules.rules()}
    return {by_code[f.code] for f in rules.findings(scan)}


@pytest.mark.parametrize(("name", "text"), FINDS, ids=[f"{name} {i}" for i, (name, _) in enumerate(FINDS)])
def test_a_rule_finds(scan_of, name: str, text: str) -> None:
    assert name in names(scan_of(text, hints=HINTS))


@pytest.mark.parametrize(("name", "text"), LEAVES, ids=[f"{name} {i}" for i, (name, _) in enumerate(LEAVES)])
def test_a_rule_leaves_alone(scan_of, name: str, text: str) -> None:
    assert name not in names(scan_of(text, hints=HINTS))


def test_files_and_names_without_a_tool(scan_of) -> None:
    scan = scan_of(
        "sleep()",
        unreadable=(Unreadable("bad.py", 3, "broken syntax"),),
        dropped=(Dropped("tools.py::sleep", Place("server.py", 2), "`readOnly` is dropped silently by mcp: write `readOnlyHint`"),),
        loose=(Loose("ghost", Place("server.py", 5), "undispatched"), Loose("secret", Place("server.py", 9), "undeclared")),
    )
    said = [(f.code, f.place.file, f.place.line, f.message.split(",")[0]) for f in rules.findings(scan)]
    assert said == [
        ("TA901", "bad.py", 3, "not scanned: broken syntax"),
        ("TA905", "server.py", 2, "sleep: `readOnly` is dropped silently by mcp: write `readOnlyHint`"),
        ("TA903", "server.py", 5, "tool ghost is declared to the model"),
        ("TA904", "server.py", 9, "tool secret is handled"),
    ]


def test_one_resource_of_many_tools_is_one_story(scan_of) -> None:
    text = "\n\n".join(f"tool_{i:02}(path, text)\n {RMW}" for i in range(20))
    told = [f for f in rules.findings(scan_of(text)) if f.code == "TA101"]
    assert len(told) == 1
    assert len(told[0].tools) == 20
    assert told[0].message.startswith(
        "20 tools clash on file:param:path in 210 ways (tool_00, tool_01, tool_02, tool_03, tool_04 and 15 more): "
    )


def test_other_resources_are_other_stories(scan_of) -> None:
    text = "\n\n".join(f"tool_{i}(text)\n r read file:{i}.json\n w write file:{i}.json <- 0 data io" for i in range(3))
    assert len([f for f in rules.findings(scan_of(text)) if f.code == "TA101"]) == 3


def test_a_source_with_many_dependents_is_one_finding(scan_of) -> None:
    users = "\n\n".join(f"use_{i}()\n r read memory:{{global.C}}\n w send http:x/{i}" for i in range(4))
    told = [f for f in rules.findings(scan_of(f"choose(x)\n w write memory:{{global.C}}\n\n{users}")) if f.code == "TA201"]
    assert [f.message for f in told] == ["4 tools (use_0, use_1, use_2, use_3) depend on memory:C, which choose puts there"]


@pytest.mark.parametrize("word", ["TA101", "ta101", "lost-update", "lost_update", " Lost-Update "])
def test_a_rule_goes_by_code_and_by_name(word: str) -> None:
    assert rules.find(word).code == "TA101"


def test_an_unknown_rule_names_the_nearest() -> None:
    with pytest.raises(UnknownRuleError, match="no rule 'lost-updat'; did you mean lost-update"):
        rules.find("lost-updat")


def test_codes_and_names_are_the_stable_ones() -> None:
    assert [(rule.code, rule.name) for rule in rules.rules()][:4] == [
        ("TA101", "lost-update"),
        ("TA102", "stale-read"),
        ("TA103", "last-writer-wins"),
        ("TA104", "check-then-act"),
    ]
    assert len({rule.name for rule in rules.rules()}) == len(rules.rules()) == len(rules.pages())
