"""Clients by class and routes by template: the two ways in which traffic is split before any rate."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netra_analysis.logtext.route import route_template, route_templates
from netra_analysis.logtext.user_agent import client_class

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0 Safari/537.36"


@pytest.mark.parametrize(
    ("method", "agent", "kind"),
    [
        ("GET", CHROME, "browser"),
        ("OPTIONS", CHROME, "preflight"),
        ("OPTIONS", "python-httpx/0.28.1", "script"),
        ("GET", "GoogleHC/1.0", "uptime_check"),
        ("GET", "GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)", "uptime_check"),
        ("GET", "kube-probe/1.31", "uptime_check"),
        ("POST", "Netra-E2E-Tests/1.0", "test_client"),
        ("GET", CHROME.replace("Chrome", "HeadlessChrome"), "test_client"),
        (
            "POST",
            "Mozilla/5.0 (compatible; DatadogSynthetics/1.0; +https://docs.datadoghq.com/synthetics)",
            "test_client",
        ),
        ("GET", "python-requests/2.32", "script"),
        ("GET", "Python/3.11 websockets/12.0", "script"),
        ("GET", "curl/8.5.0", "script"),
        ("GET", "Go-http-client/2.0", "script"),
        ("GET", "node", "script"),
        ("GET", "Scanner/1.0", "scanner"),
        ("GET", "unheard-of", "other"),
        ("GET", "", "other"),
        (None, None, "other"),
    ],
)
def test_client_classes(method: str | None, agent: str | None, kind: str) -> None:
    assert client_class(method, agent) == kind


def test_an_origin_makes_any_options_request_a_preflight() -> None:
    assert client_class("OPTIONS", "node", has_origin_hint=True) == "preflight"
    assert client_class("GET", "node", has_origin_hint=True) == "script"


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/api/threads/42/messages", "/api/threads/{id}/messages"),
        ("/api/threads?limit=20&offset=0", "/api/threads"),
        ("https://api.example.com/api/mcp/config?x=1", "/api/mcp/config"),
        ("https://api.example.com", "/"),
        ("/api/runs/4e8a189d-d52b-4110-bcb1-63c9ea8d0100/status", "/api/runs/{id}/status"),
        ("/api/thread/thread_websocket_factory_1757372478799_528_584ef8a5/runs", "/api/thread/{id}/runs"),
        ("/jobs/01HZX4K8QWERTYUIOPAS", "/jobs/{id}"),
        ("/api/a1b2c3d4e5f60718", "/api/{id}"),
        ("/api/threads/1184bd6d/messages", "/api/threads/{id}/messages"),
        ("/c/4f2a9c1", "/c/{id}"),
        ("/facade/decade/bad1dea", "/facade/decade/bad1dea"),
        ("/reports/2025-09-02", "/reports/{id}"),
        ("/users/bob@example.com", "/users/{id}"),
        ("/u/demo-user-001", "/u/{id}"),
        ("/api/run_agent_v2", "/api/run_agent_v2"),
        ("/v1/oauth2/callback", "/v1/oauth2/callback"),
        ("/auth/check-blacklist", "/auth/check-blacklist"),
        ("/api/messages/invalid-id", "/api/messages/invalid-id"),
        ("/_next/static/chunks/main-9f2c1b3a4d5e6f70.js", "/_next/static/chunks/main-{hash}.js"),
        ("/static/main.4f3a2b1c.css", "/static/main.{hash}.css"),
        ("/_next/static/Xy12abCDefGhIjKlMnOpQ/_buildManifest.js", "/_next/static/{id}/_buildManifest.js"),
        ("/favicon.ico", "/favicon.ico"),
        ("//health//ready/", "/health/ready"),
        ("", "/"),
        ("/" + "a/" * 40, "/" + "a/" * 12 + "…"),
    ],
)
def test_routes(path: str, route: str) -> None:
    assert route_template(path) == route


@given(st.text(max_size=80))
def test_routes_of_many_are_those_of_each(path: str) -> None:
    """Where nothing else stands beside it."""
    assert route_templates([path, "/", ""]) == {one: route_template(one) for one in (path, "/", "")}


@given(st.text(max_size=80))
def test_a_route_is_its_own_route(path: str) -> None:
    assert route_template(route_template(path)) == route_template(path)


NANOIDS = [f"/v1/items/{'ABCDEFGHJK'[n // 10]}bpq{n % 10}Rst{n}x/label" for n in range(60)]


def test_an_id_in_no_form_of_its_own_is_known_by_those_in_the_same_place() -> None:
    odd = {
        "/v1/items/eepwFjtgZPj/label": "/v1/items/{id}/label",
        "/v1/items/undefined/label": "/v1/items/undefined/label",
    }
    found = route_templates([*NANOIDS, *odd])
    assert {path: found[path] for path in odd} == odd
    assert {found[path] for path in NANOIDS} == {"/v1/items/{id}/label"}
    assert route_templates(odd) == {path: path for path in odd}


def test_names_of_methods_are_no_ids_however_many() -> None:
    methods = [f"/shop.Orders/Get{letter}Things" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    assert route_templates(methods) == {path: path for path in methods}
    with_number = [*methods, "/shop.Orders/ListV2Things"]
    assert route_templates(with_number)["/shop.Orders/ListV2Things"] == "/shop.Orders/ListV2Things"


@pytest.mark.parametrize("id_", [str, "{:08x}-0000-4000-8000-000000000000".format, "2026-03-{:02d}".format])
def test_beside_ids_of_a_plain_form_a_name_stays_a_name(id_: Callable[[int], str]) -> None:
    plain = [f"/api/orders/{id_(n)}" for n in range(60)]
    found = route_templates([*plain, "/api/orders/exportCsv", "/api/orders/top9Sellers"])
    assert found["/api/orders/exportCsv"] == "/api/orders/exportCsv"
    assert found["/api/orders/top9Sellers"] == "/api/orders/top9Sellers"
    assert {found[path] for path in plain} == {"/api/orders/{id}"}


def test_each_place_of_a_path_may_hold_an_id() -> None:
    both = [f"/stores/q{n}Wertz{n}/items/{n}k{n}Bcde" for n in range(25)]
    assert set(route_templates(both).values()) == {"/stores/{id}/items/{id}"}
