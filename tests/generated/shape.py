"""What a generated competition is: its tables, its true answers, and what intake has to make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from mle_star.harness.tables import write_table

Make = Callable[[np.random.Generator, int], "Shape"]
"""A competition with so many training rows."""

LOVED = ("marvellous", "lovely", "superb", "delightful", "brilliant", "great")
HATED = ("dreadful", "awful", "horrid", "dismal", "tedious", "boring")
PLAIN = (
    "the", "a", "train", "house", "river", "walk", "light", "stone", "paper", "green", "was", "with", "of", "and",
    "story", "scene", "actor", "film", "town", "garden", "small", "very", "today", "people", "window", "never",
    "quite", "again", "table", "money", "winter", "summer",
)  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """`truth` is the sample with the right answers in it; `metric`, `targets`, `split` and so on are expected."""

    train: pd.DataFrame
    test: pd.DataFrame
    sample: pd.DataFrame
    truth: pd.DataFrame
    metric: str
    targets: list[str]
    description: str = ""
    files: tuple[str, str, str] = ("train.csv", "test.csv", "sample_submission.csv")
    extra: dict[str, pd.DataFrame] = field(default_factory=dict)
    layout: str = "targets"
    rows: str = "one_to_one"
    split: str | None = None
    has_signal: bool = True

    @property
    def answers(self) -> list[str]:
        """The columns that are not the same in the sample and in the truth."""
        return [column for column in self.sample if not self.sample[column].equals(self.truth[column])]

    def lay_out(self, folder: Path) -> None:
        """Writes the competition's folder, without the truth."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in zip(self.files, (self.train, self.test, self.sample), strict=True):
            write_table(table, folder / name)
        for name, table in self.extra.items():
            write_table(table, folder / name)
        if self.description:
            (folder / "description.md").write_text(f"# A competition\n\n## Evaluation\n\n{self.description}\n")


def evaluated_on(metric: str) -> str:
    return f"Submissions are evaluated on {metric} between the predicted and the observed answers."


def cut(frame: pd.DataFrame, rows: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The first rows, and the others."""
    return frame.iloc[:rows].reset_index(drop=True), frame.iloc[rows:].reset_index(drop=True)


def sample_of(truth: pd.DataFrame, **answers: object) -> pd.DataFrame:
    """The truth with other answers."""
    return truth.assign(**answers)


def said(rng: np.random.Generator, liked: float, length: int = 12) -> str:
    """Words that tell, more or less, how much something is liked: 0 to 1."""
    chosen = list(rng.choice(PLAIN, length))
    for place in rng.choice(length, max(1, length // 4), replace=False):
        chosen[place] = str(rng.choice(LOVED if rng.random() < liked else HATED))
    return " ".join(map(str, chosen))
