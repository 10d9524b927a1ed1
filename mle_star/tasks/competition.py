"""What intake decided about a folder of competition data, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from mle_star.tasks.artifact import Artifact
from mle_star.tasks.metric import Metric
from mle_star.tasks.task import TaskType

Label = bool | int | float | str


class ColumnKind(StrEnum):
    NUMBER = "number"
    CATEGORY = "category"
    TEXT = "text"
    DATE = "date"
    LIST = "list"
    EMPTY = "empty"


class Column(BaseModel):
    """An input column: one that training and test rows share. `missing` is a share, 0 to 1."""

    name: str
    kind: ColumnKind
    distinct: int
    missing: float


class Target(BaseModel):
    """What is to be predicted: a column of the training file. `classes` is None for a number, and sorted.

    A part of a text has `words`: that many of the text's first words have a mark each.
    """

    name: str
    classes: list[Label] | None = None
    words: int | None = None


class Layout(StrEnum):
    """How the answers lie in the submission's columns."""

    TARGETS = "targets"  # one column a target, in the order of `Competition.targets`
    CLASSES = "classes"  # one column a class of the one target, in the order of its classes
    RANKED = "ranked"  # one column with the k likeliest labels, blanks between
    SPAN = "span"  # one column with a part of the text in the column `Submission.text` of the same row
    UNKNOWN = "unknown"  # none that we can score: the sample's own values are the answer


class RowMap(StrEnum):
    """How a submission's rows relate to the test rows."""

    ONE_TO_ONE = "one_to_one"
    MANY_TO_ONE = "many_to_one"  # a sample row takes the answer of the test row of its key
    AGGREGATED = "aggregated"  # several test rows share a key: their mean answers
    UNVERIFIED = "unverified"  # no map was found: what is scored is not quite what is submitted


class Submission(BaseModel):
    """The form that a submission must have.

    `answers` are the submission's columns with answers, in the order of the targets or classes. Rows are mapped
    by `key` (the sample's key column, the test's key column), or by position where it is None.
    """

    columns: list[str]
    answers: list[str]
    layout: Layout
    rows: RowMap
    key: tuple[str, str] | None = None
    count: int
    wants_integers: bool = False
    text: str | None = None


class SplitKind(StrEnum):
    RANDOM = "random"
    STRATIFIED = "stratified"
    GROUP = "group"
    FORWARD = "forward"
    BLOCK = "block"


class Split(BaseModel):
    """How training rows are held out: `folds` times `repeats`, or one holdout of `share` where folds is 1.

    `column` is the group, time or block column; a group may be the part of it before `separator`.
    """

    kind: SplitKind
    folds: int = Field(5, ge=1)
    repeats: int = Field(1, ge=1)
    share: float = Field(0.2, gt=0, lt=1)
    column: str | None = None
    separator: str | None = None
    seed: int = Field(0, ge=0, lt=2**31)


class Decision(BaseModel):
    """One thing that was decided from the files alone, and why."""

    what: str
    value: str
    why: str


class Files(BaseModel):
    """The names of the competition's files in its folder."""

    train: str
    test: str
    sample: str
    extra: list[str] = []


class Competition(BaseModel):
    """A competition as the services know it. `artifacts` holds every file of `files` by its name."""

    name: str
    description: str = ""
    task_type: TaskType
    metric: Metric
    targets: list[Target]
    columns: list[Column]
    helpers: list[str] = Field([], description="columns that only training rows have and that are no targets")
    ids: list[str] = Field([], description="columns that name a row and are no inputs")
    train_rows: int
    test_rows: int
    files: Files
    artifacts: dict[str, Artifact]
    submission: Submission
    split: Split
    decisions: list[Decision] = []
    warnings: list[str] = []

    def raw_columns(self) -> list[str]:
        """The raw prediction columns: a target's name, `target=class` of each class, `target@place` of each word."""
        return raw_columns(self.context()["targets"])

    def context(self) -> dict[str, Any]:
        """The part that a solution needs, as plain JSON: what `CONTEXT` is in a rendered program."""
        return {
            "task_type": str(self.task_type),
            "metric": self.metric.model_dump(mode="json", exclude={"aliases", "title"}),
            "targets": [target.model_dump(mode="json") for target in self.targets],
            "columns": {column.name: str(column.kind) for column in self.columns},
            "helpers": self.helpers,
            "ids": self.ids,
            "files": self.files.model_dump(mode="json"),
            "submission": self.submission.model_dump(mode="json"),
            "split": self.split.model_dump(mode="json"),
        }


def raw_columns(targets: list[dict[str, Any]]) -> list[str]:
    """The names of the raw prediction columns, for targets as a context has them."""
    names: list[str] = []
    for target in targets:
        if words := target.get("words"):
            names.extend(f"{target['name']}@{place}" for place in range(words))
        elif target["classes"] is None:
            names.append(target["name"])
        else:
            names.extend(f"{target['name']}={label}" for label in target["classes"])
    return names
