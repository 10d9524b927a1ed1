"""The labels that the verifier scores with."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd

from mle_star.artifacts import ArtifactStore
from mle_star.harness.folds import held_out_rows
from mle_star.tasks.artifact import Artifact


def store_labels(train: pd.DataFrame, context: dict[str, Any], store: ArtifactStore) -> Artifact:
    """A parquet file: `row`, the position in the training file, and the targets, of rows that are ever held out.

    The text that answers are parts of comes along: it takes both to score the places of words.
    """
    rows = np.unique(np.concatenate(held_out_rows(train, context)))
    names = [target["name"] for target in context["targets"]]
    names += [context["submission"]["text"]] if context["submission"]["text"] else []
    labels = train[names].iloc[rows].reset_index(drop=True)
    for name in names:  # parquet holds one type a column
        if labels[name].dtype == object and labels[name].map(type).nunique() > 1:
            labels[name] = labels[name].astype(str)
    labels.insert(0, "row", rows, allow_duplicates=True)
    buffer = io.BytesIO()
    labels.to_parquet(buffer, index=False)
    return store.put_bytes("labels.parquet", buffer.getvalue())
