"""The database as a controller sees it: raw RFC 7047 messages over a socket, one connection a message.

Nothing of ovsdb-client (the C++ library) is used here, so that the two are checked against each other.
"""

import contextlib
import itertools
import json
import socket
import time

from .waiting import PATIENCE, wait_until

DATABASE = "hardware_vtep"


class Refused(Exception):
    """An operation of a transaction failed; holds the server's words."""


class Database:
    """Speaks to the server at `address` ((host, port), or the path of a unix socket) from a namespace of the run."""

    def __init__(self, run, place, address):
        self.run, self.place, self.address = run, place, address
        self.ids = itertools.count(1)

    @contextlib.contextmanager
    def connection(self):
        family = socket.AF_UNIX if isinstance(self.address, str) else socket.AF_INET
        with self.run.inside(self.place):
            link = socket.socket(family, socket.SOCK_STREAM)
        try:
            link.settimeout(60 * PATIENCE)
            link.connect(self.address)
            yield link
        finally:
            link.close()

    def exchange(self, text):
        """Sends this text as it is and returns the text of the answer."""
        with self.connection() as link:
            link.sendall(text.encode())
            received = b""
            while True:
                piece = link.recv(1 << 20)
                if not piece:
                    raise ConnectionError(f"the server hung up after {len(received)} bytes")
                received += piece
                if received.endswith(b"}"):  # all answers are objects; a '}' at the end may still be an inner one
                    with contextlib.suppress(json.JSONDecodeError):
                        json.loads(received)
                        return received.decode()

    def call(self, method, params):
        answer = json.loads(self.exchange(json.dumps({"method": method, "params": params, "id": next(self.ids)})))
        if answer.get("error") is not None:
            raise Refused(f"{method}: {answer['error']}")
        return answer["result"]

    def transact(self, *operations):
        """One transaction; its results, or Refused with the words of the first operation that failed."""
        results = self.call("transact", [DATABASE, *operations])
        failure = error_of(results)
        if failure:
            raise Refused(failure)
        return results

    def select(self, table, where=(), columns=None):
        operation = {"op": "select", "table": table, "where": list(where)}
        if columns:
            operation["columns"] = columns
        return self.transact(operation)[0]["rows"]

    def answers(self):
        try:
            return self.call("echo", ["is anybody there"]) == ["is anybody there"]
        except (OSError, Refused):
            return False

    def wait_for_rows(self, table, where, accept, what, seconds=30.0):
        """Waits until accept(rows) is true; returns those rows."""
        def look():
            rows = self.select(table, where)
            return (rows,) if accept(rows) else None
        return wait_until(look, what, seconds)[0]


def error_of(results):
    """The first operation that failed, with the server's words; None where all went well."""
    for number, result in enumerate(results):
        if result is not None and "error" in result:
            return f"operation {number}: {result['error']}: {result.get('details', '')}"
    return None


# Values as RFC 7047 section 5.1 writes them.

def uuid(text):
    return ["uuid", text]


def named(text):
    return ["named-uuid", text]


def ovs_set(values):
    return ["set", list(values)]


def ovs_map(pairs):
    return ["map", [list(pair) for pair in pairs]]


def elements(value):
    """The elements of a set as a list: a single value is written without its set."""
    if isinstance(value, list) and value and value[0] == "set":
        return value[1]
    return [value]


def pairs(value):
    return {json.dumps(key): item for key, item in value[1]}


# Operations of the hardware_vtep database.

def insert(table, row, name=None):
    operation = {"op": "insert", "table": table, "row": row}
    if name:
        operation["uuid-name"] = name
    return operation


def delete(table, *where):
    return {"op": "delete", "table": table, "where": [list(clause) for clause in where]}


def bind(port, vlan, switch):
    """Binds (port, vlan) to a Logical_Switch; `switch` is uuid(...) or named(...)."""
    return {"op": "mutate", "table": "Physical_Port", "where": [["name", "==", port]],
            "mutations": [["vlan_bindings", "delete", ovs_set([vlan])],
                          ["vlan_bindings", "insert", ovs_map([(vlan, switch)])]]}


def unbind(port, *vlans):
    return {"op": "mutate", "table": "Physical_Port", "where": [["name", "==", port]],
            "mutations": [["vlan_bindings", "delete", ovs_set(vlans)]]}


def locator(address, name):
    return insert("Physical_Locator", {"dst_ip": address, "encapsulation_type": "vxlan_over_ipv4"}, name)


def time_of(action):
    """(what action() returned, how many seconds it took)"""
    begin = time.monotonic()
    value = action()
    return value, time.monotonic() - begin
