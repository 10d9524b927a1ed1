"""The artifact store: files named by the SHA-256 of their bytes, under one folder that the services share."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from mle_star.tasks.artifact import Artifact


class ArtifactMissingError(LookupError):
    """The store has no file of this digest."""

    def __init__(self, artifact: Artifact) -> None:
        super().__init__(f"the artifact store has no {artifact.name} ({artifact.digest[:12]})")


class ArtifactStore:
    """Puts files in once, whole or not at all, and never changes them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put_bytes(self, name: str, data: bytes) -> Artifact:
        digest = hashlib.sha256(data).hexdigest()
        if not (place := self._place(digest)).exists():
            with self._incoming() as incoming:
                incoming.write(data)
                incoming.flush()
                os.fsync(incoming.fileno())
                self._land(incoming.name, place)
        return Artifact(name=name, digest=digest, size=len(data))

    def put_file(self, path: Path, name: str | None = None) -> Artifact:
        """Copies a regular file in, without holding it in memory."""
        hashed = hashlib.sha256()
        with path.open("rb") as source, self._incoming() as incoming:
            while block := source.read(1 << 20):
                hashed.update(block)
                incoming.write(block)
            size = incoming.tell()
            incoming.flush()
            os.fsync(incoming.fileno())
            self._land(incoming.name, self._place(hashed.hexdigest()))
        return Artifact(name=name or path.name, digest=hashed.hexdigest(), size=size)

    def path(self, artifact: Artifact) -> Path:
        """Where the file lies, to be read only. Raises ArtifactMissingError."""
        if not (place := self._place(artifact.digest)).exists():
            raise ArtifactMissingError(artifact)
        return place

    def read(self, artifact: Artifact) -> bytes:
        return self.path(artifact).read_bytes()

    def copy(self, artifact: Artifact, destination: Path) -> None:
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.path(artifact), destination)

    def _place(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest

    def _incoming(self) -> tempfile._TemporaryFileWrapper[bytes]:
        return tempfile.NamedTemporaryFile(dir=self.folder, prefix="incoming-", delete=False)

    @staticmethod
    def _land(incoming: str, place: Path) -> None:
        place.parent.mkdir(exist_ok=True)
        Path(incoming).chmod(0o444)
        Path(incoming).replace(place)
