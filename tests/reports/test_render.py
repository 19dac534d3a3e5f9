"""Every format: golden text, the same bytes each time, and nothing loaded that was not asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from toolaudit_reports.document import EvidenceDocument, ScanDocument, encode, load_scan
from toolaudit_reports.gate import decide
from toolaudit_reports.render import FORMATS, Options, UnknownFormat, job_summary, render

GOLDEN = Path(__file__).parent / "golden"
CASES = {
    "text": ("text", Options()),
    "text-narrow": ("text", Options(width=60)),
    "text-color": ("text", Options(color=True)),
    "text-quiet": ("text", Options(quiet=True)),
    "text-verbose": ("text", Options(verbose=True)),
    "github": ("github", Options()),
    "gitlab": ("gitlab", Options()),
    "junit": ("junit", Options()),
    "markdown": ("markdown", Options()),
    "sarif": ("sarif", Options()),
}


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str, scan: ScanDocument, evidence: EvidenceDocument) -> None:
    form, options = CASES[name]
    text = render(form, scan, gate=decide(scan, evidence=[evidence]), evidence=[evidence], options=options)
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("TOOLAUDIT_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), "look at the change; TOOLAUDIT_WRITE_GOLDEN=1 accepts it"


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_text_that_ends_in_a_newline(form: str, scan: ScanDocument) -> None:
    text = render(form, scan)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@pytest.mark.parametrize("form", FORMATS)
def test_a_page_renders_from_the_json_alone(form: str, scan: ScanDocument, evidence: EvidenceDocument) -> None:
    again = load_scan(encode(scan, indent=2))
    assert render(form, again, evidence=[evidence]) == render(form, scan, evidence=[evidence])


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_found_renders(form: str, scan: ScanDocument) -> None:
    empty = msgspec.structs.replace(
        scan, tools=(), conflicts=(), orderings=(), findings=(), rules=(), suppressions=(), baseline=None, sources={}
    )
    assert render(form, empty)


def test_equal_over_hash_seeds() -> None:
    script = (
        "import hashlib,sys;from pathlib import Path;"
        "from toolaudit_reports.document import load_scan;from toolaudit_reports.render import FORMATS,render;"
        "scan=load_scan(Path(sys.argv[1]).read_bytes());"
        "print(hashlib.sha256(''.join(render(f,scan) for f in FORMATS).encode()).hexdigest())"
    )
    sample = str(Path(__file__).parent / "data" / "scan.json")
    paths = os.pathsep.join(path for path in sys.path if path)
    seen = {
        subprocess.run(
            [sys.executable, "-c", script, sample],
            env={"PYTHONPATH": paths, "PYTHONHASHSEED": seed, "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "random")
    }
    assert len(seen) == 1


def test_formats_load_only_what_they_need() -> None:
    script = (
        "import sys;import toolaudit_reports.document,toolaudit_reports.gate,toolaudit_reports.render;"
        "heavy={'jinja2','rich','pygments','libcst','click','xml'};"
        "print(sorted(heavy&set(sys.modules)))"
    )
    env = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_unknown_format_names_the_known_ones(scan: ScanDocument) -> None:
    with pytest.raises(UnknownFormat, match="unknown format 'pdf'; one of text, json, sarif, html"):
        render("pdf", scan)


def test_json_has_its_summary(scan: ScanDocument) -> None:
    bare = msgspec.structs.replace(scan, summary=None)
    assert load_scan(render("json", bare).encode()).summary == scan.summary


def test_job_summary_and_comment_stay_below_the_host_limits(many: ModuleType, scan: ScanDocument) -> None:
    assert "Gate failed" in job_summary(scan)
    large = many.many(2_500)
    assert len(job_summary(large).encode()) < 1024 * 1024
    comment = render("markdown", large)
    assert len(comment.encode()) < 65_536
    assert "more, none more severe than those above" in comment
