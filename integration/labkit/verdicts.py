"""Verdict lines: `ok - name`, `FAIL - name`, `skip - name: reason`; tests/run collects them."""

import sys
import traceback


class Verdicts:
    def __init__(self, prefix="", show=print):
        self.prefix, self.show = prefix, show
        self.passed, self.failed, self.skipped = [], [], []

    def ok(self, name, truth, detail=""):
        """One verdict; `detail` is said where it failed. Returns the truth."""
        name = self.prefix + name
        if truth:
            self.passed.append(name)
            self.show(f"ok - {name}")
        else:
            self.failed.append(name)
            self.show(f"FAIL - {name}")
            for line in str(detail() if callable(detail) else detail).splitlines():
                print(f"    {line}", file=sys.stderr)
        sys.stdout.flush()
        return bool(truth)

    def equal(self, name, found, expected):
        if found == expected:
            return self.ok(name, True)
        if isinstance(found, (set, frozenset)):
            return self.ok(name, False, f"missing {sample(expected - found)}\nunexpected {sample(found - expected)}")
        return self.ok(name, False, f"found    {found!r}\nexpected {expected!r}")

    def skip(self, name, reason):
        self.skipped.append(self.prefix + name)
        self.show(f"skip - {self.prefix}{name}: {reason}")

    def broken(self, name):
        """The test itself ended with an exception: a failure, with its trace."""
        self.ok(name, False, traceback.format_exc())

    def status(self):
        return 1 if self.failed or not self.passed + self.skipped else 0


def sample(values, most=8):
    values = sorted(values, key=str)
    return f"{values[:most]}" + (f" and {len(values) - most} more" if len(values) > most else "")
