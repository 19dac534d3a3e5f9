"""Each rule's page: its headings, and its examples, which are scanned."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from toolaudit import rules
from toolaudit.request import Request

FENCE = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
MARK = re.compile(r"#\s*error:\s*\[([\w-]+)\]")
HEADINGS = ["What it does", "Why is this bad", "Use instead", "Limits"]
NO_EXAMPLE = {"unreadable-file", "undispatched-tool", "undeclared-tool", "dropped-hint"}
RANK = {"error": 0, "warning": 1, "note": 2}

EXAMPLES = [(rule, number, code) for rule in rules.rules() for number, code in enumerate(FENCE.findall(rules.page(rule)))]
needs_effects = pytest.mark.skipif(importlib.util.find_spec("toolaudit.effects.summarise") is None, reason="effects are not merged yet")


@pytest.mark.parametrize("rule", rules.rules(), ids=lambda rule: rule.name)
def test_a_page_has_every_part(rule: rules.Rule) -> None:
    text = rules.page(rule)
    assert text.startswith(f"# {rule.name} ({rule.code})\n")
    assert [h for h in re.findall(r"^## (.+)$", text, re.MULTILINE) if h != "Example"] == HEADINGS
    assert ("## Example" in text) is (rule.name not in NO_EXAMPLE)


def test_each_example_page_shows_the_fault_and_the_remedy() -> None:
    marked = {rule.name: [bool(MARK.search(code)) for r, _, code in EXAMPLES if r == rule] for rule, _, _ in EXAMPLES}
    assert marked == {name: [True, False] for name in marked}
    assert set(marked) == {rule.name for rule in rules.rules()} - NO_EXAMPLE


@needs_effects
@pytest.mark.parametrize(("rule", "number", "code"), EXAMPLES, ids=[f"{rule.name}-{number}" for rule, number, _ in EXAMPLES])
def test_an_example_says_what_its_marks_say(rule: rules.Rule, number: int, code: str, tmp_path: Path) -> None:
    from toolaudit import pipeline

    (tmp_path / "tools.py").write_text(code)
    document = pipeline.scan(Request((tmp_path,), use_cache=False))
    assert document.tools
    found = [f for f in document.findings if f.name == rule.name and RANK[f.severity] <= RANK[rule.severity]]
    wanted = [n for n, line in enumerate(code.splitlines(), 1) if MARK.search(line)]
    lines = {step.line for f in found for chain in f.evidence for step in chain} | {f.line for f in found}
    assert bool(found) is bool(wanted)
    assert set(wanted) <= lines


@needs_effects
@pytest.mark.parametrize(("name", "severity"), [("touch", "error"), ("list_touched", "warning")])
def test_a_hint_that_the_name_speaks_for_is_doubted_with_a_warning(name: str, severity: str, tmp_path: Path) -> None:
    from toolaudit import pipeline

    code = next(code for rule, _, code in EXAMPLES if rule.name == "false-read-only")
    (tmp_path / "tools.py").write_text(code.replace("def touch(", f"def {name}("))
    document = pipeline.scan(Request((tmp_path,), use_cache=False))
    assert [f.severity for f in document.findings if f.name == "false-read-only"] == [severity]
