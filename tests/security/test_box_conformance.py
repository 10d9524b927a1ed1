"""What every backend promises, and that what one does not promise is said."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import venv
from importlib.resources import files
from pathlib import Path

import pytest
from mle_star_sandbox.backends.bubblewrap import Bubblewrap

from mle_star.service.errors import BadInputError, UnavailableError
from mle_star.tasks.artifact import Artifact
from mle_star.tasks.execution import ExecutionRequest, Outcome
from tests.security.conftest import Boxes, wait_until

# ---- what goes in and what comes out


def test_a_program_reads_its_input_and_leaves_its_results(boxes: Boxes) -> None:
    code = """
import sys
from pathlib import Path
assert sorted(p.name for p in Path(".").iterdir() if p.name != "tmp") == ["input", "solution.py", "working"]
assert list(Path("working").iterdir()) == []
text = Path("input/train.csv").read_text() + Path("input/more/extra.csv").read_text()
Path("working/sub").mkdir()
Path("working/sub/out.txt").write_text(text)
print("printed", sys.argv[1])
"""
    files = {"train.csv": b"one", "more/extra.csv": b"two"}
    execution = boxes.run(code, "--flag", files=files, collect=["sub/out.txt", "missing.txt"])
    assert execution.outcome is Outcome.OK, execution.output
    assert execution.exit_code == 0
    assert execution.output == "printed --flag\n"
    assert execution.traceback is None
    assert list(execution.files) == ["sub/out.txt"]
    assert boxes.store.read(execution.files["sub/out.txt"]) == b"onetwo"
    assert (execution.backend, execution.isolated) == (boxes.backend.name, boxes.backend.isolated)


def test_the_environment_is_clean(boxes: Boxes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "the-secret-itself")
    code = """
import os, glob
seen = "".join(f"{k}={v}" for k, v in os.environ.items())
print(sorted(os.environ))
print(os.environ["OMP_NUM_THREADS"], os.environ["PYTHONHASHSEED"], os.environ["MPLBACKEND"])
assert "the-secret-itself" not in seen
"""
    execution = boxes.run(code, cores=3)
    assert execution.outcome is Outcome.OK, execution.output
    assert "3 0 Agg" in execution.output
    assert "OPENROUTER_API_KEY" not in execution.output


def test_what_it_took_is_told(boxes: Boxes) -> None:
    code = "import time\nheld = bytearray(100 << 20)\nend = time.monotonic() + 0.5\nwhile time.monotonic() < end: pass"
    execution = boxes.run(code)
    assert execution.outcome is Outcome.OK
    assert execution.seconds >= 0.5
    assert execution.peak_memory_bytes is not None
    assert 100 << 20 < execution.peak_memory_bytes < 300 << 20
    assert execution.cpu_seconds is not None
    assert 0 < execution.cpu_seconds <= execution.seconds + 0.1


# ---- outcomes


def test_error_with_the_programs_own_frames(boxes: Boxes) -> None:
    execution = boxes.run("import json\ndef f():\n    json.loads('{')\nf()\n")
    assert (execution.outcome, execution.exit_code) == (Outcome.ERROR, 1)
    assert execution.traceback is not None
    assert 'File "solution.py", line 3, in f' in execution.traceback
    assert "decoder.py" not in execution.traceback
    assert execution.traceback.splitlines()[-1].startswith("json.decoder.JSONDecodeError: ")


@pytest.mark.parametrize("how", ["sys.exit(137)", "os.kill(os.getpid(), 9)"])
def test_137_of_its_own_is_an_error_only(boxes: Boxes, how: str) -> None:
    execution = boxes.run(f"import os, sys\n{how}")
    assert (execution.outcome, execution.exit_code) == (Outcome.ERROR, 137)


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import signal, time\nfor n in (1, 2, 3, 15): signal.signal(n, signal.SIG_IGN)\ntime.sleep(60)",
        "import os, time\nos.close(1); os.close(2)\ntime.sleep(60)",
        "import os, time\nif os.fork() == 0:\n    os.setsid()\ntime.sleep(60)",
    ],
    ids=["busy", "ignores signals", "silent", "with a child"],
)
def test_timeout(boxes: Boxes, code: str) -> None:
    execution = boxes.run(code, seconds=0.4)
    assert (execution.outcome, execution.exit_code) == (Outcome.TIMEOUT, None)


def test_what_was_printed_before_the_timeout_is_kept(boxes: Boxes) -> None:
    execution = boxes.run("import time\nprint('so far')\ntime.sleep(60)", seconds=0.4)
    assert (execution.outcome, execution.output) == (Outcome.TIMEOUT, "so far\n")


@pytest.mark.parametrize(
    "code",
    [
        "import time\nheld = bytearray(200 << 20)\ntime.sleep(60)",
        "import os, time\nfor _ in range(3): os.fork()\nheld = bytearray(20 << 20)\ntime.sleep(60)",
        "held = [0] * (1 << 60)",
    ],
    ids=["one process", "in many processes", "asked for too much at once"],
)
def test_out_of_memory(boxes: Boxes, code: str) -> None:
    assert boxes.run(code, memory_bytes=100 << 20).outcome is Outcome.OUT_OF_MEMORY


@pytest.mark.parametrize("backend", ["bubblewrap", "bubblewrap, warm", "docker"], indirect=True)
def test_the_kernel_holds_memory_and_processes_where_it_may(boxes: Boxes) -> None:
    """However fast they come, and files in memory too: nothing is looked at every now and then."""
    if isinstance(boxes.backend, Bubblewrap) and boxes.backend.cgroups is None:
        pytest.skip("NO CGROUP MAY BE MADE HERE, the bounds that the kernel holds are not tested")
    held = boxes.run("held = bytearray(400 << 20)", memory_bytes=100 << 20)
    assert held.outcome is Outcome.OUT_OF_MEMORY
    assert held.peak_memory_bytes is not None
    assert held.peak_memory_bytes <= 140 << 20, "with what a container takes for itself"
    files = "for name in 'abcd': open(f'working/{name}', 'wb').write(bytes(30 << 20))"
    assert boxes.run(files, memory_bytes=60 << 20, disk_bytes=1 << 30).outcome is Outcome.OUT_OF_MEMORY
    forks = """
