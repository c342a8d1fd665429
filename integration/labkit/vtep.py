"""The VTEP's two processes in one namespace: the stock ovsdb-server and kvtepd."""

import json
import os
import pathlib
import socket

from .ovsdb import Database
from .run import command, end, start_time, wait_for_exit
from .waiting import wait_until

TOP = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = "/usr/share/openvswitch/vtep.ovsschema"


def kvtepd_path():
    return os.environ.get("KVTEPD") or str(TOP / "build/dev/netlinkd/app/kvtepd")


class Server:
    """ovsdb-server with a hardware_vtep database of its own, on a unix socket and, where asked, on TCP."""

    def __init__(self, run, place, port=None, name="db"):
        self.run, self.place, self.port = run, place, port
        self.file = run.folder / f"{name}.db"
        self.socket = str(run.folder / f"{name}.sock")
        self.control = str(run.folder / f"{name}.ctl")
        self.log = f"ovsdb-server-{name}.log"
        self.process = None
        command("ovsdb-tool", "create", self.file, SCHEMA)

    def words(self):
        words = ["ovsdb-server", self.file, f"--remote=punix:{self.socket}"]
        if self.port:
            words.append(f"--remote=ptcp:{self.port}")
        return words + [f"--unixctl={self.control}", "--no-chdir", "-vconsole:warn", "-vsyslog:off", "-vfile:off"]

    def start(self):
        self.process = self.run.start(self.place, *self.words(), log=self.log)
        wait_until(self.database().answers, "ovsdb-server to answer")
        return self

    def stop(self):
        end(self.process.pid, start_time(self.process.pid))

    def database(self):
        return Database(self.run, self.place, self.socket)


class Daemon:
    """kvtepd; started, stopped and killed as often as a test likes."""

    def __init__(self, run, place, switch="s2", tunnel_ip="192.168.2.20", ports="s2-eth*", db=None, name="kvtepd"):
        self.run, self.place, self.name = run, place, name
        self.control = str(run.folder / f"{name}.ctl")
        self.log = run.folder / f"{name}.log"
        self.options = [f"--db={db}", f"--switch={switch}", f"--tunnel-ip={tunnel_ip}", f"--ports={ports}"]
        self.process = None

    def words(self, *more):
        return [kvtepd_path(), *self.options, *more]

    def start(self, *more, under=()):
        """`under`: a command that runs it, such as strace."""
        private = [f"--control={self.control}"]
        self.process = self.run.start(self.place, *under, *self.words(*more), *private, log=self.log.name)
        return self

    def status(self):
        """What it tells of itself on its control socket."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(30)
            link.connect(self.control)
            link.sendall(b"status\n")
            return json.loads(b"".join(iter(lambda: link.recv(65536), b"")))

    def answers(self):
        """Whether it is there and tells its status."""
        try:
            return bool(self.status())
        except OSError:
            return False

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """SIGTERM; its exit status."""
        self.process.terminate()
        return wait_for_exit(self.process, "kvtepd to end after SIGTERM")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def last_words(self, lines=25):
        return "the end of kvtepd's log:\n" + "\n".join(self.log_text().splitlines()[-lines:])
