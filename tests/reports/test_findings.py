"""Conflicts and findings as one list, folded into stories, matched with evidence."""

from __future__ import annotations

from types import ModuleType

import msgspec
import pytest

from toolaudit_reports.document import EvidenceDocument, EvidenceItem, Resource, ScanDocument, Suppression
from toolaudit_reports.findings import RANK, collect, rule_names
from toolaudit_reports.pairs import listed, pair_text, pairs_by_code
from toolaudit_reports.parts import of_entries
from toolaudit_reports.proofs import prove
from toolaudit_reports.render import render
from toolaudit_reports.stories import headline, resource_text, tell
from toolaudit_reports.view import prepare

replace = msgspec.structs.replace
SAMPLE = Resource(kind="file", key="a.json")


def test_every_conflict_and_finding_is_there_once(scan: ScanDocument) -> None:
    entries = collect(scan)
    assert len(entries) == len(scan.conflicts) + len(scan.findings)
    assert len({entry.fingerprint for entry in entries}) == len(entries)


def test_open_and_severe_entries_come_first(scan: ScanDocument) -> None:
    entries = collect(scan)
    keys = [(entry.status != "open", RANK[entry.severity]) for entry in entries]
    assert keys == sorted(keys)
    assert collect(replace(scan, conflicts=scan.conflicts[::-1], findings=scan.findings[::-1])) == entries


def test_a_finding_that_repeats_a_conflict_is_that_conflict(scan: ScanDocument) -> None:
    conflict, finding = scan.conflicts[0], scan.findings[0]
    same_print = replace(finding, fingerprint=conflict.fingerprint)
    same_proof = replace(finding, code=conflict.code, tools=conflict.tools, evidence=conflict.evidence, fingerprint="another")
    for repeated in (same_print, same_proof):
        assert len(collect(replace(scan, findings=(repeated,)))) == len(scan.conflicts)


def test_a_conflict_is_located_at_the_write(scan: ScanDocument) -> None:
    stale = next(entry for entry in collect(scan) if entry.name == "stale-read" and "list_notes" in entry.names)
    assert stale.place == "tools/notes.py:16:5"


def test_conflicts_of_other_writers_get_a_fingerprint_without_lines(scan: ScanDocument) -> None:
    bare = replace(scan.conflicts[0], fingerprint="", tools_names=(), evidence=())
    entry = collect(replace(scan, conflicts=(bare,), findings=()))[0]
    assert len(entry.fingerprint) == 16
    assert entry.names == ("transfer", "balance")
    assert entry.place == "tools/accounts.py"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, "open"),
        ({"suppressed": True}, "suppressed"),
        ({"suppressed": True, "suppression": Suppression(origin="baseline")}, "baseline"),
        ({"new": False}, "known"),
    ],
)
def test_status(scan: ScanDocument, change: dict[str, object], status: str) -> None:
    changed = replace(scan, conflicts=(replace(scan.conflicts[0], **change),), findings=())
    assert collect(changed)[0].status == status


def test_names_come_from_rules_and_findings(scan: ScanDocument) -> None:
    assert rule_names(replace(scan, rules=()))["TA505"] == "undeclared"
    assert rule_names(scan)["TA101"] == "lost-update"


def test_many_pairs_on_one_resource_are_one_story(many: ModuleType) -> None:
    document = many.many(500)
    stories = tell(of_entries(collect(document), {}))
    cache = [story for story in stories if story.lead.resource and story.lead.resource.key == "CACHE"]
    assert len(cache) <= 1
    assert sum(len(story.entries) for story in stories) == len(collect(document))
    assert len(stories) < len(document.tools) / 8


def test_a_story_says_how_many_and_leads_with_the_worst(scan: ScanDocument) -> None:
    notes = tell(of_entries(collect(scan), {}))[0]
    assert notes.folded
    assert notes.tools == ("add_note", "delete_note", "list_notes")
    assert headline(notes).startswith("3 tools clash on file:notes.json in 5 pairs: two calls of add_note")
    assert notes.lead.severity == "error"


