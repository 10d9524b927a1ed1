"""The artifact store: files whole or not at all, once, and never changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from mle_star.artifacts import ArtifactMissingError, ArtifactStore
from mle_star.tasks.artifact import Artifact


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "store")


def files(store: ArtifactStore) -> list[Path]:
    return [path for path in store.folder.rglob("*") if path.is_file()]


def test_a_file_is_named_by_what_is_in_it(store: ArtifactStore, tmp_path: Path) -> None:
    source = tmp_path / "train.csv"
    source.write_bytes(b"a,b\n1,2\n")
    artifact = store.put_file(source)
    assert artifact == Artifact(name="train.csv", digest=hashlib.sha256(b"a,b\n1,2\n").hexdigest(), size=8)
    assert store.read(artifact) == b"a,b\n1,2\n"
    store.copy(artifact, tmp_path / "new" / "copy.csv")
    assert (tmp_path / "new" / "copy.csv").read_bytes() == b"a,b\n1,2\n"


def test_the_same_bytes_are_kept_once(store: ArtifactStore, tmp_path: Path) -> None:
    source = tmp_path / "other.csv"
    source.write_bytes(b"same")
    first, second, third = store.put_bytes("a", b"same"), store.put_bytes("b", b"same"), store.put_file(source, "c")
    assert first.digest == second.digest == third.digest
    assert [first.name, second.name, third.name] == ["a", "b", "c"]
    assert len(files(store)) == 1


def test_a_kept_file_cannot_be_written_to(store: ArtifactStore) -> None:
    assert store.path(store.put_bytes("a", b"x")).stat().st_mode & 0o777 == 0o444


def test_a_file_that_is_not_there_is_named(store: ArtifactStore) -> None:
    with pytest.raises(ArtifactMissingError, match=r"no submission\.csv \(000000000000\)"):
        store.read(Artifact(name="submission.csv", digest="0" * 64, size=1))


def test_a_digest_cannot_lead_out_of_the_store() -> None:
    with pytest.raises(ValueError, match="digest"):
        Artifact(name="a", digest="../../etc/passwd", size=1)
