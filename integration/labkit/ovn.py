"""OVN in one namespace: its two databases, northd, and a hypervisor with Open vSwitch's userspace datapath.

All of it listens on unix sockets in the run's folder, and ends with the run. No service of the system is used.
"""

import subprocess

from .run import Failed
from .waiting import wait_until

SCHEMAS = {"nb": "/usr/share/ovn/ovn-nb.ovsschema", "sb": "/usr/share/ovn/ovn-sb.ovsschema",
           "conf": "/usr/share/openvswitch/vswitch.ovsschema"}
QUIET = ("--no-chdir", "-vconsole:warn", "-vsyslog:off", "-vfile:off")


class Ovn:
    """`place`: the namespace of the hypervisor, whose `uplink` becomes a port of its own bridge with `address`."""

    def __init__(self, run, place, uplink, address):
        self.run, self.place, self.uplink, self.address = run, place, uplink, address
        self.folder = run.folder / "ovn"
        self.folder.mkdir()
        self.environment = {name: str(self.folder) for name in (
            "OVN_RUNDIR", "OVS_RUNDIR", "OVN_LOGDIR", "OVS_LOGDIR", "OVN_DBDIR", "OVS_DBDIR")}
        self.gateway = None  # ovn-controller-vtep

    def socket(self, name):
        return f"unix:{self.folder}/{name}.sock"

    def process(self, *words):
        return self.run.start(self.place, *words, *QUIET, log=f"{words[0]}.log", env=self.environment)

    def tool(self, *words):
        done = subprocess.run(["ip", "netns", "exec", self.run.name(self.place), *[str(w) for w in words]],
                              stdin=subprocess.DEVNULL, text=True, capture_output=True, timeout=60)
        if done.returncode != 0:
            raise Failed(f"{' '.join(str(w) for w in words)}: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def nb(self, *words):
        return self.tool("ovn-nbctl", "--timeout=30", f"--db={self.socket('nb')}", *words)

    def sb(self, *words):
        return self.tool("ovn-sbctl", "--timeout=30", f"--db={self.socket('sb')}", *words)

    def vs(self, *words):
        return self.tool("ovs-vsctl", "--timeout=30", f"--db={self.socket('conf')}", *words)

    def start(self):
        for name, schema in SCHEMAS.items():
            self.tool("ovsdb-tool", "create", self.folder / f"{name}.db", schema)
            self.run.start(self.place, "ovsdb-server", self.folder / f"{name}.db",
                           f"--remote=p{self.socket(name)}", f"--unixctl={self.folder}/{name}.ctl", *QUIET,
                           log=f"ovsdb-server-{name}.log", env=self.environment)
            wait_until((self.folder / f"{name}.sock").exists, f"the database {name}")
        self.nb("init")
        self.sb("init")
        self.vs("--no-wait", "init")
        self.process("ovn-northd", f"--ovnnb-db={self.socket('nb')}", f"--ovnsb-db={self.socket('sb')}",
                     f"--unixctl={self.folder}/northd.ctl")
        self.start_hypervisor()
        return self

    def start_hypervisor(self):
        self.process("ovs-vswitchd", self.socket("conf"), f"--unixctl={self.folder}/vswitchd.ctl", "--disable-system")
        # The tunnel's address has to be on a port of the userspace datapath.
        self.run.ip(self.place, "address", "flush", "dev", self.uplink)
        self.vs("add-br", "br-phys", "--", "set", "bridge", "br-phys", "datapath_type=netdev", "--",
                "add-port", "br-phys", self.uplink)
        self.run.ip(self.place, "address", "add", f"{self.address}/24", "dev", "br-phys")
        self.run.ip(self.place, "link", "set", "br-phys", "up")
        self.vs("set", "Open_vSwitch", ".", "external_ids:system-id=hypervisor",
                f"external_ids:ovn-remote={self.socket('sb')}", "external_ids:ovn-encap-type=geneve,vxlan",
                f"external_ids:ovn-encap-ip={self.address}", "external_ids:ovn-bridge-datapath-type=netdev")
        self.process("ovn-controller", self.socket("conf"))
        wait_until(lambda: "hypervisor" in self.sb("--bare", "--columns=name", "list", "Chassis"), "the hypervisor", 60)

    def plug(self, device, port):
        """A device of the hypervisor's namespace becomes the VM port of that name."""
        self.vs("--may-exist", "add-port", "br-int", device, "--", "set", "Interface", device,
                f"external_ids:iface-id={port}")

    # The controller of the hardware VTEP

    def start_gateway(self, database):
        self.gateway = self.process("ovn-controller-vtep", f"--vtep-db=unix:{database}",
                                    f"--ovnsb-db={self.socket('sb')}")

    def stop_gateway(self):
        """As an operator stops it: it cleans up behind itself."""
        self.tool("ovn-appctl", "-t", self.folder / f"ovn-controller-vtep.{self.gateway.pid}.ctl", "exit")
        wait_until(lambda: self.gateway.poll() is not None, "ovn-controller-vtep to end")

    def kill_gateway(self):
        self.gateway.kill()
        self.gateway.wait()
