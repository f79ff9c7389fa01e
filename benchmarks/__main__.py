"""``python -m benchmarks [JOB …] [N=20000] [ROUNDS=5]``: one JSON line per way of doing a job."""

import os
import subprocess
import sys

JOBS = ("register", "tile", "figures", "dashboard", "desks", "lifecycle", "exchange", "reconcile", "ndjson", "import")
MODULES = {"import": "census"}
"""One module each, of its own name where that is a word of Python; every job runs in a process of its own, on databases
that are thrown away."""
SETTINGS = {"JOBS": "", "N": "0", "ROUNDS": "5"}


def main(arguments: list[str]) -> int:
    """Run the jobs that were asked for (all without a name), in order. The environment may carry JOBS, N, ROUNDS."""
    settings = {key: os.environ.get(key) or default for key, default in SETTINGS.items()}
    settings.update(argument.split("=", 1) for argument in arguments if "=" in argument)
    names = [argument for argument in arguments if "=" not in argument] or settings["JOBS"].split() or list(JOBS)
    if unknown := set(names) - set(JOBS):
        print(f"No such job: {', '.join(sorted(unknown))}. There are {', '.join(JOBS)}.", file=sys.stderr)
        return 2
    codes = [
        subprocess.run(
            [sys.executable, "-m", f"benchmarks.{MODULES.get(name, name)}", settings["N"], settings["ROUNDS"]],
            check=False,
        ).returncode
        for name in names
    ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
