"""How fast boosting must learn to be done in time."""

from __future__ import annotations

USUAL_ROUNDS = 500
FASTEST = 0.25


def boosting_rate(rate: float, seconds_a_round: float, seconds: float) -> tuple[float, int]:
    """The rate, raised where the usual rounds do not fit into the seconds, and the rounds that fit, 20 at least."""
    rounds = max(20, int(min(seconds / max(seconds_a_round, 1e-6), 6 * USUAL_ROUNDS)))
    return min(FASTEST, rate * max(1.0, USUAL_ROUNDS / rounds)), rounds
