"""The Python client: one call from a competition's name to its submission."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from mle_star.api import errors
from mle_star.api.competitions import cached_competitions, find_data
from mle_star.api.connection import Connection
from mle_star.api.datasets import dataset_named_in, lay_out
from mle_star.api.results import criteria_met, result_of
from mle_star.config import ConfigError, Settings
from mle_star.embedded.home import Home
from mle_star.embedded.launch import lease_stack
from mle_star.tasks.task import ArtifactView, Status, Task, TaskRequest, TaskView

POLL_SECONDS = 0.5
OnChange = Callable[[TaskView], None]


class MLEStarClient:
    """Talks to the orchestrator at `settings.url`; where there is none, to the stack of this machine, which it
    starts if need be and which stays for a minute after its last client and task.

    Use it as an async context manager. `transport` replaces the network, for an app in this process.
    """

    def __init__(self, settings: Settings | None = None, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings = settings or _load_settings()
        self._transport = transport
        self._open = AsyncExitStack()
        self._connection: Connection | None = None

    @classmethod
    def from_env(cls) -> Self:
        """Settings from the environment, `.env` and YAML. Raises BadInputError where one cannot be used."""
        return cls(_load_settings())

    async def __aenter__(self) -> Self:
        """Raises StackError where no stack can be reached or started."""
        url = self._settings.url
        if url is None:
            lease = await lease_stack(self._settings)
            self._open.callback(lease.release)
            url = lease.url
        self._connection = await self._open.enter_async_context(Connection(url, transport=self._transport))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection = None
        await self._open.aclose()

    # the whole job

    async def execute_kaggle_competition(
        self,
        competition_name: str,
        data_dir: Path | str | None = None,
        evaluation_metric: str | None = None,
        description: str | None = None,
        auto_enrich: bool = True,
        *,
        minutes: float | None = None,
        strategies: int | None = None,
        iterations: int | None = None,
        seed: int = 0,
        target: str | None = None,
        on_change: OnChange | None = None,
    ) -> dict[str, Any]:
        """Runs a competition to its end and downloads what it made; see `result_of` for the shape of the result.

        What is None is found from the files, or takes the settings' value. `auto_enrich` permits looking the
        competition up at Kaggle; nothing does so yet. Cancelling this call cancels the task.

        Raises BadInputError, StackError or another MLEStarError; a task that failed is a result, not an error.
        """
        request = self.request(
            competition_name,
            data_dir=str(find_data(competition_name, data_dir)),
            metric=evaluation_metric,
            description=description,
            target=target,
            minutes=minutes,
            strategies=strategies,
            iterations=iterations,
            seed=seed,
        )
        return await self.run(request, on_change=on_change)

    async def execute_task(
        self,
        task: Task,
        *,
        minutes: float | None = None,
        strategies: int | None = None,
        iterations: int | None = None,
        seed: int = 0,
        target: str | None = None,
        on_change: OnChange | None = None,
    ) -> dict[str, Any]:
        """Runs a task of one's own. Without `data_dir`, its description must name a data set of scikit-learn.

        The result has `criteria` too: each of `success_criteria`, and whether the score meets it (None: a score
        cannot tell).
        """
        dataset = dataset_named_in(task.description)
        if task.data_dir is not None:
            folder = find_data("the task", task.data_dir)
        elif dataset is not None:
            folder = cached_competitions() / dataset.name
            await asyncio.to_thread(lay_out, dataset, folder)
        else:
            raise errors.BadInputError("the task names no data: set its data_dir to the folder with its files")
        request = self.request(
            re.sub(r"[^A-Za-z0-9._-]+", "-", folder.name).strip("-.") or "task",
            data_dir=str(folder),
            metric=task.metric,
            description="\n".join([task.description, *task.success_criteria]),
            target=target,
            minutes=minutes,
            strategies=strategies,
            iterations=iterations,
            seed=seed,
        )
        result = await self.run(request, on_change=on_change)
        verification = result["result"]["verification"]
        result["criteria"] = criteria_met(task.success_criteria, verification["metric"], verification["score"])
        return result

    async def run(self, request: TaskRequest, *, on_change: OnChange | None = None) -> dict[str, Any]:
        """Submits, waits and downloads. Cancelling this call cancels the task.

        Data that cannot be used is a BadInputError, whether that shows at once or after a while.
        """
        submitting = asyncio.ensure_future(self.submit(request))
        try:
            view = await asyncio.shield(submitting)
            if on_change is not None:
                on_change(view)
            view = await self.wait(view.id, on_change=on_change)
        except asyncio.CancelledError:
            with suppress(errors.MLEStarError):
                await self.cancel((await submitting).id)
            raise
        if view.error is not None and isinstance(error := errors.error_for(view.error), errors.BadInputError):
            raise error
        return result_of(view, await self.download_all(view.id))

    def request(self, competition: str, **given: Any) -> TaskRequest:
        """The body of `POST /tasks`; what is None takes the value of a setting that was set. Raises BadInputError."""
        chosen = self._settings.model_fields_set
        defaults = {
            "minutes": self._settings.task_minutes if "task_minutes" in chosen else None,
            "strategies": self._settings.parallel_strategies if "parallel_strategies" in chosen else None,
            "iterations": self._settings.max_iterations if "max_iterations" in chosen else None,
        }
        wanted = {name: value for name, value in given.items() if value is not None}
        try:
            return TaskRequest(competition=competition, **{**defaults, **wanted})
        except ValidationError as error:
            raise errors.BadInputError("; ".join(_say(one) for one in error.errors())) from None

    # step by step

    async def submit(self, request: TaskRequest) -> TaskView:
        return TaskView.model_validate(await self._http.post("/tasks", request.model_dump_json(exclude_none=True)))

    async def tasks(self, status: Status | None = None) -> list[TaskView]:
        answer = await self._http.get("/tasks", **({"status": str(status)} if status else {}))
        return [TaskView.model_validate(one) for one in answer["tasks"]]

    async def status(self, task_id: str) -> TaskView:
        return TaskView.model_validate(await self._http.get(_task(task_id)))

    async def wait(self, task_id: str, *, on_change: OnChange | None = None) -> TaskView:
        """The task once it has ended; `on_change` gets it whenever anything but the time left has changed."""
        before = None
        while True:
            view = await self.status(task_id)
            now = view.model_dump(exclude={"seconds_left"})
            if on_change is not None and now != before:
                on_change(view)
            if view.status.final:
                return view
            before = now
            await asyncio.sleep(POLL_SECONDS)

    async def cancel(self, task_id: str) -> TaskView:
        return TaskView.model_validate(await self._http.delete(_task(task_id)))

    async def artifacts(self, task_id: str) -> list[ArtifactView]:
        answer = await self._http.get(f"{_task(task_id)}/artifacts")
        return [ArtifactView.model_validate(one) for one in answer["artifacts"]]

    async def download(self, task_id: str, name: str, destination: Path) -> Path:
        """Writes the artifact to `destination`, whole or not at all."""
        await self._http.download(f"{_task(task_id)}/artifacts/{quote(name, safe='')}", destination)
        return destination

    async def download_all(self, task_id: str) -> dict[str, Path]:
        """All artifacts of a task, by name, in a folder of its own below the home."""
        folder = Home(self._settings.home.absolute()).results_folder / _plain(task_id)
        names = [artifact.name for artifact in await self.artifacts(task_id)]
        return {name: await self.download(task_id, name, folder / _plain(name)) for name in names}

    @property
    def _http(self) -> Connection:
        if self._connection is None:
            raise errors.MLEStarError("the client is not open: use `async with MLEStarClient.from_env() as client`")
        return self._connection


def _load_settings() -> Settings:
    try:
        return Settings.load()
    except ConfigError as error:
        raise errors.BadInputError(str(error)) from None


def _task(task_id: str) -> str:
    return f"/tasks/{quote(task_id, safe='')}"


def _plain(name: str) -> str:
    """Names come from a server: none may lead out of the folder that is meant."""
    if Path(name).name != name or name in {"", ".", ".."}:
        raise errors.MLEStarError(f"the orchestrator names a file {name!r}, which is not a plain name")
    return name


def _say(error: Any) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{'.'.join(str(part) for part in error['loc'])}: {message}"
