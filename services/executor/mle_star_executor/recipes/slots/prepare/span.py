"""prepare: the text that answers are parts of."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mle_star.harness.spans import plain_text
from mle_star_executor.recipes.parts.blocks import Blocks


def prepare_span(train: pd.DataFrame, test: pd.DataFrame, context: dict[str, Any]) -> Blocks:
    """The block `text`."""
    name = context["submission"]["text"]
    return {"text": pd.concat([train[name], test[name]], ignore_index=True).map(plain_text)}
