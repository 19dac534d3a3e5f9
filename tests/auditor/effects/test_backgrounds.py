"""What runs beside the tools is looked for once in a file, however much memory its tools read."""

from __future__ import annotations

from toolaudit.effects import backgrounds

SOURCE = """
import threading

STATE = {}
SEEN = []
KEPT = {}

def refresh():
    global SEEN
    STATE["now"] = 1
    SEEN = []

threading.Thread(target=refresh).start()

def tool():
    return STATE.get("now"), SEEN[0], KEPT.get("a")

def other():
    KEPT["b"] = STATE.get("then")
"""


def test_a_file_is_looked_through_once(footprint_of, monkeypatch):
    asked: list[str] = []
    running = backgrounds._running

    def watched(world, path):
        asked.append(path)
        return running(world, path)

    monkeypatch.setattr(backgrounds, "_running", watched)
    found = footprint_of(SOURCE, "tool", "other")
    told = {access.resource.key[0].text: access.note for one in found.values() for access in one.accesses if access.mode == "r"}
    assert told == {"STATE": backgrounds.RENEWED, "SEEN": backgrounds.RENEWED, "KEPT": ""}
    assert asked == ["m.py"]
