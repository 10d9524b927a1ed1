"""Competition folders for tests, made of data sets that ship inside scikit-learn or of a seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes


def breast_cancer(folder: Path, rows: int = 300) -> Path:
    """Two classes, thirty numbers, an id; accuracy."""
    bunch = load_breast_cancer(as_frame=True)
    frame = bunch.frame.sample(n=rows + 100, random_state=0).rename(columns={"target": "benign"})
    return write(folder, frame, "benign", rows)


def diabetes(folder: Path, rows: int = 300) -> Path:
    """A number to predict from ten."""
    frame = load_diabetes(as_frame=True).frame.sample(n=rows + 100, random_state=0)
    return write(folder, frame.rename(columns={"target": "progression"}), "progression", rows)


def write(folder: Path, frame: pd.DataFrame, target: str, rows: int) -> Path:
    """The first rows become train.csv, the others test.csv; the sample has the commonest or the mean answer."""
    folder.mkdir(parents=True, exist_ok=True)
    frame = frame.reset_index(drop=True)
    frame.insert(0, "id", np.arange(1000, 1000 + len(frame)))
    train, test = frame.iloc[:rows], frame.iloc[rows:]
    answer = train[target].mode()[0] if train[target].nunique() < 20 else train[target].mean()
    train.to_csv(folder / "train.csv", index=False)
    test.drop(columns=target).to_csv(folder / "test.csv", index=False)
    test[["id"]].assign(**{target: answer}).to_csv(folder / "sample_submission.csv", index=False)
    return folder
