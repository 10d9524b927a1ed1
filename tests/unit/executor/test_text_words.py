"""Words of texts are picked by the text."""

from __future__ import annotations

import numpy as np
from mle_star_executor.recipes.parts.text_words import TextWords
from scipy import sparse


def test_the_words_of_some_texts_are_theirs_in_their_order() -> None:
    words = TextWords(sparse.csr_matrix(np.arange(6).reshape(-1, 1)), np.array([2, 0, 3, 1]))
    some = words[np.array([2, 1, 0])]
    assert some.counts.tolist() == [3, 0, 2]
    assert some.features.toarray()[:, 0].tolist() == [2, 3, 4, 0, 1]
    assert [part.tolist() for part in some.where] == [[0, 0, 0, 2, 2], [0, 1, 2, 0, 1]]


def test_no_text_has_a_word() -> None:
    words = TextWords(sparse.csr_matrix((0, 3)), np.array([0, 0]))
    assert words[np.array([1])].features.shape == (0, 3)
