"""The stage that the system tests play on: a VTEP with two ports, a machine at each of them, a far end.

    host1 ── s2-eth1 ┐                 192.168.2.0/24
                     ├─ vtep (.20) ───────────────── remote (.10)
    host2 ── s2-eth2 ┘

The far end is either a plain kernel VXLAN endpoint (far_end()) or a UDP socket (frames.VxlanPeer).
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "integration"))

from labkit import kernel, ovsdb, pings, vtep
from labkit.run import scratch_run
from labkit.verdicts import Verdicts
from labkit.waiting import wait_until

TUNNEL_IP, REMOTE_IP = "192.168.2.20", "192.168.2.10"
TUNNEL_IP6, REMOTE_IP6 = "2001:db8:2::20", "2001:db8:2::10"
MAC1, MAC2 = "02:00:00:00:00:01", "02:00:00:00:00:02"
BROADCAST = "ff:ff:ff:ff:ff:ff"


class Stage:
    def __init__(self, run):
        self.run = run
        for place in ("vtep", "remote", "host1", "host2"):
            run.add_namespace(place)
        run.link("vtep", "eth0", "remote", "eth0")
        # Room for a full packet in the tunnel, and no firewall in the way: else kvtepd has something to say.
        for place in ("vtep", "remote"):
            run.ip(place, "link", "set", "eth0", "mtu", 1600)
        run.run("vtep", "sh", "-c", "for f in /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e $f ] || echo 0 > $f; done")
        run.ip("vtep", "address", "add", f"{TUNNEL_IP}/24", "dev", "eth0")
        run.ip("remote", "address", "add", f"{REMOTE_IP}/24", "dev", "eth0")
        for number in (1, 2):
            self.plug(number)
        run.ipv6_of_new_devices("vtep", True)
        self.tunnel_ip, self.remote_ip = TUNNEL_IP, REMOTE_IP
        self.server = self.daemon = None
        self.probes = 0

    def use_ipv6(self):
        """The tunnels of this stage go over IPv6; the IPv4 addresses stay."""
        self.tunnel_ip, self.remote_ip = TUNNEL_IP6, REMOTE_IP6
        for place, address in (("vtep", TUNNEL_IP6), ("remote", REMOTE_IP6)):
            self.run.run(place, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=0", "net.ipv6.conf.eth0.disable_ipv6=0")
            self.run.ip(place, "address", "add", f"{address}/64", "dev", "eth0", "nodad")

    def plug(self, number):
        """The cable of port `number`, with the machine at its end."""
        self.run.link("vtep", f"s2-eth{number}", f"host{number}", "eth0", mac_b=f"02:00:00:00:00:{number:02x}")

    def start(self):
        """The database and kvtepd, up to the rows of both ports."""
        self.server = vtep.Server(self.run, "vtep").start()
        self.daemon = vtep.Daemon(self.run, "vtep", db=f"unix:{self.server.socket}", tunnel_ip=self.tunnel_ip).start()
        self.wait_for_ports()
        return self

    @property
    def db(self):
        return self.server.database()

    def wait_for_ports(self, *names):
        wanted = set(names or ("s2-eth1", "s2-eth2"))
        self.db.wait_for_rows("Physical_Port", (), lambda rows: {r["name"] for r in rows} >= wanted, f"ports {wanted}")

    # What a controller does

    def attach(self, name, vni, bindings, macs=(), flood=True):
        """A Logical_Switch with its bindings [(port, vlan)], remote MACs at the far end, and a flood list; its uuid."""
        there = self.db.select("Physical_Locator", [["dst_ip", "==", self.remote_ip]])
        far = there[0]["_uuid"] if there else ovsdb.named("far")
        operations = [] if there else [ovsdb.locator(self.remote_ip, "far")]
        operations.append(ovsdb.insert("Logical_Switch", {"name": name, "tunnel_key": vni}, "switch"))
        switch = ovsdb.named("switch")
        for mac in macs:
            operations.append(ovsdb.insert("Ucast_Macs_Remote", {"MAC": mac, "logical_switch": switch, "locator": far}))
        if flood:
            operations.append(ovsdb.insert("Physical_Locator_Set", {"locators": far}, "flood"))
            operations.append(ovsdb.insert("Mcast_Macs_Remote", {
                "MAC": "unknown-dst", "logical_switch": switch, "locator_set": ovsdb.named("flood")}))
        operations += [ovsdb.bind(port, vlan, switch) for port, vlan in bindings]
        results = self.db.transact(*operations)
        place = next(i for i, o in enumerate(operations) if o.get("table") == "Logical_Switch")
        return results[place]["uuid"][1]

    def detach(self, uuid, ports=("s2-eth1", "s2-eth2")):
        """Unbinds, waits until the local rows are gone, then deletes every row of the Logical_Switch."""
        for row in self.db.select("Physical_Port"):
            vlans = [vlan for vlan, switch in row["vlan_bindings"][1] if switch == ovsdb.uuid(uuid)]
            if row["name"] in ports and vlans:
                self.db.transact(ovsdb.unbind(row["name"], *vlans))
        wait_until(lambda: not self.local_rows(uuid), "the local rows to go")
        self.delete_switch(uuid)

    def delete_switch(self, uuid):
        mine = ["logical_switch", "==", ovsdb.uuid(uuid)]
        self.db.transact(ovsdb.delete("Ucast_Macs_Remote", mine), ovsdb.delete("Mcast_Macs_Remote", mine),
                         ovsdb.delete("Logical_Switch", ["_uuid", "==", ovsdb.uuid(uuid)]))

    def local_rows(self, uuid):
        mine = [["logical_switch", "==", ovsdb.uuid(uuid)]]
        return self.db.select("Ucast_Macs_Local", mine) + self.db.select("Mcast_Macs_Local", mine)

    # What the kernel has

    def links(self):
        return kernel.links(self.run, "vtep")

    def fdb(self, *devices):
        return kernel.fdb(self.run, "vtep", *devices)

    def wait_for_device(self, device, master, seconds=30.0):
        wait_until(lambda: self.links().get(device, {}).get("master") == master, f"{device} in {master}", seconds)

    def snapshot(self):
        """kvtep's devices and entries without what changes by itself (counters, timers)."""
        links, found = self.links(), set()
        for name, link in links.items():
            if name in kernel.ours(links) or name.startswith("s2-"):
                data = link.get("linkinfo", {}).get("info_data", {})
                found.add((name, link["ifindex"], link.get("master"), link.get("ifalias"), link["address"],
                           "UP" in link["flags"], data.get("id"), data.get("local"), data.get("learning")))
        entries = self.fdb()
        return found | kernel.tunnel_entries(entries) | kernel.bridge_entries(entries)

    def probe(self, uuid, vni):
        """A new row, and the wait for its entry: whatever kvtepd had to do before, it has done by then."""
        self.probes += 1
        mac = f"02:ff:00:00:00:{self.probes:02x}"
        far = self.db.select("Physical_Locator", [["dst_ip", "==", self.remote_ip]])[0]["_uuid"]
        self.db.transact(ovsdb.insert("Ucast_Macs_Remote", {
            "MAC": mac, "logical_switch": ovsdb.uuid(uuid), "locator": far}))
        entry = (f"kvvx{vni}", mac, self.remote_ip, None)
        wait_until(lambda: entry in kernel.tunnel_entries(self.fdb(f"kvvx{vni}")), f"the entry of {mac}", 60)
        return mac

    # Traffic

    def far_end(self, number, vni):
        """A kernel VXLAN endpoint with an address in 10.<number>.0.0/24; host<number> gets one too."""
        device, mac = f"vxlan{vni}", f"02:00:00:00:{number:02x}:10"
        self.run.batch("remote", [
            f"link add {device} address {mac} type vxlan id {vni} dstport 4789 local {self.remote_ip} nolearning "
            "udp6zerocsumtx udp6zerocsumrx",
            f"address add 10.{number}.0.10/24 dev {device}", f"link set {device} up"])
        for destination in ("00:00:00:00:00:00", f"02:00:00:00:00:{number:02x}"):
            self.run.bridge("remote", "fdb", "append", destination, "dev", device, "dst", self.tunnel_ip, "self", "permanent")
        self.run.ip(f"host{number}", "address", "add", f"10.{number}.0.1/24", "dev", "eth0")
        return mac

    def stream(self, number):
        stream = pings.Stream(self.run, f"host{number}", f"10.{number}.0.10", f"host{number}", interval=0.02)
        stream.wait_for_answer()
        return stream


def main(name, test):
    """Runs test(stage, verdicts); prints its verdicts, the end of kvtepd's log where one failed; the exit status."""
    verdicts = Verdicts(prefix=f"{name}: ")
    try:
        with scratch_run() as run:
            stage = Stage(run)
            try:
                test(stage, verdicts)
            except Exception:
                verdicts.broken("the test runs to its end")
            if verdicts.failed and stage.daemon:
                print(stage.daemon.last_words(60), file=sys.stderr)
    except Exception:
        verdicts.broken("the stage can be set up")
    sys.exit(verdicts.status())
