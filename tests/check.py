"""Everything that must hold before a change lands: style, types, layers, tests, coverage. Exit 0 when all of it does.

python tests/check.py             all of it
python tests/check.py ruff mypy   only these steps
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"
STEPS: dict[str, list[list[str]]] = {
    "ruff": [[PYTHON, "-m", "ruff", "check", "."], [PYTHON, "-m", "ruff", "format", "--check", "."]],
    "mypy": [[PYTHON, "-m", "mypy"]],
    "pyright": [[PYTHON, "-m", "pyright", "--pythonpath", PYTHON]],
    "layers": [[PYTHON, "-c", LINT_IMPORTS]],
    "tests": [
        [PYTHON, "-m", "coverage", "erase"],
        # A loaded machine can delay one test of thousands; it runs once more, and the summary names it.
        [PYTHON, "-m", "coverage", "run", "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "--reruns", "1", "-rR"],
        [PYTHON, "-m", "coverage", "combine", "-q"],
        [PYTHON, "-m", "coverage", "report", "--skip-covered", "--fail-under=90"],
    ],
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in STEPS]
    if unknown:
        print(f"no step {', '.join(unknown)}; steps: {', '.join(STEPS)}")
        return 2
    failed = []
    for name in names or STEPS:
        print(f"== {name}", flush=True)
        for command in STEPS[name]:
            if subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}).returncode != 0:
                failed.append(name)
                break
    print("failed: " + ", ".join(failed) if failed else "all checks passed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
