"""The site builds without a warning, and every page of it shows in a real browser without network, also on a phone."""

from __future__ import annotations

import functools
import html
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import ROOT, needed

needed("mkdocs", "docs")
api = needed("playwright.sync_api", "integrations")

SCREENS = {"phone": {"width": 360, "height": 740}, "desktop": {"width": 1280, "height": 900}}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None and os.environ.get("SECCLASS_TESTS") != "all":
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def faults() -> list[str]:
    return []


def opened(browser: Any, address: str, screen: str, faults: list[str]) -> Any:
    """A page of the browser that reaches nothing but the site, and notes what goes wrong."""
    page = browser.new_page(viewport=SCREENS[screen])

    def answer(route: Any) -> None:
        if route.request.url.startswith(address):
            route.continue_()
        else:
            faults.append(f"asked for {route.request.url}")
            route.abort()

    page.route("**/*", answer)
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    return page


@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_shows_without_network_and_fits_the_screen(
    site: Path, address: str, browser: Any, screen: str, faults: list[str]
) -> None:
    page = opened(browser, address, screen, faults)
    files = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    assert len(files) > 20
    for file in files:
        page.goto(address + file)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{file} is {wider} pixels wider than a {screen}"
        assert page.locator("h1").first.is_visible()
        assert not faults, file


def test_search_finds_a_page(address: str, browser: Any, faults: list[str]) -> None:
    page = opened(browser, address, "desktop", faults)
    page.goto(address + "index.html")
    page.locator(".md-search__input").click()
    page.keyboard.type("timeline")
    page.locator(".md-search-result__link", has_text="Plots").first.wait_for()
    assert not faults


def test_every_link_leads_to_a_page(site: Path) -> None:
    broken = set()
    for path in site.rglob("*.html"):
        for link in re.findall(r'(?:href|src)="([^"#?]+)', path.read_text(encoding="utf-8")):
            if re.match(r"\w+:", link) or path.name == "404.html":
                continue
            target = path.parent / urllib.parse.unquote(html.unescape(link))
            source = target.suffix == ".md" or (target.suffix == ".ipynb" and target.stem != path.stem)
            if source or not target.exists():
                broken.add(f"{path.relative_to(site)}: {link}")
    assert not broken


def test_the_changelog_and_the_model_card_are_in_the_site(site: Path) -> None:
    for page, words in {"changelog": "Unreleased", "model-card": "cross-validation", "security": "Reporting"}.items():
        assert words in (site / f"{page}.html").read_text(encoding="utf-8")
