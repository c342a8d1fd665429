#!/usr/bin/python3 -B
"""Holds the includes to the design: a room sees only the rooms above it in its block, `base`, and ovsdb-client's
pure rooms; kernel and netlink headers stay in rtnl; the planner knows neither clock, nor output, nor sockets.

    tests/rooms.py [TOP]        prints every include that enters a room it may not see; exit status 1 if there is one
"""

import pathlib
import re
import sys

# Each block from the top; ovsdb-client's transport is its one room that does input and output.
OVSDB_CLIENT = ["wire", "schema", "session", "replica", "transaction", "transport"]
NETLINKD = ["base", "hwvtep", "model", "planner", "rtnl", "bfd", "agent", "control", "app", "ctl"]
PURE_OVSDB = [room for room in OVSDB_CLIENT if room != "transport"]

KERNEL = re.compile(r"^(linux/|netlink/|libmnl/|nftables/|net/if|netpacket/|netinet/if_ether|netinet/ether)")
SOCKETS = re.compile(r"^(sys/socket|sys/un|netinet/|arpa/|netdb|poll\.h|sys/epoll|asio)")
CLOCK_AND_OUTPUT = re.compile(r"^(chrono|iostream|fstream|ostream|thread|mutex|spdlog/)")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def above(block, room):
    return set(block[:block.index(room)])


def allowed_rooms():
    """{(block, room): the (block, room)s that it may include, besides itself}"""
    table = {}
    for room in OVSDB_CLIENT:
        table["ovsdb-client", room] = {("ovsdb-client", other) for other in above(OVSDB_CLIENT, room)}
    pure = {("ovsdb-client", other) for other in PURE_OVSDB}
    for room in NETLINKD:
        seen = above(NETLINKD, room)
        # rtnl, ovsdb's transport and the agent meet only in app; kvtepctl is a program of its own, and cleans the kernel.
        if room not in ("app", "ctl"):
            seen -= {"rtnl"}
        if room == "ctl":
            seen -= {"app", "agent", "bfd"}
        table["netlinkd", room] = {("netlinkd", other) for other in seen} | pure
    for room in ("app", "ctl"):
        table["netlinkd", room] |= {("ovsdb-client", "transport")}
    return table


def room_of(path):
    parts = path.split("/")
    return (parts[0], parts[1]) if len(parts) >= 3 and parts[0] in ("ovsdb-client", "netlinkd") else None


def complaints_about(room, path, bracket, included, table):
    entered = room_of(included)
    if bracket == '"':
        if entered is None:
            yield "own headers are included by their path from the top of the tree"
        elif entered != room and entered not in table[room]:
            yield f"{'/'.join(room)} may not see {'/'.join(entered)}"
        return
    if entered is not None:
        yield "own headers are included with quotes"
    if KERNEL.match(included) and room not in (("netlinkd", "rtnl"), ("netlinkd", "bfd")):
        yield "kernel and netlink headers belong to rtnl (and to bfd's packet socket)"
    if room == ("netlinkd", "planner") and (CLOCK_AND_OUTPUT.match(included) or SOCKETS.match(included)):
        yield "the planner is pure: no clock, no output, no sockets"
    if room[0] == "ovsdb-client" and room[1] in PURE_OVSDB and SOCKETS.match(included):
        yield "this room is pure: sockets belong to transport"
    if room[0] == "netlinkd" and room[1] in ("base", "hwvtep", "model") and SOCKETS.match(included):
        if (room[1], included) != ("base", "arpa/inet.h"):  # inet_pton: the text of an address
            yield "this room is pure: no sockets"


def main():
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[1])
    table, files, bad = allowed_rooms(), 0, []
    for file in sorted([*top.glob("ovsdb-client/**/*.[hc]pp"), *top.glob("netlinkd/**/*.[hc]pp")]):
        path = str(file.relative_to(top))
        room = room_of(path)
        if room not in table:
            bad.append(f"{path}: in no room of the design")
            continue
        files += 1
        for number, line in enumerate(file.read_text().splitlines(), 1):
            found = INCLUDE.match(line)
            if found:
                for complaint in complaints_about(room, path, found.group(1), found.group(2), table):
                    bad.append(f"{path}:{number}: {found.group(2)}: {complaint}")
    print("\n".join(bad) if bad else f"{files} files keep to their rooms")
    return 1 if bad or not files else 0


if __name__ == "__main__":
    sys.exit(main())
