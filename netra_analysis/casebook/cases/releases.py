"""What a release or a setting brings: exceptions on a code path, wrong secrets, starts that fail."""

from dataclasses import replace

from netra_analysis.casebook.cases.case import Case
from netra_analysis.casebook.cases.scene import Scene
from netra_analysis.casebook.engine.cluster import Cluster
from netra_analysis.casebook.engine.program import Boot, Span
from netra_analysis.casebook.voices.clinic import CLINIC
from netra_analysis.casebook.voices.netra import NETRA
from netra_analysis.casebook.voices.orders import ORDERS


def _perhaps_rolled_back(scene: Scene) -> None:
    if scene.chance(0.6):
        scene.rolls_back(scene.over)


def _session_in_wrong_argument(scene: Scene) -> None:
    """The request's session lands in another parameter; the validator refuses every such agent."""
    scene.crowd(0, per_hour=20.0 * scene.given.rate)
    scene.deploys(scene.onset, defects=(scene.defect("wrong_session", "write", "write2", after_s=(0.03, 0.11)),))
    _perhaps_rolled_back(scene)


def _missing_value(scene: Scene) -> None:
    """A page fails for part of the people who open it."""
    share = min(1.0, 0.55 * scene.severity)
    scene.deploys(scene.onset, defects=(scene.defect("coroutine", "plain", share=share),))
    _perhaps_rolled_back(scene)


def _renamed_column(scene: Scene) -> None:
    """The code knows a column that the database does not."""
    scene.deploys(scene.onset, defects=(scene.defect("keyword", "write"),))
    _perhaps_rolled_back(scene)


def _rotated_password(scene: Scene) -> None:
    """The database's password is changed; the service still has the old one."""
    scene.runs(pool_size=0, pool_overflow=12)
    scene.bystander()
    scene.database(scene.onset, password_valid=False)
    if scene.chance(0.7):
        scene.database(scene.over, password_valid=True)


def _other_signing_key(scene: Scene) -> None:
    """The release reads another key than the one that tokens are signed with."""
    defect = scene.defect("denied_token", "login", "call", after_s=(0.003, 0.02))
    scene.deploys(scene.onset, defects=(defect,))
    _perhaps_rolled_back(scene)


def _rules_read_at_the_start(scene: Scene) -> None:
    """Booking rules that the code cannot call are put where starts read them: who runs has the old ones.

    An instance is moved then, and perhaps another; nobody deploys anything.
    """
    scene.scales(first=3, least=3)
    scene.crowd(0, per_hour=30.0 * scene.given.rate)
    changed = Span(scene.onset - 120.0)
    scene.runs(defects=(replace(scene.defect("keyword", "write", "plain"), born=changed),))
    scene.at(scene.onset, Cluster.recycle)
    if scene.chance(0.5):
        scene.at(scene.onset + scene.rng.uniform(300.0, 700.0), Cluster.recycle)


def _setting_absent(scene: Scene) -> None:
    """A required setting is not there: each worker stops while it loads."""
    scene.deploys(scene.onset, boot=Boot("late", "setting", 3, (2.5, 5.0)))
    scene.rolls_back(scene.onset + scene.rng.uniform(300.0, 800.0))


def _module_not_in_image(scene: Scene) -> None:
    """The image lacks a module. The master listens, so the probe passes; the worker dies after it."""
    scene.deploys(scene.onset, boot=Boot("late", "module", 3, (2.5, 5.0)))
    scene.rolls_back(scene.onset + scene.rng.uniform(300.0, 800.0))


def _gone_at_the_next_start(scene: Scene) -> None:
    """A file that every start needs is deleted; nothing happens until an instance is moved."""
    until = scene.onset + scene.rng.uniform(400.0, 900.0)
    scene.bystander()
    scene.runs(boot=Boot("exit", "migration", 1, (3.0, 6.0), Span(scene.onset - 200.0, until)))
    scene.at(scene.onset, Cluster.recycle)


def _start_that_hangs(scene: Scene) -> None:
    """Starts wait for something that does not come, until the probe gives up; an instance is moved meanwhile."""
    until = scene.onset + scene.rng.uniform(400.0, 700.0)
    scene.runs(boot=Boot("hang", "migration", 0, (240.0, 241.0), Span(scene.onset - 200.0, until)))
    scene.at(scene.onset, Cluster.recycle)


def _refused_release(scene: Scene) -> None:
    """A release that never starts gets no traffic; the one before it serves on."""
    broken = Boot("exit", "module", 1, (4.0, 9.0))
    for when in (scene.onset, scene.onset + scene.rng.uniform(300.0, 700.0)):
        scene.script.deploy(when, replace(scene.program, revision=scene.next_revision(), boot=broken), 21.0)


RELEASES = (
    Case("session-in-wrong-argument", "A release passes the session into the wrong argument: every agent is refused",
         "code_regression", NETRA, _session_in_wrong_argument),
    Case("missing-value", "A release fails on calendars with an empty day", "code_regression", CLINIC, _missing_value),
    Case("renamed-column", "A release asks for a column that is not there", "code_regression", ORDERS, _renamed_column),
    Case("rotated-password", "The database's password was changed, the service's was not", "config_or_secret", ORDERS,
         _rotated_password),
    Case("other-signing-key", "A release verifies tokens with another key", "config_or_secret", CLINIC,
         _other_signing_key, (), ("code_regression",)),
    Case("rules-read-at-the-start", "Whoever starts reads rules that the code cannot call; who runs has the old ones",
         "config_or_secret", CLINIC, _rules_read_at_the_start, ("code_regression",)),
    Case("setting-absent", "A required setting is absent, so that no worker starts", "config_or_secret", CLINIC,
         _setting_absent, ("startup_failure",), ("startup_failure",)),
    Case("module-not-in-image", "The image lacks a module: workers die behind an open port", "startup_failure", CLINIC,
         _module_not_in_image),
    Case("gone-at-the-next-start", "A file that every start needs is gone, and an instance is moved", "startup_failure",
         ORDERS, _gone_at_the_next_start),
    Case("start-that-hangs", "Starts hang until the probe gives up", "startup_failure", NETRA, _start_that_hangs),
    Case("refused-release", "A release never starts; the one before it serves on", "startup_failure", ORDERS,
         _refused_release),
)  # fmt: skip
