"""Opt-in: `python tests/packages/confirm.py [--labelled] [NAME…]` runs `toolaudit confirm` on real packages and prints one row for each.

Environments and evidence are kept in `.matrix/packages/`; delete it to install anew. Needs uv and the package index.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".matrix" / "packages"
COUNTS = re.compile(r"(\d+) (confirmed|not reproduced|cannot run)")
OURS = (".pytest_cache", "__pycache__")


def main() -> int:
    """Prints the table; 1 when a run did not end or changed what is not its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="packages, without their versions; all unless some are named")
    parser.add_argument("--labelled", action="store_true", help="only those whose tools were judged by hand")
    parser.add_argument("--items", type=int, default=60, help="the strongest so many of each package [60]")
    parser.add_argument("--seconds", type=float, default=15, help="time limit of an item [15]")
    parser.add_argument("--timeout", type=float, default=1800, help="time limit of a package [1800]")
    chosen = parser.parse_args()
    packages = tomllib.loads(Path(__file__).with_name("packages.toml").read_text(encoding="utf-8"))["package"]
    wanted = [p for p in packages if (not chosen.names or _name(p) in chosen.names) and (p.get("labelled") or not chosen.labelled)]
    print("| package | items | confirmed | not reproduced | cannot run | seconds | changed outside |\n|---|---|---|---|---|---|---|")
    reasons: Counter[str] = Counter()
    failed = False
    for package in wanted:
        try:
            row, good = confirmed(package, chosen, reasons)
        except subprocess.CalledProcessError:
            row, good = f"| {package['name']} | cannot be installed here |", True
        print(row, flush=True)
        failed |= not good
    for reason, number in reasons.most_common():
        print(f"{number}: {reason}")
    return 1 if failed else 0


def confirmed(package: dict[str, Any], chosen: argparse.Namespace, reasons: Counter[str]) -> tuple[str, bool]:
    """One row of the table, and whether the run ended and left all as it was. Reasons why items cannot run are counted."""
    environment = _environment(package)
    folder = KEPT / _name(package)
    scratch, home = folder / "scratch", folder / "home"
    for made in (scratch, home):
        made.mkdir(exist_ok=True)
    (scratch / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")  # this project's settings are none of the package's
    site = next((folder / "environment").glob("lib/python3.*/site-packages"))
    watched = (site, scratch, home)
    before = _tree(watched)
    started = time.monotonic()
    log = folder / "log.txt"
    command = [str(environment / "bin/toolaudit"), "confirm", *(str(site / one) for one in package["folders"])]
    command += ["--evidence", str(folder / "evidence.json"), "--exit-zero", f"--items={chosen.items}", f"--seconds={chosen.seconds}"]
    command += [f"--allow={one}" for one in package.get("allow", ())]
    command += ["--", "-q", "-rs", "-p", "no:cacheprovider", f"--junit-xml={folder / 'junit.xml'}"]
    given = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(folder / "cache"), **package.get("environment", {})}
    with log.open("wb") as out:
        try:
            code = subprocess.run(command, cwd=scratch, env=given, stdout=out, stderr=out, timeout=chosen.timeout, check=False).returncode
        except subprocess.TimeoutExpired:
            code = -1
    seconds = time.monotonic() - started
    changed = sorted({name for name, *_ in before ^ _tree(watched)})
    counts = Counter({what: int(number) for number, what in COUNTS.findall(log.read_text(encoding="utf-8", errors="replace"))})
    _count(folder / "junit.xml", reasons, _name(package))
    cells = [package["name"], counts.total(), *(counts[one] for one in ("confirmed", "not reproduced", "cannot run")), f"{seconds:.0f}"]
    cells += [", ".join(changed[:3]) or "nothing"]
    return f"| {' | '.join(map(str, cells))} |" + ("" if code == 0 else f" exit {code}"), code == 0 and not changed


def _count(junit: Path, reasons: Counter[str], name: str) -> None:
    from xml.etree import ElementTree

    if junit.exists():
        for skipped in ElementTree.parse(junit).iter("skipped"):
            reasons[f"{name}: {skipped.get('message', '')[:200]}"] += 1


def _environment(package: dict[str, Any]) -> Path:
    """An environment with our package, as it is here, and the other; compiled, so that an import writes nothing."""
    environment = KEPT / _name(package) / "environment"
    if not (environment / "complete").exists():
        python = str(environment / "bin/python")
        subprocess.run(["uv", "venv", "-q", "--clear", "-p", package.get("python", sys.executable), str(environment)], check=True)
        wanted = [package["name"], *package.get("requires", ())]
        subprocess.run(["uv", "pip", "install", "-q", "--compile-bytecode", "-p", python, "-e", str(ROOT), *wanted], check=True)
        (environment / "complete").touch()
    return environment


def _tree(folders: tuple[Path, ...]) -> set[tuple[str, int, int]]:
    """Every file and folder below the folders, with its size and when it was written."""
    found = set()
    for folder in folders:
        for path in folder.rglob("*"):
            if not any(part in OURS for part in path.parts):
                stat = path.lstat()
                found.add((path.relative_to(KEPT).as_posix(), *((stat.st_size, stat.st_mtime_ns) if path.is_file() else (0, 0))))
    return found


def _name(package: dict[str, Any]) -> str:
    return re.split(r"[=<>]", str(package["name"]), maxsplit=1)[0]


if __name__ == "__main__":
    sys.exit(main())
