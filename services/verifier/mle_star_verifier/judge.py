"""A verdict, read top to bottom: labels, predictions, score, submission, feedback."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mle_star.artifacts import ArtifactMissingError, ArtifactStore
from mle_star.harness.blend import blend
from mle_star.harness.decide import decide
from mle_star.harness.render import render
from mle_star.service.errors import NotFoundError
from mle_star.tasks.competition import Competition, Layout, RowMap
from mle_star.tasks.verdict import Predictions, Verdict, VerdictRequest, Violation
from mle_star_verifier.checks.gate import constant_answers, gate
from mle_star_verifier.checks.predictions import RejectedError, read_held_out, read_test
from mle_star_verifier.feedback import feedback
from mle_star_verifier.scoring.fit import fit, honest
from mle_star_verifier.scoring.scorer import Scorer, UndefinedScoreError
from mle_star_verifier.scoring.uncertainty import gain, probability_of, standard_error
from mle_star_verifier.submission import Tables, store_submission
from mle_star_verifier.vault import Vault


@dataclass(frozen=True)
class _Member:
    """An attempt's raw predictions: of the held-out rows (n, k), and of the test rows (m, k)."""

    attempt_id: str
    held_out: np.ndarray
    test: np.ndarray


class Judge:
    """Judges attempts by their files alone; it keeps nothing that cannot be read again."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store
        self._vault = Vault(store)
        self._tables = Tables(store)

    def judge(self, request: VerdictRequest) -> Verdict:
        """Raises NotFoundError or BadInputError where the request, not the predictions, is at fault."""
        competition = request.competition
        layout, rows = competition.submission.layout, competition.submission.rows
        text = [competition.submission.text] if competition.submission.text else []
        labels = self._vault.labels(request.labels, [*(target.name for target in competition.targets), *text])
        known = layout is not Layout.UNKNOWN  # else no prediction is looked at
        members, violations = self._members(request, labels) if known else ([], [])
        verdict = Verdict(verified=known and rows is not RowMap.UNVERIFIED, violations=violations)
        if known and not members:
            return verdict
        if not known:
            verdict.weights = {each.attempt_id: 1 / len(request.predictions) for each in request.predictions}
            said = ["The submission's columns tell nothing of the targets: the sample's own values are submitted."]
        else:
            said = _score(verdict, competition, labels, members, request.seed)
        said += self._submit(verdict, competition, labels, members)
        verdict.feedback = " ".join(said)
        return verdict

    def _members(self, request: VerdictRequest, labels: pd.DataFrame) -> tuple[list[_Member], list[Violation]]:
        """The attempts whose files can be used. A blend goes on without those that cannot, and says so."""
        members, violations = [], []
        for predictions in request.predictions:
            try:
                members.append(self._member(predictions, request.competition, labels.index))
            except RejectedError as error:
                violations.append(error.violation)
                if len(request.predictions) > 1:
                    error.violation.message += f" (attempt {predictions.attempt_id})"
        if members:
            for violation in violations:
                violation.message += "; it was left out of the blend"
                violation.repaired = True
        return members, violations

    def _member(self, predictions: Predictions, competition: Competition, rows: pd.Index) -> _Member:
        columns, repeats = competition.raw_columns(), competition.split.repeats
        try:
            held_out, test = self._store.path(predictions.held_out), self._store.path(predictions.test)
        except ArtifactMissingError as error:
            raise NotFoundError(f"{error}; run the attempt again", code="artifact_missing") from None
        return _Member(
            predictions.attempt_id,
            read_held_out(held_out, rows, columns, repeats),
            read_test(test, competition.test_rows, columns),
        )

    def _submit(
        self, verdict: Verdict, competition: Competition, labels: pd.DataFrame, members: list[_Member]
    ) -> list[str]:
        """Builds the submission and puts it through the gate; it is kept only if it is valid."""
        context, sample = competition.context(), self._tables.sample(competition)
        if competition.submission.layout is Layout.UNKNOWN:
            submission = sample
        else:
            used = [member for member in members if member.attempt_id in verdict.weights]
            raw = blend([member.test for member in used], [verdict.weights[member.attempt_id] for member in used])
            answers = decide(raw, context, verdict.decision)
            submission = render(answers, self._tables.keys(competition), sample, context)
        submission, found = gate(submission, competition, sample, labels)
        verdict.violations += found
        if any(not violation.repaired for violation in found):
            return []
        verdict.submission = store_submission(self._store, submission, competition)
        constant = constant_answers(submission, competition)
        return [f"Every answer in {', '.join(constant[:3])} is the same."] if constant else []


def _score(
    verdict: Verdict, competition: Competition, labels: pd.DataFrame, members: list[_Member], seed: int
) -> list[str]:
    """Fills in score, error, weights and decision; without a score the first member is taken as it is."""
    context: dict[str, Any] = competition.context()
    raws = [member.held_out for member in members]
    verdict.weights = {members[0].attempt_id: 1.0}
    try:
        scorer = Scorer(context, labels)
        predicted = honest(scorer, raws, seed)
        verdict.score = scorer.score(predicted)
    except UndefinedScoreError as error:
        verdict.violations.append(Violation(code="undefined_score", message=str(error), repaired=True))
        return []
    verdict.standard_error = standard_error(scorer, predicted, seed)
    fitted = fit(scorer, raws, seed)
    pairs = zip(members, fitted.weights, strict=True)
    verdict.weights = {member.attempt_id: float(weight) for member, weight in pairs if weight > 0}
    verdict.decision = fitted.decision
    if len(members) > 1:
        singles = [honest(scorer, [raw], seed) for raw in raws]
        best = max(singles, key=lambda single: scorer.sign * scorer.score(single))
        verdict.gain_probability = probability_of(*gain(scorer, predicted, best, seed))
    raw = blend(raws, list(fitted.weights))
    better = scorer.sign * (verdict.score - scorer.score(scorer.predicted(raw, {})))
    return [*feedback(scorer, raw), *_on_decision(fitted.decision, better)]


def _on_decision(decision: dict[str, Any], better: float) -> list[str]:
    if not decision or better <= 0:
        return []
    return [f"Deciding by {' and '.join(decision).replace('_', ' ')} gains {better:.4g} on held-out rows."]
