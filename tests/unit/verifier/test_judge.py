"""Verdicts end to end on files: honest scores, decisions, blends, valid submissions."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score, log_loss, root_mean_squared_error

from mle_star.harness.decide import decide
from mle_star.service.errors import BadInputError, NotFoundError
from mle_star.tasks.artifact import Artifact
from mle_star.tasks.competition import Layout, RowMap, Split, SplitKind

RNG = np.random.default_rng(1)
N = 400


def two_columns(likely: np.ndarray) -> np.ndarray:
    return np.stack([1 - likely, likely], axis=1)


def sigmoid(values: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-values)))


def rare_labels(share: float = 0.1, count: int = N) -> tuple[np.ndarray, np.ndarray]:
    """Labels of which few are 1, and honest probabilities of them that rarely reach one half."""
    signal = RNG.normal(size=count)
    likely = sigmoid(1.5 * signal + np.log(share / (1 - share)) - 0.7)
    return (RNG.random(count) < likely).astype(int), likely


def test_the_score_is_what_scikit_learn_says_of_the_decided_predictions(make_bench: Any) -> None:
    labels = np.array(["no", "yes"])[(RNG.random(N) < 0.5).astype(int)]
    bench = make_bench({"y": labels}, "accuracy")
    likely = np.clip((bench.targets["y"] == "yes") * 0.3 + RNG.random(N) * 0.7, 0, 1).to_numpy()
    verdict = bench.judged(two_columns(likely))
    assert verdict.score == accuracy_score(bench.targets["y"], np.where(likely > 0.5, "yes", "no"))
    share = verdict.score
    assert verdict.standard_error == pytest.approx((share * (1 - share) / (N - 1)) ** 0.5)
    assert verdict.verified
    assert verdict.valid
    assert verdict.weights == {"one": 1.0}
    assert set(bench.submission(verdict)["y"]) <= {"no", "yes"}


def test_the_submission_is_the_test_predictions_in_the_samples_rows(make_bench: Any) -> None:
    bench = make_bench({"y": RNG.normal(size=N)}, "rmse", test_rows=5)
    values = np.linspace(-0.1, 0.1, 5)[:, None]
    verdict = bench.judged(bench.truth() + 0.1, values)
    submission = bench.submission(verdict)
    assert list(submission.columns) == ["id", "y"]
    assert submission["id"].tolist() == list(range(N, N + 5))
    assert submission["y"].to_numpy() == pytest.approx(values[:, 0])


def test_class_columns_under_log_loss(make_bench: Any) -> None:
    labels = RNG.integers(0, 3, N)
    bench = make_bench({"y": labels}, "log_loss", layout=Layout.CLASSES)
    raw = bench.truth() * 0.5 + RNG.random((N, 3))
    verdict = bench.judged(raw, RNG.random((10, 3)))
    assert verdict.score == pytest.approx(log_loss(labels, raw / raw.sum(axis=1, keepdims=True)))
    submission = bench.submission(verdict)
    assert list(submission.columns) == ["id", "is_0", "is_1", "is_2"]
    assert submission[["is_0", "is_1", "is_2"]].sum(axis=1).to_numpy() == pytest.approx(1)
    assert verdict.valid


def test_several_targets_are_scored_by_their_mean(make_bench: Any) -> None:
    bench = make_bench({"a": RNG.normal(size=N), "b": RNG.normal(size=N) * 100}, "mean_column_rmse")
    off = bench.truth() * 0.9
    expected = np.mean([root_mean_squared_error(bench.targets[name], bench.targets[name] * 0.9) for name in "ab"])
    assert bench.judged(off).score == pytest.approx(expected)


def test_ranked_answers_are_scored_and_written_as_lists(make_bench: Any) -> None:
    labels = RNG.integers(0, 6, N)
    bench = make_bench({"y": labels}, "map@3", layout=Layout.RANKED)
    perfect = bench.judged(bench.truth())
    assert perfect.score == 1
    assert bench.submission(perfect)["y"].str.split().str.len().eq(3).all()
    second = bench.truth() * 0.4 + np.eye(6)[(labels + 1) % 6] * 0.6
    assert bench.judged(second).score == pytest.approx(0.5)


def test_repeats_of_a_row_are_averaged(make_bench: Any) -> None:
    bench = make_bench({"y": RNG.normal(size=60)}, "mae", split=Split(kind=SplitKind.RANDOM, folds=3, repeats=2))
    frame = bench.held_out(bench.truth())
    frame["y"] += np.where(frame["fold"] < 3, 0.1, -0.1)
    assert bench.judged(frame).score == pytest.approx(0, abs=1e-9)


def test_a_threshold_lifts_f1_and_is_what_decide_understands(make_bench: Any) -> None:
    labels, likely = rare_labels(count=3000)
    bench = make_bench({"y": labels}, "f1")
    verdict = bench.judged(two_columns(likely))
    assert verdict.decision["threshold"] < 0.4
    assert verdict.score > f1_score(labels, likely >= 0.5) + 0.05
    decided = decide(two_columns(likely), bench.competition.context(), verdict.decision)["y"]
    assert f1_score(labels, decided.astype(int)) == pytest.approx(verdict.score, abs=0.05)


def test_no_threshold_where_it_gains_nothing(make_bench: Any) -> None:
    labels = (RNG.random(N) < 0.5).astype(int)
    bench = make_bench({"y": labels}, "f1")
    assert bench.judged(bench.truth()).decision == {}


def test_accuracy_has_no_threshold(make_bench: Any) -> None:
    labels, likely = rare_labels()
    assert make_bench({"y": labels}, "accuracy").judged(two_columns(likely * 0.5)).decision == {}


def test_class_weights_lift_balanced_accuracy(make_bench: Any) -> None:
    labels = np.where(RNG.random(1500) < 0.8, 0, RNG.integers(1, 3, 1500))
    bench = make_bench({"y": labels}, "balanced_accuracy")
    raw = np.exp(bench.truth() * 1.5 + RNG.normal(size=(1500, 3)) + [2.5, 0, 0])
    plain = decide(raw, bench.competition.context(), {})["y"].astype(int)
    recalls = [np.mean(plain[labels == label] == label) for label in range(3)]
    verdict = bench.judged(raw)
    assert len(verdict.decision["class_weights"]) == 3
    assert verdict.score > np.mean(recalls) + 0.1


def test_noise_gains_nothing_by_tuning(make_bench: Any) -> None:
    """A decision tuned and scored on the same rows would look better than chance; a cross-fitted one does not."""
    scores = []
    for _ in range(8):
        labels = RNG.integers(0, 2, 200)
        scores.append(make_bench({"y": labels}, "mcc").judged(two_columns(RNG.random(200))).score)
    assert abs(np.mean(scores)) < 3 * np.std(scores) / len(scores) ** 0.5


def test_values_are_clipped_to_the_labels_range(make_bench: Any) -> None:
    bench = make_bench({"y": RNG.random(N)}, "rmsle", test_rows=2)
    raw = bench.truth()
    raw[0] = -5
    verdict = bench.judged(raw, np.array([[-3.0], [9.0]]))
    assert verdict.decision == {"low": bench.targets["y"].min(), "high": bench.targets["y"].max()}
    assert bench.submission(verdict)["y"].between(0, 1).all()


def test_values_may_rise_above_the_labels_in_time(make_bench: Any) -> None:
    split = Split(kind=SplitKind.FORWARD, folds=2, column="x")
    bench = make_bench({"y": np.arange(N) + RNG.random(N)}, "rmsle", test_rows=1, split=split)
    assert bench.submission(bench.judged(bench.truth(), np.array([[500.0]])))["y"].tolist() == [500]


@pytest.mark.parametrize(("noise", "rounded"), [(0.1, True), (0.6, False)])
def test_whole_numbers_are_rounded_to_where_it_helps(make_bench: Any, noise: float, rounded: bool) -> None:
    bench = make_bench({"y": RNG.integers(0, 9, N)}, "rmse", wants_integers=True)
    verdict = bench.judged(bench.truth() + RNG.normal(scale=noise, size=(N, 1)))
    assert verdict.decision.get("round", False) is rounded


def test_a_blend_of_independent_errors_is_better_and_knows_it(make_bench: Any) -> None:
    bench = make_bench({"y": RNG.normal(size=N)}, "rmse")
    members = [bench.truth() + RNG.normal(size=(N, 1)) for _ in range(3)]
    tests = [np.full((10, 1), float(place)) for place in range(3)]
    request = bench.request(
        *[bench.predictions(f"a{place}", members[place], tests[place]) for place in range(3)],
        bench.predictions("bad", RNG.normal(size=(N, 1)) * 50, tests[0]),
    )
    verdict = bench.judge.judge(request)
    singles = [bench.judged(member).score for member in members]
    assert verdict.score < min(singles) * 0.8
    assert verdict.gain_probability > 0.99
    assert sum(verdict.weights.values()) == pytest.approx(1)
    assert set(verdict.weights) == {"a0", "a1", "a2"}
    expected = verdict.weights["a1"] + 2 * verdict.weights["a2"]
    assert bench.submission(verdict)["y"].to_numpy() == pytest.approx(expected)


def test_a_blend_with_noise_is_no_gain(make_bench: Any) -> None:
    labels = RNG.integers(0, 2, N)
    bench = make_bench({"y": labels}, "auc")
    good = two_columns(sigmoid(2.0 * labels - 1 + RNG.normal(size=N)))
    request = bench.request(
        bench.predictions("good", good, good[:10]),
        bench.predictions("noise", two_columns(RNG.random(N)), good[:10]),
    )
    verdict = bench.judge.judge(request)
    assert verdict.weights["good"] > 0.6
    assert verdict.gain_probability < 0.9


def test_a_blend_goes_on_without_a_faulty_member(make_bench: Any) -> None:
    bench = make_bench({"y": RNG.normal(size=N)}, "rmse")
    good = bench.truth() + 0.1
    verdict = bench.judge.judge(
        bench.request(bench.predictions("good", good, good[:10]), bench.predictions("bad", good * np.nan, good[:10]))
    )
    assert verdict.weights == {"good": 1.0}
    assert verdict.valid
    assert [violation.code for violation in verdict.violations] == ["not_finite"]
    assert "bad" in verdict.violations[0].message


def test_an_unknown_layout_submits_the_sample_unverified(make_bench: Any) -> None:
    bench = make_bench({"y": RNG.normal(size=N)}, "rmse", layout=Layout.UNKNOWN)
    verdict = bench.judged(bench.truth())
    assert (verdict.score, verdict.verified) == (None, False)
    sample = pd.read_csv(bench.store.path(bench.competition.artifacts["sample_submission.csv"]))
    pd.testing.assert_frame_equal(bench.submission(verdict), sample)


def test_rows_without_a_map_are_unverified(make_bench: Any) -> None:
    bench = make_bench({"y": RNG.normal(size=N)}, "rmse", rows=RowMap.UNVERIFIED)
    assert not bench.judged(bench.truth()).verified


@pytest.mark.parametrize("count", [3, 19, 20, 21])
@pytest.mark.parametrize("metric", ["f1", "auc", "balanced_accuracy"])
def test_a_handful_of_rows_is_scored(make_bench: Any, count: int, metric: str) -> None:
    bench = make_bench({"y": np.arange(count) % 2}, metric, test_rows=3)
    perfect = bench.truth()
    verdict = bench.judge.judge(bench.request(*[bench.predictions(name, perfect, perfect[:3]) for name in "ab"]))
    assert verdict.score == 1
    assert verdict.valid


def test_several_test_rows_of_one_key_are_one_answer(make_bench: Any) -> None:
    bench = make_bench({"y": RNG.normal(size=N)}, "rmse", test_rows=6)
    sample = pd.DataFrame({"id": [N, N + 1], "y": 0.0})
    sample.to_csv(bench.folder / "short.csv", index=False)
    test = pd.DataFrame({"id": [N, N, N, N + 1, N + 1, N + 1], "x": 0.5})
    test.to_csv(bench.folder / "long.csv", index=False)
    competition = bench.competition
    competition.artifacts["sample_submission.csv"] = bench.store.put_file(bench.folder / "short.csv")
    competition.artifacts["test.csv"] = bench.store.put_file(bench.folder / "long.csv")
    competition.submission.rows, competition.submission.count = RowMap.AGGREGATED, 2
    verdict = bench.judged(bench.truth(), np.array([[0.1], [0.2], [0.3], [0.0], [0.0], [0.6]]))
    assert bench.submission(verdict)["y"].to_numpy() == pytest.approx([0.2, 0.2])
    assert verdict.verified


def test_the_submission_has_the_samples_form(make_bench: Any) -> None:
    bench = make_bench({"y": RNG.normal(size=N)}, "rmse")
    files, artifacts = bench.competition.files, bench.competition.artifacts
    sample = pd.read_csv(bench.store.path(artifacts["sample_submission.csv"]))
    sample.to_json(bench.folder / "sample.json", orient="records")
    files.sample, artifacts["sample.json"] = "sample.json", bench.store.put_file(bench.folder / "sample.json")
    verdict = bench.judged(bench.truth())
    assert verdict.submission.name == "submission.json"
    written = json.loads(bench.store.read(verdict.submission))
    assert [row["id"] for row in written] == sample["id"].tolist()


def test_rows_of_one_class_are_unscored_but_submitted(make_bench: Any) -> None:
    bench = make_bench({"y": np.array([0, 1] * 30)}, "auc")
    bench.labels["y"] = 1
    verdict = bench.judged(two_columns(RNG.random(60)))
    assert verdict.score is None
    assert [violation.code for violation in verdict.violations] == ["undefined_score"]
    assert verdict.submission is not None


def test_a_constant_answer_is_valid_and_said(make_bench: Any) -> None:
    bench = make_bench({"y": np.array([0, 0, 1] * 40)}, "accuracy")
    verdict = bench.judged(np.tile([0.7, 0.3], (120, 1)), np.tile([0.7, 0.3], (10, 1)))
    assert verdict.valid
    assert verdict.score == pytest.approx(2 / 3)
    assert "is the same" in verdict.feedback


def test_feedback_names_the_worst_class_and_the_boldness(make_bench: Any) -> None:
    labels = np.array(["cat", "dog", "owl"] * 60)
    bench = make_bench({"y": labels}, "accuracy")
    raw = bench.truth()
    raw[labels == "owl"] = [0, 1, 0]
    feedback = bench.judged(raw).feedback
    assert "Class 'owl' is found least: 0% of its 60 held-out rows, most of the others taken for 'dog'." in feedback
    assert "too bold: 1.00 sure on average, right in 0.67" in feedback


def test_feedback_names_where_values_are_off(make_bench: Any) -> None:
    bench = make_bench({"y": np.arange(90.0)}, "mae")
    feedback = bench.judged(np.where(bench.truth() >= 60, bench.truth() - 6, bench.truth())).feedback
    assert "the largest targets has 100% of the absolute error. There it predicts 6 too little" in feedback


def test_the_same_request_has_the_same_verdict(make_bench: Any) -> None:
    labels, likely = rare_labels()
    bench = make_bench({"y": labels}, "f1_macro")
    assert bench.judged(two_columns(likely)) == bench.judged(two_columns(likely))


def test_a_verdict_is_plain_json(make_bench: Any) -> None:
    labels, likely = rare_labels()
    verdict = make_bench({"y": labels}, "f1").judged(two_columns(likely))
    assert json.loads(verdict.model_dump_json())["decision"] == verdict.decision


def test_a_missing_artifact_is_not_found(make_bench: Any) -> None:
    bench = make_bench({"y": RNG.normal(size=N)}, "rmse")
    request = bench.request(bench.predictions("one", bench.truth(), bench.truth()[:10]))
    for field in ("labels", "held_out"):
        lost = request.model_copy(deep=True)
        gone = Artifact(name="gone", digest="0" * 64, size=1)
        if field == "labels":
            lost.labels = gone
        else:
            lost.predictions[0].held_out = gone
        with pytest.raises(NotFoundError):
            bench.judge.judge(lost)


def test_labels_without_a_target_are_bad_input(make_bench: Any) -> None:
    bench = make_bench({"y": RNG.normal(size=N)}, "rmse")
    request = bench.request(bench.predictions("one", bench.truth(), bench.truth()[:10]))
    request.labels = bench.put(bench.labels.rename(columns={"y": "z"}))
    with pytest.raises(BadInputError, match="lack the columns"):
        bench.judge.judge(request)
