"""Folding: many entries about one resource are told once. Twenty tools on one cache are one story, not 190 lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from toolaudit_reports.document import Resource
from toolaudit_reports.findings import CERTAINTY, RANK, Entry
from toolaudit_reports.proofs import Proof

NOTHING_PROVEN: Mapping[str, Proof] = MappingProxyType({})
FOLD_FROM = 4
"""So many findings of one code, without a pair, are told together."""


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """Entries with one cause. `lead` is the most severe that stands, confirmed before suspected; `cleared` are those that runs cleared.

    `tools` are the labels of all tools in the entries that stand (in all of them when none does), sorted.
    """

    lead: Entry
    entries: tuple[Entry, ...]
    tools: tuple[str, ...]
    cleared: tuple[Entry, ...] = ()

    @property
    def standing(self) -> tuple[Entry, ...]:
        """The entries that no run cleared."""
        return self.entries[: len(self.entries) - len(self.cleared)]

    @property
    def folded(self) -> bool:
        return len(self.entries) > 1

    @property
    def settled(self) -> bool:
        """Nothing left to do: every entry was cleared, or the story is accepted."""
        return self.lead.status != "open" or not self.standing

    @property
    def resources(self) -> tuple[str, ...]:
        """What the entries that stand clash on, the lead's first."""
        held = (entry.resource for entry in (self.lead, *(self.standing or self.entries)) if entry.pair)
        return tuple(dict.fromkeys(resource_text(resource) for resource in held if resource is not None))


def tell(entries: tuple[Entry, ...], proofs: Mapping[str, Proof] = NOTHING_PROVEN) -> tuple[Story, ...]:
    """Stories of `entries` (as `collect` sorts them), settled ones last: most severe first, then most certain, on something that has a
    name rather than on anything of a kind, whatever the arguments are, and with most entries as severe as the lead."""
    groups: dict[tuple[object, ...], list[Entry]] = {}
    alone = Counter((entry.code, entry.status) for entry in entries if not entry.pair)
    for entry in entries:
        groups.setdefault(_key(entry, alone[entry.code, entry.status]), []).append(entry)
    stories = [_story(group, proofs) for group in groups.values()]
    causes: dict[tuple[object, ...], list[Story]] = {}
    for story in stories:
        causes.setdefault(_cause(story.lead), []).append(story)
    return tuple(sorted((_joined(some, proofs) for some in causes.values()), key=_order))


def headline(story: Story, message: str = "") -> str:
    """One sentence: the lead's `message`, and for many tools first what they share."""
    head, said = title(story), message or story.lead.message
    return f"{head}: {said}" if head else said


def title(story: Story) -> str:
    """What a folded story is about, without its lead; empty for a story that its lead tells alone."""
    standing = story.standing or story.entries
    pairs = len({entry.tools for entry in standing if entry.pair})
    if len(story.tools) > 2 and pairs and story.resources:
        more = f" and {len(story.resources) - 1} more" if len(story.resources) > 1 else ""
        return f"{len(story.tools)} tools clash on {next(iter(story.resources))}{more} in {pairs} pairs"
    if len(standing) >= FOLD_FROM and not pairs:
        return f"{len(standing)} times"
    return ""


def resource_text(resource: Resource) -> str:
    """`kind:key`, the name that scan and engine share."""
    return f"{resource.kind}:{resource.key}" if resource.key and resource.key != resource.kind else resource.kind


def _key(entry: Entry, alike: int) -> tuple[object, ...]:
    if entry.pair and entry.resource is not None:
        return entry.status, "pair", entry.resource.kind, entry.resource.scope, entry.resource.key
    if alike >= FOLD_FROM:
        return entry.status, "code", entry.code
    return entry.status, "one", entry.fingerprint, entry.file, entry.line, entry.code


def _cause(lead: Entry) -> tuple[object, ...]:
    """One file under two names (`{name}.docx`, `{name}`) is one cause: same rule, same statements."""
    lines = tuple((step.file, step.line) for chain in lead.evidence for step in chain if step.access)
    if not lead.pair or not lines:
        return lead.fingerprint, lead.file, lead.line, lead.code, lead.status, lead.tools
    return lead.status, lead.code, lead.severity, lead.tools, lines


def _joined(stories: list[Story], proofs: Mapping[str, Proof]) -> Story:
    """Stories of one cause as one."""
    return stories[0] if len(stories) == 1 else _story([entry for story in stories for entry in story.entries], proofs)


def _story(group: list[Entry], proofs: Mapping[str, Proof]) -> Story:
    def state(entry: Entry) -> str:
        proof = proofs.get(entry.fingerprint)
        return proof.state if proof else ""

    def plainly(entry: Entry) -> tuple[int, bool, bool, bool]:
        return RANK[entry.severity], entry.latent, _vague(entry), entry.when != "always"

    def rank(entry: Entry) -> tuple[bool, int, bool, bool, bool, bool]:
        severity, latent, vague, bound = plainly(entry)
        return state(entry) == "cleared", severity, state(entry) != "confirmed", latent, vague, bound

    ordered = tuple(sorted(group, key=rank if proofs else plainly))
    cleared = tuple([entry for entry in ordered if state(entry) == "cleared"]) if proofs else ()
    standing = ordered[: len(ordered) - len(cleared)] or ordered
    tools = sorted({name for entry in standing for name in entry.names})
    return Story(lead=ordered[0], entries=ordered, tools=tuple(tools), cleared=cleared)


def _vague(entry: Entry) -> bool:
    """A clash of two tools on whatever they touch: nobody can look that up."""
    key = entry.resource.key if entry.resource else ""
    return "*" in key or "unknown" in key or key == (entry.resource.kind if entry.resource else "")


def _order(story: Story) -> tuple[object, ...]:
    lead = story.lead
    worst = sum(entry.severity == lead.severity for entry in story.standing)
    spread = (-worst, -len(story.tools), -len(story.entries)) if lead.pair else (0, 0, 0)
    return (
        lead.status != "open",
        story.settled,
        RANK[lead.severity],
        lead.latent,
        not lead.pair,
        CERTAINTY[lead.confidence],
        _vague(lead),
        lead.pair and lead.when != "always",
        *spread,
        lead.code,
        lead.file,
        lead.line,
    )
