"""What a killed service left behind, known by the folder that its boxes were made in."""

from __future__ import annotations

import os
from pathlib import Path

from mle_star_sandbox.backends.docker import sweep_containers
from mle_star_sandbox.backends.subprocess import FOLDER, PROCFS, kill_all
from mle_star_sandbox.cgroups import find_cgroups


def sweep(folder: Path) -> None:
    """Kills what runs in `folder` (of bubblewrap, a box that was being made), removes its groups and containers."""
    if Path(PROCFS, "self").exists():
        procfs = os.open(PROCFS, FOLDER)
        try:
            kill_all(procfs, folder)
        finally:
            os.close(procfs)
    if (cgroups := find_cgroups()) is not None:
        cgroups.sweep(folder)
    sweep_containers(folder)