import os
try:
    for _ in range(20):
        if os.fork() == 0:
            os.read(os.pipe()[0], 1)
finally:
    os._exit(0)
"""
    assert boxes.run(forks, processes=12).outcome is Outcome.PROCESS_LIMIT


def test_memory_that_processes_share_counts_once(boxes: Boxes) -> None:
    code = """
import os, time
held = b"x" * (60 << 20)
children = []
for _ in range(4):
    if (child := os.fork()) == 0:
        time.sleep(0.4)
        os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
"""
    execution = boxes.run(code, memory_bytes=150 << 20)
    assert execution.outcome is Outcome.OK, execution.output


@pytest.mark.parametrize("line", ["print('x' * 1000)", "sys.stderr.write('x' * 1000)"], ids=["lines", "no newline"])
def test_output_limit(boxes: Boxes, line: str) -> None:
    execution = boxes.run(f"import sys\nwhile True: {line}", output_bytes=1 << 20)
    assert execution.outcome is Outcome.OUTPUT_LIMIT
    assert len(execution.output) < 70_000
    assert "bytes left out" in execution.output


@pytest.mark.parametrize(
    "code",
    [
        "open('working/big', 'wb').write(bytes(30 << 20))",
        "import os\nopen(os.environ['TMPDIR'] + '/big', 'wb').write(bytes(30 << 20))",
        "for n in range(30): open(f'working/{n}', 'wb').write(bytes(1 << 20))\nimport time\ntime.sleep(60)",
        "open('working/big', 'wb').truncate(1 << 40)",
    ],
    ids=["one file", "temporary", "many files", "sparse"],
)
def test_disk_full(boxes: Boxes, code: str) -> None:
    assert boxes.run(code, disk_bytes=10 << 20).outcome is Outcome.DISK_FULL


@pytest.mark.parametrize(
    "code",
    [
        "import os, time\nfor _ in range(200):\n    if os.fork() == 0:\n        time.sleep(60)\ntime.sleep(60)",
        "import threading, time\nfor _ in range(200): threading.Thread(target=time.sleep, args=(60,)).start()",
        "import os\nwhile True: os.fork()",
    ],
    ids=["processes", "threads", "fork bomb"],
)
def test_process_limit(boxes: Boxes, code: str) -> None:
    assert boxes.run(code, processes=40).outcome is Outcome.PROCESS_LIMIT


async def test_cancelled(boxes: Boxes) -> None:
    executions = boxes.executions()
    request = boxes.request("import os, time\nos.fork()\nos.setsid() if os.fork() == 0 else 0\ntime.sleep(60)")
    task = asyncio.create_task(executions.execute("id", request))
    await asyncio.to_thread(wait_until, lambda: len(boxes.processes()) >= 4)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert boxes.processes() == []
    assert boxes.folders_left() == []
    executions.close()


def test_what_a_program_leaves_running_ends_with_it(boxes: Boxes) -> None:
    code = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(60)
    os._exit(0)
os.wait()
print("done")
"""
    execution = boxes.run(code)
    assert (execution.outcome, execution.output) == (Outcome.OK, "done\n")
    assert boxes.processes() == []


