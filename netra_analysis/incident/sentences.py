"""Sentences put together from several findings: the summary, the causes, what speaks for and against them."""

from collections.abc import Sequence

from netra_analysis import summary
from netra_analysis.errors import RequestError
from netra_analysis.hypotheses.matrix import Judgement
from netra_analysis.incident.answers import Answers
from netra_analysis.report.blocks import Card, ClaimList, Tiles
from netra_analysis.signs.sign import Sign


class Sentences(Answers):
    """What may be said in a word about the whole incident, each sentence a claim."""

    def what_next(self) -> Card:
        """What to do about the causes that are supported; where none is, what to log so that the data can tell."""
        if self.verdict == "no_incident":
            return Card("What next", "No request failed and no instance died, as far as was looked at.", "quiet")
        supported = [j.cause for j in self.judgements if j.status == "supported"]
        if self.verdict != "inconclusive" and supported:
            return Card("What next", "\n".join(f"{c.title}: {'; '.join(c.actions)}." for c in supported))
        open_ = [j.cause for j in self.judgements if j.status in ("inconclusive", "untestable")][:3]
        return Card("What next: log what would tell", "\n".join(f"{c.title}: {c.log_next}." for c in open_), "warning")

    def said_of(self, finding: str, *names: str) -> ClaimList:
        """Claims of one finding by their ids, in the order given."""
        by_id = {claim.id: claim for claim in self.claims_of(finding)}
        return ClaimList(tuple(by_id[name] for name in names if name in by_id))

    def in_short(self) -> ClaimList:
        """What users saw, the leading explanation with what speaks against it, and what ended it: three sentences."""
        return self.said_of(summary.NAME, *summary.SENTENCES)

    def impact(self) -> Tiles | Card:
        """The numbers of the impact, each the value of a claim; a note where the data give none."""
        costs = [claim for claim in self.claims_of(summary.NAME) if claim.id not in summary.SENTENCES]
        budget = [claim for claim in self.objectives.claims if claim.id == "OB1" and claim.short]
        waited = [claim for claim in self.hindsight.claims if claim.id == f"HS-{self.verdict}"]
        counted = (*costs, *budget, *waited)
        return Tiles(counted) if counted else Card("No impact can be counted", self.in_short().claims[0].text, "quiet")

    def impact_claims(self) -> ClaimList:
        """The sentences behind the numbers of the impact."""
        return ClaimList(tuple(claim for claim in self.claims_of(summary.NAME) if claim.id not in summary.SENTENCES))

    def detection(self) -> ClaimList:
        """How soon it could be known and when it ended: the proposed alert, the evidence, the last failure."""
        known = {claim.id: claim for claim in (*self.alerts.claims, *self.hindsight.claims)}
        soon = [known[name] for name in ("AL1", f"HS-{self.verdict}") if name in known]
        return ClaimList((*soon, *self.said_of(summary.NAME, "SU-end").claims))

    def leading(self) -> ClaimList:
        """What is said of the causes that are supported, the first of them first."""
        supported = [j for j in self.judgements if j.status == "supported"]
        return self.said_of("causes", *(f"H-{j.cause.id}" for j in supported or self.judgements[:1]))

    def signs_for(self, cause: str = "") -> ClaimList:
        """The signs that speak for a cause; for the first in rank when none is named."""
        judgement = self._judgement(cause)
        return self._signs(judgement.pro, f"Nothing that was looked for speaks for “{judgement.cause.title}”.")

    def signs_against(self, cause: str = "") -> ClaimList:
        """The signs that speak against a cause: for the first in rank these are its counter-evidence."""
        judgement = self._judgement(cause)
        return self._signs(judgement.con, f"Nothing that was looked for speaks against “{judgement.cause.title}”.")

    def _signs(self, signs: Sequence[Sign], otherwise: str) -> ClaimList:
        """The sentences of some signs; where there is none, words that say so instead of an empty place."""
        said = self.said_of("signs", *(sign.claim for sign in signs))
        return said if said.claims else ClaimList((), lead=otherwise)

    def why_not(self) -> ClaimList:
        """What is said of every cause that the data contradict."""
        return self.said_of("causes", *(f"H-{j.cause.id}" for j in self.judgements if j.status == "contradicted"))

    def earlier_audit(self) -> ClaimList | Card:
        """The earlier audit, claim by claim."""
        if not self.params.audit:
            return Card("No earlier audit", "The parameters name none (key: audit).", "quiet")
        return self.said_of("audit", *(f"A-{held.claim.id}" for held in self.held))

    def _judgement(self, cause: str) -> Judgement:
        for judgement in self.judgements:
            if cause in ("", judgement.cause.id):
                return judgement
        known = ", ".join(sorted(j.cause.id for j in self.judgements))
        raise RequestError(f"no cause {cause!r} in the catalogue; there is {known}")
