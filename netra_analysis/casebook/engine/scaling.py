"""The limits of a service on its platform."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scaling:
    """How many instances, how many requests in each, and how long a request waits for a place."""

    least: int = 1
    most: int = 4
    first: int = 1
    concurrency: int = 80
    target: float = 0.6
    patience_s: float = 10.0
    refusal: int = 503
    timeout_s: float = 300.0
    idle_s: float = 900.0
    liveness_s: float = 5.0  # a liveness probe waits this long; three in a row are too many
