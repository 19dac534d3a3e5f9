"""Settings that nobody gave are made up, and the verdict names them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_toolaudit.confirming.settings import value_for
from toolaudit_reports.document import load_evidence

pytest_plugins = ["pytester"]

AT_IMPORT = """
import os

from langchain_core.tools import tool

KEY = os.environ["TOOLAUDIT_TEST_API_KEY"]
PLACES = int(os.environ["TOOLAUDIT_TEST_PLACES"])
COUNT = {"n": 0}


@tool
def bump() -> int:
    "Count."
    n = COUNT["n"]
    COUNT["n"] = n + PLACES
    return n
"""
AT_CALL = """
import os

from langchain_core.tools import tool

COUNT = {"n": 0}


@tool
def bump() -> str:
    "Count."
    if not os.getenv("TOOLAUDIT_TEST_TOKEN"):
        return "Error: no access token is configured"
    n = COUNT["n"]
    COUNT["n"] = n + 1
    return f"counted {n}"
"""
OF_AN_OBJECT = """
import os

from agno.tools import Toolkit


class Counter(Toolkit):
    def __init__(self) -> None:
        self.key = os.getenv("TOOLAUDIT_TEST_SECRET")
        if not self.key:
            raise ValueError("TOOLAUDIT_TEST_SECRET environment variable is not set")
        self.count = 0
        super().__init__(name="counter", tools=[self.bump])

    def bump(self) -> int:
        n = self.count
        self.count = n + 1
        return n
"""
OF_A_MODEL = OF_AN_OBJECT.replace(
    'raise ValueError("TOOLAUDIT_TEST_SECRET environment variable is not set")',
    r"""raise ValueError(
                "1 validation error for Counter\n"
                "  Value error, Did not find secret, please add an environment variable `TOOLAUDIT_TEST_SECRET` [type=value_error]\n"
                "    For further information visit https://errors.pydantic.dev/2.14/v/value_error"
            )""",
)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (OF_A_MODEL, ["TOOLAUDIT_TEST_SECRET=alpha"]),
        (AT_IMPORT, ["TOOLAUDIT_TEST_API_KEY=", "TOOLAUDIT_TEST_PLACES=1"]),
        (AT_CALL, ["TOOLAUDIT_TEST_TOKEN=alpha"]),
        (OF_AN_OBJECT, ["TOOLAUDIT_TEST_SECRET=alpha"]),
    ],
    ids=["when a model is made", "when imported", "when called", "when an object is made"],
)
def test_what_is_missing_in_the_environment_is_made_up(pytester: pytest.Pytester, source: str, names: list[str]) -> None:
    (pytester.path / "tools.py").write_text(source)
    pytester.runpytest_subprocess("--toolaudit=tools.py", "--toolaudit-evidence=evidence.json", "--toolaudit-seconds=30")
    items = load_evidence((pytester.path / "evidence.json").read_bytes()).items
    confirmed = [item for item in items if item.verdict == "confirmed"]
    assert confirmed, [item.reason for item in items]
    assert all(f"{name}" in confirmed[0].reason for name in names)
    assert not any(name.startswith("TOOLAUDIT_TEST") for name in os.environ)


def test_a_setting_is_made_up_beside_a_framework_of_another_version(pytester: pytest.Pytester) -> None:
    pytester.mkpydir("langchain_core")  # which has no `tools` any more
    asked = AT_IMPORT.replace(
        '"]\nPLACES', '") or ""\nif not KEY:\n    raise RuntimeError("TOOLAUDIT_TEST_API_KEY environment variable is not set")\nPLACES'
    )
    (pytester.path / "tools.py").write_text(asked.replace('environ["TOOLAUDIT_TEST_API_KEY', 'getenv("TOOLAUDIT_TEST_API_KEY'))
    pytester.runpytest_subprocess("--toolaudit=tools.py", "--toolaudit-evidence=evidence.json", "--toolaudit-seconds=30")
    items = load_evidence((pytester.path / "evidence.json").read_bytes()).items
    assert "TOOLAUDIT_TEST_API_KEY=" in "".join(item.reason for item in items if item.verdict == "confirmed"), items


@pytest.mark.parametrize(
    ("name", "said", "value"),
    [
        ("NOTES_API_KEY", "", "alpha"),
        ("NOTES_PORT", "", "1"),
        ("NOTES_LEVEL", "ValueError: invalid literal for int() with base 10: 'alpha'", "1"),
        ("NOTES_DIR", "", "."),
        ("NOTES_URL", "", "http://127.0.0.1:9"),
        ("DATABASE_URL", "", "sqlite:///toolaudit.db"),
        ("NOTES_DEBUG", "", "false"),
        ("NOTES_FILE", "", "toolaudit.json"),
        ("AWS_REGION", "", "us-east-1"),
    ],
)
def test_a_value_fits_the_name_and_harms_nobody(name: str, said: str, value: str) -> None:
    assert value_for(name, said) == value


def test_a_settings_class_tells_what_it_misses(pytester: pytest.Pytester) -> None:
    pytest.importorskip("pydantic_settings")
    source = AT_CALL.replace('if not os.getenv("TOOLAUDIT_TEST_TOKEN"):', "if not Settings().access_code:").replace(
        "COUNT =",
        "from pydantic_settings import BaseSettings, SettingsConfigDict\n\n\nclass Settings(BaseSettings):\n"
        "    model_config = SettingsConfigDict(env_prefix='toolaudit_test_')\n    access_code: int\n\n\nCOUNT =",
    )
    (pytester.path / "tools.py").write_text(source)
    pytester.runpytest_subprocess("--toolaudit=tools.py", "--toolaudit-evidence=evidence.json", "--toolaudit-seconds=30")
    items = load_evidence((Path(pytester.path) / "evidence.json").read_bytes()).items
    assert any(item.verdict == "confirmed" and "TOOLAUDIT_TEST_ACCESS_CODE=" in item.reason for item in items), items


def test_a_written_test_has_the_settings_and_a_lock_cures_it(pytester: pytest.Pytester) -> None:
    (pytester.path / "tools.py").write_text(AT_CALL)
    pytester.makeini("[pytest]")
    pytester.runpytest_subprocess("--toolaudit=tools.py", "--toolaudit-write-tests=races", "--toolaudit-seconds=30")
    (written,) = (pytester.path / "races").iterdir()
    assert "monkeypatch.setenv('TOOLAUDIT_TEST_TOKEN', 'alpha')" in written.read_text()
    pytester.runpytest_subprocess("races").assert_outcomes(failed=1)
    locked = AT_CALL.replace("import os\n", "import os\nimport threading\n").replace("COUNT =", "LOCK = threading.Lock()\nCOUNT =")
    locked = locked.replace(
        '    n = COUNT["n"]\n    COUNT["n"] = n + 1\n', '    with LOCK:\n        n = COUNT["n"]\n        COUNT["n"] = n + 1\n'
    )
    (pytester.path / "tools.py").write_text(locked)
    pytester.runpytest_subprocess("races").assert_outcomes(passed=1)
