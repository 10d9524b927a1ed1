"""The files that come along: further tables, and what else lies in the folder."""

from __future__ import annotations

from pathlib import Path

from mle_star.artifacts import ArtifactStore
from mle_star.tasks.artifact import Artifact
from mle_star_orchestrator.intake.files import Candidate, form_of
from mle_star_orchestrator.intake.notes import Notes, listed
from mle_star_orchestrator.intake.reading import read_header

MOST_BYTES = 512 << 20
MOST_TOTAL_BYTES = 2 << 30


def store_extras(
    extras: list[Candidate], taken: set[str], targets: list[str], scratch: Path, store: ArtifactStore, notes: Notes
) -> dict[str, Artifact]:
    """Puts them into the store, but for what is too large or holds the targets: those would be labels in a box."""
    stored: dict[str, Artifact] = {}
    left: dict[str, list[str]] = {"they are too large": [], "they hold a target": []}
    total = 0
    for extra in extras:
        if extra.name in taken or extra.name in stored:
            continue
        size = extra.size
        if size > MOST_BYTES or total + size > MOST_TOTAL_BYTES:
            left["they are too large"].append(extra.name)
            continue
        path = extra.unpacked(scratch)
        if form_of(extra.name) and read_header(path) & set(targets):
            left["they hold a target"].append(extra.name)
            continue
        total += size
        stored[extra.name] = store.put_file(path, extra.name)
    for why, names in left.items():
        if names:
            notes.warn(f"files left out, as {why}: {listed(names)}")
    return stored
