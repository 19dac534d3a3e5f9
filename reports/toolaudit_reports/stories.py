"""Folding: many entries about one resource are told once. Twenty tools on one cache are one story, not 190 lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain
from operator import itemgetter

from toolaudit_reports.document import Resource
from toolaudit_reports.findings import CERTAINTY, RANK, Entry, order
from toolaudit_reports.parts import Part, pairs

FOLD_FROM = 4
"""So many findings of one code, without a pair, are told together."""


class Story:
    """Entries with one cause. `lead` is the most severe that stands, confirmed before suspected; the parts stand in that order too."""

    def __init__(self, *groups: Sequence[Part]) -> None:
        """`groups`: parts in the order of their leads."""
        self._groups = groups
        self.parts = tuple(sorted(chain(*groups), key=_rank))
        self.lead = self.parts[0].lead
        cleared = [part for part in self.parts if part.like.proof == "cleared"]
        self.stands = self.parts[: len(self.parts) - len(cleared)]
        """What no run cleared."""

    @cached_property
    def tools(self) -> tuple[str, ...]:
        """The labels of all tools in the entries that stand (in all of them when none does), sorted."""
        return tuple(sorted({name for part in self.stands or self.parts for name in part.called}))

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        every = ((number, part) for number, group in enumerate(self._groups) for part in group)
        ranked = [((_rank(part), number, order(entry)), entry) for number, part in every for entry in part.entries]
        return tuple([entry for _, entry in sorted(ranked, key=itemgetter(0))])

    @property
    def standing(self) -> tuple[Entry, ...]:
        """The entries that no run cleared."""
        return self.entries[: sum(part.size for part in self.stands)]

    @property
    def cleared(self) -> tuple[Entry, ...]:
        """Those that runs cleared."""
        return self.entries[sum(part.size for part in self.stands) :]

    @property
    def folded(self) -> bool:
        return sum(part.size for part in self.parts) > 1

    @property
    def settled(self) -> bool:
        """Nothing left to do: every entry was cleared, or the story is accepted."""
        return self.lead.status != "open" or not self.stands

    @property
    def resources(self) -> tuple[str, ...]:
        """What the entries that stand clash on, the lead's first."""
        held = (part.like.resource for part in (*self.parts[:1], *(self.stands or self.parts)) if part.like.pair)
        return tuple(dict.fromkeys(resource_text(resource) for resource in held if resource is not None))


def tell(parts: Iterable[Part]) -> tuple[Story, ...]:
    """Stories of `parts` (in the order of their leads), settled ones last: most severe first, then most certain, on something that has a
    name rather than on anything of a kind, whatever the arguments are, and with most entries as severe as the lead."""
    groups: dict[tuple[object, ...], list[Part]] = {}
    parts = tuple(parts)
    alone = Counter((part.like.code, part.like.status) for part in parts if not part.like.pair)
    for part in parts:
        groups.setdefault(_key(part, alone[part.like.code, part.like.status]), []).append(part)
    causes: dict[tuple[object, ...], list[Story]] = {}
    for group in groups.values():
        story = Story(group)
        causes.setdefault(_cause(story.lead), []).append(story)
    return tuple(sorted(map(_joined, causes.values()), key=_order))


def headline(story: Story, message: str = "") -> str:
    """One sentence: the lead's `message`, and for many tools first what they share."""
    head, said = title(story), message or story.lead.message
    return f"{head}: {said}" if head else said


def title(story: Story) -> str:
    """What a folded story is about, without its lead; empty for a story that its lead tells alone."""
    standing = story.stands or story.parts
    clashes = len({tools for part in pairs(standing) for tools in part.tools})
    if len(story.tools) > 2 and clashes and story.resources:
        more = f" and {len(story.resources) - 1} more" if len(story.resources) > 1 else ""
        return f"{len(story.tools)} tools clash on {next(iter(story.resources))}{more} in {clashes} pairs"
    times = sum(part.size for part in standing)
    return f"{times} times" if times >= FOLD_FROM and not clashes else ""


def resource_text(resource: Resource) -> str:
    """`kind:key`, the name that scan and engine share."""
    return f"{resource.kind}:{resource.key}" if resource.key and resource.key != resource.kind else resource.kind


def _key(part: Part, alike: int) -> tuple[object, ...]:
    like = part.like
    if like.pair and like.resource is not None:
        return like.status, "pair", like.resource.kind, like.resource.scope, like.resource.key
    if alike >= FOLD_FROM and not like.pair:
        return like.status, "code", like.code
    lead = part.lead
    return like.status, "one", lead.fingerprint, lead.file, lead.line, lead.code


def _cause(lead: Entry) -> tuple[object, ...]:
    """One file under two names (`{name}.docx`, `{name}`) is one cause: same rule, same statements."""
    lines = tuple((step.file, step.line) for chain in lead.evidence for step in chain if step.access)
    if not lead.pair or not lines:
        return lead.fingerprint, lead.file, lead.line, lead.code, lead.status, lead.tools
    return lead.status, lead.code, lead.severity, lead.tools, lines


def _joined(stories: list[Story]) -> Story:
    """Stories of one cause as one."""
    if len(stories) == 1:
        return stories[0]
    return Story(*(story.parts for story in stories))


def _rank(part: Part) -> tuple[bool, int, bool, bool, bool, bool]:
    like = part.like
    return like.proof == "cleared", RANK[like.severity], like.proof != "confirmed", like.latent, _vague(like.resource), not like.always


def _vague(resource: Resource | None) -> bool:
    """A clash of two tools on whatever they touch: nobody can look that up."""
    key = resource.key if resource else ""
    return "*" in key or "unknown" in key or key == (resource.kind if resource else "")


def _order(story: Story) -> tuple[object, ...]:
    lead = story.lead
    worst = sum(part.size for part in story.stands if part.like.severity == lead.severity)
    spread = (-worst, -len(story.tools), -sum(part.size for part in story.parts)) if lead.pair else (0, 0, 0)
    return (
        lead.status != "open",
        story.settled,
        RANK[lead.severity],
        lead.latent,
        not lead.pair,
        CERTAINTY[lead.confidence],
        _vague(lead.resource),
        lead.pair and lead.when != "always",
        *spread,
        lead.code,
        lead.file,
        lead.line,
    )
