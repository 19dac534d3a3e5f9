"""Stories as cards: what is wrong, the code of each side, the pairs it covers and what was proven."""

from __future__ import annotations

import msgspec

from toolaudit_reports.document import Rule, Step
from toolaudit_reports.findings import Entry
from toolaudit_reports.html.anchors import Anchors
from toolaudit_reports.html.chain import Link, links
from toolaudit_reports.html.detail import Detail
from toolaudit_reports.pairs import listed, pair_text, pairs_by_code
from toolaudit_reports.stories import Story, resource_text, title
from toolaudit_reports.view import View


class Side(msgspec.Struct, frozen=True):
    """One tool's chain of lines in a story."""

    tool: str
    href: str
    links: tuple[Link, ...]


class Item(msgspec.Struct, frozen=True):
    """One entry of a story: a row of its table. `state` is the proof's."""

    anchor: str
    what: str
    name: str
    code: str
    severity: str
    confidence: str
    when: str
    runners: str
    latent: bool
    message: str
    state: str
    proof: str
    place: str


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One story. The tuples after `items` are what the filters compare."""

    anchor: str
    severity: str
    name: str
    code: str
    head: str
    title: str
    resources: tuple[str, ...]
    place: str
    status: str
    state: str
    confidence: str
    failure: str
    bites: str
    help: str
    fixable: bool
    accepted: str
    clashes: tuple[tuple[str, str], ...]
    cleared: str
    sides: tuple[Side, ...]
    more_sides: int
    items: tuple[Item, ...]
    more_items: int
    replay: str
    timeline: str
    rule: str
    codes: tuple[str, ...]
    severities: tuple[str, ...]
    tools: tuple[str, ...]
    classes: tuple[str, ...]
    frameworks: tuple[str, ...]
    files: tuple[str, ...]
    states: tuple[str, ...]


class Linker(msgspec.Struct, frozen=True):
    """The ids of the page by what they name: stories and entries by fingerprint, tools by id, rules by code."""

    stories: Anchors
    entries: Anchors
    tools: Anchors
    rules: Anchors
    timelines: Anchors

    @staticmethod
    def new() -> Linker:
        return Linker(Anchors("story"), Anchors("clash"), Anchors("tool"), Anchors("rule"), Anchors("proof"))


def card(story: Story, view: View, linker: Linker, rules: dict[str, Rule], detail: Detail) -> Card:
    """The card of one story."""
    lead = story.lead
    tools = view.tools()
    ids = sorted({tool for entry in story.entries for tool in entry.tools if tool in tools})
    items = tuple(_item(entry, view, linker) for entry in story.entries)
    sides = _sides(story, view, linker, detail)
    proven = [proof for entry in story.entries if (proof := view.proof(entry)) and proof.item.witness]
    witness = proven[0].item.witness if proven else None
    return Card(
        anchor=linker.stories.name(lead.fingerprint),
        severity=lead.severity,
        name=lead.name,
        code=lead.code,
        head=title(story),
        title=lead.message,
        resources=story.resources or ((resource_text(lead.resource),) if lead.resource else ()),
        place=lead.place,
        status=lead.status,
        state=_state(items),
        confidence=lead.confidence,
        failure=lead.failure,
        bites=_bites(lead),
        help=lead.help,
        fixable=any(entry.fixable for entry in story.entries),
        accepted=_accepted(lead),
        clashes=pairs_by_code(story.stands),
        cleared=listed([pair_text(entry.names) for entry in story.cleared]),
        sides=sides[: detail.sides],
        more_sides=max(len(sides) - detail.sides, 0),
        items=items[: detail.pairs] if story.folded else (),
        more_items=max(len(items) - detail.pairs, 0) if story.folded else 0,
        replay=witness.replay if witness else "",
        timeline=linker.timelines.name(proven[0].item.fingerprint or lead.fingerprint) if proven else "",
        rule=linker.rules.name(lead.code) if lead.code in rules else "",
        codes=tuple(sorted({entry.code for entry in story.entries})),
        severities=tuple(sorted({entry.severity for entry in story.entries})),
        tools=story.tools,
        classes=tuple(sorted({tools[tool].class_ for tool in ids})),
        frameworks=tuple(sorted({tools[tool].framework for tool in ids})),
        files=tuple(sorted({lead.file} | {tools[tool].file for tool in ids})),
        states=tuple(sorted({item.state or "not run" for item in items})),
    )


def _item(entry: Entry, view: View, linker: Linker) -> Item:
    proof = view.proof(entry)
    return Item(
        anchor=linker.entries.name(entry.fingerprint),
        what=pair_text(entry.names) if entry.pair else entry.place,
        name=entry.name,
        code=entry.code,
        severity=entry.severity,
        confidence=entry.confidence,
        when=entry.when,
        runners=", ".join(entry.runners),
        latent=entry.latent,
        message=entry.message,
        state=proof.state if proof else "",
        proof=proof.text if proof else "",
        place=entry.place,
    )


def _sides(story: Story, view: View, linker: Linker, detail: Detail) -> tuple[Side, ...]:
    """Each tool's chain once, however many pairs it is in; the lead's tools first."""
    chains: dict[tuple[str, str], tuple[Step, ...]] = {}
    for entry in story.entries:
        sides = zip(entry.tools, entry.names, entry.evidence, strict=False) if entry.pair else _one_sided(entry)
        for tool, name, chain in sides:
            if chain:
                chains.setdefault((tool, name), chain)
    sources = view.document.sources
    return tuple(
        Side(name, linker.tools.known(tool) or "", links(chain, sources, detail.context))
        for (tool, name), chain in list(chains.items())[: detail.sides + 1]
    )


def _one_sided(entry: Entry) -> list[tuple[str, str, tuple[Step, ...]]]:
    """A finding's evidence belongs to its tools in turn; one chain may stand for all of them."""
    tool = entry.tools[0] if entry.tools else ""
    name = ", ".join(entry.names) or entry.file
    chain = tuple(step for chain in entry.evidence for step in chain)
    own = Step(file=entry.file, line=entry.line, code="", column=entry.column, end_column=entry.end_column)
    return [(tool, name, chain or (own,))] if entry.line else []


def _state(items: tuple[Item, ...]) -> str:
    """The strongest proof of the story: one confirmed pair confirms it, clearing takes all pairs."""
    states = [item.state for item in items]
    if "confirmed" in states:
        return "confirmed"
    return "cleared" if states and all(state == "cleared" for state in states) else ""


def _bites(entry: Entry) -> str:
    if not entry.pair:
        return ""
    said = {"always": "always", "may": "when the keys are equal, which could not be ruled out"}
    when = said.get(entry.when, f"when {entry.when}")
    return f"{when}, under {' and '.join(entry.runners)}" if entry.runners else when


def _accepted(entry: Entry) -> str:
    if entry.suppression is None:
        return ""
    held = entry.suppression
    where = f" at {held.file}:{held.line}" if held.file else ""
    return f"{held.origin}{where}: {held.reason or 'no reason given'}"
