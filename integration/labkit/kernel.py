"""What the kernel has, read by iproute2: a view that shares no line with kvtepd's own netlink code."""

import ipaddress
import json
import pathlib
import subprocess

from .run import command


def links(run, place):
    """{name: link} as `ip -d -j link show` tells it."""
    return {link["ifname"]: link for link in json.loads(run.ip(place, "-d", "-j", "link", "show") or "[]")}


def kind(link):
    return link.get("linkinfo", {}).get("info_kind")


def ours(all_links):
    """The names of the devices that carry kvtep's mark."""
    return sorted(name for name, link in all_links.items() if link.get("ifalias", "").startswith("kvtep/"))


def slaves(all_links, bridge):
    return sorted(name for name, link in all_links.items() if link.get("master") == bridge)


def fdb(run, place, *devices):
    """The entries of both tables, of these devices or of all. (`bridge fdb show dev X` would not name X.)

    An entry behind a nexthop group gets the address of the group's only member as its destination.
    """
    entries = json.loads(run.bridge(place, "-j", "fdb", "show") or "[]")
    if any("nhid" in entry for entry in entries):
        nodes = service_nodes(run, place)
        for entry in entries:
            if entry.get("nhid") in nodes:
                entry["dst"] = nodes[entry["nhid"]]
    return [entry for entry in entries if not devices or entry.get("ifname") in devices]


def service_nodes(run, place):
    """{nexthop group: address} of the groups with one member."""
    nexthops = {n["id"]: n for n in json.loads(run.ip(place, "-j", "nexthop", "show") or "[]")}
    return {id: nexthops[n["group"][0]["id"]]["gateway"] for id, n in nexthops.items()
            if len(n.get("group", [])) == 1 and n["group"][0]["id"] in nexthops}


def tunnel_entries(entries):
    """{(device, mac, destination, vni or None)} of vxlan devices (the `self` table)."""
    return {(e["ifname"], e["mac"], e["dst"], e.get("vni")) for e in entries if "dst" in e}


def bridge_entries(entries):
    """{(port, mac)} of bridges (the `master` table), without the devices' own addresses."""
    return {(e["ifname"], e["mac"]) for e in entries if "master" in e and e.get("state") != "permanent"}


def neighbours(run, place):
    """Every entry that has a hardware address, of both families; a group's are the kernel's own."""
    entries = []
    for family in ("-4", "-6"):
        entries += json.loads(run.ip(place, family, "-j", "neigh", "show", "nud", "all") or "[]")
    return [e for e in entries if {"lladdr", "dst", "state"} <= e.keys() and not ipaddress.ip_address(e["dst"]).is_multicast]


def external_neighbours(entries):
    """{(device, address, mac)} of those that a controller made."""
    return {(e["dev"], e["dst"], e["lladdr"]) for e in entries if "extern_learn" in e and e["state"] == ["NOARP"]}


def has_module(run, place, probe):
    """Whether the kernel can make such a device: makes one in that namespace and takes it away."""
    words = ["ip", "-n", run.name(place), "link", "add", "name", "kv-probe", *probe]
    if subprocess.run(words, capture_output=True).returncode != 0:
        return False
    command("ip", "-n", run.name(place), "link", "delete", "kv-probe")
    return True


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0
