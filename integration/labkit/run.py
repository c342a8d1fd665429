"""One run: its network namespaces, its processes, its folder under /run/kvtep-lab, and how all of it goes away.

Every run has a number of its own (the lowest that is free), and every namespace it makes is named after it:
`kv3-red1`. So runs side by side never meet, and nothing outside those namespaces and that folder is touched.
What is ended is ended by pid, checked against the start time of the process that was recorded.
"""

import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from .waiting import wait_until

BASE = pathlib.Path("/run/kvtep-lab")
CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


class Failed(Exception):
    """A command of the set-up failed."""


def command(*words, check=True, stdin=None):
    """Runs a command and returns what it printed; a failure says which command, and its words."""
    done = subprocess.run([str(w) for w in words], input=stdin, text=True, capture_output=True)
    if check and done.returncode != 0:
        raise Failed(f"{' '.join(str(w) for w in words)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def start_time(pid):
    """The kernel's start time of a process, which tells it from a later one with the same pid; None: no such one."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in ("Z", "X") else fields[19]


def end(pid, started, patience=5.0):
    """Ends one process of ours: SIGTERM, then SIGKILL."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + patience
        while started is not None and start_time(pid) == started:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)


class Run:
    def __init__(self, number):
        self.number = number
        self.folder = BASE / str(number)

    @staticmethod
    def create():
        if os.geteuid() != 0:
            raise Failed("network namespaces need root: run this with sudo")
        BASE.mkdir(exist_ok=True)
        sweep()
        number = 1
        while True:
            try:
                (BASE / str(number)).mkdir()
                break
            except FileExistsError:
                number += 1
        run = Run(number)
        (run.folder / "owner").write_text(f"{os.getpid()} {start_time(os.getpid())}\n")
        return run

    # Namespaces

    def name(self, place):
        return f"kv{self.number}-{place}"

    def add_namespace(self, place, ipv6=False):
        """A namespace with its loopback up; without IPv6 its devices are silent until somebody makes them talk."""
        command("ip", "netns", "add", self.name(place))
        self.ip(place, "link", "set", "lo", "up")
        self.ipv6_of_new_devices(place, ipv6)

    def ipv6_of_new_devices(self, place, wanted):
        with self.inside(place):
            for which in ("all", "default") if not wanted else ("default",):
                with contextlib.suppress(FileNotFoundError):  # a kernel without IPv6
                    pathlib.Path(f"/proc/sys/net/ipv6/conf/{which}/disable_ipv6").write_text("0" if wanted else "1")

    @contextlib.contextmanager
    def inside(self, place):
        """This thread is in that namespace: a socket that is opened here stays there."""
        here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.name(place)}", os.O_RDONLY)
        try:
            if libc.setns(there, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"cannot enter {self.name(place)}")
            yield
        finally:
            libc.setns(here, CLONE_NEWNET)
            os.close(here)
            os.close(there)

    def ip(self, place, *words):
        return command("ip", "-n", self.name(place), *words)

    def bridge(self, place, *words):
        return command("bridge", "-n", self.name(place), *words)

    def batch(self, place, lines):
        """Many `ip` commands at once."""
        command("ip", "-n", self.name(place), "-batch", "-", stdin="\n".join(lines) + "\n")

    def link(self, place_a, device_a, place_b, device_b, mac_b=None):
        """A cable: device_a in one namespace, device_b in the other, both up."""
        words = ["link", "add", device_a, "type", "veth", "peer", "name", device_b]
        if mac_b:
            words += ["address", mac_b]
        self.ip(place_a, *words, "netns", self.name(place_b))
        self.ip(place_a, "link", "set", device_a, "up")
        self.ip(place_b, "link", "set", device_b, "up")

    # Processes

    def start(self, place, *words, log, env=None, stdout=None):
        """A process in that namespace; it lives until end() or the end of the run. Its words go to the log file."""
        path = self.folder / log
        with open(path, "ab") as file:
            process = subprocess.Popen(
                ["ip", "netns", "exec", self.name(place), *[str(w) for w in words]],
                stdin=subprocess.DEVNULL, stdout=stdout or file, stderr=file, start_new_session=True,
                env={**os.environ, **(env or {})})
        with open(self.folder / "pids", "a") as file:
            file.write(f"{process.pid} {start_time(process.pid)} {words[0]}\n")
        return process

    def run(self, place, *words, check=True, timeout=None):
        """A command in that namespace, to its end: (exit status, standard output, standard error)."""
        done = subprocess.run(["ip", "netns", "exec", self.name(place), *[str(w) for w in words]],
                              stdin=subprocess.DEVNULL, text=True, capture_output=True, timeout=timeout)
        if check and done.returncode != 0:
            raise Failed(f"{' '.join(str(w) for w in words)}: {(done.stderr or done.stdout).strip()}")
        return done

    # The end

    def keep(self):
        (self.folder / "kept").touch()

    def destroy(self):
        """Ends every process of this run, then removes its namespaces and its folder. Safe to repeat."""
        pids = self.folder / "pids"
        recorded = [line.split() for line in pids.read_text().splitlines()] if pids.exists() else []
        for pid, started, _ in reversed(recorded):
            end(int(pid), started)
        prefix = f"kv{self.number}-"
        for name in sorted(os.listdir("/run/netns") if os.path.isdir("/run/netns") else []):
            if not name.startswith(prefix):
                continue
            # Children of ours that outlived their parent; nothing else can be in a namespace that we made.
            for pid in command("ip", "netns", "pids", name, check=False).split():
                if int(pid) != os.getpid():
                    end(int(pid), start_time(int(pid)))
            command("ip", "netns", "delete", name, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def all_runs():
    if not BASE.is_dir():
        return []
    return [Run(int(p.name)) for p in sorted(BASE.iterdir()) if p.name.isdigit()]


def sweep():
    """Takes down what a run that was killed left behind; runs that live, or that were left up on purpose, stay."""
    for run in all_runs():
        try:
            pid, started = (run.folder / "owner").read_text().split()
        except (OSError, ValueError):
            continue  # being made this very moment
        if not (run.folder / "kept").exists() and start_time(int(pid)) != started:
            run.destroy()


@contextlib.contextmanager
def scratch_run():
    """A run that goes away whatever happens: at the end, at an error, at Ctrl-C, SIGTERM or SIGHUP."""
    def leave(number, _frame):
        sys.exit(128 + number)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    run = Run.create()
    try:
        yield run
    finally:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        if not (run.folder / "kept").exists():
            run.destroy()


def wait_for_exit(process, what, seconds=20.0):
    wait_until(lambda: process.poll() is not None, what, seconds)
    return process.returncode
