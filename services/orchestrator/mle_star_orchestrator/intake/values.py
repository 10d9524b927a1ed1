"""What the values of a target are, and its classes."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import pandas as pd

from mle_star.service.errors import BadInputError
from mle_star.tasks.competition import Label

MOST_CLASSES = 1000
FEW_VALUES = 20


class Nature(StrEnum):
    LABELS = "labels"  # text or booleans, from a list
    WHOLE = "whole numbers"
    FRACTIONS = "fractional numbers"
    FREE = "free text or lists"


def nature_of(values: pd.Series) -> Nature:
    """What the known values of a target are. Raises BadInputError where they cannot be learnt from."""
    known = values.dropna()
    if known.empty:
        raise BadInputError(
            f"the target {values.name} has no value in the training file: nothing can be learnt from it"
        )
    if pd.api.types.is_bool_dtype(known):
        nature = Nature.LABELS
    elif pd.api.types.is_numeric_dtype(known):
        nature = Nature.WHOLE if _are_whole(known) else Nature.FRACTIONS
    elif not known.map(lambda value: isinstance(value, str | bool | int | float | np.generic)).all():
        return Nature.FREE
    else:
        distinct = known.nunique()
        nature = Nature.FREE if distinct > MOST_CLASSES or distinct > max(FEW_VALUES, len(known) / 2) else Nature.LABELS
    if known.nunique() == 1:
        raise BadInputError(
            f"the target {values.name} is {known.iloc[0]!r} in every training row: nothing can be learnt"
        )
    return nature


def looks_like_classes(values: pd.Series, nature: Nature) -> bool:
    """Whether a target's values are classes, as far as they alone tell: few whole numbers, each in many rows."""
    if nature is not Nature.WHOLE:
        return nature is Nature.LABELS
    distinct, known = values.nunique(), int(values.notna().sum())
    return bool(distinct == 2 or (distinct <= FEW_VALUES and distinct <= known / 10))


def too_many_classes(values: pd.Series, nature: Nature) -> bool:
    """Whether a target has too many different values for each to be a class."""
    if nature is Nature.FREE:
        return True
    return bool(values.nunique() > (FEW_VALUES if nature is Nature.FRACTIONS else MOST_CLASSES))


def classes_of(values: pd.Series) -> list[Label]:
    """The distinct labels, sorted, as plain Python values; whole numbers as int."""
    known = values.dropna()
    if pd.api.types.is_float_dtype(known) and _are_whole(known):
        known = known.astype("int64")
    labels = [label.item() if isinstance(label, np.generic) else label for label in known.unique()]
    kinds = {type(label) for label in labels}
    return sorted(labels, key=str if len(kinds) > 1 else None)


def _are_whole(known: pd.Series) -> bool:
    return pd.api.types.is_integer_dtype(known) or bool((known == np.floor(known)).all() and np.isfinite(known).all())
