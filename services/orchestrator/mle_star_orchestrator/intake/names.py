"""What the names of files and columns say."""

from __future__ import annotations

import re

_ID_WORDS = {"id", "ids", "index", "idx", "key", "uuid", "guid", "identifier", "unnamed"}
_JOINED_ID = re.compile(r"(?:row|text|phrase|customer|user|item|sample|record|passenger|product|order|test|train)id")


def words(name: str) -> list[str]:
    """The words of a name, in lower case: `sampleSubmission` and `sample_submission` are the same two."""
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)]


def squash(name: str) -> str:
    """The name without case, blanks and punctuation; the name itself, if nothing is left of it."""
    return re.sub(r"[\W_]+", "", name.casefold()) or name


def sounds_like_id(name: str) -> bool:
    """Whether the name says that a column names something: `id`, `PassengerId`, `qa_id`, `Unnamed: 0`."""
    spoken = words(name)
    return bool(spoken) and (
        spoken[-1] in _ID_WORDS or spoken[0] in {"id", "unnamed"} or _JOINED_ID.fullmatch(spoken[-1]) is not None
    )
