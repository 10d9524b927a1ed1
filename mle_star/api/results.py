"""What the client's `execute_…` methods return: a plain dict."""

from __future__ import annotations

import operator
import re
from pathlib import Path
from typing import Any

from mle_star.tasks.metric import UnknownMetricError, find_metric
from mle_star.tasks.task import Status, TaskView

_WORDS = {Status.SUCCEEDED: "success", Status.FAILED: "failed", Status.CANCELLED: "cancelled"}
_COMPARE = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
_CRITERION = re.compile(r"\s*(?P<metric>.+?)\s*(?P<sign>>=|<=|>|<)\s*(?P<limit>\d*\.?\d+)\s*(?P<percent>%?)\s*")


def result_of(view: TaskView, files: dict[str, Path]) -> dict[str, Any]:
    """The result of an ended task; `files` are its artifacts by name, where they were downloaded to.

    `result["verification"]["score"]` was computed on held-out rows; `standard_error` says how sure it is.
    """
    best = view.best
    submission = next((path for name, path in files.items() if name.startswith("submission.")), None)
    return {
        "status": _WORDS[view.status],
        "task_id": view.id,
        "competition": view.competition,
        "error": view.error.detail if view.error else None,
        "warnings": view.warnings,
        "result": {
            "verification": {
                "score": best.score if best else None,
                "standard_error": best.standard_error if best else None,
                "metric": view.metric,
                "direction": view.direction,
                "verified": best.verified if best else False,
                "blind": best.blind if best else False,
            },
            "strategies": [attempt.model_dump(mode="json") for attempt in view.attempts],
            "submission": _path(submission),
            "solution": _path(files.get("solution.py")),
            "report": _path(files.get("report.json")),
            "journal": _path(files.get("journal.jsonl")),
        },
    }


def criteria_met(criteria: list[str], metric: str | None, score: float | None) -> dict[str, bool | None]:
    """Each criterion such as "Accuracy > 0.95", and whether it is met; None for one that no score can tell."""
    return {criterion: _is_met(criterion, metric, score) for criterion in criteria}


def _is_met(criterion: str, metric: str | None, score: float | None) -> bool | None:
    if score is None or (found := _CRITERION.fullmatch(criterion)) is None:
        return None
    try:
        if find_metric(found["metric"]).name != metric:
            return None
    except UnknownMetricError:
        return None
    limit = float(found["limit"]) / (100 if found["percent"] else 1)
    return bool(_COMPARE[found["sign"]](score, limit))


def _path(path: Path | None) -> str | None:
    return str(path) if path else None
