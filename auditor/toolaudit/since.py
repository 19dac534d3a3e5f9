"""`--since REV`: everything is scanned, and what a revision already had is marked as known. A conflict has two ends, so scanning only
what changed would miss half of them."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from toolaudit.errors import ToolauditError
from toolaudit.pipeline import scan
from toolaudit.request import Request
from toolaudit_reports.document import ScanDocument


def mark_new(document: ScanDocument, revision: str, request: Request) -> ScanDocument:
    """The document with `new` false on what the scan of `revision` found too, by fingerprint; suppressions that the change adds are
    marked `added`.

    Raises ToolauditError when there is no such revision or the roots are not in a git work tree.
    """
    with _tree(revision, request.roots) as roots:
        before = scan(msgspec.structs.replace(request, roots=roots, use_cache=False, compare=None))
    known = {f.fingerprint for f in before.findings} | {c.fingerprint for c in before.conflicts}
    had = {(s.file, s.codes, s.reason) for s in before.suppressions}
    return msgspec.structs.replace(
        document,
        since=revision,
        findings=tuple(msgspec.structs.replace(f, new=f.fingerprint not in known) for f in document.findings),
        conflicts=tuple(msgspec.structs.replace(c, new=c.fingerprint not in known) for c in document.conflicts),
        suppressions=tuple(msgspec.structs.replace(s, added=(s.file, s.codes, s.reason) not in had) for s in document.suppressions),
    )


@contextmanager
def _tree(revision: str, roots: tuple[Path, ...]) -> Iterator[tuple[Path, ...]]:
    """The roots as they were at a revision, in a temporary folder; roots that did not exist then are left out."""
    top = Path(_git(roots[0], "rev-parse", "--show-toplevel").decode().strip())
    commit = _git(top, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
    archive = _git(top, "archive", "--format=tar", commit)
    with tempfile.TemporaryDirectory(prefix="toolaudit-") as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(folder, filter="data")
        there = [Path(folder) / root.resolve().relative_to(top.resolve()) for root in roots]
        yield tuple(root for root in there if root.exists()) or (Path(folder),)


def _git(where: Path, *arguments: str) -> bytes:
    folder = where if where.is_dir() else where.parent
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        raise ToolauditError("--since needs git, which is not on the PATH") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        reason = said[-1] if said else "no such revision"
        raise ToolauditError(f"--since: git {' '.join(arguments[:2])}: {reason}")
    return done.stdout
