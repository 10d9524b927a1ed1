"""Texts without what only machines read."""

from __future__ import annotations

import html
import re
from urllib.parse import unquote

LINK = re.compile(r"(?:https?://|www\.)\S+")
TAG = re.compile(r"<[^<>]{1,200}>")


def clean_text(text: str) -> str:
    """Entities and %20 decoded, tags gone, every link the same word."""
    if "&" in text:
        text = html.unescape(text)
    if "%" in text:
        text = unquote(text)
    return LINK.sub(" linkaddress ", TAG.sub(" ", text))
