#!/usr/bin/python3 -B
"""Adds up the results of a test run and prints one summary line, alone, as the last.

    tests/tally.py FOLDER

Each folder below FOLDER is a place where tests ran (here, vm-6.1, ...): *.xml are JUnit files, *.out hold
the lines `ok - name`, `FAIL - name`, `skip - name: reason`, and *.status the exit status of what wrote the .out or
.xml of that name. A test counts once, whatever the number of places: it failed if it failed anywhere, it passed if
it passed somewhere, and it was skipped only where no place made up for it. Exit status 1 on a failure or a skip.
"""

import collections
import pathlib
import re
import sys
import xml.etree.ElementTree as xml


def name_of(case):
    """As GoogleTest has it; ctest has one name for suite and test, and the type of a typed test behind."""
    name, suite = case.get("name"), case.get("classname")
    typed = re.fullmatch(r"[^.]+\.(\w+)<(\S+)\.  # TypeParam = .*>", name)
    if typed:
        return f"{typed[2]}.{typed[1]}"
    return name if suite in (None, name) else f"{suite}.{name}"


def of_junit(file):
    """Of ctest, or of GoogleTest itself."""
    for case in xml.parse(file).getroot().iter("testcase"):
        name = name_of(case)
        if case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            reason = case.find("skipped")
            yield "skip", name, reason.get("message", "") if reason is not None else ""
        elif case.find("failure") is not None or case.get("status") != "run":
            yield "FAIL", name, ""
        else:
            yield "ok", name, ""


def of_lines(file):
    for line in file.read_text(errors="replace").splitlines():
        word, separator, name = line.partition(" - ")
        if not separator or word not in ("ok", "FAIL", "skip"):
            continue
        if word == "skip":
            name, _, reason = name.rpartition(": ")
            yield word, name, reason
        else:
            yield word, name, ""


def of_place(place):
    """(verdict, test, reason) of one place. What ended badly without saying so is a failure of its own."""
    for status in sorted(place.glob("*.status")):
        what, code = f"{status.stem} in {place.name} runs to its end", status.read_text().strip()
        results = []
        for file, reader in ((status.with_suffix(".xml"), of_junit), (status.with_suffix(".out"), of_lines)):
            if file.exists():
                try:
                    results += list(reader(file))
                except xml.ParseError as error:
                    yield "FAIL", what, str(error)
        yield from results
        if code != "0" and not any(verdict == "FAIL" for verdict, _, _ in results):
            yield "FAIL", what, f"exit status {code or 'unknown'}, see {status.with_suffix('.out')}"
        elif not results:
            yield "FAIL", what, "not a single result"


def main():
    verdicts = collections.defaultdict(list)
    for place in sorted(p for p in pathlib.Path(sys.argv[1]).iterdir() if p.is_dir()):
        for verdict, name, reason in of_place(place):
            verdicts[name].append((verdict, place.name, reason))
    count = collections.Counter()
    for name, found in sorted(verdicts.items()):
        kinds = [verdict for verdict, _, _ in found]
        result = "FAIL" if "FAIL" in kinds else "ok" if "ok" in kinds else "skip"
        count[result] += 1
        if result != "ok":
            for verdict, place, reason in found:
                if verdict == result:
                    print(f"{result} - {name} ({place}{': ' + reason if reason else ''})")
    print(f"{count['ok']} passed, {count['FAIL']} failed, {count['skip']} skipped")
    return 0 if count["ok"] and not count["FAIL"] and not count["skip"] else 1


if __name__ == "__main__":
    sys.exit(main())
