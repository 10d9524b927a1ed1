from __future__ import annotations

from pathlib import Path

import pytest
from mle_star_sandbox.layout import check_request, lay_out

from mle_star.artifacts import ArtifactStore
from mle_star.service.errors import BadInputError
from mle_star.tasks.execution import ExecutionRequest


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


def _request(store: ArtifactStore, *names: str, arguments: list[str] | None = None) -> ExecutionRequest:
    files = {name: store.put_bytes(name, name.encode()) for name in names}
    program = store.put_bytes("solution.py", b"pass")
    return ExecutionRequest(program=program, files=files, arguments=arguments or [])


@pytest.mark.parametrize("link", [True, False])
def test_every_file_at_its_place(store: ArtifactStore, tmp_path: Path, link: bool) -> None:
    folder = tmp_path / "box"
    folder.mkdir()
    lay_out(_request(store, "train.csv", "images/1.png"), store, folder, link=link)
    found = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert found == {"solution.py": "pass", "input/train.csv": "train.csv", "input/images/1.png": "images/1.png"}
    assert (folder / "working").is_dir()
    linked = (folder / "solution.py").stat().st_nlink == 2
    assert linked == link, "a copy must not be the store's own file"


@pytest.mark.parametrize("link", [True, False])
@pytest.mark.parametrize("names", [("a", "a/b"), ("a/b", "a"), ("a/./b", "a/b")])
def test_two_files_at_one_place(store: ArtifactStore, tmp_path: Path, names: tuple[str, str], link: bool) -> None:
    folder = tmp_path / "box"
    folder.mkdir()
    with pytest.raises(BadInputError, match="same place"):
        lay_out(_request(store, *names), store, folder, link=link)


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "", ".", "a\0b", "..\\x"])
def test_paths_that_leave_the_box(store: ArtifactStore, name: str) -> None:
    with pytest.raises(BadInputError, match="no path inside a box"):
        check_request(_request(store, name))


@pytest.mark.parametrize(("argument", "why"), [("a\0b", "null character"), ("x" * 200_000, "put them into a file")])
def test_an_argument_that_cannot_be_given(store: ArtifactStore, argument: str, why: str) -> None:
    with pytest.raises(BadInputError, match=why):
        check_request(_request(store, arguments=[argument]))
