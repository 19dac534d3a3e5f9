"""The page as text: self-contained, under its policy, linked through, and made of nothing but the document's facts."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

import toolaudit_reports
from toolaudit_reports.document import EvidenceDocument, EvidenceItem, Resource, ScanDocument, TimelineStep
from toolaudit_reports.gate import decide
from toolaudit_reports.html.anchors import Anchors
from toolaudit_reports.html.highlight import Run, runs
from toolaudit_reports.html.prose import blocks
from toolaudit_reports.html.timeline import build as build_timeline
from toolaudit_reports.render import Options, render
from toolaudit_reports.snippets import Mark

replace = msgspec.structs.replace
TEMPLATES = Path(toolaudit_reports.__file__).parent / "html" / "templates"
VOID = {"meta", "link", "input", "br", "hr", "img", "col"}


class Outline(HTMLParser):
    """Ids, links, loaded addresses and the balance of tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.attributes |= held.keys()
        self.ids += [held["id"] or ""] if "id" in held else []
        self.links += [held["href"] or ""] if tag == "a" else []
        self.loads += [held[name] or "" for name in ("src", "srcset", "action", "data", "poster") if name in held]
        self.loads += [held["href"] or ""] if tag in ("link", "use", "image") else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def page(scan: ScanDocument, evidence: EvidenceDocument) -> str:
    gate = decide(scan, evidence=[evidence])
    return render("html", scan, gate=gate, evidence=[evidence], options=Options(migration=True, title="the example"))


def test_tags_balance_and_ids_are_unique(page: str) -> None:
    outline = Outline(page)
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))


def test_every_link_leads_somewhere_on_the_page(page: str) -> None:
    outline = Outline(page)
    assert {link for link in outline.links if not link.startswith("#")} == set()
    assert {link[1:] for link in outline.links} <= set(outline.ids)


def test_links_lead_somewhere_at_500_tools(many: ModuleType) -> None:
    outline = Outline(render("html", many.many(500)))
    assert {link[1:] for link in outline.links} <= set(outline.ids)
    assert len(outline.ids) == len(set(outline.ids))