# ---- a sandbox that fails is no outcome


def test_a_missing_artifact_is_an_error_of_the_sandbox(boxes: Boxes) -> None:
    request = boxes.request("pass")
    request.files["train.csv"] = Artifact(name="train.csv", digest="0" * 64, size=1)
    with pytest.raises(UnavailableError, match=r"has no train\.csv"):
        asyncio.run(_execute(boxes, request))


@pytest.mark.parametrize("name", ["/etc/passwd", "../up", "a/../../up", "", "."])
def test_paths_out_of_the_box_are_refused(boxes: Boxes, name: str) -> None:
    request = boxes.request("pass", collect=[name])
    with pytest.raises(BadInputError, match="no path inside a box"):
        asyncio.run(_execute(boxes, request))


async def _execute(boxes: Boxes, request: ExecutionRequest) -> None:
    executions = boxes.executions()
    try:
        await executions.execute("id", request)
    finally:
        executions.close()


# ---- the wall


def test_the_network(boxes: Boxes) -> None:
    code = """
import socket, sys
for family, address in ((socket.AF_INET, ("127.0.0.1", int(sys.argv[1]))), (socket.AF_UNIX, "\\0" + sys.argv[2])):
    try:
        with socket.socket(family) as client:
            client.connect(address)
            print("reached")
    except OSError as error:
        print("refused")
"""
    abstract = boxes.token[:12]
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as unix:
        unix.bind("\0" + abstract)
        unix.listen()
        execution = boxes.run(code, str(server.getsockname()[1]), abstract)
    assert execution.output == ("refused\n" if boxes.backend.isolated else "reached\n") * 2


def test_files_and_processes_outside(boxes: Boxes, tmp_path: Path) -> None:
    secret = tmp_path / "labels.csv"
    secret.write_text("held-out labels")
    code = """
import glob, os, sys
from pathlib import Path
for path in (*sys.argv[1:-1], "/proc/1/root" + sys.argv[1], f"/proc/{os.getppid()}/cwd" + sys.argv[1]):
    try:
        print("seen", path, os.listdir(path) if os.path.isdir(path) else Path(path).read_text())
    except OSError:
        pass
processes = glob.glob("/proc/[0-9]*")
if len(processes) > 3:  # itself, the init, and the shell that waits for a warm box's end
    print("seen", processes)
"""
    outside = [
        secret,
        boxes.store.folder,
        boxes.parent,
        Path(__file__),
        Path.home() / ".bash_history",
        *([] if boxes.backend.name == "docker" else [Path("/etc/passwd"), Path("/sys")]),  # there, the image's own
    ]
    execution = boxes.run(code, *(str(path) for path in outside))
    assert execution.outcome is Outcome.OK, execution.output
    home_holds_python = any(Path(at).is_relative_to(Path.home()) for at in (sys.prefix, sys.base_prefix))
    seen = [line for line in execution.output.splitlines() if not (home_holds_python and str(Path.home()) in line)]
    if boxes.backend.isolated:
        assert seen == []
    else:
        assert any("held-out labels" in line for line in seen), "then the docstring says too little of it"


