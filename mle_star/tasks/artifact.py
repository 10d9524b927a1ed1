"""A file that some step made, named by what is in it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Artifact(BaseModel):
    """A reference to a file in the artifact store; `digest` is the SHA-256 of its bytes, `size` is in bytes."""

    model_config = ConfigDict(frozen=True)

    name: str
    digest: str = Field(pattern="^[0-9a-f]{64}$")
    size: int = Field(ge=0)
