"""How a series remembers: a part of its variance that fades from step to step, and a part that is new each time."""

from dataclasses import dataclass

import numpy as np

from netra_analysis.statistics.series import Floats

LAGS = 10
LONGEST = 0.998


@dataclass(frozen=True, slots=True)
class Memory:
    """Autocorrelation `share`·`phi`^k at k steps: an AR(1) seen through noise, as a rate is through its counts."""

    phi: float
    share: float

    @property
    def inflation(self) -> float:
        """By how much it widens the variance of a long mean. Source: Bartlett (1935)."""
        return self.share * (1 + self.phi) / (1 - self.phi) + 1 - self.share

    def variance(self, count: Floats) -> Floats:
        """Variance of the mean of `count` steps of unit variance. Source: Box & Jenkins (1970)."""
        n, phi = np.maximum(count, 1.0), self.phi
        fading = (1 + phi) / (1 - phi) / n - 2 * phi * (1 - phi**n) / ((1 - phi) ** 2 * n**2)
        return np.asarray(self.share * fading + (1 - self.share) / n)

    def longer(self, seen: "Memory", average: "Memory") -> "Memory":
        """This memory, lengthened by what estimates of it (`average`) fall short; never below `seen`."""
        phi = seen.phi + max(self.phi - average.phi, 0.0)
        return held(phi, seen.share + max(self.share - average.share, 0.0))


NONE = Memory(0.0, 0.0)


def held(phi: float, share: float) -> Memory:
    return Memory(float(np.clip(phi, 0.0, LONGEST)), float(np.clip(share, 0.0, 1.0)))


def memory_of(rest: Floats) -> Memory:
    """The memory of `rest` (n,), between steps that were both measured.

    Where the first autocorrelation is within its noise, it is all the memory there is. Else it fades at the
    rate at which the first `LAGS` autocorrelations do. Source: method of moments for an AR(1) with observation
    noise, as in Walker (1960), Some consequences of superimposed error in time series analysis.
    """
    rho = _autocorrelations(rest)
    if rho[0] < 2 / np.sqrt(max(len(rest), 1)):
        return held(max(rho[0], 0.0), 1.0)
    phi = float(np.clip(rho[1:].sum() / rho[:-1].sum(), rho[0], LONGEST)) if rho[:-1].sum() > 0 else float(rho[0])
    return held(phi, float(rho[0]) / phi)


def average(memories: list[Memory]) -> Memory:
    return held(float(np.mean([m.phi for m in memories])), float(np.mean([m.share for m in memories])))


def _autocorrelations(rest: Floats) -> Floats:
    """The first `LAGS` of them; 0 for a series that does not vary."""
    known = ~np.isnan(rest)
    spread = float(np.var(rest[known])) if known.any() else 0.0
    if not spread > 0:
        return np.zeros(LAGS)
    centred = np.where(known, rest - rest[known].mean(), 0.0)
    both = [max(int((known[k:] & known[:-k]).sum()), 1) for k in range(1, LAGS + 1)]
    return np.array([centred[k:] @ centred[:-k] / both[k - 1] / spread for k in range(1, LAGS + 1)])
