"""The catalogue of causes: data in `causes.yaml`, checked whole when it is read."""

from functools import cache
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from netra_analysis.errors import SchemaError

FILE = "causes.yaml"


class Cause(BaseModel):
    """One cause as the file states it; see the head of the file for what each field means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    title: str
    mechanism: str
    needs: tuple[tuple[str, ...], ...] = Field(min_length=1)
    supports: tuple[str, ...]
    against: tuple[str, ...]
    early: tuple[str, ...]
    explains: str
    symptoms: tuple[str, ...]
    apart: str
    log_next: str
    actions: tuple[str, ...]
    sources: tuple[str, ...]

    @model_validator(mode="after")
    def _early_is_predicted(self) -> "Cause":
        loose = set(self.early) - self.predicted
        if loose:
            raise ValueError(f"{self.id}: early names {', '.join(sorted(loose))}, which it does not predict")
        return self

    @property
    def predicted(self) -> frozenset[str]:
        """Every sign that would speak for it."""
        return frozenset(sign for group in self.needs for sign in group) | frozenset(self.supports)


@cache
def causes() -> tuple[Cause, ...]:
    """Every cause, in the file's order. A symptom that is no cause is refused."""
    text = (resources.files(__package__) / FILE).read_text(encoding="utf-8")
    found = tuple(Cause(id=name, **entry) for name, entry in yaml.safe_load(text).items())
    names = {cause.id for cause in found}
    for cause in found:
        unknown = set(cause.symptoms) - names
        if unknown:
            raise SchemaError(f"{cause.id} in {FILE} names symptoms that are no causes: {', '.join(sorted(unknown))}")
    return found
