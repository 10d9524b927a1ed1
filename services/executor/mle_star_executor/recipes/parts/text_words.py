"""The words of texts, many rows of a matrix for one row of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class TextWords:
    """`features`: a row for each word, text after text; `counts`: the words of each text, (n,)."""

    features: Any
    counts: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> TextWords:
        """Those of some texts, by position."""
        starts = np.cumsum(self.counts) - self.counts
        counts = self.counts[rows]
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return TextWords(self.features[np.repeat(starts[rows], counts) + within], counts)

    @property
    def where(self) -> tuple[np.ndarray, np.ndarray]:
        """The text of each word, and its place in it."""
        texts = np.repeat(np.arange(len(self.counts)), self.counts)
        return texts, np.arange(len(texts)) - np.repeat(np.cumsum(self.counts) - self.counts, self.counts)
