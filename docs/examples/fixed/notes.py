"""Notes in one JSON file: one lock over the whole update, and readers never see a half-written file."""

import json
import os
import threading

NOTES_FILE = "notes.json"
NOTES_LOCK = threading.Lock()


def add_note(text: str) -> str:
    """Append a note and say how many there are."""
    with NOTES_LOCK:
        with open(NOTES_FILE, encoding="utf-8") as file:
            notes = json.load(file)
        notes.append(text)
        with open(NOTES_FILE + ".new", "w", encoding="utf-8") as file:
            json.dump(notes, file)
        os.replace(NOTES_FILE + ".new", NOTES_FILE)
    return f"{len(notes)} notes"


def list_notes() -> list[str]:
    """All notes, oldest first."""
    with open(NOTES_FILE, encoding="utf-8") as file:
        return json.load(file)
