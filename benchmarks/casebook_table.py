"""The casebook at a glance: one row per incident under one seed, and how long each took to make.

    python benchmarks/casebook_table.py [--seed 1] [--only NAME …]

Entries are lines of the dump; 5xx and deaths are the window's, by the simulation's own notes.
"""

import argparse
import sys
import time
from pathlib import Path

# Runs from a checkout, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from netra_analysis import casebook


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def row(incident: casebook.Incident) -> str:
    """One incident, run and counted."""
    began = time.perf_counter()
    truth = casebook.record(incident).truth
    took, failed, deaths = time.perf_counter() - began, truth["failed_requests"], len(truth["crash_episodes"])
    minutes = (incident.window.end - incident.origin).total_seconds() / 60
    fates = " ".join(f"{name}:{count}" for name, count in failed["fates"].items())
    fates += f" (429: {failed['refused_429']})" if failed.get("refused_429") else ""
    missing = ",".join(truth.get("withheld", ())) or "-"
    onset = (truth["onset"] or "-")[11:19] or "-"
    return (
        f"{incident.name:<27}{incident.cause:<21}{truth['entries']:>8}{failed['total']:>6}{deaths:>7}{minutes:>8.0f}"
        f"  {onset:<9}{missing:<9}{took:>5.1f}s  {fates}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=None, metavar="NAME")
    asked = parser.parse_args()
    head = f"{'incident':<27}{'cause':<21}{'entries':>8}{'5xx':>6}{'deaths':>7}{'minutes':>8}  "
    say(f"{head}{'onset':<9}{'missing':<9}{'took':>6}  fates")
    for incident in casebook.INCIDENTS:
        if asked.only is None or incident.name in asked.only:
            varied = incident if incident is casebook.INCIDENTS[0] else incident.seeded(asked.seed)
            say(row(varied))


if __name__ == "__main__":
    main()
