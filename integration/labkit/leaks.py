"""Frames that show where a switch begins and ends: each is heard by those who are bound, and by nobody else.

Where each frame has to be heard is computed by oracle.Expectation, from the database's rows alone. The places are
named as what is heard there: ("host1", tags...) behind a port, ("tunnel", VNI, tags...) at the far end.
"""

import time

from .frames import Station, VxlanPeer, frame, tags_of
from .oracle import FLOOD
from .waiting import PATIENCE, comes_true

TUNNEL = "tunnel"
BROADCAST = "ff:ff:ff:ff:ff:ff"
STRAY_TAG = 40  # bound nowhere


class Leaks:
    """`ports`: {port: the machine at its end}; `tags`: the VLANs that may be bound; `vnis`: those that may be there."""

    def __init__(self, run, ports, tags, vnis, vtep, far_end):
        self.run, self.ports, self.tags, self.vnis, self.vtep, self.far_end = run, ports, tags, vnis, vtep, far_end
        self.peer = VxlanPeer(run, "remote", far_end)
        self.count = 0

    def close(self):
        self.peer.close()

    def sent(self, expectation, links):
        """[(sender, VNI or None, tags, tag protocol, places that have to hear it)], those that nobody may hear first."""
        members = {}
        for device, vni in expectation.bindings.items():
            port, _, tag = device.partition(".")
            if port in links and port in self.ports:
                members.setdefault(vni, {})[device] = (self.ports[port], *([int(tag)] if tag else []))
        flooded = {device for device, mac, address in expectation.tunnel_entries()
                   if mac == FLOOD and address == self.far_end}
        frames = []
        for port, host in self.ports.items():
            for tags in ([], *([tag] for tag in self.tags), [STRAY_TAG], *([tag, STRAY_TAG] for tag in self.tags)):
                device = ".".join([port, *map(str, tags)])
                vni = expectation.bindings.get(device) if len(tags) < 2 else None
                places = {place for name, place in members.get(vni, {}).items() if name != device}
                if vni and f"kvvx{vni}" in flooded:
                    places.add((TUNNEL, vni))
                frames.append((host, None, tags, 0x8100, places))
            frames += [(host, None, [tag], 0x88A8, set()) for tag in self.tags]
        for vni in self.vnis:
            frames.append((TUNNEL, vni, [], 0x8100, set(members.get(vni, {}).values())))
            frames += [(TUNNEL, vni, [tag], 0x8100, set()) for tag in self.tags]
        return sorted(frames, key=lambda one: bool(one[4]))

    def send(self, stations, sender, vni, tags, tpid):
        self.count += 1
        marker = f"marker-{self.count:07}-end"
        # A MAC of its own for each place that it is sent from: none of them moves.
        number = 0xFF if sender == TUNNEL else sorted(self.ports.values()).index(sender)
        source = f"02:dd:00:{number:02x}:{len(tags):02x}:{tags[0] if tags else 0:02x}"
        data = frame(BROADCAST, source, marker, tags, tpid)
        if sender == TUNNEL:
            self.peer.send(self.vtep, vni, data)
        else:
            stations[sender].send(data)
        return marker

    def heard(self, stations):
        """{marker: places} of all that was heard in this round."""
        places = {}
        for name, station in stations.items():
            for data in station.drain():
                places.setdefault(marker_of(data), set()).add((name, *tags_of(data)))
        for vni, data in self.peer.drain():
            places.setdefault(marker_of(data), set()).add((TUNNEL, vni, *tags_of(data)))
        return places

    def wrong(self, expectation, links, seconds=20):
        """What was heard where it must not be, at once, or what is not heard where it must, at the deadline."""
        frames = self.sent(expectation, links)
        deadline = time.monotonic() + seconds * PATIENCE
        stations = {host: Station(self.run, host, "eth0") for host in self.ports.values()}
        self.peer.packets = []
        try:
            while True:  # a port that has just come may take a second to forward: what is missing is sent again
                wrong = self.round(stations, frames)
                if not wrong or any("leaks" in words for words in wrong) or time.monotonic() > deadline:
                    return wrong
        finally:
            for station in stations.values():
                station.close()

    def round(self, stations, frames):
        sent = {self.send(stations, *one[:4]).encode(): one for one in frames}

        def all_arrived():
            heard = self.heard(stations)
            return all(heard.get(marker, set()) >= one[4] for marker, one in sent.items())
        comes_true(all_arrived, "every frame to arrive", 1)
        heard, wrong = self.heard(stations), []
        for marker, (sender, vni, tags, tpid, places) in sent.items():
            what = f"from {sender} {vni or ''} with tags {tags} ({tpid:#x})"
            there = heard.get(marker, set())
            if there - places:
                wrong.append(f"a frame {what} leaks to {sorted(there - places, key=str)}")
            if places - there:
                wrong.append(f"a frame {what} does not reach {sorted(places - there, key=str)}")
        return wrong


def marker_of(data):
    begin = data.find(b"marker-")
    return data[begin:data.find(b"-end", begin) + 4] if begin >= 0 else b""
