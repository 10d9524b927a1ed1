"""What the routes work with, made once with the app."""

from dataclasses import dataclass

from fastapi import Request
from rq import Queue

from mle_star.artifacts import ArtifactStore
from mle_star.config import Settings
from mle_star_orchestrator.store import TaskStore


@dataclass(frozen=True)
class Access:
    settings: Settings
    store: TaskStore
    queue: Queue
    artifacts: ArtifactStore


def access(request: Request) -> Access:
    found: Access = request.app.state.access
    return found
