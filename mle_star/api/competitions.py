"""Where the data of a competition lies, when its name alone is given."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from mle_star.api.errors import BadInputError


def cached_competitions() -> Path:
    """`~/.cache/mle_star/competitions` on Linux."""
    return platformdirs.user_cache_path("mle_star") / "competitions"


def find_data(competition: str, data_dir: Path | str | None) -> Path:
    """The folder given, or the cached one of that name; absolute. Raises BadInputError where there is none."""
    if data_dir is not None:
        folder = Path(data_dir).expanduser().absolute()
        if not folder.is_dir():
            raise BadInputError(f"{folder} is no folder: give the one that holds the training, test and sample files")
        return folder
    if Path(competition).name == competition and (folder := cached_competitions() / competition).is_dir():
        return folder
    where = f"give its folder with --data-dir (data_dir= in Python), or put its files into {cached_competitions()}"
    raise BadInputError(f"there is no data for {competition!r} on this machine: {where}/{competition}")
