"""`toolaudit confirm`: runs pytest's plugin on the scan's suspicious pairs."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolaudit.cli.outputs import writable
from toolaudit.cli.report import read
from toolaudit.errors import EXIT_BUG, EXIT_FAILED, EXIT_NO_TOOLS, EXIT_PASSED, EXIT_USAGE, ToolauditError

if TYPE_CHECKING:
    from toolaudit_reports.document import ScanDocument

HANDED_ON = 1.0
"""Seconds."""


@click.command("confirm", context_settings={"ignore_unknown_options": False})
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH... [-- PYTEST-OPTIONS...]")
@click.option("--evidence", type=click.Path(path_type=Path), metavar="FILE", help="Write the evidence document, for `toolaudit report`.")
@click.option("--write-tests", type=click.Path(path_type=Path), metavar="DIR", help="Write each confirmed item as a test file to keep.")
@click.option("--allow", multiple=True, metavar="WHAT", help="Let the sandbox pass net:HOST, subprocess:PROGRAM, write:PATH or signal.")
@click.option("--preemptions", type=click.IntRange(min=0), metavar="N", help="Sweep every schedule with up to N preemptions [2].")
@click.option("--budget", type=click.IntRange(min=2), metavar="N", help="Schedules per batch at most [200].")
@click.option("--seconds", type=click.FloatRange(min=0.1), metavar="S", help="Time limit per item [30].")
@click.option("--items", type=click.IntRange(min=0), metavar="N", help="Items at most, the strongest; 0: all [300].")
@click.option("--seed", type=int, metavar="N", help="Seed of the random walk [0].")
@click.option("--exit-zero", is_flag=True, help="Exit 0 though something was confirmed.")
def command(
    paths: tuple[Path, ...],
    evidence: Path | None,
    write_tests: Path | None,
    allow: tuple[str, ...],
    preemptions: int | None,
    budget: int | None,
    seconds: float | None,
    items: int | None,
    seed: int | None,
    exit_zero: bool,
) -> int:
    """Run the suspicious pairs below PATH under controlled interleavings, sandboxed: each is confirmed, not reproduced or cannot run.

    PATH is what `scan` takes, or a scan document (JSON). What follows `--` goes to pytest (-k, -x, -n 2).
    """
    roots, passed_on = _split(paths)
    _check(roots, evidence)
    options = {"preemptions": preemptions, "budget": budget, "seconds": seconds, "items": items, "seed": seed, "evidence": evidence}
    words = ["--toolaudit-command", *(f"--toolaudit={path}" for path in roots)]
    words += [f"--toolaudit-{name}={value}" for name, value in options.items() if value is not None]
    words += [f"--toolaudit-write-tests={write_tests}"] if write_tests is not None else []
    words += [f"--toolaudit-allow={text}" for text in allow]
    return _exit_code(_run([sys.executable, "-m", "pytest", *words, *passed_on]), roots, exit_zero)


def _run(command: list[str]) -> int:
    """Pytest's exit code. Interrupted, it is given the time to write what it knows; interrupted again, it is ended."""
    with subprocess.Popen(command) as pytest:
        try:
            return pytest.wait()
        except KeyboardInterrupt:
            try:
                _finish(pytest)
            except KeyboardInterrupt:
                pytest.kill()
            raise


def _finish(pytest: subprocess.Popen[bytes]) -> None:
    """Waits for its end. A terminal interrupts the whole group: only where nothing happens the signal is handed on."""
    try:
        pytest.wait(HANDED_ON)
    except subprocess.TimeoutExpired:
        pytest.send_signal(signal.SIGINT)
        pytest.wait()


def _check(roots: list[Path], evidence: Path | None) -> None:
    """What pytest would only find out after it has started. Raises ToolauditError."""
    for path in roots:
        if not path.exists():
            raise ToolauditError(f"{path}: no such file or folder")
        if path.suffix == ".json":
            _scan_document(path)
    if evidence is not None:
        writable(evidence)


def _scan_document(path: Path) -> ScanDocument:
    from toolaudit_reports.document import ScanDocument

    document = read(path)
    if not isinstance(document, ScanDocument):
        raise ToolauditError(f"{path}: evidence of another run; confirm takes folders, files or a scan document")
    return document


def _exit_code(code: int, roots: list[Path], exit_zero: bool) -> int:
    """Ours for pytest's: 1 some test failed, 3 a bug, 4 usage, 5 nothing collected."""
    if code == 5:
        from toolaudit.cli.settings import settle
        from toolaudit.pipeline import scan

        document = _scan_document(roots[0]) if roots[0].suffix == ".json" else scan(settle(tuple(roots), {}))
        if not document.tools:
            click.echo("toolaudit: no tools found", err=True)
            return 0 if exit_zero else EXIT_NO_TOOLS
        click.echo("toolaudit: the scan reports nothing to confirm", err=True)
        return EXIT_PASSED
    if code == 1:
        return EXIT_PASSED if exit_zero else EXIT_FAILED
    return {3: EXIT_BUG, 4: EXIT_USAGE}.get(code, code)


def _split(words: tuple[Path, ...]) -> tuple[list[Path], list[str]]:
    """Paths, and what stands after the first word that is an option of pytest's (click drops the `--` itself)."""
    for position, word in enumerate(words):
        if str(word).startswith("-"):
            return list(words[:position]), [str(w) for w in words[position:]]
    return list(words), []
