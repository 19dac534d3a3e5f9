"""Accesses of state inside the process by owner: two named things of different owners or names never meet, so they are not compared."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache

from msgspec import Struct

from toolaudit.model import Access, Resource
from toolaudit.verdicts.keys import CONSTANT

OWNED = frozenset({"memory", "session", "browser"})
"""Kinds that meet nothing but their own kind; a free command reaches the environment and the working folder too."""

Owner = tuple[str, str, str, str]


class Owned(Struct, frozen=True):
    """Accesses by kind, scope and name; a loose one, without a constant name or a scope, may be anything of its kind."""

    by_owner: Mapping[Owner, tuple[Access, ...]] = {}
    by_kind: Mapping[str, tuple[Access, ...]] = {}
    rank: Mapping[int, int] = {}
    known: dict[Owner, tuple[Access, ...]] = {}
    """Owner → what is near its accesses, as far as it was asked for."""

    def near(self, access: Access) -> tuple[Access, ...]:
        """What can meet this access, in the order given."""
        resource = access.resource
        if resource.kind not in OWNED or resource.kind not in self.by_kind:
            return self.by_kind.get(resource.kind, ())
        owner = _owner(resource)
        if owner not in self.known:
            self.known[owner] = self._near(*owner)
        return self.known[owner]

    def _near(self, kind: str, scope: str, part: str, name: str) -> tuple[Access, ...]:
        if not scope or not part:
            return self.by_kind[kind]
        wanted = ((kind, scope, part, name), (kind, "", part, name), (kind, scope, "", ""), (kind, "", "", ""))
        found = [there for owner in wanted if (there := self.by_owner.get(owner))]
        if len(found) < 2:
            return found[0] if found else ()
        return tuple(sorted(itertools.chain(*found), key=lambda one: self.rank[id(one)]))


def owned(accesses: Iterable[Access]) -> Owned:
    """The accesses, sorted into their owners' buckets."""
    by_owner: dict[Owner, list[Access]] = defaultdict(list)
    by_kind: dict[str, list[Access]] = defaultdict(list)
    rank: dict[int, int] = {}
    for access in accesses:
        by_kind[access.resource.kind].append(access)
        if access.resource.kind in OWNED:
            rank[id(access)] = len(rank)
            by_owner[_owner(access.resource)].append(access)
    return Owned({k: tuple(v) for k, v in by_owner.items()}, {k: tuple(v) for k, v in by_kind.items()}, rank)


@lru_cache(maxsize=16384)
def _owner(resource: Resource) -> Owner:
    head = resource.key[0] if resource.key else None
    if head is None or head.kind not in CONSTANT:
        return resource.kind, resource.scope, "", ""
    return resource.kind, resource.scope, head.kind, head.text
