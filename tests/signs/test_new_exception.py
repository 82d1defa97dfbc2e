"""An exception that only a new revision raises, in the languages whose stacks are read."""

from pathlib import Path

import pytest

from netra_analysis.finding import Verdict
from tests.entries import opened, request, said
from tests.signs.looks import calm, sign

RAILS = "NoMethodError (undefined method 'total' for nil):\n\napp/models/order.rb:42:in 'Order#total'"
DOTNET = (
    "System.ArgumentNullException: Value cannot be null. (Parameter 'order')\n"
    "   at Shop.OrderService.<Total>d__4.MoveNext() in /src/OrderService.cs:line 42"
)
PHP = (
    "PHP Fatal error:  Uncaught ArgumentCountError: Too few arguments in /var/www/html/app/Order.php:4\n"
    "Stack trace:\n#0 {main}"
)
GO = "2026/03/04 12:10:00 http: panic serving 169.254.1.1:2054: runtime error: index out of range [3] with length 2"
RUST = "thread 'tokio-runtime-worker' panicked at src/pricing/tier.rs:88:17:"
AWAY = "ActiveRecord::ConnectionNotEstablished (connection refused):\n\napp/models/order.rb:42:in 'total'"
NEW = "shop-00002-new"


def failing(stack: str) -> list[object]:
    lines = [said(600.3 + 5 * n, stack, revision=NEW) for n in range(60)]
    return [*calm(600), *(request(600 + 5 * n, 500, revision=NEW, latency=0.5) for n in range(60)), *lines]


@pytest.mark.parametrize("stack", [RAILS, DOTNET, PHP, GO, RUST])
def test_a_fault_of_the_code_is_told_by_its_type(tmp_path: Path, stack: str) -> None:
    found = sign(tmp_path, "new_exception", failing(stack))
    assert (found.verdict, found.n, found.share) == (Verdict.FIRED, 60, 1.0)


def test_with_the_new_revision_alone_failing_it_is_the_cause(tmp_path: Path) -> None:
    assert opened(tmp_path, [*failing(DOTNET), *calm(3600, "/api/y")]).verdict == "code_regression"


JACKSON = (
    "com.fasterxml.jackson.databind.exc.InvalidDefinitionException: Java 8 date/time type `java.time.LocalDate` "
    "not supported by default\n\tat com.shop.OfferResource.offer(OfferResource.java:61)"
)


def test_what_the_new_revision_alone_raises_is_its_own_whatever_its_type(tmp_path: Path) -> None:
    others = [request(600 + 5 * n, 200, revision="shop-00001-abc") for n in range(60)]
    assert sign(tmp_path, "new_exception", [*failing(JACKSON), *others]).verdict is Verdict.FIRED
    both = [request(602 + 5 * n, 500, revision="shop-00001-abc") for n in range(60)]
    assert sign(tmp_path, "new_exception", [*failing(JACKSON), *both]).verdict is Verdict.CLEAR


def test_a_type_that_a_dependency_raises_is_none(tmp_path: Path) -> None:
    assert sign(tmp_path, "new_exception", failing(AWAY)).verdict is Verdict.CLEAR
