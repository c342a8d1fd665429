"""What a controller may do to the database, drawn from a seed: switches, bindings, MACs and lists, good and bad."""

from random import Random

import stage
from labkit import ovsdb
from labkit.oracle import FLOOD, Rows

PORTS = ("s2-eth1", "s2-eth2")
TAGS = (10, 20)
VNIS = range(100, 106)
LOCATORS = ("192.168.2.9", "192.168.2.10", "192.168.2.11", "172.16.0.1", stage.TUNNEL_IP)
BAD_LOCATORS = ("somewhere", "224.0.0.1")
BAD_MACS = ("no mac", "01:00:5e:00:00:01", FLOOD, "02:bb:00:00:00")
GROUP = "01:00:5e:01:02:03"
ADDRESSES = [f"{net}{n}" for net in ("10.0.0.", "fd00::") for n in range(1, 9)]
BAD_ADDRESSES = ("no address", "ff02::1")


class Controller:
    """`random`: a random.Random; `vlans`: the keys of bindings to draw from, none where there are no VLAN devices."""

    def __init__(self, here, random, vlans):
        self.here, self.random, self.vlans, self.names, self.told = here, random, vlans, 0, []
        # By itself, so that the seeds that were kept from before tell what they told.
        self.addresses = Random(random.getstate()[1][0])

    def say(self, words):
        self.told.append(words)

    def some(self, values):
        """One of them, in an order that uuids have no part in; None where there is none."""
        values = list(values)
        return self.random.choice(values) if values else None

    def switch(self, rows):
        return self.some(sorted(rows["Logical_Switch"].values(), key=lambda row: row["name"]))

    def mac(self):
        mac = f"02:bb:00:00:00:{self.random.randrange(24):02x}"
        return mac.upper() if self.random.random() < 0.1 else mac

    def locators(self, rows, addresses):
        """(operations that make the missing ones, the locators)"""
        there = {row["dst_ip"]: row["_uuid"] for row in rows["Physical_Locator"].values()}
        made = [ovsdb.locator(a, f"loc{n}") for n, a in enumerate(addresses) if a not in there]
        return made, [there.get(a, ovsdb.named(f"loc{n}")) for n, a in enumerate(addresses)]

    def new_switch(self, rows):
        self.names += 1
        key = self.random.choice([*VNIS, *VNIS, 0, 1 << 24, None])
        row = {"name": f"net{self.names}", "tunnel_key": ovsdb.ovs_set([] if key is None else [key]),
               "replication_mode": ovsdb.ovs_set(self.random.choice([[], ["source_node"], ["service_node"]]))}
        self.say(f"switch {row}")
        return [ovsdb.insert("Logical_Switch", row)]

    def change_switch(self, rows):
        switch = self.switch(rows)
        if not switch:
            return self.new_switch(rows)
        key = self.random.choice([*VNIS, 0])
        change = self.random.choice([
            {"tunnel_key": key}, {"tunnel_key": ovsdb.ovs_set([])}, {"name": switch["name"] + "x"},
            {"replication_mode": "source_node"}, {"replication_mode": ovsdb.ovs_set([])}])
        self.say(f"{switch['name']} becomes {change}")
        return [{"op": "update", "table": "Logical_Switch", "where": [["_uuid", "==", switch["_uuid"]]], "row": change}]

    def without_switch(self, switch):
        """All that refers to it, and itself, at once."""
        mine = ["logical_switch", "==", switch["_uuid"]]
        tables = ("Ucast_Macs_Remote", "Mcast_Macs_Remote", "Ucast_Macs_Local", "Mcast_Macs_Local")
        return [*[ovsdb.delete(table, mine) for table in tables],
                *[{"op": "mutate", "table": "Physical_Port",
                   "where": [["vlan_bindings", "includes", ovsdb.ovs_map([(vlan, switch["_uuid"])])]],
                   "mutations": [["vlan_bindings", "delete", ovsdb.ovs_set([vlan])]]}
                  for vlan in sorted({0, *self.vlans})],
                ovsdb.delete("Logical_Switch", ["_uuid", "==", switch["_uuid"]])]

    def delete_switch(self, rows):
        switch = self.switch(rows)
        self.say(f"delete {switch and switch['name']}")
        return self.without_switch(switch) if switch else []

    def delete_all(self, rows):
        self.say("delete all")
        return [o for switch in rows["Logical_Switch"].values() for o in self.without_switch(switch)]

    def bind(self, rows):
        port, switch, vlan = self.some(PORTS), self.switch(rows), self.vlan()
        self.say(f"bind {port}, VLAN {vlan}, to {switch and switch['name']}")
        return [ovsdb.bind(port, vlan, switch["_uuid"])] if switch else []

    def unbind(self, rows):
        port, vlan = self.some(PORTS), self.vlan()
        self.say(f"unbind {port}, VLAN {vlan}")
        return [ovsdb.unbind(port, vlan)]

    def vlan(self):
        return self.some(self.vlans) or 0

    def new_macs(self, rows):
        switch = self.switch(rows)
        if not switch:
            return []
        address = self.random.choice([*LOCATORS, *LOCATORS, *LOCATORS, *BAD_LOCATORS])
        operations, [locator] = self.locators(rows, [address])
        macs = [self.mac() for _ in range(self.random.randrange(1, 6))]
        if self.random.random() < 0.1:
            macs.append(self.random.choice(BAD_MACS))
        self.say(f"{macs} of {switch['name']} at {address}")
        if self.random.random() < 0.5:  # a move: the old row goes in the same transaction
            operations += [ovsdb.delete("Ucast_Macs_Remote", ["MAC", "==", mac]) for mac in macs]
        return operations + [ovsdb.insert("Ucast_Macs_Remote", {
            "MAC": mac, "logical_switch": switch["_uuid"], "locator": locator,
            "ipaddr": self.addresses.choice([*ADDRESSES, *BAD_ADDRESSES, *[""] * 4])}) for mac in macs]

    def delete_macs(self, rows):
        macs = sorted({row["MAC"] for row in rows["Ucast_Macs_Remote"].values()})
        gone = self.random.sample(macs, len(macs) // 3)
        self.say(f"delete {gone}")
        return [ovsdb.delete("Ucast_Macs_Remote", ["MAC", "==", mac]) for mac in gone]

    def flood_list(self, rows):
        switch = self.switch(rows)
        if not switch:
            return []
        addresses = self.random.sample([*LOCATORS, *BAD_LOCATORS[:1]], self.random.randrange(1, 5))
        operations, locators = self.locators(rows, addresses)
        mine = ["logical_switch", "==", switch["_uuid"]]
        if self.random.random() < 0.8:  # else one more row: the lists are joined
            operations.append(ovsdb.delete("Mcast_Macs_Remote", mine))
        mac = self.random.choice(["unknown-dst"] * 4 + [GROUP, FLOOD])
        self.say(f"list of {switch['name']} for {mac}: {addresses}")
        return [*operations, ovsdb.insert("Physical_Locator_Set", {"locators": ovsdb.ovs_set(locators)}, "list"),
                ovsdb.insert("Mcast_Macs_Remote", {"MAC": mac, "logical_switch": switch["_uuid"],
                                                   "locator_set": ovsdb.named("list")})]

    def no_flood_list(self, rows):
        switch = self.switch(rows)
        self.say(f"no flood list of {switch and switch['name']}")
        return [ovsdb.delete("Mcast_Macs_Remote", ["logical_switch", "==", switch["_uuid"]])] if switch else []

    def delete_local_rows(self, rows):
        self.say("delete the local rows")
        return [ovsdb.delete(table) for table in ("Ucast_Macs_Local", "Mcast_Macs_Local")]

    def transaction(self):
        kinds = [self.new_switch, self.change_switch, self.delete_switch, self.delete_all, self.bind, self.unbind,
                 self.new_macs, self.delete_macs, self.flood_list, self.no_flood_list, self.delete_local_rows]
        kind = self.random.choices(kinds, [4, 4, 2, 0.5, 5, 2, 8, 2, 4, 1, 1])[0]
        operations = kind(Rows(self.here.db))
        if not operations:
            return
        try:
            self.here.db.transact(*operations)
        except ovsdb.Refused as refused:  # kvtepd wrote meanwhile what this one refers to: a controller's lot
            self.say(f"refused: {refused}")
