"""The metrics that a median serves better than a mean."""

from __future__ import annotations

ABSOLUTE_METRICS = frozenset({"mae", "median_ae", "mape", "smape"})
