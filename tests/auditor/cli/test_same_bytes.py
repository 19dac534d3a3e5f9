"""Same input, same bytes: every format, run after run, with and without cache, on one process or two."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from toolaudit.cli.outputs import FORMATS

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples" / "racy"


def test_every_format_is_the_same_on_each_run(project: Path, run) -> None:
    shutil.copytree(EXAMPLES, project / "racy")
    seen: dict[str, set[bytes]] = {}
    for number, more in enumerate((["--jobs", "1", "--no-cache"], ["--jobs", "2", "--no-cache"], ["--jobs", "2"], [])):
        outputs = [word for form in FORMATS for word in ("--output", f"{form}=out{number}/{form}")]
        assert run("scan", "racy", "src", *outputs, *more).code == 1
        for form in FORMATS:
            data = (project / f"out{number}" / form).read_bytes()
            if form == "json":
                held = json.loads(data)
                del held["files"]["cached"]
                data = json.dumps(held).encode()
            seen.setdefault(form, set()).add(data)
    assert {form: len(found) for form, found in seen.items()} == dict.fromkeys(FORMATS, 1)
    assert all(str(project).encode() not in data for found in seen.values() for data in found), "no absolute path"
