"""What is to be predicted: the sample submission's columns against those of the training and the test file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from mle_star.service.errors import BadInputError
from mle_star_orchestrator.intake.columns import counts_rows, id_columns
from mle_star_orchestrator.intake.names import sounds_like_id, squash
from mle_star_orchestrator.intake.notes import Notes, listed

MOST_CLASS_COLUMNS = 2000


@dataclass(frozen=True)
class Targets:
    """`names` are columns of the training file, `answers` the sample's columns for them, in the same order.

    With `class_columns` (a label to the sample's column for it), there is one name, and a column for each class.
    """

    names: list[str]
    answers: list[str]
    class_columns: dict[str, str] | None = None


def find_targets(
    train: pd.DataFrame, test: pd.DataFrame, sample: pd.DataFrame, option: str | None, notes: Notes
) -> Targets:
    """Raises BadInputError with the choices, where the files leave several."""
    asked = _asked_for(option, train) if option else []
    answers = _answer_columns(train, test, sample)
    if not answers and asked:
        answers = [column for column in sample.columns if column in asked] or list(sample.columns[-len(asked) :])
    if not answers:
        raise BadInputError(
            "every column of the sample submission is in the test file too, so which of "
            f"{listed(list(sample.columns))} is to be predicted? Say so with --target (target in the API)"
        )
    found = _named(asked, answers, train) if asked else _told_by_files(answers, train, test, sample)
    _say(found, asked, notes)
    if known := [name for name in found.names if name in test.columns]:
        empty = test[known].isna().to_numpy().all()
        what = "empty" if empty else "there, and not looked at,"
        notes.warn(f"{listed(known)} is {what} in the test file: it is to be predicted, and no input")
    return found


def plain(label: Any) -> str:
    """A label as text, so that 1, 1.0 and '1' are one."""
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)


def _asked_for(option: str, train: pd.DataFrame) -> list[str]:
    """The columns of the option: one, or several with commas between."""
    wanted = [option.strip()] if option.strip() in train.columns else [part.strip() for part in option.split(",")]
    names = [_same_name(part, list(train.columns)) for part in wanted if part]
    if not names or None in names:
        raise BadInputError(
            f"the training file has no column {option!r}: --target may be {listed(list(train.columns), 30)}"
        )
    return [name for name in names if name is not None]


def _answer_columns(train: pd.DataFrame, test: pd.DataFrame, sample: pd.DataFrame) -> list[str]:
    """The sample's columns that the test file lacks or has empty, without an id that only the sample has."""
    answers = [column for column in sample.columns if column not in test.columns or _is_empty(column, train, test)]
    if not answers:  # a test file that holds a placeholder
        return [
            column
            for column in sample.columns[1:]
            if column in train.columns and test[column].nunique() == 1 and train[column].nunique() > 1
        ]
    first, rest = answers[0], answers[1:]
    if rest and first == sample.columns[0] and _is_sample_id(first, sample, train):
        return rest
    by_case = {squash(column) for column in test.columns}
    named = [column for column in answers if _same_name(column, list(train.columns)) or squash(column) not in by_case]
    return named or answers


def _is_empty(column: str, train: pd.DataFrame, test: pd.DataFrame) -> bool:
    return column in train.columns and bool(test[column].isna().all()) and bool(train[column].notna().any())


def _is_sample_id(column: str, sample: pd.DataFrame, train: pd.DataFrame) -> bool:
    """Whether the sample's first column names its rows."""
    values = sample[column]
    if pd.api.types.is_float_dtype(values) or not values.is_unique:
        return False
    own = _same_name(column, list(train.columns))
    if own is None:
        return True
    return train[own].is_unique and (sounds_like_id(column) or counts_rows(values))


def _same_name(name: str, columns: list[str]) -> str | None:
    """The column of that name, or the only one that differs in case and punctuation alone."""
    if name in columns:
        return name
    alike = [column for column in columns if squash(column) == squash(name)]
    return alike[0] if len(alike) == 1 else None


def _named(asked: list[str], answers: list[str], train: pd.DataFrame) -> Targets:
    """The targets of the option, tied to the sample's columns."""
    if len(asked) == len(answers):
        by_name = [next((name for name in asked if squash(name) == squash(answer)), None) for answer in answers]
        names = [name for name in by_name if name is not None]
        return Targets(names if len(names) == len(asked) else asked, answers)
    if len(asked) == 1 and (columns := _class_columns(answers, train[asked[0]])):
        return Targets(asked, list(columns.values()), columns)
    raise BadInputError(
        f"--target {','.join(asked)} does not fit the sample submission, whose answers are {listed(answers)}: "
        f"name {len(answers)} column{'s' * (len(answers) > 1)} of the training file, with commas between"
    )


def _told_by_files(answers: list[str], train: pd.DataFrame, test: pd.DataFrame, sample: pd.DataFrame) -> Targets:
    lacking = [column for column in train.columns if column not in test.columns or _is_empty(column, train, test)]
    matched = {answer: _same_name(answer, lacking) or _same_name(answer, list(train.columns)) for answer in answers}
    if all(matched.values()):
        return Targets([str(name) for name in matched.values()], answers)
    ids = set(id_columns(train, test, sample, []))
    choices = [column for column in lacking if column not in ids]
    if len(answers) > 1:
        by_class = {name: columns for name in choices if (columns := _class_columns(answers, train[name]))}
        if len(by_class) == 1:
            name, columns = next(iter(by_class.items()))
            return Targets([name], list(columns.values()), columns)
        if by_class:
            raise _ambiguous(answers, list(by_class))
    guessed = {answer: name or _contained(answer, choices) for answer, name in matched.items()}
    if len(answers) == 1 and len(choices) == 1:
        guessed = {answers[0]: choices[0]}
    names = [name for name in guessed.values() if name is not None]
    if len(names) == len(answers) == len(set(names)):
        return Targets(names, answers)
    raise _ambiguous(answers, choices or list(train.columns))


def _contained(answer: str, choices: list[str]) -> str | None:
    """The only column whose name holds the answer's, or is held by it: `predicted_price` and `price`."""
    name = squash(answer)
    alike = [c for c in choices if len(squash(c)) > 2 and len(name) > 2 and (squash(c) in name or name in squash(c))]
    return alike[0] if len(alike) == 1 else None


def _class_columns(answers: list[str], values: pd.Series) -> dict[str, str]:
    """Each class of a column to its answer, where every class has one: by its label, with or without an affix."""
    if len(answers) > MOST_CLASS_COLUMNS or _holds_lists(values):
        return {}
    labels = [plain(label) for label in values.dropna().unique()]
    if not 2 <= len(labels) <= len(answers):
        return {}
    for spell in (str, squash):
        spelt = {spell(answer): answer for answer in answers}
        first = spell(labels[0])
        for text in spelt:
            before, hit, after = text.rpartition(first)
            columns = {label: spelt.get(before + spell(label) + after) for label in labels}
            found = {label: column for label, column in columns.items() if column is not None}
            if hit and len(set(found.values())) == len(labels):
                return found
    return {}


def _holds_lists(values: pd.Series) -> bool:
    if values.dtype != object:
        return False
    return bool(values.dropna().head(100).map(lambda value: isinstance(value, list | dict)).any())


def _ambiguous(answers: list[str], choices: list[str]) -> BadInputError:
    return BadInputError(
        f"which column of the training file is the sample submission's {listed(answers)}? "
        f"It may be {listed(choices, 30)}: say so with --target (target in the API)"
    )


def _say(found: Targets, asked: list[str], notes: Notes) -> None:
    if asked:
        why = "it was asked for"
    elif found.class_columns:
        why = f"the sample submission has a column for each of its classes: {listed(found.answers)}"
    elif found.names == found.answers:
        why = "the sample submission has it and the test file lacks it"
    else:
        why = f"the test file lacks it, and the sample submission's {listed(found.answers)} fits no other column"
    notes.decide("targets", listed(found.names, 30), why)
