"""A running stream of pings, and what became of it."""

import re

from .waiting import wait_until


class Stream:
    """`ping` in a namespace until it is stopped; its words go to a file, so that nothing is lost at its end."""

    def __init__(self, run, place, target, name, pattern=None, interval=0.05):
        words = ["ping", "-n", "-i", interval, "-s", 56]
        if pattern:
            words += ["-p", pattern]
        self.file = run.folder / f"ping-{name}.log"
        self.file.unlink(missing_ok=True)
        self.process = run.start(place, *words, target, log=self.file.name)

    def answers(self):
        """The sequence numbers that were answered, in order of arrival."""
        return [int(n) for n in re.findall(r"bytes from .*icmp_seq=(\d+)", self.file.read_text(errors="replace"))]

    def wait_for_answer(self, seconds=30.0):
        wait_until(self.answers, "the first answer to a ping", seconds)

    def wait_for_more(self, count=10, seconds=30.0):
        """Waits until `count` more answers have come."""
        goal = len(self.answers()) + count
        wait_until(lambda: len(self.answers()) >= goal, f"{count} more answers to a ping", seconds)

    def stop(self):
        """Ends the stream; returns (sent, answered, lost sequence numbers).

        The one request that may be under way at the end is not counted as lost, any other that was sent is.
        """
        self.process.send_signal(2)
        self.process.wait()
        text = self.file.read_text(errors="replace")
        found = re.search(r"(\d+) packets transmitted", text)
        sent = int(found.group(1)) if found else 0
        answered = self.answers()
        last = max(sent - 1, max(answered, default=0))
        lost = sorted(set(range(1, last + 1)) - set(answered))
        return sent, len(answered), lost


def answered(run, place, target, pattern=None, seconds=1):
    """Whether one ping is answered within that time."""
    words = ["ping", "-n", "-c", 1, "-w", seconds]
    if pattern:
        words += ["-p", pattern]
    return run.run(place, *words, target, check=False).returncode == 0
