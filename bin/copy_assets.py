"""Copy what the pages use from npm packages and draw the icon sprite; for ``bin/assets``.

``platform/cityops/web/assets.txt`` names package, version, file and target; ``icons.txt`` names the icons.
"""

import json
import re
import shutil
import sys
from pathlib import Path

WEB = Path(__file__).resolve().parents[1] / "platform" / "cityops" / "web"
ICONS = "@tabler/icons"
SOURCE_MAP = re.compile(rb"\n?(//|/\*)[#@] ?sourceMappingURL=[^\n*]*(\*/)?")
DRAWING = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


def lines(path: Path) -> list[str]:
    """The lines of a list without comments and blanks."""
    stripped = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in stripped if line and not line.startswith("#")]


def check_version(modules: Path, package: str, version: str) -> None:
    """Stop where the installed package is not the version the list was written for."""
    found = json.loads((modules / package / "package.json").read_text(encoding="utf-8"))["version"]
    if found != version:
        sys.exit(f"{package}: {found} is installed, assets.txt names {version}; make them agree.")


def copy_files(modules: Path, target: Path) -> int:
    """Copy each listed file, without its reference to a source map that is not shipped. Returns how many."""
    listed = lines(WEB / "assets.txt")
    for line in listed:
        package, version, name, to = line.split()
        check_version(modules, package, version)
        copied = target / to
        copied.parent.mkdir(parents=True, exist_ok=True)
        content = (modules / package / name).read_bytes()
        copied.write_bytes(SOURCE_MAP.sub(b"", content) if copied.suffix in {".css", ".js", ".mjs"} else content)
    return len(listed)


def draw_sprite(modules: Path, target: Path) -> int:
    """Write ``icons.svg`` with one symbol per listed icon. Returns how many; stops at a name that does not exist."""
    symbols = []
    for name in lines(WEB / "icons.txt"):
        source = modules / ICONS / "icons" / "outline" / f"{name}.svg"
        if not source.is_file():
            sys.exit(f"icons.txt: {ICONS} has no outline icon {name!r}.")
        drawn = DRAWING.search(source.read_text(encoding="utf-8"))
        if drawn is None:
            sys.exit(f"{source}: no drawing found.")
        paths = "".join(part.strip() for part in drawn[1].splitlines() if 'stroke="none"' not in part)
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{paths}</symbol>')
    body = "\n".join(symbols)
    (target / "icons.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg">\n{body}\n</svg>\n', encoding="utf-8")
    return len(symbols)


def main() -> None:
    """``copy_assets.py NODE_MODULES TARGET``."""
    modules, target = Path(sys.argv[1]), Path(sys.argv[2])
    making = target.with_name(target.name + ".making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    files, icons = copy_files(modules, making), draw_sprite(modules, making)
    shutil.rmtree(target, ignore_errors=True)
    making.rename(target)
    print(f"{files} files and {icons} icons in {target}")


if __name__ == "__main__":
    main()
