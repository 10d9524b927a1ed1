"""The vault: the labels of held-out rows, as few as are in use, read again when they were dropped."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from mle_star.artifacts import ArtifactMissingError, ArtifactStore
from mle_star.service.errors import BadInputError, NotFoundError
from mle_star.tasks.artifact import Artifact

KEPT = 8


class Vault:
    """A cache over the artifact store: nothing is lost with it."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store
        self._read = lru_cache(maxsize=KEPT)(self._read_once)

    def labels(self, artifact: Artifact, targets: list[str]) -> pd.DataFrame:
        """The targets of the held-out rows, indexed by `row`, sorted. Raises NotFoundError, BadInputError."""
        labels = self._read(artifact)
        missing = [name for name in targets if name not in labels.columns]
        if missing:
            raise BadInputError(f"the labels lack the columns {missing}; put them with `row` and every target")
        return labels[targets]

    def _read_once(self, artifact: Artifact) -> pd.DataFrame:
        try:
            labels = pd.read_parquet(self._store.path(artifact))
        except ArtifactMissingError as error:
            raise NotFoundError(f"{error}; cut the folds again", code="artifact_missing") from None
        except (OSError, ValueError) as error:
            raise BadInputError(f"the labels are not a parquet file: {error}") from None
        if "row" not in labels or labels["row"].duplicated().any() or labels.empty:
            raise BadInputError("the labels need a column `row` with each held-out row once")
        return labels.set_index("row").sort_index()
