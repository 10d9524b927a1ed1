"""The Python traceback that a program died of, as far as it is about the program itself."""

from __future__ import annotations

import re

HEADER = "Traceback (most recent call last):"
FRAME = re.compile(r'^ *(?:\| *)?File "(?P<file>[^"]*)", line \d+')
KEPT = 8000


def trimmed_traceback(output: str) -> str | None:
    """The last traceback in `output`, without the frames of other files; None if there is none."""
    lines = output.rstrip().split("\n")
    start = max((n for n, line in enumerate(lines) if line.strip() == HEADER), default=None)
    if start is None:
        start = _syntax_error(lines)
    if start is None:
        return None
    kept, keep = [], True
    for line in lines[start:]:
        frame = FRAME.match(line)
        if frame:
            keep = frame["file"].rpartition("/")[2] == "solution.py"
        elif not line.startswith("  "):
            keep = True
        if keep:
            kept.append(line.replace(frame["file"], "solution.py", 1) if frame else line)
    return "\n".join(kept)[-KEPT:]


def last_error(traceback: str | None) -> str:
    """The line that names the exception, such as `KeyError: 'x'`."""
    for line in (traceback or "").split("\n")[1:]:
        if line and not line.startswith(" "):
            return line
    return ""


def _syntax_error(lines: list[str]) -> int | None:
    """Where a SyntaxError of the program itself begins: Python prints it without a header."""
    if not re.match(r"(SyntaxError|IndentationError|TabError)\b", lines[-1]):
        return None
    return max((n for n, line in enumerate(lines) if FRAME.match(line)), default=None)
