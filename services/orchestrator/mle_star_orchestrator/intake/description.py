"""What is written about a competition."""

from __future__ import annotations

from pathlib import Path

NAMES = ("description", "overview", "evaluation", "readme")
MOST_CHARACTERS = 100_000


def read_description(folder: Path) -> str:
    """The text of the folder's `description.md` or its like; nothing if there is none."""
    for name in NAMES:
        for path in sorted(folder.glob("*.[mt][dx]*")):
            if path.stem.lower() == name and path.suffix.lower() in {".md", ".txt"} and path.is_file():
                with path.open(encoding="utf-8", errors="replace") as file:
                    return file.read(MOST_CHARACTERS)
    return ""
