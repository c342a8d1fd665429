"""Waiting for a condition, with a deadline."""

import os
import time

# An emulated processor (integration/vm) is some ten times slower: deadlines only bound a failure, so they grow.
PATIENCE = 6 if os.environ.get("KVTEP_VM") else 1


class TimedOut(Exception):
    """The condition did not come true in time."""


def wait_until(condition, what, seconds=30.0, pause=0.03):
    """Returns the first true value of condition(); raises TimedOut, naming `what`, at the deadline."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimedOut(f"waited {seconds * PATIENCE:.0f} s for {what}")
        time.sleep(pause)


def comes_true(condition, what, seconds=30.0):
    """wait_until() as a verdict: a deadline is False."""
    try:
        wait_until(condition, what, seconds)
        return True
    except TimedOut:
        return False


def stays_true(condition, seconds, pause=0.05):
    """For what must NOT happen: true where condition() held at every look during these seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not condition():
            return False
        time.sleep(pause)
    return condition()
