"""Two controllers that drive the same steps from the namespace "internet": raw messages, and Debian's vtep-ctl."""

import json
import pathlib

from labkit.ovsdb import Database, Refused, error_of
from labkit.run import Failed
from network import COLOURS, CONTROLLER_PORT, SERVER1, SERVER2

MESSAGES = pathlib.Path(__file__).resolve().parent


class RawMessages:
    """Sends integration/lab.d/*.json over plain TCP, as the article does with nc."""

    name = "raw messages"

    def __init__(self, run, story):
        self.story = story
        self.database = Database(run, "internet", (SERVER2, CONTROLLER_PORT))

    def send(self, file, **values):
        """Sends one message; its results, or Refused with the server's words."""
        sent = (MESSAGES / file).read_text()
        words = f"nc {SERVER2} {CONTROLLER_PORT} < integration/lab.d/{file}"
        for name, value in values.items():
            sent = sent.replace(f"@{name.upper()}@", value)
            words = f"sed s/@{name.upper()}@/{value}/ integration/lab.d/{file} | nc {SERVER2} {CONTROLLER_PORT}"
        answer = self.database.exchange(sent)
        self.story.message("internet", words, sent, answer)
        answer = json.loads(answer)
        failure = answer["error"] or (error_of(answer["result"]) if isinstance(answer["result"], list)
                                      and "transact" in sent else None)
        if failure:
            raise Refused(f"{file}: {failure}")
        return answer["result"]

    def attach(self, colour):
        if colour == "red":
            return self.send("attach_red2.json")
        self.story.say("Blue's row names the locator of server1, which is there already: its uuid is looked up first.")
        found = self.send("get_locator_uuid.json")[0]["rows"]
        return self.send("attach_blue2.json", locator=found[0]["_uuid"][1])

    def unbind(self, colour):
        self.send(f"unbind_{colour}2.json")

    def remove(self, colour):
        """Deletes the rows; whether the server let us."""
        rows = self.database.select("Logical_Switch", [["name", "==", f"{colour}-network"]], ["_uuid"])
        try:
            self.send(f"remove_{colour}.json", switch=rows[0]["_uuid"][1])
            return True
        except Refused as refused:
            self.story.say(str(refused))
            return False


class VtepCtl:
    """Open vSwitch's own command line for the same database."""

    name = "vtep-ctl"

    def __init__(self, run, story):
        self.run, self.story = run, story
        self.remote = f"--db=tcp:{SERVER2}:{CONTROLLER_PORT}"

    def command(self, *words):
        self.story.shell("internet", f"vtep-ctl {self.remote} {' '.join(words)}")
        printed = self.run.run("internet", "vtep-ctl", self.remote, "--timeout=30", *words).stdout
        self.story.output(printed)
        return printed

    def attach(self, colour):
        network, facts = f"{colour}-network", COLOURS[colour]
        self.command("add-ls", network, "--", "set", "Logical_Switch", network, f"tunnel_key={facts['vni']}", "--",
                     "add-ucast-remote", network, "00:00:00:00:aa:01", SERVER1, "--",
                     "bind-ls", "s2", f"s2-eth{facts['number']}", "0", network)

    def unbind(self, colour):
        self.command("unbind-ls", "s2", f"s2-eth{COLOURS[colour]['number']}", "0")

    def remove(self, colour):
        try:
            self.command("clear-remote-macs", f"{colour}-network", "--", "del-ls", f"{colour}-network")
            return True
        except Failed as failed:
            self.story.say(str(failed))
            return False