def test_alike_findings_are_told_together(scan: ScanDocument) -> None:
    one = scan.findings[0]
    five = tuple(replace(one, fingerprint=f"f{number}", line=number) for number in range(1, 6))
    stories = tell(of_entries(collect(replace(scan, conflicts=(), findings=five)), {}))
    assert len(stories) == 1
    assert headline(stories[0]).startswith("5 times: ")
    assert len(tell(of_entries(collect(replace(scan, conflicts=(), findings=five[:3])), {}))) == 3


def test_resource_text() -> None:
    document_resource = replace(SAMPLE, kind="cwd", key="cwd")
    assert resource_text(document_resource) == "cwd"
    assert resource_text(SAMPLE) == "file:a.json"


def test_pairs_in_words(scan: ScanDocument) -> None:
    def words(*pairs: str) -> str:
        made = [replace(scan.conflicts[0], tools=tuple(pair), tools_names=tuple(pair), fingerprint=pair) for pair in pairs]
        return dict(pairs_by_code(of_entries(collect(replace(scan, conflicts=tuple(made), findings=())), {})))["stale-read"]

    assert words("aa") == "a × itself"
    assert words("ab", "cd") == "a × b and c × d"
    assert words("aa", "ab", "ac", "bb", "bc", "cc") == "a, b and c, each with every other and with itself"
    assert words("ab", "ac", "ad", "bc", "bd", "cd") == "a, b, c and d, each with every other"
    assert words("ah", "bh", "ch", "dh", "hh") == "h × a, b, c, d and itself"
    assert words("ab", "cd", "ef", "gh", "ij", "kl", "mn", "op").endswith("k × l and 2 more")


def test_listed_and_pair_text() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed("abcdefgh", 3) == "a, b, c and 5 more"
    assert pair_text(("a", "a")) == "a × itself"
    assert pair_text(("a", "b", "c")) == "a, b, c"


def test_proofs_by_fingerprint(scan: ScanDocument, evidence: EvidenceDocument) -> None:
    proofs = prove(collect(scan), [evidence])
    assert sorted(proof.state for proof in proofs.values()) == ["cleared", "confirmed", "open"]
    texts = {proof.state: proof.text for proof in proofs.values()}
    assert texts["confirmed"] == "confirmed: 2 calls, 1 preemption, replayed 10 times"
    assert texts["cleared"] == "cleared: every schedule with up to 2 preemptions (41 schedules) equals a serial order"
    assert texts["open"].startswith("not run: login needs the network")


def test_proofs_by_pair_when_there_is_no_fingerprint(scan: ScanDocument, evidence: EvidenceDocument) -> None:
    bare = replace(evidence, items=tuple(replace(item, fingerprint="") for item in evidence.items))
    assert prove(collect(scan), [bare]).keys() == prove(collect(scan), [evidence]).keys()


def test_one_confirmation_outweighs_many_clearances(scan: ScanDocument, evidence: EvidenceDocument) -> None:
    confirmed = evidence.items[0]
    cleared = replace(confirmed, verdict="not-reproduced", witness=None, schedules=999, preemptions=3, exhausted=True)
    runs = [replace(evidence, items=(item,)) for item in (cleared, confirmed, cleared)]
    proof = prove(collect(scan), runs)[confirmed.fingerprint]
    assert proof.state == "confirmed"


def test_of_several_clearances_the_furthest_counts(scan: ScanDocument, evidence: EvidenceDocument) -> None:
    near = replace(evidence.items[1], preemptions=1, schedules=5)
    far = replace(evidence.items[1], preemptions=3, schedules=200)
    proof = prove(collect(scan), [replace(evidence, items=(near, far))])[near.fingerprint]
    assert proof.item is far


def test_sampled_runs_stay_open(scan: ScanDocument, evidence: EvidenceDocument) -> None:
    item = replace(evidence.items[1], exhausted=False, schedules=1)
    proof = prove(collect(scan), [replace(evidence, items=(item,))])[item.fingerprint]
    assert (proof.state, proof.text) == ("open", "not reproduced in 1 schedule; not every schedule was run")