def test_input_and_program_stay_as_they_were(boxes: Boxes) -> None:
    code = """
import os
for path in ("input/train.csv", "solution.py"):
    for attempt in (lambda: os.chmod(path, 0o666), lambda: open(path, "w").write("changed"), lambda: os.unlink(path)):
        try:
            attempt()
            print("done")
        except OSError:
            print("refused")
"""
    execution = boxes.run(code, files={"train.csv": b"as it was"})
    if boxes.backend.isolated:
        assert execution.output == "refused\n" * 6
    for kept in boxes.store.folder.glob("*/*"):
        assert kept.read_bytes() != b"changed"


def test_only_regular_files_leave(boxes: Boxes, tmp_path: Path) -> None:
    (tmp_path / "host.txt").write_text("the host's")
    code = """
import os, sys
os.chdir("working")
os.symlink(sys.argv[1], "symlink")
os.symlink(os.path.dirname(sys.argv[1]), "folder")
os.mkfifo("fifo")
os.mkdir("directory")
open("own", "w").write("mine")
os.link("own", "hard")
open("good", "w").write("good")
"""
    names = ["symlink", "folder/host.txt", "fifo", "directory", "hard", "own", "good", "good/below"]
    execution = boxes.run(code, str(tmp_path / "host.txt"), collect=names)
    assert execution.outcome is Outcome.OK, execution.output
    assert list(execution.files) == ["good"]


def test_results_are_bound_by_size(boxes: Boxes) -> None:
    code = "for n in 'abc': open(f'working/{n}', 'wb').write(bytes(600))\nopen('working/huge', 'wb').truncate(1 << 24)"
    execution = boxes.run(code, collect=["huge", "a", "b", "c"], collect_bytes=1200)
    assert list(execution.files) == ["a", "b"]


def test_a_folder_that_resists_is_removed(boxes: Boxes) -> None:
    code = """
import os
os.chdir("working")
os.mkdir("closed"); open("closed/file", "w").close(); os.chmod("closed", 0)
for _ in range(1100):
    os.mkdir("deep"); os.chdir("deep")
"""
    execution = boxes.run(code)
    assert execution.outcome is Outcome.OK, execution.output
    assert boxes.folders_left() == []


@pytest.mark.parametrize(
    "backend", ["bubblewrap", "bubblewrap, warm", "docker"], indirect=True
)  # subprocess promises none of this
def test_a_box_has_no_way_up(boxes: Boxes) -> None:
    code = """
import ctypes, os
from pathlib import Path
status = dict(line.split(":\\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\\t" in line)
assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == int(status["CapAmb"], 16) == 0, status["CapEff"]
assert status["NoNewPrivs"] == "1"
assert os.getuid() != 0 and os.getgid() != 0 and 0 not in os.getgroups(), (os.getuid(), os.getgroups())
libc = ctypes.CDLL(None, use_errno=True)
assert libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == -1
assert libc.umount2(b"/box/input", 2) == -1
for path in ("/", "/box", "/dev", "/etc", "/proc/sys/kernel", "/usr"):
    try:
        Path(path, "new").write_text("x")
    except OSError:
        continue
    raise AssertionError(path)
"""
    execution = boxes.run(code)
    assert execution.outcome is Outcome.OK, execution.output


