"""The lab's network: two servers that a router keeps apart, and a red and a blue machine behind each of them."""

from labkit import vtep

SERVER1, SERVER2 = "192.168.1.10", "192.168.2.20"
CONTROLLER_PORT = 6633
COLOURS = {"red": {"vni": 100, "number": 1}, "blue": {"vni": 200, "number": 2}}

PICTURE = r"""
     red1 10.0.0.1 ─┐                                                                ┌─ red2 10.0.0.2
                    ├─ server1 ───────────── internet ───────────── server2 (s2) ────┤
    blue1 10.0.0.1 ─┘  192.168.1.10     .1.1 (router) .2.1          192.168.2.20     └─ blue2 10.0.0.2
                       kernel VXLAN,     the controller             ovsdb-server :6633,
                       set by hand       sits here                  kvtepd

    red1 and blue1 have the same MAC (00:00:00:00:aa:01) and address, and so have red2 and blue2 (...:aa:02).
    red is VNI 100, blue is VNI 200. Ports of the switch s2: s2-eth1 (red2's cable), s2-eth2 (blue2's)."""


def build(run):
    for place in ("internet", "server1", "server2", "red1", "blue1", "red2", "blue2"):
        run.add_namespace(place)
    _underlay(run)
    _server1(run)
    _server2(run)


def _underlay(run):
    run.link("internet", "to-server1", "server1", "eth0")
    run.link("internet", "to-server2", "server2", "eth0")
    run.ip("internet", "address", "add", "192.168.1.1/24", "dev", "to-server1")
    run.ip("internet", "address", "add", "192.168.2.1/24", "dev", "to-server2")
    run.run("internet", "sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
    run.ip("server1", "address", "add", f"{SERVER1}/24", "dev", "eth0")
    run.ip("server1", "route", "add", "default", "via", "192.168.1.1")
    run.ip("server2", "address", "add", f"{SERVER2}/24", "dev", "eth0")
    run.ip("server2", "route", "add", "default", "via", "192.168.2.1")


def _server1(run):
    """The far end: bridges and vxlan devices made by hand, every destination written down, nothing learned."""
    for colour, facts in COLOURS.items():
        host, port, tunnel = f"{colour}1", f"s1-eth{facts['number']}", f"vxlan{facts['vni']}"
        run.link("server1", port, host, f"{host}-eth0", mac_b="00:00:00:00:aa:01")
        run.ip(host, "address", "add", "10.0.0.1/24", "dev", f"{host}-eth0")
        run.batch("server1", [
            f"link add br-{colour} type bridge mcast_snooping 0",
            f"link add {tunnel} type vxlan id {facts['vni']} dstport 4789 local {SERVER1} nolearning",
            f"link set {port} master br-{colour}",
            f"link set {tunnel} master br-{colour}",
            f"link set br-{colour} up",
            f"link set {tunnel} up"])
        for mac in ("00:00:00:00:00:00", "00:00:00:00:aa:02"):
            run.bridge("server1", "fdb", "append", mac, "dev", tunnel, "dst", SERVER2, "self", "permanent")


def _server2(run):
    """The switch s2: nothing but two cables. All else is kvtepd's work."""
    for colour, facts in COLOURS.items():
        host = f"{colour}2"
        run.link("server2", f"s2-eth{facts['number']}", host, f"{host}-eth0", mac_b="00:00:00:00:aa:02")
        run.ip(host, "address", "add", "10.0.0.2/24", "dev", f"{host}-eth0")
    # Devices made from here on would get IPv6 addresses and talk: kvtepd has to keep its own ones silent.
    run.ipv6_of_new_devices("server2", True)


def start_vtep(run):
    server = vtep.Server(run, "server2", port=CONTROLLER_PORT).start()
    daemon = vtep.Daemon(run, "server2", db=f"unix:{server.socket}", tunnel_ip=SERVER2).start()
    return server, daemon
