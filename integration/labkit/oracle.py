"""What the kernel has to be, computed from the database's rows alone, by the words of vtep(5) and kvtepd(8).

Shares nothing with kvtepd: the rows come as the server tells them, the kernel as iproute2 tells it. compare() names
every difference; an empty list is "all is as it should be". One tunnel address; bindings untagged and tagged.
"""

import ipaddress
import re

from . import kernel, ovsdb

TABLES = ("Physical_Switch", "Physical_Port", "Logical_Switch", "Physical_Locator", "Physical_Locator_Set",
          "Ucast_Macs_Remote", "Mcast_Macs_Remote", "Ucast_Macs_Local", "Mcast_Macs_Local")
FLOOD = "00:00:00:00:00:00"


LAST_VLAN = 4094  # the schema's key may be 4095, which no frame may carry


def port_of(device):
    return device.partition(".")[0]


class Rows:
    """Every row at one moment: {table: {uuid: row}}."""

    def __init__(self, database):
        results = database.transact(*[{"op": "select", "table": table, "where": []} for table in TABLES])
        self.tables = {table: {row["_uuid"][1]: row for row in result["rows"]}
                       for table, result in zip(TABLES, results)}

    def __getitem__(self, table):
        return self.tables[table]

    def address(self, locator):
        return self["Physical_Locator"].get(locator, {}).get("dst_ip")

    def addresses(self, locator_set):
        there = self["Physical_Locator_Set"].get(locator_set, {"locators": ovsdb.ovs_set([])})
        return [self.address(locator[1]) for locator in ovsdb.elements(there["locators"])]


def is_host_mac(text):
    if not re.fullmatch(r"([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}", text):
        return False
    return not int(text[:2], 16) & 1 and text != FLOOD


def is_list_mac(text):
    """A group's; the zero MAC is another word for unknown-dst."""
    return bool(re.fullmatch(r"([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}", text)) and (
        text == FLOOD or bool(int(text[:2], 16) & 1))


def destination(text, tunnel_ip):
    """The address that a locator sends to; None for one that is no host's address, or our own."""
    own = ipaddress.ip_address(tunnel_ip)
    try:
        address = type(own)(text)
    except ipaddress.AddressValueError:
        return None
    usable = not (address.is_multicast or address.is_unspecified or address.is_loopback or int(address) == 2**32 - 1)
    if address.version == 6 and (address.is_link_local or address.ipv4_mapped):
        return None
    return address if usable and address != own else None


