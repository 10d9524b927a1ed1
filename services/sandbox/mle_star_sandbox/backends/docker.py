"""Boxes by a container engine, wherever it runs: nothing is shared with it but a stream.

Needs an engine that `DOCKER_HOST` names, or the local one, and an image with Python. A container has no network, a
read-only root, files in memory only, and no capability that its program could have; our filter of system calls comes
on top of the engine's. Its first process (`first_process.py`) takes the inputs from standard input and hands out the
results. What it does not hold:
- files lie in memory: they and the inputs count as the container's, the inputs on top of `memory_bytes`;
- `/sys` and what the image holds can be read;
- memory and processes are as the engine's cgroups hold them; the first process looks every 50 ms whether they had to.
"""

from __future__ import annotations

import json
import os
import secrets
import selectors
import socket
import ssl
import time
from base64 import b64encode
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any

import docker
import structlog
from docker.errors import DockerException
from requests.exceptions import RequestException

from mle_star.service.errors import UnavailableError
from mle_star.tasks.execution import ExecutionRequest, Outcome
from mle_star_sandbox.backends.base import START_SECONDS, Backend, Box
from mle_star_sandbox.first_process import WRITABLE
from mle_star_sandbox.limits import READY, environment
from mle_star_sandbox.processes import Process
from mle_star_sandbox.system_calls import AUDIT_MACHINES, seccomp_filter

IMAGE = "mle-star-runner"
SERVICE, DEADLINE = "mle-star.service", "mle-star.deadline"
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
BOX_USERS = range(20_000, 60_000)  # within what an engine of a plain user can give
OWN_BYTES = 32 << 20  # the first process and what the kernel keeps for the container
OWN_PROCESSES = 2
PAGE = 4096
END_SECONDS = 30.0  # for an end in order, results and all, before the engine is asked to kill
SPARE_SECONDS = 120.0  # after which a box that should have ended is swept
PERIOD = 100_000
CHUNK = 256 << 10
HEADER = 8  # of each frame that the engine sends: stream, three zeros, length
PROGRAM, FIRST_PROCESS = 1, 2
FAILED = (DockerException, RequestException, OSError)

log = structlog.get_logger()


