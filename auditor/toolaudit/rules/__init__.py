"""Findings: each rule looks at the finished scan. A rule is two files, its check and its page."""

from __future__ import annotations

from msgspec import Struct

from toolaudit.model import Finding
from toolaudit.rules.registry import Rule, UnknownRuleError, checks, find, page, rules
from toolaudit.verdicts.scan_model import ScanModel


class Page(Struct, frozen=True, order=True):
    """A rule as the command line, the docs and SARIF show it."""

    code: str
    name: str
    short: str
    markdown: str


def pages() -> tuple[Page, ...]:
    """The page of every rule, sorted by code."""
    return tuple(Page(rule.code, rule.name, rule.summary, page(rule)) for rule in rules())


RANK = {"error": 0, "warning": 1, "note": 2}


def findings(scan: ScanModel) -> tuple[Finding, ...]:
    """Every rule's findings, most severe first, then by code and place."""
    found = [finding for _, check in checks() for finding in check(scan)]
    return tuple(sorted(found, key=lambda f: (RANK[f.severity], f.code, f.place, f.tools, f.message)))


__all__ = ["Page", "Rule", "UnknownRuleError", "find", "findings", "page", "pages", "rules"]
