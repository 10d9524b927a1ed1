"""From answers to the submission: the sample's rows and columns, with our answers in them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mle_star.harness.spans import cut_span


def render(answers: pd.DataFrame, test: pd.DataFrame, sample: pd.DataFrame, context: dict[str, Any]) -> pd.DataFrame:
    """The sample with its answers replaced; `answers` has a row for each test row.

    A sample row that no test row answers keeps the sample's own value, and so does everything where the layout
    is unknown.
    """
    submission = context["submission"]
    rendered = sample.copy()
    if submission["layout"] == "unknown":
        return rendered
    if submission["layout"] == "span":
        answers = _cut(answers, test[submission["text"]])
    key = submission["key"]
    if key is None:
        if len(answers) != len(sample):
            return rendered
        for column in submission["answers"]:
            rendered[column] = answers[column].to_numpy()
        return rendered
    by_key = _by_key(answers, test[key[1]])
    keys = sample[key[0]].map(_plain)
    for column in submission["answers"]:
        answered = keys.map(by_key[column])
        rendered[column] = answered if answered.notna().all() else answered.where(answered.notna(), sample[column])
        rendered[column] = rendered[column].infer_objects()
    return rendered


def _cut(answers: pd.DataFrame, texts: pd.Series) -> pd.DataFrame:
    """The words themselves instead of the places of the first and the last."""
    (name,) = answers.columns
    parts = [cut_span(text, *map(int, span.split())) for text, span in zip(texts, answers[name], strict=True)]
    return pd.DataFrame({name: parts}, dtype=object)


def _by_key(answers: pd.DataFrame, keys: pd.Series) -> pd.DataFrame:
    """One row a key: the answer itself, the mean of numbers, or the commonest label."""
    keyed = answers.set_index(keys.map(_plain).to_numpy())
    if keyed.index.is_unique:
        return keyed
    groups = keyed.groupby(level=0, sort=False)
    return pd.DataFrame(
        {
            column: groups[column].mean()
            if pd.api.types.is_float_dtype(keyed[column])
            else groups[column].agg(lambda values: values.mode().iloc[0])
            for column in keyed.columns
        }
    )


def _plain(key: Any) -> str:
    """A key as text, so that 7 and 7.0 and '7' are one."""
    return str(int(key)) if isinstance(key, float) and key.is_integer() else str(key)
