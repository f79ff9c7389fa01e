"""Say pip's settings in uv's words, as shell exports; for ``bin/lib.sh``.

uv reads no pip configuration: where a user told pip of an index, of a folder of wheels, of a certificate or a proxy,
uv is told the same at run time, so that no address stands in the repository. What is set for uv already stays.
"""

import ast
import os
import shlex
import subprocess
import sys

ORDER = (":env:", "install", "global")
"""Where pip looks, strongest first."""


def pip_settings() -> dict[str, str]:
    """Option name to value, as ``pip config list`` tells them, the strongest place winning."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    found: dict[str, dict[str, str]] = {place: {} for place in ORDER}
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        place, _, option = key.rpartition(".")
        if place in found:
            found[place][option] = str(ast.literal_eval(value))
    return {option: value for place in reversed(ORDER) for option, value in found[place].items()}


def uv_environment(settings: dict[str, str]) -> dict[str, str]:
    """The environment that makes uv look where pip looks."""
    words = {option: value.split() for option, value in settings.items()}
    links = [link for link in words.get("find-links", []) if "://" in link or os.path.isdir(link)]
    wanted = {
        "UV_DEFAULT_INDEX": settings.get("index-url", "").strip(),
        "UV_INDEX": " ".join(words.get("extra-index-url", [])),
        "UV_FIND_LINKS": ",".join(links),
        "UV_INSECURE_HOST": " ".join(words.get("trusted-host", [])),
        "UV_NO_INDEX": "1" if settings.get("no-index", "").lower() in {"1", "true", "yes"} else "",
        "UV_HTTP_TIMEOUT": settings.get("default-timeout", settings.get("timeout", "")).strip(),
        "SSL_CERT_FILE": settings.get("cert", "").strip(),
        "ALL_PROXY": settings.get("proxy", "").strip(),
        # pip takes the wanted version from whichever index has it; every file is checked against its hash
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    return {name: value for name, value in wanted.items() if value and name not in os.environ}


def main() -> None:
    """Print the exports."""
    for name, value in uv_environment(pip_settings()).items():
        print(f"export {name}={shlex.quote(value)}")


if __name__ == "__main__":
    main()
