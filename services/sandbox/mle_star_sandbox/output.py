"""What a program printed: counted in full, kept at both ends."""

from __future__ import annotations

KEPT = 32 << 10


class Output:
    """Keeps the first and the last 32 KiB of a stream of any length."""

    def __init__(self) -> None:
        self.total = 0
        self._head = bytearray()
        self._tail = bytearray()

    def add(self, data: bytes) -> None:
        self.total += len(data)
        room = KEPT - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        del self._tail[:-KEPT]

    def text(self) -> str:
        """Both ends as text, with a line between that says how much is missing."""
        left_out = self.total - len(self._head) - len(self._tail)
        gap = f"\n[... {left_out} bytes left out ...]\n".encode() if left_out else b""
        return bytes(self._head + gap + self._tail).decode(errors="replace")
