from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from mle_star_sandbox.output import KEPT, Output


def _output(*pieces: bytes) -> Output:
    output = Output()
    for piece in pieces:
        output.add(piece)
    return output


@given(st.lists(st.binary(max_size=200)))
def test_what_is_short_is_kept_whole(pieces: list[bytes]) -> None:
    output = _output(*pieces)
    assert output.text() == b"".join(pieces).decode(errors="replace")
    assert output.total == len(b"".join(pieces))


def test_both_ends_of_what_is_long_are_kept() -> None:
    pieces = [b"%07d\n" % n for n in range(20_000)]
    text = _output(*pieces).text()
    whole = b"".join(pieces).decode()
    head, gap, tail = text.partition("\n[... 94464 bytes left out ...]\n")
    assert gap
    assert head == whole[:KEPT]
    assert tail == whole[-KEPT:]


def test_bytes_that_are_no_text_do_not_matter() -> None:
    assert _output(b"a\xffb").text() == "a\ufffdb"
