"""The lab, step by step; started by integration/lab, which has installed and built what it needs."""

import argparse
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from labkit import kernel, pings, waiting
from labkit.capture import Capture
from labkit.run import Failed, all_runs, scratch_run
from labkit.verdicts import Verdicts

import network
from controllers import RawMessages, VtepCtl
from network import COLOURS
from story import Story, pretty

MARKER = {"red": b"red!red!red!", "blue": b"blueblueblue"}
PATTERN = {"red": b"red!".hex(), "blue": b"blue".hex()}


class Lab:
    def __init__(self, run, story):
        self.run, self.story = run, story
        self.verdicts = Verdicts(show=story.verdict)
        self.raw = RawMessages(run, story)
        self.captures, self.streams = {}, {}
        self.server = self.daemon = None

    def ok(self, name, truth, detail=""):
        return self.verdicts.ok(name, truth, detail)

    # Start

    def start(self):
        self.story.step("The network")
        self.story.output(network.PICTURE, 0)
        network.build(self.run)
        for colour in COLOURS:
            for host in (f"{colour}1", f"{colour}2"):
                self.captures[host] = Capture(self.run, host, f"{host}-eth0")
        self.story.step("server2 becomes a VTEP")
        self.server, self.daemon = network.start_vtep(self.run)
        self.story.shell("server2", " ".join(str(word) for word in self.server.words()))
        self.story.shell("server2", " ".join(str(word) for word in self.daemon.words()))
        database = self.server.database()
        ports = {"s2-eth1", "s2-eth2"}
        if not self.ok("Physical_Port lists both ports", waiting.comes_true(
                lambda: {row["name"] for row in database.select("Physical_Port")} == ports, "the port rows"),
                self.daemon.last_words):
            raise Failed("without its ports the switch cannot be attached to anything")
        switches = database.select("Physical_Switch", columns=["name", "tunnel_ips", "management_ips", "description"])
        self.story.say("What kvtepd wrote into the database:")
        self.story.output(pretty(switches))
        self.story.output(pretty(database.select("Physical_Port", columns=["name", "vlan_bindings"])))
        self.ok("Physical_Switch s2 has its tunnel address",
                [(row["name"], row["tunnel_ips"]) for row in switches] == [("s2", network.SERVER2)], switches)

    def greet(self):
        self.story.step("The controller says hello")
        self.ok("echo is answered", self.raw.send("echo.json") == ["hello"])
        self.ok("get_schema tells of hardware_vtep", self.raw.send("get_schema.json")["name"] == "hardware_vtep")

    # Pings

    def ping_without_an_attach(self, controller):
        self.story.step(f"Before the attach ({controller.name})")
        self.story.say("red1 and blue1 start to ping 10.0.0.2, and go on with it. Nobody answers.")
        for colour in COLOURS:
            self.run.ip(f"{colour}1", "neigh", "flush", "all")
            self.run.ip(f"{colour}2", "neigh", "flush", "all")
            self.streams[colour] = pings.Stream(self.run, f"{colour}1", "10.0.0.2", colour, PATTERN[colour], 0.1)
        for colour in COLOURS:
            file = self.streams[colour].file
            waiting.wait_until(lambda f=file: "Unreachable" in f.read_text(), f"{colour}1 to give up on 10.0.0.2")
            self.story.output(next(line for line in file.read_text().splitlines() if "Unreachable" in line))
            self.ok(f"{controller.name}: {colour}1's ping is not answered before the attach",
                    not self.streams[colour].answers())

    def stop_streams(self):
        for stream in self.streams.values():
            stream.stop()
        self.streams = {}

    # Attach

    def attach(self, controller, colour):
        facts = COLOURS[colour]
        bridge, tunnel, port = f"kvbr{facts['vni']}", f"kvvx{facts['vni']}", f"s2-eth{facts['number']}"
        self.story.step(f"Attach {colour}2 ({controller.name})")
        begin = time.monotonic()
        controller.attach(colour)
        realized = waiting.comes_true(lambda: self.realized(bridge, tunnel, port), f"{bridge} and what belongs to it")
        self.ok(f"{controller.name}: the kernel has {bridge} with {tunnel} and {port}", realized,
                self.daemon.last_words)
        try:
            self.streams[colour].wait_for_answer()
        except waiting.TimedOut:
            pass
        took = time.monotonic() - begin
        self.show_kernel(bridge, tunnel, port)
        answers = [line for line in self.streams[colour].file.read_text().splitlines() if "bytes from" in line]
        self.story.say(f"{colour}1's ping, {took:.2f} s after the attach was sent:")
        self.story.output("\n".join(answers[:2]))
        self.ok(f"{controller.name}: {colour}1's ping is answered after the attach", answers, self.daemon.last_words)

    def realized(self, bridge, tunnel, port):
        links = kernel.links(self.run, "server2")
        if links.get(tunnel, {}).get("master") != bridge or links.get(port, {}).get("master") != bridge:
            return False
        return (tunnel, "00:00:00:00:aa:01", network.SERVER1, None) in kernel.tunnel_entries(
            kernel.fdb(self.run, "server2", tunnel))

    def show_kernel(self, bridge, tunnel, port):
        links = kernel.links(self.run, "server2")
        self.story.shell("server2", "ip -d link show   (what is kvtep's, and its ports)")
        for name in (bridge, tunnel, port):
            link = links.get(name, {})
            words = [f"{name:9}", f"{kernel.kind(link) or '-':7}"]
            data = link.get("linkinfo", {}).get("info_data", {})
            if kernel.kind(link) == "vxlan":
                words.append(f"id {data.get('id')} local {data.get('local')} dstport {data.get('port')}"
                             f"{'' if data.get('learning') else ' nolearning'}")
            if "master" in link:
                words.append(f"master {link['master']}")
            if "ifalias" in link:
                words.append(f"alias \"{link['ifalias']}\"")
            self.story.output(" ".join(words))
        self.story.shell("server2", f"bridge fdb show br {bridge}; bridge fdb show dev {tunnel}")
        shown = self.run.bridge("server2", "fdb", "show").splitlines()
        self.story.output("\n".join(
            line for line in shown if f"dev {tunnel} " in line or
            (f"dev {port} " in line and f"master {bridge}" in line and "permanent" not in line)))

    def red_alone(self, controller):
        self.story.step(f"Red is attached, blue is not ({controller.name})")
        self.streams["red"].wait_for_more(5)
        self.ok(f"{controller.name}: blue1's ping is still not answered", not self.streams["blue"].answers())
        self.ok(f"{controller.name}: blue2 hears not a single frame", not self.captures["blue2"].frames(),
                f"{len(self.captures['blue2'].frames())} frames")

    def isolation(self, controller):
        self.story.step(f"Same addresses, different worlds ({controller.name})")
        for stream in self.streams.values():
            stream.wait_for_more(10)
        for colour, other in (("red", "blue"), ("blue", "red")):
            own = len(self.captures[f"{colour}2"].with_marker(MARKER[colour]))
            leaked = sum(len(self.captures[f"{other}{n}"].with_marker(MARKER[colour])) for n in (1, 2))
            self.story.say(f"Frames with {colour}'s marker: {own} at {colour}2, {leaked} at {other}1 and {other}2.")
            self.ok(f"{controller.name}: nothing of {colour} is ever seen in {other}", own > 0 and leaked == 0,
                    f"{own} frames in {colour}, {leaked} in {other}")

    def local_macs(self, controller):
        self.story.step(f"What the switch tells the controller ({controller.name})")
        self.ok(f"{controller.name}: Ucast_Macs_Local has red2 and blue2 behind {network.SERVER2}",
                waiting.comes_true(lambda: self.local_rows() == {
                    ("red-network", "00:00:00:00:aa:02", network.SERVER2),
                    ("blue-network", "00:00:00:00:aa:02", network.SERVER2)}, "the two local rows"),
                lambda: f"{self.local_rows()}\n{self.daemon.last_words()}")
        self.story.output("\n".join(f"{name:13} {mac}  at {address}" for name, mac, address in sorted(self.local_rows())))

    def local_rows(self):
        database = self.server.database()
        names = {row["_uuid"][1]: row["name"] for row in database.select("Logical_Switch")}
        addresses = {row["_uuid"][1]: row["dst_ip"] for row in database.select("Physical_Locator")}
        return {(names.get(row["logical_switch"][1]), row["MAC"], addresses.get(row["locator"][1]))
                for row in database.select("Ucast_Macs_Local")}

    # Detach

    def detach(self, controller, colour):
        facts = COLOURS[colour]
        bridge, port = f"kvbr{facts['vni']}", f"s2-eth{facts['number']}"
        self.story.step(f"Detach {colour}2 ({controller.name})")
        database = self.server.database()
        switch = database.select("Logical_Switch", [["name", "==", f"{colour}-network"]])[0]["_uuid"]
        mine = [["logical_switch", "==", switch]]
        controller.unbind(colour)
        self.ok(f"{controller.name}: {colour}2's local rows are withdrawn after the unbind", waiting.comes_true(
            lambda: not database.select("Ucast_Macs_Local", mine) and not database.select("Mcast_Macs_Local", mine),
            "the local rows to go"), self.daemon.last_words)
        self.ok(f"{controller.name}: {port} leaves its bridge", waiting.comes_true(
            lambda: "master" not in kernel.links(self.run, "server2")[port], f"{port} to be free"),
            self.daemon.last_words)
        self.ok(f"{controller.name}: {colour}'s Logical_Switch row can be deleted", controller.remove(colour) and
                not database.select("Logical_Switch", [["_uuid", "==", switch]]))
        self.ok(f"{controller.name}: {bridge} is gone after it", waiting.comes_true(
            lambda: not [n for n in kernel.ours(kernel.links(self.run, "server2")) if n.endswith(str(facts["vni"]))],
            f"{bridge} to go"), self.daemon.last_words)

    def end_of_round(self, controller):
        self.ok(f"{controller.name}: no ping is answered any more", not pings.answered(self.run, "red1", "10.0.0.2"))
        self.ok(f"{controller.name}: no device of kvtep is left", not kernel.ours(kernel.links(self.run, "server2")))
        self.ok(f"{controller.name}: kvtepd is still there", self.daemon.alive(), self.daemon.last_words)

    # The whole

    def attach_both(self, controller):
        self.ping_without_an_attach(controller)
        self.attach(controller, "red")
        if controller is self.raw:  # before blue2 has ever been attached
            self.red_alone(controller)
        self.attach(controller, "blue")
        self.isolation(controller)
        self.local_macs(controller)
        self.stop_streams()

    def detach_both(self, controller):
        for colour in COLOURS:
            self.detach(controller, colour)
        self.end_of_round(controller)

    def play(self, keep):
        self.start()
        self.greet()
        self.attach_both(self.raw)
        if keep:
            for capture in self.captures.values():
                capture.stop()
            return
        self.detach_both(self.raw)
        vtep_ctl = VtepCtl(self.run, self.story)
        self.attach_both(vtep_ctl)
        self.detach_both(vtep_ctl)