def test_what_was_not_observed_is_never_cleared(scan: ScanDocument, evidence: EvidenceDocument) -> None:
    item = replace(evidence.items[1], unobserved=("redis:jobs",))
    proof = prove(collect(scan), [replace(evidence, items=(item,))])[item.fingerprint]
    assert (proof.state, proof.text) == ("open", "not reproduced in 41 schedules, but not all was observed: redis:jobs")


def test_a_cleared_pair_never_leads_and_is_counted_apart(scan: ScanDocument, evidence: EvidenceDocument) -> None:
    entries = collect(scan)
    suspected = tell(of_entries(entries, {}))[0]
    item = replace(evidence.items[1], fingerprint=suspected.lead.fingerprint)
    proofs = prove(entries, [replace(evidence, items=(item,))])
    story = next(one for one in tell(of_entries(entries, proofs)) if one.lead.resource == suspected.lead.resource)
    assert story.cleared == (suspected.lead,)
    assert story.lead in story.standing
    assert headline(story).startswith("3 tools clash on file:notes.json in 4 pairs: ")
    assert not story.settled


def test_a_story_whose_every_pair_is_cleared_is_settled_and_comes_last(scan: ScanDocument, evidence: EvidenceDocument) -> None:
    entries = collect(scan)
    notes = tell(of_entries(entries, {}))[0]
    items = tuple(replace(evidence.items[1], fingerprint=entry.fingerprint) for entry in notes.entries)
    view = prepare(scan, evidence=[replace(evidence, items=items)])
    story = next(one for one in view.stories if one.lead.resource == notes.lead.resource)
    assert story.settled
    assert [one.settled for one in view.stories if one.lead.status == "open"] == [False] * 7 + [True]
    assert all(todo.story is not story for todo in view.overview.todos)
    assert "notes.json" not in render("text", scan, evidence=[replace(evidence, items=items)]).partition("\nerror[")[2]


def test_tool_states_and_what_to_do_first(scan: ScanDocument, evidence: EvidenceDocument) -> None:
    overview = prepare(scan, evidence=[evidence]).overview
    states = {tool.rpartition("::")[2]: state for tool, state in overview.states.items()}
    assert states["balance"] == "safe", "its only clash was cleared"
    assert states["fetch_profile"] == "order"
    assert states["run_hook"] == "unknown"
    assert states["use_folder"] == "clashes"
    assert [todo.story.lead.severity for todo in overview.todos] == ["error"] * 3
    assert overview.todos[0].what.startswith("3 tools clash"), "the confirmed story first"


VERDICTS = [
    ({"tools": (), "conflicts": (), "findings": ()}, "No tools found", False),
    ({"conflicts": (), "findings": ()}, "No clash found, but 1 of 9 tools could not be fully read", False),
]


@pytest.mark.parametrize(("change", "verdict", "safe"), VERDICTS)
def test_verdict_sentences(scan: ScanDocument, change: dict[str, object], verdict: str, safe: bool) -> None:
    overview = prepare(replace(scan, **change)).overview
    assert (overview.verdict, overview.safe) == (verdict, safe)


def test_verdict_of_readable_tools(scan: ScanDocument) -> None:
    read = tuple(tool for tool in scan.tools if tool.class_ != "unknown")
    clean = replace(scan, tools=read, conflicts=(), findings=())
    assert prepare(clean).overview.verdict == "Safe to run in parallel as far as was read: no clash among 8 tools"
    skipped = replace(clean, files=replace(scan.files, skipped=1))
    assert prepare(skipped).overview.verdict == "No clash found among 8 tools, but the scan is incomplete"
    ordered = replace(clean, conflicts=tuple(conflict for conflict in scan.conflicts if conflict.kind == "order"))
    assert prepare(ordered).overview.verdict.startswith("No race found, but the order of calls decides")
    latent = replace(clean, conflicts=(replace(scan.conflicts[0], latent=True),))
    assert prepare(latent).overview.verdict == "No clash under this runner; 2 of 8 tools would clash under another"


