"""`toolaudit confirm`: runs pytest's plugin on the scan's suspicious pairs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

from toolaudit.errors import EXIT_FAILED, EXIT_NO_TOOLS, ToolauditError


@click.command("confirm", context_settings={"ignore_unknown_options": False})
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH... [-- PYTEST-OPTIONS...]")
@click.option("--evidence", type=click.Path(path_type=Path), metavar="FILE", help="Write the evidence document, for `toolaudit report`.")
@click.option("--allow", multiple=True, metavar="WHAT", help="Let the sandbox pass net:HOST, subprocess:PROGRAM, write:PATH or signal.")
@click.option("--preemptions", type=click.IntRange(min=0), metavar="N", help="Sweep every schedule with up to N preemptions [2].")
@click.option("--budget", type=click.IntRange(min=2), metavar="N", help="Schedules per batch at most [200].")
@click.option("--seconds", type=click.FloatRange(min=0.1), metavar="S", help="Time limit per item [30].")
@click.option("--seed", type=int, metavar="N", help="Seed of the random walk [0].")
@click.option("--exit-zero", is_flag=True, help="Exit 0 though something was confirmed.")
def command(
    paths: tuple[Path, ...],
    evidence: Path | None,
    allow: tuple[str, ...],
    preemptions: int | None,
    budget: int | None,
    seconds: float | None,
    seed: int | None,
    exit_zero: bool,
) -> int:
    """Run the suspicious pairs below PATH under controlled interleavings, sandboxed: each is confirmed, not reproduced or cannot run.

    PATH is what `scan` takes, or a scan document (JSON). What follows `--` goes to pytest (-k, -x, -n 2).
    """
    roots, passed_on = _split(paths)
    for path in roots:
        if not path.exists():
            raise ToolauditError(f"{path}: no such file or folder")
    options = {"preemptions": preemptions, "budget": budget, "seconds": seconds, "seed": seed, "evidence": evidence}
    words = [f"--toolaudit={path}" for path in roots]
    words += [f"--toolaudit-{name}={value}" for name, value in options.items() if value is not None]
    words += [f"--toolaudit-allow={text}" for text in allow]
    done = subprocess.run([sys.executable, "-m", "pytest", *words, *passed_on], check=False)
    if done.returncode == 5:
        click.echo("toolaudit: the scan reports nothing to confirm", err=True)
        return 0
    if done.returncode == 1:
        return 0 if exit_zero else EXIT_FAILED
    return done.returncode if done.returncode != EXIT_NO_TOOLS else 2


def _split(words: tuple[Path, ...]) -> tuple[list[Path], list[str]]:
    """Paths, and what stands after the first word that is an option of pytest's (click drops the `--` itself)."""
    for position, word in enumerate(words):
        if str(word).startswith("-"):
            return list(words[:position]), [str(w) for w in words[position:]]
    return list(words), []