def host_address(text):
    """The address of a host that ARP or ND can ask for; None where the text is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if address.is_multicast or address.is_loopback or address.is_unspecified:
        return None
    if address.version == 4:
        return address if 1 << 24 <= int(address) < 0xE0 << 24 else None
    return address if int(address) >> 48 else None


def lowest(addresses):
    return [str(min(addresses))] if addresses else []


class Expectation:
    """`links`: of several Logical_Switches with one VNI any may have it, but only one; the kernel says which."""

    def __init__(self, rows, links, tunnel_ip, switch_name="s2"):
        self.rows, self.links, self.tunnel_ip = rows, links, tunnel_ip
        self.switches = self.realized()
        self.bindings = self.bound(switch_name)

    def realized(self):
        """{VNI: (uuid, row)}"""
        wanting = {}
        for uuid, row in self.rows["Logical_Switch"].items():
            key = row["tunnel_key"]
            if isinstance(key, int) and 0 < key < 1 << 24:
                wanting.setdefault(key, []).append((uuid, row))
        found = {}
        for vni, candidates in wanting.items():
            alias = self.links.get(f"kvbr{vni}", {}).get("ifalias", "")
            found[vni] = next((c for c in candidates if c[0] in alias), candidates[0])
        return found

    def bound(self, switch_name):
        """{device: VNI} of bindings to realized switches; the device of a tagged one is "<port>.<VLAN>"."""
        vni_of = {uuid: vni for vni, (uuid, _) in self.switches.items()}
        own = {port[1] for row in self.rows["Physical_Switch"].values() if row["name"] == switch_name
               for port in ovsdb.elements(row["ports"])}
        found = {}
        for uuid, row in self.rows["Physical_Port"].items():
            for vlan, switch in row["vlan_bindings"][1]:
                if uuid in own and vlan <= LAST_VLAN and switch[1] in vni_of:
                    found[f"{row['name']}.{vlan}" if vlan else row["name"]] = vni_of[switch[1]]
        return found

    def members(self, vni):
        """The devices that this switch has of the ports that are there."""
        return [device for device, bound in self.bindings.items() if bound == vni and port_of(device) in self.links]

    def vlan_devices(self):
        return [device for vni in self.switches for device in self.members(vni) if "." in device]

    def devices(self):
        return sorted([f"{kind}{vni}" for kind in ("kvbr", "kvvx") for vni in self.switches] + self.vlan_devices())

    def tunnel_entries(self):
        """{(device, MAC, destination)}: hosts, the flood lists, and those of groups."""
        found = set()
        for vni, (uuid, row) in self.switches.items():
            hosts, lists = {}, {}
            for mac_row in self.rows["Ucast_Macs_Remote"].values():
                address = destination(self.rows.address(mac_row["locator"][1]), self.tunnel_ip)
                if mac_row["logical_switch"][1] == uuid and is_host_mac(mac_row["MAC"]) and address:
                    hosts.setdefault(mac_row["MAC"].lower(), set()).add(address)
            for mac_row in self.rows["Mcast_Macs_Remote"].values():
                mac = FLOOD if mac_row["MAC"] == "unknown-dst" else mac_row["MAC"].lower()
                if mac_row["logical_switch"][1] == uuid and is_list_mac(mac):
                    addresses = self.rows.addresses(mac_row["locator_set"][1])
                    lists.setdefault(mac, set()).update(
                        a for a in (destination(text, self.tunnel_ip) for text in addresses) if a)
            everybody = row.get("replication_mode") == "source_node"
            for mac, addresses in lists.items():
                for address in [str(a) for a in addresses] if everybody else lowest(addresses):
                    found.add((f"kvvx{vni}", mac, address))
            for mac, addresses in hosts.items():
                found.add((f"kvvx{vni}", mac, lowest(addresses)[0]))
        return found

    def mac_rows(self, uuid):
        """[(row, the address that its locator sends to)] of remote hosts, in one Logical_Switch."""
        return [(row, destination(self.rows.address(row["locator"][1]), self.tunnel_ip))
                for row in self.rows["Ucast_Macs_Remote"].values()
                if row["logical_switch"][1] == uuid and is_host_mac(row["MAC"])]

    def neighbours(self):
        """{(bridge, IP address, MAC)}: of several MACs with one address the lowest has it."""
        found = set()
        for vni, (uuid, _) in self.switches.items():
            macs = {}
            for row, to in self.mac_rows(uuid):
                address = host_address(row["ipaddr"])
                if address and to:
                    macs.setdefault(str(address), []).append(row["MAC"].lower())
            found |= {(f"kvbr{vni}", address, min(candidates)) for address, candidates in macs.items()}
        return found

    def answers_for_hosts(self, uuid):
        return any(host_address(row["ipaddr"]) for row, _ in self.mac_rows(uuid))


def shape(links, expectation):
    """What is wrong with the devices."""
    wrong = []
    if kernel.ours(links) != expectation.devices():
        wrong.append(f"devices {kernel.ours(links)} instead of {expectation.devices()}")
    for vni, (uuid, row) in expectation.switches.items():
        bridge, vxlan = links.get(f"kvbr{vni}", {}), links.get(f"kvvx{vni}", {})
        data, port = [vxlan.get("linkinfo", {}).get(part, {}) for part in ("info_data", "info_slave_data")]
        for what, found, wanted in (
                ("kvbr: kind", kernel.kind(bridge), "bridge"),
                ("kvvx: kind", kernel.kind(vxlan), "vxlan"),
                ("kvvx: VNI", data.get("id"), vni),
                ("kvvx: local", data.get("local") or data.get("local6"), expectation.tunnel_ip),
                ("kvvx: port", data.get("port"), 4789),
                ("kvvx: learning", data.get("learning", False), False),
                ("kvvx: learning as a port", port.get("learning"), False),
                ("kvvx: neigh_suppress", port.get("neigh_suppress"), expectation.answers_for_hosts(uuid)),
                ("kvbr: up", "UP" in bridge.get("flags", []), True),
                ("kvvx: up", "UP" in vxlan.get("flags", []), True),
                ("kvbr: alias", uuid in bridge.get("ifalias", "") and row["name"] in bridge.get("ifalias", ""), True),
                ("kvvx: alias", uuid in vxlan.get("ifalias", ""), True),
                ("kvbr: ports", kernel.slaves(links, f"kvbr{vni}"), sorted(
                    [f"kvvx{vni}"] + expectation.members(vni)))):
            if found != wanted:
                wrong.append(f"VNI {vni}: {what} is {found!r} instead of {wanted!r}")
    for device in expectation.vlan_devices():
        link = links.get(device, {})
        found = (kernel.kind(link), link.get("linkinfo", {}).get("info_data", {}).get("id"), link.get("link"),
                 "UP" in link.get("flags", []))
        wanted = ("vlan", int(device.partition(".")[2]), port_of(device), "UP" in links[port_of(device)]["flags"])
        if found != wanted:
            wrong.append(f"{device} is {found!r} instead of {wanted!r}")
    return wrong


def differences(what, found, wanted):
    return ([f"{what}: missing {sorted(wanted - found)}"] if wanted - found else []) + (
        [f"{what}: unexpected {sorted(found - wanted)}"] if found - wanted else [])


def local_rows(rows, expectation, entries, links):
    """What is wrong with the rows that are kvtepd's to write: they follow the kernel's own learning."""
    wanted = set()
    for entry in entries:
        vni = expectation.bindings.get(entry["ifname"])
        if vni and entry.get("master") == f"kvbr{vni}" and entry.get("state") != "permanent" and is_host_mac(entry["mac"]):
            wanted.add((expectation.switches[vni][0], entry["mac"], expectation.tunnel_ip))
    found = [(r["logical_switch"][1], r["MAC"], rows.address(r["locator"][1])) for r in rows["Ucast_Macs_Local"].values()]
    flood = {(expectation.switches[vni][0], "unknown-dst", (expectation.tunnel_ip,))
             for vni in expectation.bindings.values()}
    lists = [(r["logical_switch"][1], r["MAC"], tuple(rows.addresses(r["locator_set"][1])))
             for r in rows["Mcast_Macs_Local"].values()]
    wrong = differences("Ucast_Macs_Local", set(found), wanted) + differences("Mcast_Macs_Local", set(lists), flood)
    if len(found) != len(set(found)) or len(lists) != len(set(lists)):
        wrong.append("a local row is there twice")
    ports = {name for name in links if name.startswith("s2-eth") and "." not in name}
    named = {row["name"] for row in rows["Physical_Port"].values()}
    bound = {port_of(device) for device in expectation.bindings}
    return wrong + differences("Physical_Port", named, ports | (named & bound))


def compare(run, place, database, tunnel_ip):
    """Every difference between kernel, database and expectation, in words."""
    rows, links, entries = Rows(database), kernel.links(run, place), kernel.fdb(run, place)
    expectation = Expectation(rows, links, tunnel_ip)
    tunnels = [e for e in kernel.tunnel_entries(entries) if e[0].startswith("kvvx")]
    hosts = {(device, mac) for device, mac, _ in expectation.tunnel_entries() if is_host_mac(mac)}
    in_bridges = {e for e in kernel.bridge_entries(entries) if e[0].startswith("kvvx")}
    wrong = shape(links, expectation)
    wrong += [f"entry {entry} has a VNI of its own" for entry in tunnels if entry[3] is not None]
    wrong += differences("tunnel entries", {entry[:3] for entry in tunnels}, expectation.tunnel_entries())
    wrong += differences("bridge entries", in_bridges, hosts)
    answered = {n for n in kernel.external_neighbours(kernel.neighbours(run, place)) if n[0].startswith("kvbr")}
    wrong += differences("neighbours", answered, expectation.neighbours())
    return wrong + local_rows(rows, expectation, entries, links)
