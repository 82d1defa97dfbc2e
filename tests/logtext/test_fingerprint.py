"""Equal failures have equal fingerprints; an outer frame is never the failing function."""

from netra_analysis.logtext.fingerprint import CUT_TITLE, behind, fingerprint, fingerprint_of
from netra_analysis.logtext.traceback import find_exceptions

RUNNER = (
    '  File "/usr/local/lib/python3.11/asyncio/runners.py", line 118, in run\n'
    "    return self._loop.run_until_complete(task)\n"
)


def text(line: int = 294, root: str = "/app", outer: str = "execute", message: str = "no") -> str:
    return (
        f"Traceback (most recent call last):\n{RUNNER}"
        f'  File "{root}/shop/app/routes/agents.py", line 7, in {outer}\n    make()\n'
        f'  File "{root}/shop/app/database/session_manager.py", line {line}, in validate_agent\n    raise\n'
        f"shop.SessionIsolationError: {message}"
    )


def of(body: str):
    return fingerprint(find_exceptions(body)[-1])


def test_lines_machines_and_values_do_not_matter() -> None:
    assert of(text()) == of(text(line=304)) == of(text(root="/home/app/build")) == of(text(message="session 7"))


def test_the_path_to_the_failure_matters_to_the_fine_id_only() -> None:
    one, other = of(text()), of(text(outer="triage"))
    assert one.fine != other.fine
    assert one.coarse == other.coarse


def test_title_why_and_version() -> None:
    found = of(text())
    assert found.title == "SessionIsolationError in validate_agent (session_manager.py)"
    assert (
        found.why
        == "type SessionIsolationError and 2 own frames by function and module, ending in execute → validate_agent"
    )
    assert found.fine.startswith("x1-")
    assert found.coarse.startswith("x1c-")


def test_a_cut_one_has_no_failing_function() -> None:
    found = of("Traceback (most recent call last):\n" + RUNNER)
    assert (found.title, found.function, found.type) == (CUT_TITLE, None, None)


def test_an_outer_frame_is_never_the_failing_function() -> None:
    found = of("Traceback (most recent call last):\n" + RUNNER + "ValueError: no")
    assert (found.title, found.function) == ("ValueError", None)


def test_without_frames_the_masked_message_tells_them_apart() -> None:
    assert of("ValueError: user 7").fine == of("ValueError: user 8").fine != of("ValueError: disk full").fine


def test_wrappers_do_not_count_a_failure_twice() -> None:
    chain = "\n\nDuring handling of the above exception, another exception occurred:\n\n"
    wrapped = 'Traceback (most recent call last):\n  File "/app/main.py", line 3, in boot\nRuntimeError: no'
    exceptions = find_exceptions(text() + chain + wrapped)
    assert behind(exceptions) == exceptions[0]
    assert fingerprint_of(exceptions) == of(text())
    assert fingerprint_of(()) is None
