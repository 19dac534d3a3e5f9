"""Hostile names, docstrings, paths and values stay text in every format."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from types import ModuleType
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from toolaudit_reports.document import EvidenceDocument, ScanDocument
from toolaudit_reports.render import Options, render


class Attributes(HTMLParser):
    """The names of all attributes, and every address that is no link within the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.addresses: set[str | None] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names |= {name for name, _ in attrs}
        self.addresses |= {value for name, value in attrs if name in ("href", "src") and not (value or "").startswith("#")}


NUMBERS = range(60)
# Escape, other C0 and C1 controls, and the overrides of reading direction.
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
OURS = re.compile(r"</?(details|summary|b|code|br)>")


@pytest.fixture(params=NUMBERS)
def attacked(
    request: pytest.FixtureRequest, hostile: ModuleType, scan: ScanDocument, evidence: EvidenceDocument
) -> tuple[ScanDocument, EvidenceDocument]:
    payload = hostile.PAYLOADS[request.param]
    return hostile.hostile_scan(scan, payload), hostile.hostile_evidence(evidence, payload)


def test_every_format_survives(attacked: tuple[ScanDocument, EvidenceDocument], scan: ScanDocument) -> None:
    document, evidence = attacked
    shown = {form: render(form, document, evidence=[evidence]) for form in ("text", "github", "gitlab", "junit", "sarif")}
    options = Options(verbose=True, width=60, migration=True)
    shown["verbose"] = render("text", document, evidence=[evidence], options=options)
    for form in ("text", "verbose", "github"):
        assert not UNSAFE.search(shown[form]), form
    for line in shown["github"].splitlines():
        assert re.match(r"::(error|warning|notice) |toolaudit: ", line), line
    assert len(shown["github"].splitlines()) == len(render("github", scan).splitlines())
    assert len(json.loads(shown["gitlab"])) == len(json.loads(render("gitlab", scan)))
    results = json.loads(shown["sarif"])["runs"][0]["results"]
    assert len(results) == 12
    for result in results:
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"[A-Za-z0-9._~/%-]*", uri), uri
    suites = ElementTree.fromstring(shown["junit"])
    assert len(suites[0]) == 10


def test_markdown_shows_no_markup_but_ours(attacked: tuple[ScanDocument, EvidenceDocument]) -> None:
    document, evidence = attacked
    text = render("markdown", document, evidence=[evidence], options=Options(migration=True))
    assert not UNSAFE.search(text)
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    for token in parser.parse(text):
        parts = [token, *(token.children or [])]
        for part in parts:
            assert part.type not in ("link_open", "image", "fence", "code_block", "blockquote_open"), part
            if part.type in ("html_block", "html_inline"):
                assert "<" not in OURS.sub("", part.content), part.content
    # A host makes links and mentions of bare text: none may be left that a word joiner does not break.
    prose = re.sub(r"`+[^`]*`+", "", text)
    assert not re.search(r"(?i)https?:(?!\u2060)|(?<![\w/])@(?=\w)", prose)
    columns = {line.count(" | ") for line in text.splitlines() if line.startswith("| ")}
    assert columns == {3, 5}


def test_the_page_holds_no_markup_but_ours(attacked: tuple[ScanDocument, EvidenceDocument], scan: ScanDocument) -> None:
    document, evidence = attacked
    benign = render("html", scan, evidence=[evidence], options=Options(migration=True))
    page = render("html", document, evidence=[evidence], options=Options(migration=True, title=document.version))
    names = re.compile(r"<[a-zA-Z!/?][^\s>]*")
    assert set(names.findall(page)) <= set(names.findall(benign))
    assert page.count("<script>") == page.count("</script>") == 1
    outline = Attributes(page)
    assert not [name for name in outline.names if name.startswith("on") or name == "style"]
    assert outline.addresses == {"data:,"}
