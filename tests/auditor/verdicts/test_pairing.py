"""What is remembered of one pair serves every other: the judge says of many pairs what `clashes` says of each by itself."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolaudit.verdicts.clashes import Clash, clashes
from toolaudit.verdicts.conflicts import meeting
from toolaudit.verdicts.pairing import Judge, View, measured, offer, strongest
from toolaudit.verdicts.profile import Profile, profile, written_by

READS = [
    "r read file:{p}",
    "r read file:n",
    "r list dir:d",
    "r check file:{p}",
    "r read memory:{self.x}",
    "r read sql:acc",
    "r read file:{cwd}/n",
]
WRITES = [
    "w write file:{p}", "w write file:n atomic", "w append file:n if=a/b", "w write memory:{self.x}", "w write memory:{self.x} secondary=memo",
    "w update sql:acc", "w update sql:acc tx=1", "rw opaque subprocess:{c}", "rw session browser:{self.page}", "w write cwd:", "w delete file:{q}",
    "w write memory:{?} sure=name-only",
]  # fmt: skip
LOCKS = ["", " lock=L/threads", " lock=L/event-loop/{p}"]
LINKS = ["", " <- 0 data io", " <- 0 data sync", " <- 0 control await", " <- 0 control io"]


@st.composite
def bodies(draw: st.DrawFn) -> str:
    head = draw(st.sampled_from(["", " async", " async suspends", " suspends"]))
    lines = [draw(st.sampled_from(READS)) + draw(st.sampled_from(LOCKS))]
    for _ in range(draw(st.integers(0, 3))):
        write = draw(st.booleans())
        lines.append(
            draw(st.sampled_from(WRITES if write else READS))
            + draw(st.sampled_from(LOCKS))
            + draw(st.sampled_from(LINKS if write else [""]))
        )
    return f"(p, q, c){head}\n " + "\n ".join(lines)


def alone(one: Profile, other: Profile) -> list[Clash]:
    """A pair without what is known of any other: of the clashes on each resource the strongest, as `strongest` ranks them."""
    best: dict = {}
    for clash in clashes(one, other):
        offer(best, measured(clash), clash.a, clash.b)
    return [candidate.found.clash for candidate in strongest(best)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.lists(bodies(), min_size=2, max_size=6))
def test_pairs_are_judged_as_if_alone(scan_of, texts: list[str]) -> None:
    scan = scan_of("\n\n".join(f"t{i}{text}" for i, text in enumerate(texts)))
    written = written_by(scan.footprints)
    views = tuple(profile(tool, footprint, written) for tool, footprint in zip(scan.tools, scan.footprints, strict=True))
    judge = Judge()
    numbered = {view.tool.id: View(view, judge) for view in views}
    for one, other in ((views[i], views[j]) for i, j in meeting(views)):
        told = judge.ranked(numbered[one.tool.id], numbered[other.tool.id])
        assert [candidate.clash() for candidate in told] == alone(one, other)


def test_the_second_pair_has_its_own_places(scan_of) -> None:
    """Three tools alike: each pair's evidence stands in its own two tools."""
    scan = scan_of("\n\n".join(f"t{i}(p, x)\n r read file:{{p}}\n w write file:{{p}} <- 0 data io" for i in range(3)))
    for conflict in scan.conflicts:
        places = [{place.function for access in side for place in access.chain} for side in conflict.evidence]
        assert [{tool.rpartition("::")[2]} for tool in conflict.tools] == places
