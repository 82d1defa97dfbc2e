"""What all tests share: one browser per session, and a last word on what was not run."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# The same examples in every run, and no wall-clock limit on one of them: a busy machine must fail no test.
# What has to be fast says so itself, in CPU seconds; a test that hangs is ended by pytest-timeout.
settings.register_profile("suite", derandomize=True, deadline=None)
settings.load_profile("suite")

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)
NO_CHROMIUM = "no Chromium found"


def find_chromium() -> str | None:
    """NETRA_CHROMIUM, else what the PATH has, else Debian's place."""
    named = os.environ.get("NETRA_CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    found = next((path for path in map(shutil.which, CHROMIUM_NAMES) if path), None)
    return found or next((p for p in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(p).exists()), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One headless Chromium for the session. Tests that use it carry `@pytest.mark.browser`."""
    path = find_chromium()
    if path is None:
        pytest.skip(f"{NO_CHROMIUM}; install chromium, or name one in NETRA_CHROMIUM")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_ARGS))
        yield running
        running.close()


@pytest.fixture
def offline_page(browser: Any) -> Iterator[Any]:
    """A page without network that keeps what went wrong: `problems` and `requests` (data: and file: apart)."""
    context = browser.new_context(offline=True, viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.problems, page.requests = [], []
    page.on("console", lambda m: page.problems.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(("data:", "file:")) else page.requests.append(r.url))
    yield page
    context.close()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """At the end: how many tests were not run, and why. A skipped test is not a passed one."""
    skipped = terminalreporter.stats.get("skipped", [])
    if not skipped:
        return
    reasons = Counter(_reason(report) for report in skipped)
    terminalreporter.section("not run")
    for reason, count in sorted(reasons.items()):
        what = "browser tests were" if NO_CHROMIUM in reason else "tests were"
        terminalreporter.write_line(f"{count} {what} not run: {reason}")


def _reason(report: Any) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return str(text).removeprefix("Skipped: ")