class DockerBox(Box):
    """A container, and the one stream that leads into it. `folder` is the box's own on this side."""

    procfs = -1

    def __init__(self, api: docker.APIClient, container: str, folder: Path, request: ExecutionRequest) -> None:
        self._api = api
        self._container = container
        self._request = request
        self._frames = bytearray()
        self._said = bytearray()  # by the first process, before its report
        self._printed = bytearray()  # by the program
        self._report: Report | None = None
        self._out_of_memory = False
        self._at_end = False
        self._is_ready = False
        self._stream = api.attach_socket(container, {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
        self._socket: socket.socket = getattr(self._stream, "_sock", self._stream)
        self.output = self._socket.fileno()
        self._results = folder / "results"
        self._results.mkdir()
        self.working = os.open(self._results, FOLDER)
        self.counts = self

    def lay_out(self, order: dict[str, Any], folder: Path) -> None:
        """Sends the order and its files, and returns when the box stands."""
        self._send(json.dumps(order).encode() + b"\n")
        for name, _ in order["files"]:
            with (folder / name).open("rb") as file:
                while data := file.read(CHUNK):
                    self._send(data)
        deadline = time.monotonic() + START_SECONDS
        while not self._said.startswith(READY):
            if not self._receive(deadline):
                why = (self._said + self._printed).decode(errors="replace").strip()
                raise UnavailableError(f"a container did not start: {why or 'it said nothing'}")
        del self._said[: len(READY)]
        self._is_ready = True

    def go(self) -> None:
        with suppress(OSError):
            self._send(b"go\n")

    def read(self) -> bytes | None:
        if not self._printed:
            self._receive(time.monotonic())
        data = bytes(self._printed)
        self._printed.clear()
        return None if self._at_end and not data else data

    def has_ended(self) -> bool:
        return self._at_end or self._report is not None

    def kill(self) -> None:
        """In order, so that there are results; where that does not come to an end, by the engine."""
        with suppress(OSError):
            if not self.has_ended():
                self._send(b"stop\n")
        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline and self._receive(deadline):
            pass
        if not self._at_end:
            log.warning("container_killed", container=self._container)
            with suppress(*FAILED):
                self._api.kill(self._container)

    def reap(self) -> int:
        try:
            self._api.wait(self._container, timeout=START_SECONDS)
            state = self._api.inspect_container(self._container)["State"]
        except FAILED as error:
            raise UnavailableError(f"the engine does not tell how a box ended: {error}") from error
        self._out_of_memory = bool(state["OOMKilled"])
        if self._report is None and not self._out_of_memory and self._at_end:
            raise UnavailableError(f"a container ended before its time, with {state['ExitCode']} {state['Error']}")
        return int(state["ExitCode"])

    def broken(self) -> Outcome | None:
        if self._out_of_memory:
            return Outcome.OUT_OF_MEMORY
        broken = self._report.told["broken"] if self._report else None
        return Outcome(broken) if broken else None

    def cpu_seconds(self) -> float | None:
        return self._report.told["cpu_seconds"] if self._report else None

    def peak_memory_bytes(self) -> int | None:
        return self._report.told["peak_memory_bytes"] if self._report else None

    def processes(self) -> list[Process]:
        return []  # its first process watches them

    def written_bytes(self) -> int:
        return 0  # its first process watches them

    def close(self) -> None:
        with suppress(OSError):
            self._stream.close()
        os.close(self.working)
        _remove(self._api, self._container)

    def _send(self, data: bytes) -> None:
        self._socket.settimeout(START_SECONDS)
        self._socket.sendall(data)

    def _receive(self, deadline: float) -> bool:
        """Takes in what comes until the deadline, at most once; False where nothing came."""
        self._socket.setblocking(False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            while not self._at_end:
                try:
                    data = self._socket.recv(CHUNK)
                except (BlockingIOError, ssl.SSLWantReadError):
                    if not selector.select(max(0.0, deadline - time.monotonic())):
                        return False
                    continue
                except OSError:
                    data = b""
                self._at_end = not data
                self._frames += data
                self._sort()
                return bool(data)
        return False

    def _sort(self) -> None:
        """Whole frames to whom they are for."""
        while len(self._frames) >= HEADER:
            end = HEADER + int.from_bytes(self._frames[4:HEADER], "big")
            if len(self._frames) < end:
                return
            data = self._frames[HEADER:end]
            if self._frames[0] != FIRST_PROCESS:
                self._printed += data
            elif self._report is not None:
                self._report.add(data)
            else:
                self._said += data
                if self._is_ready and b"\n" in self._said:
                    self._report = Report(self._said, self._request.collect, self._results)
            del self._frames[:end]


class Report:
    """What the first process said of a box that ended: a line of JSON, then the results, as they come."""

    def __init__(self, said: bytearray, wanted: list[str], folder: Path) -> None:
        """`folder`: our own, for results of names that are `wanted`, and for nothing else."""
        line, _, results = said.partition(b"\n")
        self.told: dict[str, Any] = json.loads(line)
        self._files = [(folder / name, size) for name, size in self.told["files"] if name in wanted]
        self.add(results)

    def add(self, data: bytes | bytearray) -> None:
        while data and self._files:
            path, left = self._files[0]
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:
                file.write(data[:left])
            self._files[0] = (path, left - len(data[:left]))
            data = data[left:]
            while self._files and self._files[0][1] == 0:
                self._files.pop(0)[0].touch()


class Docker(Backend):
    name = "docker"
    isolated = True

    def __init__(self, image: str = IMAGE) -> None:
        """Raises UnavailableError where no engine answers, or where it has no such image."""
        self._image = image
        self._first_process = files("mle_star_sandbox").joinpath("first_process.py").read_text("utf-8")
        try:
            self._api = docker.from_env(max_pool_size=64).api
            self._api.inspect_image(image)
        except docker.errors.ImageNotFound as error:
            raise UnavailableError(f"the engine has no image {image}: build it from deploy/runner") from error
        except FAILED as error:
            raise UnavailableError(f"no container engine answers ({error}): start one, or set DOCKER_HOST") from error

    def start(self, folder: Path, request: ExecutionRequest) -> Box:
        user = secrets.choice(BOX_USERS)
        inputs = [(str(path.relative_to(folder)), path.stat().st_size) for path in _files_in(folder)]
        try:
            container = self._api.create_container(**self._container(folder, request, user, inputs))["Id"]
        except FAILED as error:
            raise UnavailableError(f"a container could not be made: {error}") from error
        try:
            box = DockerBox(self._api, container, folder, request)
            try:
                self._api.start(container)
                box.lay_out(_order(request, user, inputs), folder)
            except BaseException:
                box.close()
                raise
        except FAILED as error:
            _remove(self._api, container)
            raise UnavailableError(f"a container did not start: {error}") from error
        return box

    def sweep(self) -> None:
        for container in self._api.containers(all=True, filters={"label": DEADLINE}):
            if float(container["Labels"][DEADLINE]) < time.time():
                log.warning("container_swept", container=container["Id"])
                _remove(self._api, container["Id"])

    def _container(
        self, folder: Path, request: ExecutionRequest, user: int, inputs: list[tuple[str, int]]
    ) -> dict[str, Any]:
        limits = request.limits
        input_bytes = sum(size + 2 * PAGE for _, size in inputs) + (1 << 20)
        memory = limits.memory_bytes + input_bytes + OWN_BYTES
        own = f"size={limits.disk_bytes},mode=700,uid={user},gid={user},exec"
        host = self._api.create_host_config(
            read_only=True,
            network_mode="none",
            cap_drop=["ALL"],
            cap_add=["SETUID", "SETGID", "KILL"],
            security_opt=["no-new-privileges"],
            pids_limit=limits.processes + OWN_PROCESSES,
            mem_limit=memory,
            memswap_limit=memory,
            cpu_period=PERIOD,
            cpu_quota=limits.cores * PERIOD,
            ipc_mode="private",
            tmpfs={"/box": f"size={input_bytes},mode=755", **dict.fromkeys(WRITABLE, own)},
            log_config={"Type": "none"},
        )
        deadline = time.time() + START_SECONDS + limits.seconds + END_SECONDS + SPARE_SECONDS
        return {
            "image": self._image,
            "entrypoint": ["python3", "-I", "-S", "-B", "-c", self._first_process],
            "command": [],
            "user": "0:0",
            "hostname": "box",
            "working_dir": "/",
            "stdin_open": True,
            "network_disabled": True,
            "labels": {SERVICE: folder.parent.name, DEADLINE: f"{deadline:.0f}"},
            "host_config": host,
        }


def sweep_containers(service: Path) -> None:
    """Removes the containers of a service that was killed, by its folder; none where no engine answers."""
    with suppress(*FAILED):
        api = docker.from_env().api
        for container in api.containers(all=True, filters={"label": f"{SERVICE}={service.name}"}):
            _remove(api, container["Id"])


def _order(request: ExecutionRequest, user: int, inputs: list[tuple[str, int]]) -> dict[str, Any]:
    """What the first process is told."""
    return {
        "user": user,
        "arguments": request.arguments,
        "environment": environment(request.limits, "/tmp"),  # noqa: S108
        "filters": {machine: b64encode(seccomp_filter(machine) or b"").decode() for machine in AUDIT_MACHINES},
        "disk_bytes": request.limits.disk_bytes,
        "collect": request.collect,
        "collect_bytes": request.limits.collect_bytes,
        "files": inputs,
    }


def _files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _remove(api: docker.APIClient, container: str) -> None:
    try:
        api.remove_container(container, force=True, v=True)
    except docker.errors.NotFound:
        pass
    except FAILED as error:
        log.error("container_left", container=container, why=str(error))
