"""Numbered frames, sent at a steady pace by a thread of its own, and the count of what arrived where, how often."""

import collections
import re
import threading
import time

from .waiting import wait_until

MARK = re.compile(rb"flow-(\w+)-(\d+);")


class Flows:
    """`senders`: {name: function that sends one frame with a given marker}; `ears`: {name: Station or VxlanPeer}."""

    def __init__(self, senders, ears, pause=0.005):
        self.senders, self.ears, self.pause = senders, ears, pause
        self.arrived = {ear: collections.Counter() for ear in ears}  # (flow, number) -> how often
        self.sent = 0
        self.error = None
        self.stopping, self.closing = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)

    def start(self):
        self.thread.start()
        return self

    def work(self):
        try:
            while not self.closing.is_set():
                if not self.stopping.is_set():
                    for name, send in self.senders.items():
                        send(f"flow-{name}-{self.sent + 1};")
                    self.sent += 1
                self.listen()
                time.sleep(self.pause)  # the pace of the flow; nothing is waited for
        except OSError as error:
            self.error = error

    def listen(self):
        for name, ear in self.ears.items():
            kept = ear.frames if hasattr(ear, "frames") else ear.packets
            ear.drain()
            for one in kept:
                found = MARK.search(one[1] if isinstance(one, tuple) else one)
                if found:
                    self.arrived[name][found.group(1).decode(), int(found.group(2))] += 1
            kept.clear()

    def wait_for_more(self, count=40):
        goal = self.sent + count
        wait_until(lambda: self.sent >= goal or self.error, f"{count} more frames of each flow")

    def finish(self, seconds=10.0):
        """Stops sending and hears the last ones out; then the counts stand still."""
        self.stopping.set()
        time.sleep(2 * self.pause)  # a round that had begun ends
        last = self.sent
        wait_until(lambda: self.error or all(
            any(number == last for _, number in counts) for counts in self.arrived.values()), "the last frames", seconds)
        self.closing.set()
        self.thread.join()
        self.listen()
        if self.error:
            raise self.error

    def verdict(self, ear, flow, wanted=1):
        """What is wrong with a flow at an ear where each frame has to arrive `wanted` times; empty: nothing."""
        counts = [self.arrived[ear][flow, number] for number in range(1, self.sent + 1)]
        wrong = [f"{number}: {times} times" for number, times in enumerate(counts, 1) if times != wanted]
        return wrong[:20] + ([f"and {len(wrong) - 20} more"] if len(wrong) > 20 else [])
