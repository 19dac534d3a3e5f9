"""One pattern for all frameworks finds what each of theirs would."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolaudit.project.prefilter import Prefilter, branches

MARKERS = {
    "a": rb"[Tt]ool|TOOL",
    "b": rb"[Tt]ool|function_map|(?:one|two)_three",
    "c": rb"x\|y|[|\]]z|\[a|b\]",
    "d": rb"[]|]q|[^]|]r",
}


@pytest.mark.parametrize(
    ("pattern", "parts"),
    [
        (rb"a|b", [rb"a", rb"b"]),
        (rb"(a|b)|c", [rb"(a|b)", rb"c"]),
        (rb"[a|b]|c", [rb"[a|b]", rb"c"]),
        (rb"a\|b|c", [rb"a\|b", rb"c"]),
        (rb"[]|]|c", [rb"[]|]", rb"c"]),
        (rb"[^]|]|c", [rb"[^]|]", rb"c"]),
        (rb"[\]|]|c", [rb"[\]|]", rb"c"]),
        (rb"[\[]|c", [rb"[\[]", rb"c"]),
        (rb"\(a|b", [rb"\(a", rb"b"]),
        (rb"", [rb""]),
    ],
)
def test_branches(pattern, parts):
    assert list(branches(pattern)) == parts


@given(st.binary(max_size=12) | st.text(alphabet="TtolOLxyz|[]ab_onethrwqr", max_size=15).map(str.encode))
def test_it_matches_what_any_marker_matches(data):
    assert Prefilter(MARKERS).matches(data) == any(re.search(marker, data) for marker in MARKERS.values())


def test_without_markers_every_file_matches():
    assert Prefilter({}).matches(b"")


def test_a_marker_that_is_no_expression():
    with pytest.raises(re.error):
        Prefilter({"bad": b"("})
