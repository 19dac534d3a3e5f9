"""Two notes at once: the test that the tutorial writes, and what a test can observe besides."""

from pytest_toolaudit import call

from fixed.notes import add_note
from fixed.world import fresh_world


def test_two_notes(toolaudit, tmp_path):
    toolaudit.check([call(add_note, "a"), call(add_note, "b")], state=lambda: fresh_world(tmp_path))


def test_no_file_is_left_over(toolaudit, tmp_path):
    toolaudit.check(
        [call(add_note, "a"), call(add_note, "b")],
        state=lambda: fresh_world(tmp_path),
        observe=lambda folder: sorted(file.name for file in folder.iterdir()),
    )
