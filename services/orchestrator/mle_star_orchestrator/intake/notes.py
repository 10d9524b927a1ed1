"""What intake decided and why, and what it had to put right."""

from __future__ import annotations

from dataclasses import dataclass, field

from mle_star.tasks.competition import Decision


@dataclass
class Notes:
    decisions: list[Decision] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def decide(self, what: str, value: str, why: str) -> None:
        self.decisions.append(Decision(what=what, value=value, why=why))

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def listed(names: list[str], most: int = 8) -> str:
    """Names for a message: quoted by nothing, cut where there are many."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown or "none"
