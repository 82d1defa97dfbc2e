"""What each detector and each measure answers, under its own name."""

from netra_analysis.answer import TITLES, Answer
from netra_analysis.investigation import Investigation
from netra_analysis.report.blocks import Verdicts


class Answers(Investigation):
    """An investigation whose findings are asked for by name: `inc.crashes`, `inc.memory`."""

    def answer(self, detector: str) -> Answer:
        """One answer by its name: a detector's, or `signs`, `causes`, `audit`."""
        return Answer(self.finding(detector), self.claims_of(detector), self.ask)

    @property
    def failed_requests(self) -> Answer:
        return self.answer("failed_requests")

    @property
    def crashes(self) -> Answer:
        return self.answer("crashes")

    @property
    def errors(self) -> Answer:
        return self.answer("errors")

    @property
    def event_loop(self) -> Answer:
        return self.answer("event_loop")

    @property
    def memory(self) -> Answer:
        return self.answer("memory")

    @property
    def pool(self) -> Answer:
        return self.answer("pool")

    @property
    def hindsight(self) -> Answer:
        return self.answer("hindsight")

    @property
    def timeline(self) -> Answer:
        return self.answer("timeline")

    @property
    def moved_first(self) -> Answer:
        return self.answer("moved_first")

    @property
    def what_differs(self) -> Answer:
        return self.answer("what_differs")

    @property
    def dose_response(self) -> Answer:
        return self.answer("dose_response")

    @property
    def objectives(self) -> Answer:
        return self.answer("objectives")

    @property
    def alerts(self) -> Answer:
        return self.answer("alerts")

    @property
    def what_if(self) -> Answer:
        return self.answer("what_if")

    @property
    def verdicts(self) -> Verdicts:
        """Each detector's verdict and its first sentence."""
        first = {name: self.answer(name).claims[0].text for name in self.findings}
        return Verdicts(tuple((TITLES[name], f.verdict, first[name]) for name, f in self.findings.items()))