def look_around(run, story):
    story.step("It stays up: how to look around")
    for place, words, meaning in (
            ("red1", "ping 10.0.0.2", "red1 to red2, through the tunnel"),
            ("server2", "bridge fdb show br kvbr100", "red's forwarding table"),
            ("server2", "ip -d link show kvvx100", "red's vxlan device"),
            ("server2", "bridge monitor fdb", "MACs as they come and go"),
            ("internet", f"vtep-ctl --db=tcp:{network.SERVER2}:{network.CONTROLLER_PORT} show", "the database"),
            ("internet", f"ovsdb-client dump tcp:{network.SERVER2}:{network.CONTROLLER_PORT} hardware_vtep", "all of it"),
            ("internet", f"nc {network.SERVER2} {network.CONTROLLER_PORT}", "a raw connection: type or paste messages"),
            ("server1", "tcpdump -ni eth0 udp port 4789", "the tunnel's packets")):
        story.put(f"   {f'sudo ip netns exec {run.name(place)} {words}':88} # {meaning}")
    story.put(f"   {f'tail -f {run.folder}/kvtepd.log':88} # what kvtepd says")
    story.put(f"   {'sudo integration/lab --down':88} # the end of it")


def take_down():
    kept = [run for run in all_runs() if (run.folder / "kept").exists()]
    for run in kept:
        run.destroy()
        print(f"lab {run.number} is down")
    if not kept:
        print("no lab is up")
    return 0


def main():
    parser = argparse.ArgumentParser(prog="integration/lab")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--down", action="store_true")
    wanted = parser.parse_args()
    if wanted.down:
        return take_down()
    story = Story(quiet=wanted.check)
    with scratch_run() as run:
        lab = Lab(run, story)
        try:
            lab.play(wanted.keep)
        except Failed as failed:
            lab.ok("the lab runs to its end", False, failed)
        except Exception:
            lab.verdicts.broken("the lab runs to its end")
            if lab.daemon:
                print(lab.daemon.last_words(), file=sys.stderr)
        if wanted.keep and lab.verdicts.passed:
            run.keep()
            look_around(run, story)
        story.put()
        story.put(f"{len(lab.verdicts.passed)} verdicts good, {len(lab.verdicts.failed)} bad")
        return lab.verdicts.status()


if __name__ == "__main__":
    sys.exit(main())
