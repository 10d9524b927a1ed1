"""Real data sets that ship inside scikit-learn, laid out as competitions, with the test answers held back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TEST_SHARE = 0.25


@dataclass(frozen=True)
class Dataset:
    """`loader` is its name in sklearn.datasets; `metric` is what the competition is judged on."""

    name: str
    loader: str
    target: str
    metric: str
    words: str

    @property
    def is_classification(self) -> bool:
        return self.metric != "rmse"


DATASETS = (
    Dataset("breast-cancer", "load_breast_cancer", "diagnosis", "accuracy", r"breast[ _-]?cancer"),
    Dataset("iris", "load_iris", "species", "accuracy", r"iris"),
    Dataset("wine", "load_wine", "cultivar", "accuracy", r"wine"),
    Dataset("digits", "load_digits", "digit", "accuracy", r"(?:handwritten )?digits"),
    Dataset("diabetes", "load_diabetes", "progression", "rmse", r"diabetes"),
)


def dataset_named(name: str) -> Dataset:
    return next(dataset for dataset in DATASETS if dataset.name == name)


def dataset_named_in(text: str) -> Dataset | None:
    """The data set that the text speaks of, such as "the Iris dataset"."""
    for dataset in DATASETS:
        if re.search(rf"\b{dataset.words}\s+data(?:\s?set)?\b", text, re.IGNORECASE):
            return dataset
    return None


def lay_out(dataset: Dataset, folder: Path) -> Path:
    """Writes train.csv, test.csv, sample_submission.csv and description.md into `folder`.

    Returns the file with the true test answers, which lies beside the folder, not in it.
    """
    import pandas as pd  # noqa: PLC0415 - as is scikit-learn: heavy, and needed only here
    from sklearn import datasets  # noqa: PLC0415
    from sklearn.model_selection import train_test_split  # noqa: PLC0415

    bunch = getattr(datasets, dataset.loader)()
    rows = _frame(pd, dataset, bunch)
    labels = rows[dataset.target] if dataset.is_classification else None
    train, test = train_test_split(rows, test_size=TEST_SHARE, random_state=0, stratify=labels)
    answers = test[["id", dataset.target]]
    filler = labels.mode()[0] if labels is not None else round(float(rows[dataset.target].mean()), 3)
    folder.mkdir(parents=True, exist_ok=True)
    train.to_csv(folder / "train.csv", index=False)
    test.drop(columns=dataset.target).to_csv(folder / "test.csv", index=False)
    answers.assign(**{dataset.target: filler}).to_csv(folder / "sample_submission.csv", index=False)
    (folder / "description.md").write_text(_description(dataset), encoding="utf-8")
    held_back = folder.parent / f"{folder.name}-answers.csv"
    answers.to_csv(held_back, index=False)
    return held_back


def grade(dataset: Dataset, submission: Path, answers: Path) -> float:
    """The score of a submission on the answers that were held back."""
    import pandas as pd  # noqa: PLC0415
    from sklearn import metrics  # noqa: PLC0415

    truth = pd.read_csv(answers).set_index("id")[dataset.target]
    given = pd.read_csv(submission).set_index("id")[dataset.target].loc[truth.index]
    if dataset.is_classification:
        return float(metrics.accuracy_score(truth, given))
    return float(metrics.root_mean_squared_error(truth, given))


def _frame(pd: Any, dataset: Dataset, bunch: Any) -> Any:
    columns = [re.sub(r"\W+", "_", str(name)).strip("_") for name in bunch.feature_names]
    frame = pd.DataFrame(bunch.data, columns=columns)
    target = bunch.target
    if dataset.is_classification:
        target = [str(bunch.target_names[code]) for code in target]
    frame.insert(0, "id", range(len(frame)))
    return frame.assign(**{dataset.target: target})


def _description(dataset: Dataset) -> str:
    title = dataset.name.replace("-", " ").capitalize()
    metric = {"accuracy": "accuracy", "rmse": "root mean squared error"}[dataset.metric]
    return (
        f"# {title}\n\nPredict the column `{dataset.target}` of every row of test.csv.\n\n"
        f"## Evaluation\n\nSubmissions are scored by {metric}.\n"
    )
