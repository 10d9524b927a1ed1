"""What a program starts with: its environment, and the limits that the kernel holds for each process."""

from __future__ import annotations

from mle_star.tasks.execution import Limits

READY = b"ready\n"
OPEN_FILES = 1024

# A box first says that it stands, then waits for a line on its standard input: in between, the host takes hold of it.
# The line is `go`, or `exit CODE` where a zygote has run the program in it.
START = """
echo ready && read -r go code || exit 1
test "$go" = exit && exit "$code"
ulimit -c 0
ulimit -n {open_files} 2>/dev/null
ulimit -f {blocks} 2>/dev/null
{processes}
exec "$@" </dev/null
"""


def start_command(limits: Limits, command: list[str], *, count_processes: bool) -> list[str]:
    """`command` behind the limits; `count_processes` only where the kernel counts those of this box alone."""
    bound = processes_bound(limits)
    # the option is -u in bash and -p in dash, where bash's -p is another thing that cannot be set
    processes = f"ulimit -u {bound} 2>/dev/null || ulimit -p {bound} 2>/dev/null" if count_processes else ""
    script = START.format(open_files=OPEN_FILES, blocks=-(-limits.disk_bytes // 512), processes=processes)
    return ["/bin/sh", "-c", script, "sh", *command]


def processes_bound(limits: Limits) -> int:
    """The kernel's bound lies above ours, so that whoever passes ours is seen doing it."""
    return limits.processes + 64


def environment(limits: Limits, temporary: str) -> dict[str, str]:
    """All that a program sees of an environment; `temporary` is the folder that it may fill with what it likes."""
    cores = str(limits.cores)
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": temporary,
        "TMPDIR": temporary,
        "USER": "box",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",  # what was printed before a kill is kept
        "MPLBACKEND": "Agg",
        "OMP_NUM_THREADS": cores,
        "OPENBLAS_NUM_THREADS": cores,
        "MKL_NUM_THREADS": cores,
        "NUMEXPR_NUM_THREADS": cores,
        "POLARS_MAX_THREADS": cores,
        "RAYON_NUM_THREADS": cores,
        "LOKY_MAX_CPU_COUNT": cores,
    }
