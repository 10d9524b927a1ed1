"""How many threads a fit may use."""

from __future__ import annotations

import os

N_THREADS = int(os.environ.get("OMP_NUM_THREADS") or 1)