def test_a_larger_batch_proves_the_pairs_that_its_witness_names(scan: ScanDocument, evidence: EvidenceDocument) -> None:
    """A test's batch of three: the call that only stands beside them is not part of the clash."""
    proved = evidence.items[0]
    assert proved.witness is not None
    assert proved.resource is not None
    other = next(tool.id for tool in scan.tools if tool.id not in proved.tools)
    calls = (*proved.calls, replace(proved.calls[0], label="beside#2", tool=other))
    name = f"{proved.resource.kind}:{proved.resource.key}"
    steps = tuple(
        replace(proved.witness.steps[0], call=call.label, resource=name, access="rw"[number % 2])
        for number, call in enumerate(proved.calls)
    )
    witness = replace(proved.witness, steps=steps)
    batch = replace(proved, fingerprint="", code="", tools=(*proved.tools, other), calls=calls, witness=witness)
    entries = collect(scan)
    states = {print_: proof.state for print_, proof in prove(entries, [replace(evidence, items=(batch,))]).items()}
    named = {entry.fingerprint: entry.tools for entry in entries}
    assert {tuple(sorted(named[print_])) for print_ in states} == {tuple(sorted(proved.tools))}
    assert set(states.values()) == {"confirmed"}


def test_a_larger_batch_without_a_witness_clears_all_its_pairs(scan: ScanDocument, evidence: EvidenceDocument) -> None:
    proved = evidence.items[0]
    other = next(tool.id for tool in scan.tools if tool.id not in proved.tools)
    batch = replace(
        proved,
        fingerprint="",
        code="",
        tools=(other, *proved.tools),
        witness=None,
        verdict="not-reproduced",
        exhausted=True,
        kind="serializable",
    )
    states = {proof.state for proof in prove(collect(scan), [replace(evidence, items=(batch,))]).values()}
    assert states == {"cleared"}


def test_evidence_for_nothing_in_the_scan_changes_nothing(scan: ScanDocument, evidence: EvidenceDocument) -> None:
    stray = EvidenceItem(
        fingerprint="no such", code="TA101", tools=("x",), resource=None, verdict="confirmed",
        schedules=1, preemptions=1, exhausted=False,
    )  # fmt: skip
    assert prove(collect(scan), [replace(evidence, items=(stray,))]) == {}


def test_one_file_under_two_names_is_one_story(scan: ScanDocument) -> None:
    notes = [conflict for conflict in scan.conflicts if conflict.resource.key == "notes.json"]
    again = tuple(replace(c, resource=replace(c.resource, key="{path}.json"), fingerprint="x" + c.fingerprint) for c in notes)
    before, after = tell(of_entries(collect(scan), {})), tell(of_entries(collect(replace(scan, conflicts=scan.conflicts + again)), {}))
    assert len(after) == len(before)
    story = next(one for one in after if "file:notes.json" in one.resources)
    assert set(story.resources) == {"file:notes.json", "file:{path}.json"}
    assert headline(story).startswith("3 tools clash on file:notes.json and 1 more in 5 pairs: ")


def test_very_many_pairs_are_told_as_groups(scan: ScanDocument) -> None:
    lead = collect(scan)[0]
    writers, readers = [f"w{n}" for n in range(8)], [f"r{n}" for n in range(8)]
    pairs = [(a, b) for place, a in enumerate(writers) for b in (*writers[place:], *readers)]
    told = pairs_by_code(of_entries([replace(lead, names=pair, tools=pair) for pair in pairs], {}))
    assert [text for _, text in told] == [
        "A: w0, w1, w2, w3, w4, w5 and 2 more, each with every other, itself and all of B",
        "B: r0, r1, r2, r3, r4, r5 and 2 more, each with all of A",
        f"pairs by rule: {len(pairs)} {lead.name}",
    ]


def test_what_a_baseline_holds_is_not_safe(scan: ScanDocument) -> None:
    held = Suppression(origin="baseline")
    old = replace(scan, conflicts=tuple(replace(c, suppressed=True, suppression=held) for c in scan.conflicts), findings=())
    overview = prepare(old).overview
    assert overview.verdict.startswith("Not safe to run in parallel: 8 of 9 tools clash, none of it new")
    assert not overview.safe