def test_nothing_is_loaded_and_nothing_inline_but_the_two_hashed_parts(page: str) -> None:
    outline = Outline(page)
    assert outline.loads == ["data:,"]
    assert "style" not in outline.attributes
    assert not any(name.startswith("on") for name in outline.attributes)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    for tag in ("style", "script"):
        (body,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;" in policy[1]
    assert "unsafe" not in policy[1]
    assert policy[1].startswith("default-src &#39;none&#39;")


def test_no_template_switches_escaping_off() -> None:
    templates = sorted(TEMPLATES.glob("*.j2"))
    assert len(templates) > 10
    for template in templates:
        text = template.read_text()
        assert not re.search(r"\|\s*safe|autoescape|Markup", text), template.name
        # An attribute without quotes could be left by a blank in its value.
        assert not re.search(r"=\{\{", text), template.name


def test_the_page_tells_everything(page: str, scan: ScanDocument, evidence: EvidenceDocument) -> None:
    text = " ".join(" ".join(Outline(page).text).split())
    for tool in scan.tools:
        assert tool.name in text
        for answer in (tool.atomic, tool.idempotent, tool.independent):
            assert answer.reason in text
        for call in tool.unknown_calls:
            assert call.callee in text
    for conflict in scan.conflicts:
        assert conflict.message in text
    for finding in scan.findings:
        assert finding.message in text
        assert finding.help in text
    for row in scan.migration:
        assert row.message in text
    witness = evidence.items[0].witness
    assert witness is not None
    assert witness.replay in text
    for step in witness.steps:
        assert step.value in text
    assert "plugins are reviewed by hand" in text


def test_the_migration_table_is_there_when_asked_for(scan: ScanDocument, page: str) -> None:
    assert 'id="migration"' in page
    assert 'id="migration"' not in render("html", scan)


def test_500_tools_stay_below_five_megabytes(many: ModuleType) -> None:
    assert len(render("html", many.many(500)).encode()) < 5_000_000


def test_a_page_without_tools_says_so(scan: ScanDocument) -> None:
    empty = replace(scan, tools=(), conflicts=(), findings=(), orderings=(), suppressions=(), baseline=None)
    page = render("html", empty)
    assert "No tools were found: the gate does not pass on nothing." in page
    assert "Nothing is suppressed." in page
    assert Outline(page).open == []


def test_a_witness_that_matches_no_entry_is_still_shown(scan: ScanDocument, evidence: EvidenceDocument) -> None:
    page = render("html", replace(scan, conflicts=()), evidence=[evidence])
    assert 'id="proofs"' in page
    assert "switched away here" in page


def test_steps_of_one_line_are_one_row_and_a_switch_says_whether_it_was_done(evidence: EvidenceDocument) -> None:
    item = evidence.items[0]
    assert item.witness is not None
    first, second = TimelineStep(call="a", file="x.py", line=1, code="x += 1"), TimelineStep(call="b", file="x.py", line=1, code="x += 1")
    read, write = {"resource": "memory:x", "access": "r", "value": "0"}, {"resource": "memory:x", "access": "w"}
    steps = (
        replace(first, **read),
        replace(first, **write, preempted=True),
        replace(second, **read),
        replace(second, **write, value="1"),
        replace(first, **write, value="1"),
    )
    found = build_timeline(replace(item, calls=()), replace(item.witness, steps=steps), "a × b", {})
    rows = found.interleaving.rows
    assert [(row.call, row.cell.switch, [touch.access for touch in row.cell.touches]) for row in rows] == [
        (0, "before", ["read", "write"]),
        (1, "", ["read", "write"]),
        (0, "", ["write"]),
    ]


def test_calls_of_a_dispatcher_are_named_by_their_tools(scan: ScanDocument, evidence: EvidenceDocument) -> None:
    item = evidence.items[0]
    assert item.witness is not None
    labels = {call.label: f"dispatch#{number}" for number, call in enumerate(item.calls)}
    raw = msgspec.json.encode(item).decode()
    for label, behind in labels.items():
        raw = raw.replace(label, behind)
    item = msgspec.json.decode(raw, type=EvidenceItem)
    assert item.witness is not None
    found = build_timeline(item, item.witness, "a × b", {tool.id: tool.name for tool in scan.tools})
    names = [f"{next(tool.name for tool in scan.tools if tool.id == call.tool)}#{number}" for number, call in enumerate(item.calls)]
    assert [name for name, _ in found.calls] == names == list(found.interleaving.calls)
    assert [called.partition("(")[0] for _, called in found.calls] == list(labels.values())
    assert [said for said in (*found.orders, found.beside_order, *found.cycle) if "dispatch#" in said] == []
    assert [row.what for row in found.compared if "dispatch#" in row.what] == []
    assert (found.schedule, found.replay) == (item.witness.schedule, item.witness.replay), "these are what runs"


def test_an_order_dependent_witness_needs_no_interleaving(scan: ScanDocument, evidence: EvidenceDocument) -> None:
    item = evidence.items[0]
    assert item.witness is not None
    witness = replace(item.witness, steps=(), serial_outcomes=tuple(replace(o, steps=()) for o in item.witness.serial_outcomes))
    ordered = replace(item, kind="order-dependent", witness=witness, masked=("clock",), unobserved=("redis:jobs",))
    page = render("html", scan, evidence=[replace(evidence, items=(ordered,))])
    assert "still the outcome depends on which runs first" in page
    assert '<table class="lanes">' not in page
    assert "could not be seen: redis:jobs" in page
    assert "differs in every run and was not compared: clock" in page


def test_large_groups_say_what_they_leave_out(scan: ScanDocument) -> None:
    tools = tuple(replace(scan.tools[2], id=f"t{number}", name=f"t{number}") for number in range(150))
    model = next(conflict for conflict in scan.conflicts if conflict.tools[0] == conflict.tools[1])
    pairs = tuple(
        replace(model, tools=(f"t{a}", f"t{b}"), tools_names=(f"t{a}", f"t{b}"), fingerprint=f"{a}-{b}")
        for a in range(150)
        for b in range(a, 150)
        if b - a < 20 or a == 0
    )
    page = render("html", replace(scan, tools=tools, conflicts=pairs, findings=(), orderings=(), migration=()))
    assert "(the most coupled; 110 more are in the findings)" in page
    assert "the 60 most coupled; 90 more in the findings" in page
    assert "and 59 more</text>" in page, "tools with the same lines are one node of the graph"
    assert f"and {len(pairs) - 60} more in the JSON document" in page
    assert len(page.encode()) < 1_500_000


def test_several_clashes_of_two_tools_are_one_cell_that_counts_them(scan: ScanDocument) -> None:
    second = replace(scan.conflicts[3], resource=Resource(kind="env", key="HOME"), severity="note", fingerprint="another")
    page = render("html", replace(scan, conflicts=(*scan.conflicts, second)))
    label = "2 clashes, the worst error: lost-update, add_note and delete_note"
    assert page.count(f'aria-label="{label}">✕<sub>2</sub>') == 2


def test_anchors_are_stable_unique_and_harmless() -> None:
    anchors = Anchors("x")
    assert anchors.name("a b") == "x-a-b"
    assert anchors.name('a"b') == "x-a-b-2"
    assert anchors.name("a b") == "x-a-b"
    assert anchors.name("") == "x-x"
    assert re.fullmatch(r"x-[A-Za-z0-9-]+", anchors.name("<script>" * 50))
    assert anchors.known("never") is None


def texts(found: tuple[Run, ...]) -> list[str]:
    return [piece.text for run in found for piece in run.pieces]


@pytest.mark.parametrize("text", ["", "x = 1", "    return 'a' # b", "def f(x): pass", "é = '💣'", "'unclosed", "\\"])
def test_pieces_join_to_the_line(text: str) -> None:
    marks = (Mark(0, 3, "", False), Mark(2, 5, "", True))
    assert "".join(texts(runs(text, marks))) == text


def test_marks_cut_pieces_and_a_write_outranks_a_read() -> None:
    found = runs("abcdef", (Mark(0, 4, "", False), Mark(2, 3, "", True)))
    assert [("".join(texts((run,))), run.mark) for run in found] == [("ab", "r"), ("c", "w"), ("d", "r"), ("ef", "")]


def test_a_minified_line_is_cut() -> None:
    assert len("".join(texts(runs("x" * 10_000)))) == 401


def test_help_as_blocks() -> None:
    found = blocks("# Title\n\nText with `code`\nand more.\n\n- one\n  two\n- three\n\n```python\na = 1\n\nb\n```\nafter\n")
    assert [block.kind for block in found] == ["heading", "paragraph", "list", "code", "paragraph"]
    assert [(span.code, span.text) for span in found[1].rows[0]] == [
        (False, "Text with "), (True, "code"), (False, " and more."),
    ]  # fmt: skip
    assert [row[0].text for row in found[2].rows] == ["one two", "three"]
    assert found[3].rows[0][0].text == "a = 1\n\nb"
    assert blocks("## A\nb")[1].rows[0][0].text == "b"
    assert blocks("```\nnever closed")[0].rows[0][0].text == "never closed"
