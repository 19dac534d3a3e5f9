"""Notes in one JSON file."""

import json

NOTES_FILE = "notes.json"


def add_note(text: str) -> str:
    """Append a note and say how many there are."""
    with open(NOTES_FILE, encoding="utf-8") as file:
        notes = json.load(file)
    notes.append(text)
    with open(NOTES_FILE, "w", encoding="utf-8") as file:
        json.dump(notes, file)
    return f"{len(notes)} notes"


def list_notes() -> list[str]:
    """All notes, oldest first."""
    with open(NOTES_FILE, encoding="utf-8") as file:
        return json.load(file)
