"""What the reader of the lab sees. With --check nothing of it, only the verdicts."""

import json
import sys
import textwrap

WIDTH = 108


class Story:
    def __init__(self, quiet):
        self.quiet = quiet
        self.colours = sys.stdout.isatty() and not quiet
        self.steps = 0

    def paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.colours else text

    def put(self, text=""):
        if not self.quiet:
            print(text, flush=True)

    def step(self, title):
        self.steps += 1
        self.put()
        self.put(self.paint("1;36", f"━━ {self.steps}. {title} " + "━" * max(0, WIDTH - 6 - len(title))))

    def say(self, text):
        self.put(textwrap.fill(text, WIDTH, initial_indent="   ", subsequent_indent="   "))

    def shell(self, place, words):
        self.put("   " + self.paint("1;33", f"{place}# ") + self.paint("1", words))

    def output(self, text, indent=6):
        for line in text.splitlines():
            self.put(" " * indent + line)

    def message(self, place, words, sent, answer):
        """A raw message and the whole of its answer."""
        self.shell(place, words)
        self.output(pretty(json.loads(sent)))
        self.put("   " + self.paint("2", "answer"))
        self.output(pretty(json.loads(answer)))

    def verdict(self, line):
        if self.quiet:
            print(line, flush=True)
        else:
            self.put("   " + self.paint("1;32" if line.startswith("ok") else "1;31", line))


def pretty(value, indent=0):
    """JSON for reading: what fits on one line stays on one line."""
    flat = json.dumps(value)
    if len(flat) + indent <= 96 or not isinstance(value, (list, dict)) or not value:
        return flat
    inner = indent + 2
    if isinstance(value, list):
        items = [pretty(item, inner) for item in value]
        opening, closing = "[", "]"
    else:
        items = [f"{json.dumps(key)}: {pretty(item, inner)}" for key, item in value.items()]
        opening, closing = "{", "}"
    separator = ",\n" + " " * inner
    return f"{opening}\n{' ' * inner}{separator.join(items)}\n{' ' * indent}{closing}"
