"""Footprints with what they have in common written once: seventy thousand accesses are some thousands of things done, of places that they are
done at and of ways there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from toolaudit.effects.units import Once
from toolaudit.model import Access, Footprint, Place, Resource, UnknownCall, Update

T = TypeVar("T")
NOWHERE = Resource("other", ())


class Folded(Struct, frozen=True, array_like=True):
    """`acts` are accesses without their resource, place and order; `rows` of each footprint are four numbers an access: its act, resource and
    chain by their positions, and its order."""

    places: list[Place]
    chains: list[tuple[int, ...]]
    resources: list[Resource]
    acts: list[Access]
    updates: list[Update]
    footprints: list[Footprint]
    """Without accesses and updates, and the calls that were not followed without their chains."""
    rows: list[list[int]]
    follows: list[list[int]]
    """The updates of each footprint."""
    calls: list[list[int]]
    """The chains of the calls that were not followed."""


_decoder = msgspec.msgpack.Decoder(Folded)


def read(data: bytes) -> Folded:
    """Raises msgspec.MsgspecError for what is in another form."""
    return _decoder.decode(data)


def fold(footprints: Sequence[Footprint]) -> Folded:
    """What `opened` makes the footprints of again."""
    places: dict[Place, int] = {}
    chains: dict[tuple[Place, ...], int] = {}
    resources: dict[Resource, int] = {}
    acts: dict[Access, int] = {}
    updates: dict[Update, int] = {}
    bare, rows, follows, calls = list[Footprint](), list[list[int]](), list[list[int]](), list[list[int]]()
    for one in footprints:
        row = list[int]()
        for access in one.accesses:
            act = replace(access, resource=NOWHERE, chain=(), order=0)
            row += (
                acts.setdefault(act, len(acts)),
                resources.setdefault(access.resource, len(resources)),
                chains.setdefault(access.chain, len(chains)),
                access.order,
            )
        rows.append(row)
        follows.append([updates.setdefault(update, len(updates)) for update in one.updates])
        calls.append([chains.setdefault(call.chain, len(chains)) for call in one.unknown_calls])
        unknown = tuple([replace(call, chain=()) for call in one.unknown_calls])
        bare.append(replace(one, accesses=(), updates=(), unknown_calls=unknown))
    ways = [tuple([places.setdefault(place, len(places)) for place in chain]) for chain in chains]
    return Folded([*places], ways, [*resources], [*acts], [*updates], bare, rows, follows, calls)


def opened(known: Folded, once: Once) -> tuple[Footprint, ...]:
    """The footprints, of which equal parts are one. IndexError for what is no one's."""
    places = [once(place) for place in known.places]
    chains = [once(tuple([places[i] for i in chain])) for chain in known.chains]
    resources = [once(resource) for resource in known.resources]
    makes = [_maker(once(act)) for act in known.acts]
    updates = [once(update) for update in known.updates]
    return tuple(
        [
            replace(
                one,
                accesses=_accesses(row, makes, resources, chains),
                updates=tuple([updates[i] for i in follows]),
                unknown_calls=_calls(one.unknown_calls, calls, chains),
            )
            for one, row, follows, calls in zip(known.footprints, known.rows, known.follows, known.calls, strict=True)
        ]
    )


Make = Callable[[Resource, tuple[Place, ...], int], Access]


def _maker(act: Access) -> Make:
    """What makes accesses of one act."""
    mode, operation, rest = act.mode, act.operation, tuple([getattr(act, name) for name in Access.__struct_fields__[5:]])
    return lambda resource, chain, order: Access(resource, mode, operation, chain, order, *rest)


def _accesses(row: list[int], makes: list[Make], resources: list[Resource], chains: list[tuple[Place, ...]]) -> tuple[Access, ...]:
    numbers = iter(row)
    return tuple(
        [makes[act](resources[at], chains[way], order) for act, at, way, order in zip(numbers, numbers, numbers, numbers, strict=True)]
    )


def _calls(bare: tuple[UnknownCall, ...], ways: list[int], chains: list[tuple[Place, ...]]) -> tuple[UnknownCall, ...]:
    return tuple([replace(call, chain=chains[way]) for call, way in zip(bare, ways, strict=True)])
