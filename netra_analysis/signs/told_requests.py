"""The scene with the application's own account of its requests, for data without a request log.

For signs that ask which requests fail: by revision, by instance, by input. What the platform saw, how long callers
waited and who they were is not in it.
"""

from dataclasses import replace
from functools import cached_property

import pandas as pd

from netra_analysis.query import Query
from netra_analysis.reconstruct.accounts import accounts
from netra_analysis.reconstruct.fates import FORCED
from netra_analysis.reconstruct.once import once
from netra_analysis.signs.scene import Scene
from netra_analysis.signs.sign import Sign
from netra_analysis.window import TimeWindow

MOST = 0.5  # of the failures that the platform counted have to be told of; of these fewer may be failures on demand
LEAST = 20  # requests told of: with fewer nobody writes access lines here


class _Told(Scene):
    @cached_property
    def requests(self) -> pd.DataFrame:
        return _within(accounts(self.tables), self.window)

    @cached_property
    def before(self) -> pd.DataFrame:
        return _within(accounts(self.tables), self.settings.baseline)

    def shown(self, requests: pd.DataFrame) -> Query | None:
        return self.rows_of(requests)

    @cached_property
    def failed(self) -> pd.DataFrame:
        return self.requests[self.requests["failed"]]


@once
def by_any_account(scene: Scene) -> Scene:
    """`scene`, or where it has no request log and the application tells of its requests, the scene with these."""
    if scene.has("requests") or len(_within(accounts(scene.tables), scene.window)) < LEAST:
        return scene
    told = _Told(scene.tables, scene.settings, scene.findings)
    told.since, told.onset = scene.since, scene.onset
    counted = float(scene.counted_failures(scene.window)["value"].sum())
    enough = told.fails_more and told.impact >= MOST * counted
    forced = told.during(told.failed, told.lines(FORCED, loud=False))
    return told if not told.impact or (enough and forced < MOST * told.impact) else scene


def own_words(scene: Scene, sign: Sign) -> Sign:
    """`sign`, which says so where it rests on the application's account."""
    if by_any_account(scene) is scene or not sign.fired:
        return sign
    return replace(sign, method=f"{sign.method}; by the application's own lines, for want of a request log")


def _within(requests: pd.DataFrame, span: TimeWindow) -> pd.DataFrame:
    return requests[(requests["end_time"] >= span.start) & (requests["end_time"] < span.end)]