@pytest.mark.parametrize("backend", ["bubblewrap", "bubblewrap, warm", "docker"], indirect=True)
def test_system_calls_are_filtered(boxes: Boxes) -> None:
    """Those of the list by their numbers, and no more: an ordinary program with threads and children works."""
    code = """
import ctypes, errno, json, os, socket, subprocess, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
for name, number in json.loads(sys.argv[1]).items():
    assert libc.syscall(number, 0, 0, 0, 0, 0, 0) == -1, name
    assert ctypes.get_errno() == errno.EPERM, (name, ctypes.get_errno())
for family in (socket.AF_VSOCK, socket.AF_PACKET, socket.AF_ALG):
    try:
        socket.socket(family, socket.SOCK_SEQPACKET if family == socket.AF_ALG else socket.SOCK_STREAM)
    except OSError as error:
        assert error.errno == errno.EAFNOSUPPORT, (family, error)
    else:
        raise AssertionError(family)
for _ in range(3):
    threading.Thread(target=print, args=["thread"]).start()
assert subprocess.run(["/bin/sh", "-c", "echo child"], capture_output=True).stdout == b"child\\n"
"""
    calls = json.loads(files("mle_star_sandbox").joinpath("system_calls.json").read_text())
    column = calls["machines"].index(os.uname().machine)
    denied = {name: call[column] for why in calls["denied"].values() for name, call in why.items() if call[column]}
    execution = boxes.run(code, json.dumps(denied))
    assert execution.outcome is Outcome.OK, execution.output


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give each box a user of its own")
@pytest.mark.parametrize("backend", ["bubblewrap", "bubblewrap, warm"], indirect=True)
def test_root_gives_each_box_a_user_of_its_own(boxes: Boxes) -> None:
    users = {boxes.run("import os\nprint(os.getuid())").output for _ in range(3)}
    assert len(users) == 3


@pytest.mark.parametrize("backend", ["bubblewrap", "subprocess"], indirect=True)  # a container has its own
def test_an_interpreter_in_tmp_is_seen(boxes: Boxes, tmp_path: Path) -> None:
    """Somebody tries this project in a folder of /tmp, with its virtual environment there."""
    venv.create(tmp_path / "venv")
    code = """
import sys
from pathlib import Path
from mle_star.artifacts import ArtifactStore
from mle_star_sandbox.folders import Folders
from mle_star_sandbox.trial import choose_backend
home = Path(sys.argv[1])
folders = Folders(home / "boxes", print)
_, view = choose_backend(sys.argv[2], ArtifactStore(home / "artifacts"), folders, [home], "")
folders.close()
print(sys.prefix, view.name, view.why)
"""
    run = [str(tmp_path / "venv/bin/python"), "-c", code, str(tmp_path / "home"), boxes.backend.name]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    said = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
    assert f"{tmp_path}/venv {boxes.backend.name} " in said.stdout, said.stdout + said.stderr


# ---- neighbours


async def test_as_many_boxes_as_cores(boxes: Boxes) -> None:
    executions = boxes.executions(cores=2)
    code = "import time\nstart = time.monotonic()\ntime.sleep(0.2)\nprint(start, time.monotonic())"
    wanted = [1, 1, 2, 1, 1, 8]
    done = await asyncio.gather(
        *(executions.execute(str(n), boxes.request(code, cores=cores)) for n, cores in enumerate(wanted))
    )
    spans = [tuple(map(float, execution.output.split())) for execution in done]
    for start, _ in spans:
        held = [min(cores, 2) for (a, b), cores in zip(spans, wanted, strict=True) if a <= start < b]
        assert sum(held) <= 2
    assert spans[2][0] >= max(spans[0][1], spans[1][1])
    assert min(spans[3][0], spans[4][0]) >= spans[2][1], "first come, first served"
    executions.close()


async def test_a_bomb_does_not_harm_its_neighbour(boxes: Boxes) -> None:
    executions = boxes.executions(cores=2)
    bomb = boxes.request("import os\nwhile True: os.fork()", processes=40)
    neighbour = boxes.request(
        "import time\ntime.sleep(0.5)\nopen('working/done', 'w').write('whole')", collect=["done"]
    )
    exploded, unharmed = await asyncio.gather(executions.execute("bomb", bomb), executions.execute("good", neighbour))
    assert exploded.outcome is Outcome.PROCESS_LIMIT
    assert unharmed.outcome is Outcome.OK
    assert boxes.store.read(unharmed.files["done"]) == b"whole"
    executions.close()
