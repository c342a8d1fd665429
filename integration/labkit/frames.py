"""Raw Ethernet frames at the end of a cable, and a VXLAN peer made of one UDP socket.

Stations send frames that carry a marker; whoever must not hear a marker is looked at after a frame sent later by
the same path has arrived, so that "nothing came" is an observation and not a short wait.
"""

import contextlib
import select
import socket
import struct
import time

from .waiting import PATIENCE

ETH_P_ALL = 0x0003
PACKET_AUXDATA = 8
SOL_PACKET = 263
TP_STATUS_VLAN_VALID = 0x10
TP_STATUS_VLAN_TPID_VALID = 0x40
TEST_TYPE = 0x88B5  # IEEE 802 local experimental EtherType: no kernel answers it
VXLAN_PORT = 4789
UDP_NO_CHECK6_RX = 102


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


def frame(destination, source, marker, tags=(), tpid=0x8100):
    """An Ethernet frame of the test type; `tags` are VLAN ids from the outside in."""
    header = mac_bytes(destination) + mac_bytes(source)
    for tag in tags:
        header += struct.pack("!HH", tpid, tag)
    return (header + struct.pack("!H", TEST_TYPE) + marker.encode()).ljust(60, b"\0")


class Station:
    """A packet socket on a device: sends frames, and keeps every frame that came in, its VLAN tag put back."""

    def __init__(self, run, place, device):
        with run.inside(place):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        with run.inside(place):
            self.socket.bind((device, ETH_P_ALL))
        self.socket.setblocking(False)
        self.frames = []

    def send(self, data):
        self.socket.send(data)

    def drain(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                data, auxiliary, _, address = self.socket.recvmsg(65536, 256)
                if address[2] == socket.PACKET_OUTGOING:
                    continue
                for level, kind, value in auxiliary:
                    if level == SOL_PACKET and kind == PACKET_AUXDATA:
                        data = with_tag(data, value)
                self.frames.append(data)
        return self.frames

    def heard(self, marker):
        """The frames that carry this marker, so far."""
        return [f for f in self.drain() if marker.encode() in f]

    def wait_for(self, marker, seconds=15.0):
        """The frames with this marker as soon as there is one; an empty list at the deadline."""
        return wait_on(self.socket, lambda: self.heard(marker), seconds)

    def close(self):
        self.socket.close()


def with_tag(data, auxiliary):
    """The kernel takes the outer VLAN tag out of a received frame and tells it beside the frame."""
    status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", auxiliary[:20])
    if not status & TP_STATUS_VLAN_VALID:
        return data
    if not status & TP_STATUS_VLAN_TPID_VALID:
        tpid = 0x8100
    return data[:12] + struct.pack("!HH", tpid, tci) + data[12:]


def tags_of(data):
    """The VLAN ids of a frame, from the outside in."""
    tags, offset = [], 12
    while struct.unpack_from("!H", data, offset)[0] in (0x8100, 0x88A8):
        tags.append(struct.unpack_from("!H", data, offset + 2)[0] & 0xFFF)
        offset += 4
    return tags


class VxlanPeer:
    """A remote VTEP without a kernel device: what comes in on port 4789, as (VNI, inner frame)."""

    def __init__(self, run, place, address):
        is_v6 = ":" in address
        with run.inside(place):
            self.socket = socket.socket(socket.AF_INET6 if is_v6 else socket.AF_INET, socket.SOCK_DGRAM)
        if is_v6:  # VXLAN packets may come without a checksum (RFC 6935)
            self.socket.setsockopt(socket.IPPROTO_UDP, UDP_NO_CHECK6_RX, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind((address, VXLAN_PORT))
        self.socket.setblocking(False)
        self.packets = []

    def send(self, vtep, vni, inner):
        self.socket.sendto(struct.pack("!II", 0x08000000, vni << 8) + inner, (vtep, VXLAN_PORT))

    def drain(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                data = self.socket.recv(65536)
                self.packets.append((struct.unpack_from("!I", data, 4)[0] >> 8, data[8:]))
        return self.packets

    def heard(self, marker):
        return [(vni, inner) for vni, inner in self.drain() if marker.encode() in inner]

    def wait_for(self, marker, seconds=15.0):
        return wait_on(self.socket, lambda: self.heard(marker), seconds)

    def close(self):
        self.socket.close()


def wait_on(source, look, seconds):
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        found = look()
        left = deadline - time.monotonic()
        if found or left <= 0:
            return found
        select.select([source], [], [], min(left, 0.5))
