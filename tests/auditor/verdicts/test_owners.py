"""What the buckets leave out must never meet: the law that lets the judges skip it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from toolaudit.model import Access, KeyPart, Resource
from toolaudit.verdicts.keys import overlap
from toolaudit.verdicts.owners import OWNED, owned

PARTS = st.builds(
    KeyPart, st.sampled_from(["literal", "param", "self", "global", "state", "env", "any", "fresh", "unknown"]), st.sampled_from("ab")
)
KINDS = st.sampled_from([*sorted(OWNED), "env", "file"])
RESOURCES = st.builds(Resource, KINDS, st.lists(PARTS, max_size=3).map(tuple), st.sampled_from(["", "m", "n"]))
ACCESSES = RESOURCES.map(lambda resource: Access(resource, "r", "read", ()))


@given(ACCESSES, st.lists(ACCESSES, max_size=8))
def test_what_is_left_out_never_meets(one: Access, others: list[Access]) -> None:
    near = owned(others).near(one)
    positions = [next(i for i, other in enumerate(others) if other is kept) for kept in near]
    assert positions == sorted(positions)
    left_out = [other for i, other in enumerate(others) if i not in positions and other.resource.kind == one.resource.kind]
    for other in left_out:
        assert overlap(one.resource, other.resource).relation == "never"
        assert overlap(other.resource, one.resource).relation == "never"


def test_an_item_named_like_another_object_is_not_that_object() -> None:
    """`self.b[self.a]` beside `self.a`: they end alike, and are two objects."""
    whole = Resource("browser", (KeyPart("self", "a"),), "m")
    item = Resource("browser", (KeyPart("self", "b"), KeyPart("self", "a")))
    assert overlap(whole, item).relation == overlap(item, whole).relation == "never"


def test_another_owner_is_left_out() -> None:
    """Not merely everything of the kind."""
    first, second = (Access(Resource("memory", (KeyPart("global", name),), "m.py"), "w", "write", ()) for name in ("A", "B"))
    assert owned([first, second]).near(first) == (first,)
