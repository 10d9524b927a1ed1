"""Finding the training, test and sample files of a competition in its folder, under their usual names and forms."""

from __future__ import annotations

import itertools
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mle_star.service.errors import BadInputError
from mle_star_orchestrator.intake.names import words
from mle_star_orchestrator.intake.notes import listed
from mle_star_orchestrator.intake.reading import read_header

FORMS = ("csv", "parquet", "tsv", "jsonl", "ndjson", "json")
MOST_ENTRIES = 500
MOST_ARCHIVES = 20
MOST_MEMBERS = 5000


class Role(StrEnum):
    TRAIN = "train"
    TEST = "test"
    SAMPLE = "sample"


@dataclass(frozen=True)
class Candidate:
    """A file that was found. `name` is its path below the folder; a `member` of an archive has its own base name."""

    name: str
    place: Path
    depth: int
    member: str | None = None

    @property
    def role(self) -> Role | None:
        """What its name says that it is; else what the name of its folder does."""
        if form_of(self.name) is None and not self.name.lower().endswith(".zip"):
            return None
        path = Path(self.member or self.name)
        return role_of(path.name) or (role_of(path.parent.name) if path.parent.name else None)

    @property
    def rest(self) -> list[str]:
        """The words of its name that do not tell its role."""
        return [word for word in words(_stem(self.name)) if not word.startswith(("train", "test"))]

    @property
    def size(self) -> int:
        """In bytes, unpacked."""
        if self.member is None:
            return self.place.stat().st_size
        with zipfile.ZipFile(self.place) as archive:
            return archive.getinfo(self.member).file_size

    def unpacked(self, into: Path) -> Path:
        """The file itself, under its own suffix: taken out of its archive, if it is in one."""
        if self.member is None:
            return self.place
        path = into / self.name
        if not path.exists():
            with zipfile.ZipFile(self.place) as archive, archive.open(self.member) as source, path.open("wb") as target:
                while block := source.read(1 << 20):
                    target.write(block)
        return path


@dataclass(frozen=True)
class Found:
    train: Candidate
    test: Candidate
    sample: Candidate
    extra: list[Candidate]


def find_files(folder: Path, scratch: Path) -> Found:
    """Looks in the folder, one level below it, and inside archives. Raises BadInputError."""
    candidates = list(_walk(folder))
    if not candidates:
        raise BadInputError(f"{folder} holds no files: put the competition's train, test and sample submission there")
    by_role = {role: [one for one in candidates if one.role is role] for role in Role}
    sample = _the_sample(by_role[Role.SAMPLE], folder, candidates)
    for role in (Role.TRAIN, Role.TEST):
        if not by_role[role]:
            raise _missing(role, folder, candidates)
    train, test = _the_pair(by_role[Role.TRAIN], by_role[Role.TEST], sample, scratch)
    chosen = {train, test, sample}
    return Found(train, test, sample, [one for one in candidates if one not in chosen and not _a_copy(one, chosen)])


def form_of(name: str) -> str | None:
    """The form that the suffix says, such as `csv`, also before `.gz` and `.zip`; None for no table's."""
    form = name.lower().removesuffix(".gz").removesuffix(".zip").rpartition(".")[2]
    return form if form in FORMS else None


def role_of(name: str) -> Role | None:
    """What the name of a file says that it is."""
    spoken = words(_stem(name))
    trains, tests = (any(word.startswith(role) for word in spoken) for role in ("train", "test"))
    if any("submission" in word or word.startswith("submit") for word in spoken):
        return Role.SAMPLE
    if trains or tests:
        return None if trains and tests else Role.TRAIN if trains else Role.TEST
    return Role.SAMPLE if any(word.startswith("sample") for word in spoken) else None


def _stem(name: str) -> str:
    return Path(name).name.partition(".")[0]


def _walk(folder: Path) -> Iterator[Candidate]:
    """Files in the folder, then one level below, then inside archives; bounded everywhere."""
    if not folder.exists():
        raise BadInputError(f"there is no folder {folder}: give the folder of the competition's files as data_dir")
    if not folder.is_dir():
        raise BadInputError(f"{folder} is not a folder: give the folder that the file lies in")
    here, below = _entries(folder)
    placed = [(path, 0) for path in here] + [(path, 1) for sub in below for path in _entries(sub)[0]]
    archives = 0
    for path, depth in placed:
        name = path.relative_to(folder).as_posix()
        members = None
        if path.suffix.lower() == ".zip" and archives < MOST_ARCHIVES:
            archives += 1
            members = _members(path)
        if members is not None and len(members) > 1 and any(role_of(Path(member).name) for member in members):
            yield from (Candidate(Path(member).name, path, 2, member) for member in members)
        elif members is not None and len(members) == 1 and role_of(path.name) is None:
            yield Candidate(Path(members[0]).name, path, 2, members[0])
        else:
            yield Candidate(name, path, depth)


