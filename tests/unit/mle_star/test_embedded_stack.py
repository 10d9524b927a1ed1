"""The life of a stack, with tiny scripts as its children: it starts, restarts, ends, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from mle_star import __version__
from mle_star.embedded.home import Home, is_locked, try_lock

ROOT = Path(__file__).parents[3]
LIMIT_SECONDS = 30


def until(condition: Callable[[], object], what: str) -> None:
    limit = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < limit, f"waited in vain: {what}"
        time.sleep(0.02)


class Stack:
    """A stack under test, in a process of its own."""

    def __init__(self, folder: Path, scene: str, *options: str, port: int) -> None:
        self.home = Home(folder / "home")
        self.runtime = Path(tempfile.mkdtemp(prefix="s"))  # short, as socket paths must be
        environment = os.environ | {"MLE_STAR_BIND": f"127.0.0.1:{port}", "XDG_RUNTIME_DIR": str(self.runtime)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.stack", str(self.home.folder), scene, *options],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def processes(self) -> list[psutil.Process]:
        """Every process with this home in its command line: the guardian, the supervisor, children and horses."""
        found = []
        for process in psutil.process_iter():
            try:
                words = process.cmdline()
                if any(str(self.home.folder) in word for word in words) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.NoSuchProcess:
                pass
        return found

    def until_ready(self, processes: int) -> None:
        until(self.home.state, "the stack is ready")
        until(lambda: len(self.processes()) >= processes, f"{processes} processes run")

    @property
    def supervisor(self) -> psutil.Process:
        return psutil.Process(self.process.pid).children()[0]

    def ended(self) -> list[str]:
        return (self.home.folder / "ended").read_text().split()

    def log(self) -> list[dict[str, object]]:
        lines = (self.home.folder / "logs" / "stack.log").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def output(self) -> str:
        return self.process.communicate(timeout=LIMIT_SECONDS)[0]


CALM = 7  # guardian, supervisor, redis, executor, verifier, worker, horse


@pytest.fixture
def port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def stack(tmp_path: Path, port: int) -> Iterator[Callable[..., Stack]]:
    made: list[Stack] = []

    def make(scene: str, *options: str) -> Stack:
        made.append(Stack(tmp_path, scene, *options, port=port))
        return made[-1]

    yield make
    for one in made:
        for process in one.processes():
            process.kill()
        one.process.communicate()
        shutil.rmtree(one.runtime)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything_in_reverse_order(stack: Callable[..., Stack], signum: signal.Signals) -> None:
    calm = stack("calm")
    calm.until_ready(CALM)
    calm.process.send_signal(signum)
    assert "everything has ended" in calm.output()
    assert calm.process.returncode == 0
    assert calm.processes() == []
    first, *inner, last = calm.ended()
    assert (first, set(inner), last) == ("worker", {"executor", "verifier"}, "redis")
    assert not is_locked(calm.home.stack_lock)
    assert not (calm.home.folder / "stack.json").exists()
    assert list(calm.runtime.iterdir()) == []


def test_a_signal_to_the_whole_group_as_a_terminal_sends_it_keeps_the_order(stack: Callable[..., Stack]) -> None:
    calm = stack("calm")
    calm.until_ready(CALM)
    os.killpg(calm.process.pid, signal.SIGINT)
    calm.output()
    assert calm.processes() == []
    assert calm.ended()[0] == "worker"
    assert calm.ended()[-1] == "redis"


def test_a_signal_while_it_starts_ends_it_as_well(stack: Callable[..., Stack]) -> None:
    starting = stack("orchestrator")  # its imports take a while
    log = starting.home.folder / "logs" / "stack.log"
    until(lambda: log.exists() and len(starting.processes()) >= 2, "the supervisor exists")
    starting.process.send_signal(signal.SIGTERM)
    starting.output()
    assert starting.process.returncode == 0
    assert starting.processes() == []
    assert not is_locked(starting.home.stack_lock)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties processes to each other's life")
def test_killing_the_supervisor_leaves_nothing(stack: Callable[..., Stack]) -> None:
    calm = stack("calm")
    calm.until_ready(CALM)
    calm.supervisor.kill()
    calm.output()
    assert calm.process.returncode == 128 + signal.SIGKILL
    assert calm.processes() == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties processes to each other's life")
def test_killing_the_guardian_leaves_nothing(stack: Callable[..., Stack]) -> None:
    calm = stack("calm")
    calm.until_ready(CALM)
    calm.process.kill()
    until(lambda: not calm.processes(), "every process has ended")
    until(lambda: not is_locked(calm.home.stack_lock), "the lock is free")
    assert calm.ended()[-1] == "redis"


def test_five_crashes_in_a_minute_end_everything(stack: Callable[..., Stack]) -> None:
    broken = stack("crash-loop")
    said = broken.output()
    assert broken.process.returncode == 3
    assert "broken crashed 5 times within a minute" in said
    assert broken.processes() == []
    crashes = [line for line in broken.log() if line["event"] == "child_crashed"]
    assert [(line["child"], line["exit_code"], line["recent"]) for line in crashes] == [
        ("broken", 7, n) for n in range(1, 6)
    ]
    assert sum(line["event"] == "this child always crashes" for line in broken.log()) == 5


def test_a_child_that_crashes_once_is_started_again(stack: Callable[..., Stack]) -> None:
    shaky = stack("crash-once")
    until(lambda: any(line["event"] == "shaky runs" for line in shaky.log()) if shaky.home.state() else 0, "a restart")
    shaky.process.terminate()
    shaky.output()
    assert [line["exit_code"] for line in shaky.log() if line["event"] == "child_crashed"] == [7]


def test_what_a_killed_child_had_started_ends_with_it(stack: Callable[..., Stack]) -> None:
    calm = stack("calm")
    calm.until_ready(CALM)
    worker = next(one for one in calm.supervisor.children() if "worker" in one.cmdline())
    (horse,) = worker.children()
    worker.kill()
    until(lambda: not horse.is_running() or horse.status() == psutil.STATUS_ZOMBIE, "the horse has ended")
    until(lambda: len(calm.processes()) == CALM, "a new worker and its horse run")


def test_a_home_has_one_stack(stack: Callable[..., Stack]) -> None:
    first = stack("calm")
    first.until_ready(CALM)
    state = first.home.state()
    assert state is not None
    assert (state.pid, state.version) == (first.process.pid, __version__)
    second = stack("calm")
    assert f"a stack runs already for {first.home.folder} (at {state.url}, process {state.pid})" in second.output()
    assert second.process.returncode == 3
    assert first.home.state() == state


def test_a_busy_port_is_an_error_unless_it_may_move(stack: Callable[..., Stack], port: int) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", port))
        listener.listen()
        stays = stack("calm")
        assert f"127.0.0.1:{port} cannot be listened on" in stays.output()
        assert stays.process.returncode == 3
        moves = stack("calm", "--may-move")
        moves.until_ready(CALM)
        state = moves.home.state()
        assert state is not None
        assert state.url.startswith("http://127.0.0.1:")
        assert not state.url.endswith(f":{port}")


def test_a_lingering_stack_ends_after_its_last_client(stack: Callable[..., Stack], tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create()
    client = try_lock(home.clients_lock, shared=True)
    assert client is not None
    lingers = stack("orchestrator", "--linger", "0.3")
    lingers.until_ready(CALM + 1)
    with pytest.raises(subprocess.TimeoutExpired):
        lingers.process.wait(1.5)
    client.release()
    assert "everything has ended" in lingers.output()
    assert lingers.processes() == []
    assert any(line.get("why") == "nobody has needed the stack for 0 s" for line in lingers.log())


def test_redis_keeps_its_data_over_a_restart_and_answers_on_its_socket_alone(stack: Callable[..., Stack]) -> None:
    from redis import Redis

    for value in (None, "kept"):
        real = stack("redis")
        until(real.home.state, "the stack is ready")
        (sockets,) = real.runtime.iterdir()
        assert sockets.stat().st_mode & 0o777 == 0o700
        with Redis(unix_socket_path=str(sockets / "redis.sock"), decode_responses=True) as redis:
            assert redis.get("key") == value
            redis.set("key", "kept")
            wanted = {"port": "0", "appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}
            assert {name: redis.config_get(name)[name] for name in wanted} == wanted
        real.process.terminate()
        real.output()
