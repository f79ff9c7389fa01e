"""The repository has the shape that the documents describe."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.apps import apps

from cityops.accounts.permissions import all_permissions

ROOT = Path(__file__).resolve().parents[2]
OURS = ("cityops", "tiers", "grid", "sync", "evaluation")
LONGEST_MODULE = 500
LARGEST_FILE = 1024 * 1024
BINARY = {".png", ".gz", ".xlsx", ".woff2", ".zip", ".mo"}


def tracked() -> list[Path]:
    """Every file of the repository that git knows, or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True,
    ).stdout  # fmt: skip
    paths = {ROOT / name for name in listed.decode().split("\0") if name}
    return sorted(path for path in paths if path.is_file())


def ours() -> list[Path]:
    """Every Python module of the product, without migrations."""
    return [path for path in tracked() if path.suffix == ".py" and "migrations" not in path.parts]


# --- Python's own platform module


def test_the_standard_platform_module_is_what_imports():
    import platform

    assert platform.__file__ is not None
    assert not Path(platform.__file__).is_relative_to(ROOT)
    assert platform.system()


def test_a_fresh_interpreter_in_the_repository_imports_it_too():
    code = "import platform, sys; print(platform.python_version()); sys.exit(hasattr(platform, '__path__'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{sys.version_info.major}.{sys.version_info.minor}")


def test_platform_is_a_source_root_with_one_package():
    assert not (ROOT / "platform" / "__init__.py").exists()
    packages = {
        path.relative_to(ROOT / "platform").parts[0] for path in ours() if path.is_relative_to(ROOT / "platform")
    }
    assert packages == {"cityops"}


def test_no_package_at_a_source_root_bears_a_name_of_the_standard_library():
    roots = {path.relative_to(ROOT).parts[0] for path in ours()} | {"cityops"}
    assert not (roots - {"platform"}) & set(sys.stdlib_module_names)


# --- layers


def test_every_package_has_its_place_in_the_layers():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = {name for line in config["contracts"][0]["layers"] for name in re.split(r"[:|\s]+", line)}
    composition = {"cityops.settings", "cityops.celery", "cityops.asgi"}
    parts = {
        f"cityops.{path.stem if path.is_file() else path.name}"
        for path in (ROOT / "platform" / "cityops").iterdir()
        if (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").exists()
    }
    parts |= {f"sync.{path.name}" for path in (ROOT / "sync").iterdir() if (path / "__init__.py").exists()}
    missing = parts - layers - composition
    assert not missing, f"give {sorted(missing)} a place in pyproject.toml, tool.importlinter"


def test_every_app_keeps_its_inner_layers_and_every_rule_is_plain():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    outer, inner, _order, plain = contracts
    homes = {path.parent for path in ours() if path.stem in {"models", "services", "selectors"}}
    homes |= {path.parents[1] for path in ours() if path.parent.name in {"models", "services", "selectors"}}
    apps_found = {".".join(home.relative_to(ROOT).parts).removeprefix("platform.") for home in homes}
    assert apps_found - {"tests", "cityops.web"} <= set(inner["containers"])
    rules = {path.parent for path in ours() if path.parent.name == "rules" and path.stem == "__init__"}
    rules |= {path.with_suffix("") for path in ours() if path.name == "rules.py"}
    named = {".".join(path.relative_to(ROOT).parts).removeprefix("platform.") for path in rules}
    assert named == set(plain["source_modules"])
    assert outer["type"] == inner["type"] == "layers"


def test_what_knows_and_decides_needs_no_page_and_no_api_of_any_app():
    below = {"models", "rules", "selectors", "services"}
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in ours()
        if below & set(path.relative_to(ROOT).with_suffix("").parts) and "tests" not in path.relative_to(ROOT).parts
        for name in re.findall(r"^\s*from ([\w.]+) import", path.read_text(), re.MULTILINE)
        if name.split(".")[0] in {"grid", "sync", "evaluation", "tiers"} and {"web", "api"} & set(name.split("."))
    ]
    assert wrong == []


def test_the_import_contracts_hold():
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


def test_rules_know_no_framework_beyond_translation():
    wrong = []
    for path in ours():
        if "rules" not in path.parts and path.name != "rules.py":
            continue
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            found = re.match(r"\s*(?:from|import) (django[\w.]*|rest_framework|celery|psycopg)", line)
            if found and not found[1].startswith(("django.utils", "django.conf")):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert not wrong, "\n".join(wrong)


# --- files


