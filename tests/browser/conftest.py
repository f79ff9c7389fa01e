"""Instances with a web server each, a Chromium, and pages that complain about every error of the browser."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from cityops.maintenance.rules.demo import PASSWORD
from tests.launcher import ROOT, Instance, PrivateRedis

CHROMIUM = Path("/usr/bin/chromium")
SIZES = {390: (390, 844), 1440: (1440, 900), 1920: (1920, 1080)}
DRAWING = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]
CITIES = (("330100000000", "330102001", "杭州市"), ("330200000000", "330203001", "宁波市"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here drives a browser. Before the marks are asked for."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def redis() -> Iterator[PrivateRedis]:
    with PrivateRedis() as server:
        yield server


@contextlib.contextmanager
def _running(redis: PrivateRedis, tier: str, region: str, letter: str, script: str) -> Iterator[Instance]:
    with Instance(tier, region, f"{region}-{letter}", redis=redis, CITYOPS_NAME="") as instance:
        instance.manage("node_init")
        instance.manage("seed_demo")
        instance.manage("shell", "-c", f"from tests.browser import data\n{script}")
        instance.start_web()
        yield instance


@pytest.fixture(scope="session")
def city(redis: PrivateRedis) -> Iterator[Instance]:
    """杭州, with cases of its own."""
    with _running(redis, "municipal", "330100000000", "C", "data.fill(); data.partner()") as instance:
        yield instance


def _upper_script() -> str:
    lines = [f"data.node({code!r}, {name!r}); data.fill({code!r}, {street!r})" for code, street, name in CITIES]
    return "\n".join(lines)


@pytest.fixture(scope="session")
def province(redis: PrivateRedis) -> Iterator[Instance]:
    """浙江, with what 杭州 and 宁波 sent."""
    with _running(redis, "provincial", "330000000000", "P", _upper_script()) as instance:
        yield instance


@pytest.fixture(scope="session")
def nation(redis: PrivateRedis) -> Iterator[Instance]:
    """国家, with the same."""
    with _running(redis, "national", "000000000000", "N", _upper_script()) as instance:
        yield instance


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    path = str(CHROMIUM) if CHROMIUM.exists() else None
    chromium = playwright.chromium.launch(executable_path=path, args=DRAWING)
    yield chromium
    chromium.close()


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """``visit(instance, "jianguan")``: a page of a person who has signed in; without a name, of nobody.

    At the end the test fails on anything the browser complained about (a refused script or style, a lost file).
    """
    complaints: list[str] = []
    contexts = []

    def open_page(instance: Instance, username: str = "", *, width: int = 1440, language: str = "") -> Page:
        wide, high = SIZES[width]
        context = browser.new_context(
            base_url=instance.base_url, viewport={"width": wide, "height": high}, locale=language or "zh-CN"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda m: complaints.append(f"{page.url}: {m.text}") if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        if username:
            sign_in(page, username)
        return page

    yield open_page
    for context in contexts:
        context.close()
    expected = [text for text in complaints if any(f" {status} (" in text for status in (401, 403, 404, 409, 422))]
    assert [text for text in complaints if text not in expected] == []


def sign_in(page: Page, username: str, password: str = PASSWORD) -> None:
    """Fill in and send the sign-in form."""
    page.goto("/sign-in/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", password)
    page.click("form.fm button")
    page.wait_for_load_state()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, from the assets or from the package."""
    for place in (ROOT / "var/assets/vendor/axe.min.js", ROOT / "node_modules/axe-core/axe.min.js"):
        if place.exists():
            return place.read_text()
    pytest.fail("axe-core is missing: run bin/assets.")