def _entries(folder: Path) -> tuple[list[Path], list[Path]]:
    """Regular files and folders in a folder, sorted, without hidden ones; the first few hundred of them."""
    try:
        with os.scandir(folder) as entries:
            some = [entry for entry in itertools.islice(entries, MOST_ENTRIES) if not entry.name.startswith(".")]
            files = sorted(Path(entry.path) for entry in some if entry.is_file())
            folders = sorted(Path(entry.path) for entry in some if entry.is_dir())
    except OSError:
        return [], []
    return files, folders


def _members(path: Path) -> list[str]:
    """The files in an archive; none if it is broken or very long."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except (OSError, zipfile.BadZipFile):
        return []
    names = [info.filename for info in infos if not info.is_dir() and "__MACOSX" not in info.filename]
    return [name for name in names if not Path(name).name.startswith(".")] if len(names) <= MOST_MEMBERS else []


def _missing(role: Role, folder: Path, candidates: list[Candidate]) -> BadInputError:
    called = {Role.TRAIN: "training file", Role.TEST: "test file", Role.SAMPLE: "sample submission"}[role]
    usual = "sample_submission.csv" if role is Role.SAMPLE else f"{role}.csv"
    seen = listed([one.name for one in candidates])
    return BadInputError(
        f"no {called} in {folder}: name it {usual} (or .tsv, .json, .jsonl, .parquet, .gz, .zip); there is {seen}"
    )


def _the_sample(samples: list[Candidate], folder: Path, candidates: list[Candidate]) -> Candidate:
    """The one called a sample, else any submission: the plainest name, highest up."""
    if not samples:
        raise _missing(Role.SAMPLE, folder, candidates)
    return min(samples, key=lambda one: ("sample" not in one.name.lower(), one.depth, len(one.rest), *_form_rank(one)))


def _form_rank(candidate: Candidate) -> tuple[int, int]:
    """Plain before packed, and tables before what has to be looked into."""
    form = form_of(candidate.name)
    packed = candidate.name.lower().endswith((".gz", ".zip"))
    return int(packed), FORMS.index(form) if form else len(FORMS)


def _the_pair(
    trains: list[Candidate], tests: list[Candidate], sample: Candidate, scratch: Path
) -> tuple[Candidate, Candidate]:
    """Training and test files of like names, the plainest first; between equals, the pair that lacks the answers."""
    pairs = [pair for pair in itertools.product(trains, tests) if pair[0].rest == pair[1].rest]
    pairs = pairs or list(itertools.product(trains, tests))

    def plainness(pair: tuple[Candidate, Candidate]) -> tuple[int, int]:
        return pair[0].depth + pair[1].depth, len(pair[0].rest) + len(pair[1].rest)

    plainest = min(map(plainness, pairs))
    equals = [pair for pair in pairs if plainness(pair) == plainest]
    forms: dict[tuple[str, ...], tuple[Candidate, Candidate]] = {}
    for pair in sorted(equals, key=lambda pair: (_form_rank(pair[0]), _form_rank(pair[1]))):
        forms.setdefault((*pair[0].rest, "|", *pair[1].rest), pair)
    if len(forms) == 1:
        return next(iter(forms.values()))
    asked = read_header(sample.unpacked(scratch))
    fitting = [pair for pair in forms.values() if asked & _only_in_training(pair, scratch)]
    if len(fitting) != 1:
        raise BadInputError(
            f"which are the training and the test file: {listed([f'{a.name} + {b.name}' for a, b in forms.values()])}? "
            "Name the right two train and test, with their suffixes"
        )
    return fitting[0]


def _only_in_training(pair: tuple[Candidate, Candidate], scratch: Path) -> set[str]:
    return read_header(pair[0].unpacked(scratch)) - read_header(pair[1].unpacked(scratch))


def _a_copy(candidate: Candidate, chosen: set[Candidate]) -> bool:
    """Whether it is a chosen file in another form, or packed: `train.csv.zip` beside `train.csv`."""
    return any(candidate.role is one.role and _stem(candidate.name) == _stem(one.name) for one in chosen)
