"""The HTML page: one self-contained file, autoescaped, under a policy that lets only our own script and style run."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from toolaudit_reports.html import catalogue, graph, matrix, timeline
from toolaudit_reports.html.cards import Card, Linker, card
from toolaudit_reports.html.detail import LIMIT, Detail, levels, of_story
from toolaudit_reports.html.prose import blocks
from toolaudit_reports.html.timeline import Timeline
from toolaudit_reports.overview import STATES, numbers, state_text
from toolaudit_reports.pairs import pair_text
from toolaudit_reports.render.commands import next_steps
from toolaudit_reports.sanitise import plain
from toolaudit_reports.upgrades import upgrades
from toolaudit_reports.view import View

ORDERINGS = 100
"""So many orderings are listed; the findings tell all of them, folded."""
TURNED = 1000
"""So many pairs of an upgrade are listed."""


def write(view: View) -> str:
    """The page as one HTML document."""
    return page(view)


def page(view: View, *, autoescape: bool = True) -> str:
    """The page. `autoescape` is switched off by one test only, which shows that the policy alone stops every script."""
    style, script = _asset("report.css"), _asset("report.js")
    template = _environment(autoescape).get_template("page.html.j2")
    # The only text that is not escaped: our own two files, which the policy names by their hash.
    own = {"style": Markup(style), "script": Markup(script), "policy": _policy(style, script)}
    text = ""
    for detail in levels(view):
        text = template.render(_model(view, detail) | own) + "\n"
        if len(text.encode()) <= LIMIT:
            break
    return text


def _policy(style: str, script: str) -> str:
    """Nothing is loaded, sent or framed; style and script run only if they hash to ours."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _asset(name: str) -> str:
    return (resources.files("toolaudit_reports") / "html" / "templates" / name).read_text("utf-8")


@cache
def _environment(autoescape: bool) -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("toolaudit_reports", "html/templates"),
        autoescape=autoescape,
        undefined=jinja2.StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _harmless(value: Any) -> Any:
    """Every text on its way into the page: no control character, nothing that turns the order of reading."""
    return plain(value) if type(value) is str else value


def _model(view: View, detail: Detail) -> dict[str, Any]:
    """Every value of the page, section by section."""
    document, linker = view.document, Linker.new()
    rules = {rule.code: rule for rule in document.rules}
    tools = catalogue.rows(view, linker, detail)
    cards = tuple(card(story, view, linker, rules, of_story(detail, place)) for place, story in enumerate(view.stories))
    anchors = _entry_anchors(view, linker, cards)
    names = view.labels
    pairs = tuple(entry for entry in view.entries if entry.pair and entry.status in ("open", "known"))
    return {
        "view": view,
        "document": document,
        "gate": view.gate,
        "overview": view.overview,
        "numbers": numbers(view.gate),
        "todos": [(todo, linker.stories.name(todo.story.lead.fingerprint)) for todo in view.overview.todos],
        "steps": tuple(next_steps(view)),
        "states": STATES,
        "held": _held(view),
        "open_cards": [one for one in cards if one.status == "open"],
        "closed_cards": [one for one in cards if one.status != "open"],
        "tools": tools,
        "matrix": matrix.build(pairs, names, view.proofs, lambda entry: anchors[entry.fingerprint], detail.cells),
        "pictures": graph.build(pairs, document.orderings, names, linker.tools.name, lambda entry: anchors[entry.fingerprint]),
        "timelines": _timelines(view, linker, names),
        "orderings": [(names.get(o.before, o.before), names.get(o.after, o.after), o) for o in document.orderings[:ORDERINGS]],
        "unresolved": [(tool, call) for tool in document.tools for call in tool.unknown_calls],
        "calls": detail.calls,
        "rules": [(linker.rules.name(rule.code), rule, blocks(rule.help_markdown)) for rule in _used(view, document.rules)],
        "upgrades": upgrades(document) if view.options.migration else (),
        "turned": TURNED,
        "names": names,
        "anchor_of_tool": {tool.id: linker.tools.name(tool.id) for tool in document.tools},
        "choices": _choices(cards, tools),
        "title": view.options.title,
    }


def _entry_anchors(view: View, linker: Linker, cards: tuple[Card, ...]) -> dict[str, str]:
    """Fingerprint → the id to link to: the entry's own row where the card lists it, else its card."""
    anchors = {}
    for story, shown in zip(view.stories, cards, strict=True):
        listed = {item.anchor for item in shown.items}
        for entry in story.entries:
            own = linker.entries.name(entry.fingerprint)
            anchors[entry.fingerprint] = own if own in listed else shown.anchor
    return anchors


def _held(view: View) -> list[tuple[str, str, int]]:
    """State, its words, how many tools are in it."""
    held = list(view.overview.states.values())
    return [(state, state_text(state, held.count(state)), held.count(state)) for state in STATES if state in held]


def _used(view: View, rules: tuple[Any, ...]) -> list[Any]:
    codes = {entry.code for entry in view.entries}
    return [rule for rule in rules if rule.code in codes]


def _timelines(view: View, linker: Linker, names: dict[str, str]) -> list[tuple[str, Timeline]]:
    """One timeline a witness: of each entry the one that decides it, then witnesses that match no entry."""
    shown: dict[str, tuple[str, Timeline]] = {}
    called = {tool.id: tool.name for tool in view.document.tools}
    deciding = [proof.item for entry in view.entries if (proof := view.proof(entry)) is not None]
    items = deciding + [item for document in view.evidence for item in document.items]
    for item in items:
        anchor = linker.timelines.name(item.fingerprint)
        if anchor not in shown and item.witness is not None:
            tools = tuple(names.get(tool, tool) for tool in item.tools)
            shown[anchor] = anchor, timeline.build(item, item.witness, pair_text(tools), called)
    return list(shown.values())


def _choices(cards: tuple[Card, ...], tools: tuple[catalogue.Row, ...]) -> list[tuple[str, str, list[str]]]:
    """The filters: attribute, label, values; those with a single value are no choice and left out."""
    found = [
        ("severity", "Severity", [s for s in ("error", "warning", "note") if any(s in c.severities for c in cards)]),
        ("code", "Code", sorted({f"{card.code} {card.name}" for card in cards})),
        ("class", "Class", sorted({tool.class_ for tool in tools})),
        ("framework", "Framework", sorted({tool.framework for tool in tools})),
        ("file", "File", sorted({tool.file for tool in tools} | {file for card in cards for file in card.files})),
        ("status", "Status", sorted({c.status for c in cards} | {state for card in cards for state in card.states})),
    ]
    return [choice for choice in found if len(choice[2]) > 1]