def test_modules_stay_short():
    long = {
        str(path.relative_to(ROOT)): count
        for path in ours()
        if (count := len(path.read_text().splitlines())) > LONGEST_MODULE
    }
    assert not long


def test_no_file_is_large():
    large = {str(path.relative_to(ROOT)): size for path in tracked() if (size := path.stat().st_size) > LARGEST_FILE}
    assert not large


def test_nothing_is_left_for_later():
    marks = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "NotImplemented" + "Error"]
    pattern = re.compile("|".join(rf"\b{mark}\b" for mark in marks))
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in ours()
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if pattern.search(line)
    ]
    assert not found, "\n".join(found)


def test_no_address_of_a_package_index_is_written_down():
    """Where packages come from is the user's choice: pip's, uv's and npm's own settings."""
    hosts = (
        "pypi" + ".org",
        "pythonhosted" + ".org",
        "registry" + ".npmjs",
        "registry" + ".yarnpkg",
        "--index-" + "url",
    )
    found = []
    for path in tracked():
        if path.suffix in BINARY:
            continue
        text = path.read_text(errors="replace")
        found += [f"{path.relative_to(ROOT)}: {host}" for host in hosts if host in text]
        if path.name == "package-lock.json":
            assert '"resolved"' not in text, "package-lock.json: npm install --omit-lockfile-registry-resolved"
    assert not found, "\n".join(found)


def test_no_third_party_file_is_committed():
    minified = [str(path.relative_to(ROOT)) for path in tracked() if re.search(r"\.min\.(js|css|mjs)$", path.name)]
    assert not minified
    wide = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.suffix in {".js", ".css", ".mjs"} and max(map(len, path.read_text().splitlines()), default=0) > 1000
    ]
    assert not wide


# --- apps


def _our_apps() -> list:
    return [config for config in apps.get_app_configs() if config.name.split(".")[0] in OURS]


@pytest.mark.parametrize("config", _our_apps(), ids=lambda config: config.label)
def test_an_app_with_pages_or_an_api_says_its_permissions(config):
    folder = Path(config.path)
    routes = [*folder.glob("web/*urls.py"), *folder.glob("api/*urls.py")]
    if routes and config.label != "foundation":
        assert config.label in {permission.app_label for permission in all_permissions()}, routes


def test_every_permission_named_in_a_route_exists():
    """A guard that names a permission which no app declares would lock everyone out."""
    known = {permission.codename for permission in all_permissions()}
    pattern = re.compile(r'(?:requires\(|HasPermission\(|write=)\s*"([a-z_]+\.[a-z_]+)"')
    named = {
        (path, code)
        for path in ours()
        if not path.is_relative_to(ROOT / "tests")
        for code in pattern.findall(path.read_text())
    }
    unknown = sorted(f"{path.relative_to(ROOT)}: {code}" for path, code in named if code not in known)
    assert not unknown, "\n".join(unknown)


# --- documents


def test_every_dependency_has_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    named += [
        line for name in ("data", "uv", "node") for line in (ROOT / f"requirements/{name}.in").read_text().split()
    ]
    page = (ROOT / "docs/decisions/0002-dependencies.md").read_text()
    words = set(re.findall(r"[@\w/.-]+", page))
    packages = {re.split(r"[\[<>=~ ;]", line)[0] for line in named}
    import json

    packages |= set(json.loads((ROOT / "package.json").read_text())["dependencies"])
    assert not packages - words, "give a reason in docs/decisions/0002-dependencies.md"


def test_every_setting_is_explained_to_operators():
    source = "".join(path.read_text() for path in (ROOT / "platform/cityops/settings").glob("*.py"))
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))
    page = (ROOT / "docs/operations.md").read_text()
    described = set(re.findall(r"^\| `([A-Z_]+)`", page, re.MULTILINE))
    assert read - described == set(), "explain in docs/operations.md"
    assert described - read == set(), "docs/operations.md explains what no code reads"


def test_links_between_documents_lead_somewhere():
    pattern = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in tracked()
        if path.suffix == ".md"
        for target in pattern.findall(path.read_text())
        if not (path.parent / target).exists()
    ]
    assert not broken, "\n".join(broken)


def test_decisions_are_numbered_once():
    numbers = [path.name[:4] for path in (ROOT / "docs/decisions").glob("*.md")]
    assert all(re.fullmatch(r"\d{4}", number) for number in numbers)
    assert len(numbers) == len(set(numbers))


def test_the_index_of_documents_leads_to_every_page():
    index = (ROOT / "docs/README.md").read_text()
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert {name for name in pages if f"]({name})" not in index} == set()
