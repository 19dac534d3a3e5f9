"""The rules, found by listing this folder: a rule is `name.py` (a `RULE` and a `check`) and `name.md` (its page)."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import cast

from msgspec import Struct

from toolaudit.model import Conflict, Finding, Severity
from toolaudit.verdicts.scan_model import ScanModel

Check = Callable[[ScanModel], Iterator[Finding]]


class Rule(Struct, frozen=True, order=True):
    """A code with its stable name, its default severity, what it finds in one line and what to do in one sentence.

    `remedies` says it better for a kind of resource, and under `order` for calls whose serial orders differ and that do not race.
    """

    code: str
    name: str
    severity: Severity
    summary: str
    help: str
    remedies: tuple[tuple[str, str], ...] = ()

    def help_for(self, conflict: Conflict) -> str:
        """What to do about one conflict."""
        return self.remedy(conflict.kind, conflict.resource.kind)

    def remedy(self, clash: str, resource: str) -> str:
        """What to do about a clash of this kind on a resource of this kind."""
        return dict(self.remedies).get("order" if clash == "order" else resource, self.help)


class UnknownRuleError(LookupError):
    """No rule has this code or name; the message names the nearest."""


@cache
def checks() -> tuple[tuple[Rule, Check], ...]:
    """Every rule with its check, sorted by code."""
    found: list[tuple[Rule, Check]] = []
    for page in files("toolaudit.rules").iterdir():
        if page.name.endswith(".md"):
            module = importlib.import_module(f"{__package__}.{page.name.removesuffix('.md')}")
            found.append((cast(Rule, module.RULE), cast(Check, module.check)))
    return tuple(sorted(found, key=lambda pair: pair[0].code))


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, sorted by code."""
    return tuple(rule for rule, _ in checks())


@cache
def by_code() -> dict[str, Rule]:
    return {rule.code: rule for rule in rules()}


def find(code_or_name: str) -> Rule:
    """The rule of this code or name, in any case; `UnknownRuleError` with the nearest names otherwise."""
    wanted = code_or_name.strip().lower().replace("_", "-")
    names = {word: rule for rule in rules() for word in (rule.code.lower(), rule.name)}
    if wanted in names:
        return names[wanted]
    near = [word if word == names[word].name else names[word].code for word in get_close_matches(wanted, sorted(names), n=3, cutoff=0.5)]
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    raise UnknownRuleError(f"no rule {code_or_name!r}{hint}")


def page(rule: Rule) -> str:
    """The rule's page in Markdown: what it does, why it is bad, example, use instead, limits."""
    return (files("toolaudit.rules") / f"{rule.name.replace('-', '_')}.md").read_text(encoding="utf-8")
