"""The client against an orchestrator that plays its part, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from mle_star.api import connection
from mle_star.api.client import MLEStarClient
from mle_star.api.datasets import DATASETS, Dataset, dataset_named_in, grade, lay_out
from mle_star.api.errors import BadInputError, MLEStarError, NotFoundError, RequestRefusedError, StackError
from mle_star.api.results import criteria_met
from mle_star.config import Settings
from mle_star.tasks.task import Problem, Status, Task, TaskRequest, TaskView
from tests.fakes.orchestrator import FILES, FakeOrchestrator

MakeClient = Callable[..., MLEStarClient]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("mle_star.api.client.POLL_SECONDS", 0.01)
    monkeypatch.setattr(connection, "_PAUSE_SECONDS", 0.01)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def client(tmp_path: Path) -> MakeClient:
    def make(fake: FakeOrchestrator, **settings: Any) -> MLEStarClient:
        given = Settings.load(dotenv=None, url="http://fake", home=tmp_path / "home", **settings)
        return MLEStarClient(given, transport=httpx.ASGITransport(fake.app))

    return make


async def test_a_competition_becomes_a_result_with_its_files(client: MakeClient, tmp_path: Path) -> None:
    fake, seen = FakeOrchestrator(), list[TaskView]()
    async with client(fake) as open_client:
        result = await open_client.execute_kaggle_competition(
            "titanic", tmp_path, "f1", minutes=1, on_change=seen.append
        )
    assert result["status"] == "success"
    assert result["task_id"] == "task-1"
    verification = result["result"]["verification"]
    assert (verification["score"], verification["standard_error"]) == (0.875, 0.01)
    assert (verification["metric"], verification["direction"], verification["blind"]) == ("accuracy", "higher", True)
    assert [strategy["title"] for strategy in result["result"]["strategies"]] == ["LightGBM"]
    assert Path(result["result"]["submission"]).read_bytes() == FILES["submission.csv"]
    assert Path(result["result"]["solution"]).read_bytes() == FILES["solution.py"]
    assert (seen[0].status, seen[-1].status) == (Status.RUNNING, Status.SUCCEEDED)
    assert len(seen) == len({view.model_dump_json(exclude={"seconds_left"}) for view in seen})
    assert fake.requests == [TaskRequest(competition="titanic", data_dir=str(tmp_path), metric="f1", minutes=1)]


async def test_settings_that_were_set_go_with_the_task_and_arguments_are_stronger(
    client: MakeClient, tmp_path: Path
) -> None:
    fake = FakeOrchestrator()
    async with client(fake, max_iterations=1, parallel_strategies=2) as open_client:
        await open_client.execute_kaggle_competition("titanic", tmp_path, strategies=4)
    (request,) = fake.requests
    assert (request.iterations, request.strategies, request.minutes) == (1, 4, None)


@pytest.mark.parametrize(("ending", "word"), [(Status.FAILED, "failed"), (Status.CANCELLED, "cancelled")])
async def test_a_task_that_did_not_succeed_is_a_result(
    client: MakeClient, tmp_path: Path, ending: Status, word: str
) -> None:
    why = Problem(title="It broke", status=500, code="internal_error", detail="the disk is full")
    async with client(FakeOrchestrator(ending=ending, error=why)) as open_client:
        result = await open_client.execute_kaggle_competition("titanic", tmp_path)
    assert (result["status"], result["error"]) == (word, "the disk is full")
    assert result["result"]["submission"] is None


async def test_data_found_bad_after_a_while_is_bad_input(client: MakeClient, tmp_path: Path) -> None:
    why = Problem(title="The input cannot be used", status=422, code="bad_input", detail="train.csv has no rows")
    async with client(FakeOrchestrator(ending=Status.FAILED, error=why)) as open_client:
        with pytest.raises(BadInputError, match=r"train\.csv has no rows"):
            await open_client.execute_kaggle_competition("titanic", tmp_path)


async def test_bad_input_is_refused_here_or_there(client: MakeClient, tmp_path: Path) -> None:
    fake = FakeOrchestrator()
    async with client(fake) as open_client:
        with pytest.raises(BadInputError, match="competition's name has letters"):
            await open_client.execute_kaggle_competition("../titanic", tmp_path)
        with pytest.raises(BadInputError, match="is no folder"):
            await open_client.execute_kaggle_competition("titanic", tmp_path / "absent")
        with pytest.raises(BadInputError, match=r"--data-dir.*competitions/titanic"):
            await open_client.execute_kaggle_competition("titanic")
        with pytest.raises(BadInputError, match="minutes: "):
            await open_client.execute_kaggle_competition("titanic", tmp_path, minutes=-1)
        with pytest.raises(BadInputError, match="no metric is called"):
            await open_client.execute_kaggle_competition("titanic", tmp_path, "nobody-knows")
    assert fake.requests == []


async def test_cached_data_is_found_by_name(client: MakeClient, tmp_path: Path) -> None:
    cached = tmp_path / "cache" / "mle_star" / "competitions" / "titanic"
    cached.mkdir(parents=True)
    fake = FakeOrchestrator()
    async with client(fake) as open_client:
        await open_client.execute_kaggle_competition("titanic")
    assert fake.requests[0].data_dir == str(cached)


async def test_cancelling_the_call_cancels_the_task(client: MakeClient, tmp_path: Path) -> None:
    fake = FakeOrchestrator(looks=None)
    async with client(fake) as open_client:
        call = asyncio.create_task(open_client.execute_kaggle_competition("titanic", tmp_path))
        while not fake.asked.is_set():
            await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert fake.tasks["task-1"].status is Status.CANCELLED


async def test_cancelling_while_the_task_is_being_accepted_cancels_it_too(client: MakeClient, tmp_path: Path) -> None:
    fake = FakeOrchestrator(looks=None)
    posted, go_on = asyncio.Event(), asyncio.Event()

    class Slow(httpx.ASGITransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "POST":
                posted.set()
                await go_on.wait()
            return await super().handle_async_request(request)

    settings = Settings.load(dotenv=None, url="http://fake", home=tmp_path / "home")
    async with MLEStarClient(settings, transport=Slow(fake.app)) as open_client:
        call = asyncio.create_task(open_client.execute_kaggle_competition("titanic", tmp_path))
        await posted.wait()
        call.cancel()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert fake.tasks["task-1"].status is Status.CANCELLED


async def test_a_task_of_ones_own_brings_its_data_and_criteria(client: MakeClient, tmp_path: Path) -> None:
    fake = FakeOrchestrator()
    criteria = ["Accuracy > 0.85", "accuracy >= 90%", "Code runs without errors", "AUC > 0.1"]
    async with client(fake) as open_client:
        result = await open_client.execute_task(
            Task(description="Train a classifier on the Iris dataset", success_criteria=criteria)
        )
        with pytest.raises(BadInputError, match="set its data_dir"):
            await open_client.execute_task(Task(description="Do something clever"))
    assert result["criteria"] == dict(zip(criteria, [True, False, None, None], strict=True))
    (request,) = fake.requests
    assert request.competition == "iris"
    assert (Path(str(request.data_dir)) / "train.csv").is_file()


async def test_single_steps(client: MakeClient, tmp_path: Path) -> None:
    async with client(FakeOrchestrator(looks=None)) as open_client:
        view = await open_client.submit(TaskRequest(competition="titanic"))
        assert (await open_client.status(view.id)).status is Status.RUNNING
        assert [task.id for task in await open_client.tasks(Status.RUNNING)] == [view.id]
        assert await open_client.tasks(Status.FAILED) == []
        assert [one.name for one in await open_client.artifacts(view.id)] == list(FILES)
        file = await open_client.download(view.id, "solution.py", tmp_path / "new" / "mine.py")
        assert file.read_bytes() == FILES["solution.py"]
        with pytest.raises(NotFoundError, match="no artifact 'other'"):
            await open_client.download(view.id, "other", tmp_path / "other")
        assert not (tmp_path / "other").exists()
        assert (await open_client.cancel(view.id)).status is Status.CANCELLED
        with pytest.raises(NotFoundError, match="no task 'nothing'"):
            await open_client.status("nothing")


async def test_a_client_that_is_not_open_says_how_to_open_it(client: MakeClient) -> None:
    with pytest.raises(MLEStarError, match="async with"):
        await client(FakeOrchestrator()).tasks()


async def test_a_server_may_not_name_a_file_outside_the_folder(client: MakeClient, monkeypatch: Any) -> None:
    monkeypatch.setitem(FILES, "../../outside", b"!")
    async with client(FakeOrchestrator()) as open_client:
        view = await open_client.submit(TaskRequest(competition="titanic"))
        with pytest.raises(MLEStarError, match="not a plain name"):
            await open_client.download_all(view.id)


def _answering(*answers: httpx.Response | Exception) -> tuple[httpx.MockTransport, list[str]]:
    left, methods = list(answers), list[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        methods.append(request.method)
        given = left.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    return httpx.MockTransport(answer), methods


def _problem(status: int) -> httpx.Response:
    problem = Problem(title="No", status=status, code="x", detail="do this", retry=status == 503)
    return httpx.Response(status, json=problem.model_dump())


async def test_a_restart_of_the_orchestrator_is_a_pause() -> None:
    refused = httpx.ConnectError("refused")
    transport, methods = _answering(refused, httpx.ReadError("cut"), _problem(503), httpx.Response(200, json=[1]))
    async with connection.Connection("http://fake", transport=transport) as http:
        assert await http.get("/x") == [1]
    assert len(methods) == 4


async def test_a_post_that_may_have_arrived_is_not_repeated() -> None:
    transport, methods = _answering(httpx.ConnectError("refused"), httpx.ReadError("cut"))
    async with connection.Connection("http://fake", transport=transport) as http:
        with pytest.raises(StackError, match="nothing answers at http://fake"):
            await http.post("/x", "{}")
    assert methods == ["POST", "POST"]


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (_problem(422), BadInputError, "do this"),
        (_problem(404), NotFoundError, "do this"),
        (_problem(409), RequestRefusedError, "No: do this"),
        (_problem(503), StackError, "do this"),
        (httpx.Response(200 + 302, text="<html>"), StackError, "check MLE_STAR_URL"),
        (httpx.ConnectError("refused"), StackError, "is it running"),
    ],
)
async def test_each_answer_has_its_error(answer: Any, error: type[MLEStarError], says: str) -> None:
    transport, _ = _answering(answer)
    async with connection.Connection("http://fake", transport=transport, patience_seconds=-1) as http:
        with pytest.raises(error, match=says):
            await http.get("/x")


def test_bad_settings_are_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_ITERATIONS", "many")
    with pytest.raises(BadInputError, match="max_iterations"):
        MLEStarClient.from_env()


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.name)
def test_a_data_set_is_laid_out_with_its_answers_held_back(dataset: Dataset, tmp_path: Path) -> None:
    import pandas as pd

    answers = lay_out(dataset, tmp_path / dataset.name)
    folder = tmp_path / dataset.name
    train, test, sample = (pd.read_csv(folder / f"{name}.csv") for name in ("train", "test", "sample_submission"))
    assert answers.parent == tmp_path
    assert set(train.columns) - set(test.columns) == {dataset.target}
    assert not set(train.id) & set(test.id)
    assert list(sample.columns) == ["id", dataset.target]
    assert list(sample.id) == list(test.id)
    assert sample[dataset.target].nunique() == 1
    perfect, guessed = grade(dataset, answers, answers), grade(dataset, folder / "sample_submission.csv", answers)
    assert perfect == (0 if dataset.metric == "rmse" else 1)
    assert guessed > perfect if dataset.metric == "rmse" else guessed < perfect


def test_data_sets_are_known_by_the_words_for_them() -> None:
    named = {
        "Train a classifier on the Iris dataset with accuracy > 0.95": "iris",
        "the breast cancer data": "breast-cancer",
        "scikit-learn's diabetes data set": "diabetes",
        "Which wine goes with cheese?": None,
    }
    assert {text: (found := dataset_named_in(text)) and found.name for text in named} == named


def test_a_criterion_without_a_score_is_open() -> None:
    assert criteria_met(["Accuracy > 0.5"], "accuracy", None) == {"Accuracy > 0.5": None}
