"""Run several management commands in one process, separated by ``--``, timing each; for the demo.

``python bin/commands.py node_init -- seed_demo --json`` saves starting Django once per command. What the commands
print is kept; the last line is JSON: for each command its name, seconds and output.
"""

import io
import json
import sys
import time

import django
from django.core.management import call_command, get_commands


def split(words: list[str]) -> list[list[str]]:
    """The groups between ``--``."""
    groups: list[list[str]] = [[]]
    for word in words:
        if word == "--":
            groups.append([])
        else:
            groups[-1].append(word)
    return [group for group in groups if group]


def main() -> None:
    """Run each group; a failure ends the process with the command's own message."""
    django.setup()
    known = get_commands()
    results = []
    for name, *arguments in split(sys.argv[1:]):
        if name not in known:
            sys.exit(f"There is no management command {name!r}.")
        output, begun = io.StringIO(), time.monotonic()
        print(f"--- {name} {' '.join(arguments)}", file=sys.stderr)
        call_command(name, *arguments, stdout=output)
        seconds = round(time.monotonic() - begun, 1)
        results.append({"command": name, "arguments": arguments, "seconds": seconds, "output": output.getvalue()})
    print(json.dumps(results, ensure_ascii=False))


if __name__ == "__main__":
    main()
