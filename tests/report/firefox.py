"""A Firefox as distributions ship it, by WebDriver BiDi, which it speaks itself: Playwright drives only its own build.

The protocol: https://w3c.github.io/webdriver-bidi/. Commands are answered in order; events are kept as they come.
"""

import base64
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import websocket

NAMES = ("firefox-esr", "firefox")
# Nothing is asked for that no page asked for: no updates, no reports, no lists, no portal, no start page.
PREFERENCES = {
    "app.normandy.enabled": False,
    "app.update.auto": False,
    "app.update.enabled": False,
    "browser.aboutHomeSnippets.updateUrl": "",
    "browser.newtabpage.enabled": False,
    "browser.region.network.url": "",
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.search.update": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.disable_open_during_load": True,
    "extensions.getAddons.cache.enabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.http.speculative-parallel-limit": 0,
    "network.prefetch-next": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.server": "data:,",
}
LISTENS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")


def found() -> str | None:
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Firefox:
    """One window of a running Firefox, and all that it told since the last `forget`."""

    def __init__(self, address: str) -> None:
        self._socket = websocket.create_connection(f"{address}/session", timeout=60, suppress_origin=True)
        self._numbers = count(1)
        self.events: list[dict[str, Any]] = []
        self.pages: dict[str, str] = {}
        self.ask("session.new", capabilities={"alwaysMatch": {"unhandledPromptBehavior": {"default": "dismiss"}}})
        self.window = self.ask("browsingContext.getTree")["contexts"][0]["context"]
        heard = ["log.entryAdded", "network.beforeRequestSent", "browsingContext.navigationStarted"]
        self.ask("session.subscribe", events=[*heard, "browsingContext.contextCreated"])

    def ask(self, method: str, **parameters: Any) -> Any:
        """What Firefox answers; raises `RuntimeError` with its words where it refuses."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            told = json.loads(self._socket.recv())
            if told.get("id") == number:
                if told["type"] == "error":
                    raise RuntimeError(f"{method}: {told['error']}: {told['message']}")
                return told["result"]
            if told["type"] == "event":
                self.events.append(told)
                self._intercepted(told)

    def _intercepted(self, told: dict[str, Any]) -> None:
        """A request that was held gets one of `pages`, or is failed: nothing leaves the browser."""
        if told["method"] != "network.beforeRequestSent" or not told["params"].get("isBlocked"):
            return
        asked = told["params"]["request"]
        answer: dict[str, Any] = {"id": next(self._numbers), "params": {"request": asked["request"]}}
        body = self.pages.get(asked["url"])
        if body is None:
            answer["method"] = "network.failRequest"
        else:
            kind = {"name": "Content-Type", "value": {"type": "string", "value": "text/html; charset=utf-8"}}
            answer["method"] = "network.provideResponse"
            content = {"type": "base64", "value": base64.b64encode(body.encode("utf-8", "replace")).decode()}
            answer["params"] |= {"statusCode": 200, "headers": [kind], "body": content}
        self._socket.send(json.dumps(answer))

    def hold(self, *schemes: str) -> None:
        """Requests of these schemes are told, and answered from `pages` or failed."""
        patterns = [{"type": "pattern", "protocol": scheme} for scheme in schemes]
        self.ask("network.addIntercept", phases=["beforeRequestSent"], urlPatterns=patterns)

    def before_each_page(self, script: str) -> None:
        self.ask("script.addPreloadScript", functionDeclaration=f"() => {{ {script} }}")

    def forget(self) -> None:
        self.events.clear()

    def go(self, address: str, wait: str = "complete") -> None:
        self.ask("browsingContext.navigate", context=self.window, url=address, wait=wait)

    def value(self, expression: str) -> Any:
        """The value of an expression of JavaScript that gives text, a number or nothing."""
        target = {"context": self.window}
        told = self.ask("script.evaluate", expression=expression, target=target, awaitPromise=True)
        if told["type"] == "exception":
            raise RuntimeError(told["exceptionDetails"]["text"])
        return told["result"].get("value")

    def until(self, expression: str, seconds: float = 30.0) -> None:
        ends = time.monotonic() + seconds
        while not self.value(expression):
            if time.monotonic() > ends:
                raise TimeoutError(f"not within {seconds:.0f} s: {expression}")
            time.sleep(0.05)

    def told(self, method: str) -> list[dict[str, Any]]:
        """The parameters of what it told by this name, in order."""
        return [event["params"] for event in self.events if event["method"] == method]

    def logged(self) -> list[str]:
        return [str(entry.get("text")) for entry in self.told("log.entryAdded")]

    def requested(self) -> list[str]:
        """Addresses that pages asked for beyond themselves."""
        asked = (entry for entry in self.told("network.beforeRequestSent") if entry["context"])
        urls = (entry["request"]["url"] for entry in asked)
        return [
            url for url in urls if url not in self.pages and not url.startswith(("file:", "data:", "about:", "blob:"))
        ]

    def navigated(self) -> list[str]:
        """Where the window itself went, frames apart."""
        started = self.told("browsingContext.navigationStarted")
        return [entry["url"] for entry in started if entry["context"] == self.window]

    def close(self) -> None:
        self._socket.close()


@contextmanager
def running(profile: Path) -> Iterator[Firefox]:
    """A Firefox without a screen on a new profile; raises `RuntimeError` where there is none."""
    path = found()
    if path is None:
        raise RuntimeError("no Firefox on the PATH: install Debian's firefox-esr")
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "user.js").write_text("\n".join(lines), encoding="utf-8")
    command = [path, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    heard = profile / "heard.txt"
    with heard.open("w") as written:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=written)
    try:
        window = Firefox(_address(process, heard))
        try:
            yield window
        finally:
            window.close()
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(process: "subprocess.Popen[bytes]", heard: Path, seconds: float = 60.0) -> str:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and process.poll() is None:
        if told := LISTENS.search(heard.read_text(errors="replace")):
            return told.group(1)
        time.sleep(0.05)
    raise RuntimeError("Firefox does not listen: " + heard.read_text(errors="replace")[-500:])
