"""OVN: its two databases and northd, hypervisors with Open vSwitch's userspace datapath, and the VTEP's gateway.

All of it listens on unix sockets in the run's folder, and ends with the run. No service of the system is used.
"""

import subprocess

from .run import Failed
from .waiting import wait_until

NB_SCHEMA, SB_SCHEMA = "/usr/share/ovn/ovn-nb.ovsschema", "/usr/share/ovn/ovn-sb.ovsschema"
OVS_SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
QUIET = ("--no-chdir", "-vconsole:warn", "-vsyslog:off", "-vfile:off")


class Part:
    """Processes of OVN that share a run directory of their own: the central part, or one hypervisor."""

    def __init__(self, run, place, name):
        self.run, self.place, self.name = run, place, name
        self.folder = run.folder / name
        self.folder.mkdir()
        self.environment = {variable: str(self.folder) for variable in (
            "OVN_RUNDIR", "OVS_RUNDIR", "OVN_LOGDIR", "OVS_LOGDIR", "OVN_DBDIR", "OVS_DBDIR")}

    def socket(self, name):
        return f"unix:{self.folder}/{name}.sock"

    def process(self, *words):
        return self.run.start(self.place, *words, *QUIET, log=f"{self.name}-{words[0]}.log", env=self.environment)

    def tool(self, *words):
        done = subprocess.run(["ip", "netns", "exec", self.run.name(self.place), *[str(w) for w in words]],
                              stdin=subprocess.DEVNULL, text=True, capture_output=True, timeout=60)
        if done.returncode != 0:
            raise Failed(f"{' '.join(str(w) for w in words)}: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def database(self, name, schema):
        self.tool("ovsdb-tool", "create", self.folder / f"{name}.db", schema)
        self.process("ovsdb-server", self.folder / f"{name}.db", f"--remote=p{self.socket(name)}",
                     f"--unixctl={self.folder}/{name}.ctl")
        wait_until((self.folder / f"{name}.sock").exists, f"the database {name}")


class Ovn(Part):
    def __init__(self, run, place):
        super().__init__(run, place, "ovn")
        self.gateway = None  # ovn-controller-vtep

    def nb(self, *words):
        return self.tool("ovn-nbctl", "--timeout=30", f"--db={self.socket('nb')}", *words)

    def sb(self, *words):
        return self.tool("ovn-sbctl", "--timeout=30", f"--db={self.socket('sb')}", *words)

    def has_chassis(self, name):
        return name in self.sb("--bare", "--columns=name", "list", "Chassis").split()

    def start(self):
        self.database("nb", NB_SCHEMA)
        self.database("sb", SB_SCHEMA)
        self.nb("init")
        self.sb("init")
        self.process("ovn-northd", f"--ovnnb-db={self.socket('nb')}", f"--ovnsb-db={self.socket('sb')}",
                     f"--unixctl={self.folder}/northd.ctl")
        return self

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


class Hypervisor(Part):
    """Its namespace's `uplink` becomes a port of its own bridge, which has the `address` of the tunnels."""

    def __init__(self, ovn, place, uplink, address):
        super().__init__(ovn.run, place, f"hypervisor-{place}")
        self.ovn, self.uplink, self.address = ovn, uplink, address

    def vs(self, *words):
        return self.tool("ovs-vsctl", "--timeout=30", f"--db={self.socket('conf')}", *words)

    def start(self):
        self.database("conf", OVS_SCHEMA)
        self.vs("--no-wait", "init")
        self.process("ovs-vswitchd", self.socket("conf"), f"--unixctl={self.folder}/vswitchd.ctl", "--disable-system")
        # The tunnel's address has to be on a port of the userspace datapath.
        self.run.ip(self.place, "address", "flush", "dev", self.uplink)
        self.vs("add-br", "br-phys", "--", "set", "bridge", "br-phys", "datapath_type=netdev", "--",
                "add-port", "br-phys", self.uplink)
        self.run.ip(self.place, "address", "add", f"{self.address}/24", "dev", "br-phys")
        self.run.ip(self.place, "link", "set", "br-phys", "up")
        self.vs("set", "Open_vSwitch", ".", f"external_ids:system-id={self.name}",
                f"external_ids:ovn-remote={self.ovn.socket('sb')}", "external_ids:ovn-encap-type=geneve,vxlan",
                f"external_ids:ovn-encap-ip={self.address}", "external_ids:ovn-bridge-datapath-type=netdev")
        self.process("ovn-controller", self.socket("conf"))
        wait_until(lambda: self.ovn.has_chassis(self.name), f"{self.name} in OVN", 60)
        return self

    def plug(self, device, port):
        """A device of the hypervisor's namespace becomes the VM port of that name."""
        self.vs("--may-exist", "add-port", "br-int", device, "--", "set", "Interface", device,
                f"external_ids:iface-id={port}")

    def unplug(self, device):
        self.vs("--if-exists", "del-port", "br-int", device)
