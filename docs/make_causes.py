"""Writes docs/causes/ from the catalogue: `make docs`. A page a cause and an index; none of it is written by hand."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from netra_analysis.hypotheses.catalogue import Cause, causes

FOLDER = Path(__file__).parent / "causes"
MADE = "<!-- Made by docs/make_causes.py from netra_analysis/hypotheses/causes.yaml; change it there. -->"


def pages(known: Sequence[Cause] = ()) -> dict[str, str]:
    """File name to text of every page."""
    known = known or causes()
    return {"README.md": _index(known), **{f"{cause.id}.md": _page(cause, known) for cause in known}}


def _index(known: Sequence[Cause]) -> str:
    rows = [f"| [{cause.title}]({cause.id}.md) | {cause.mechanism} |" for cause in known]
    head = ["# Causes that are weighed", "", MADE, "", "| cause | mechanism |", "|---|---|"]
    return "\n".join([*head, *rows, ""])


def _page(cause: Cause, known: Sequence[Cause]) -> str:
    parts = [
        f"# {cause.title}",
        MADE,
        f"`{cause.id}`. {cause.mechanism}",
        "## What must be seen",
        _listed(_group(group, cause) for group in cause.needs),
        "One that was looked for and is not there contradicts the cause; one that nobody could see leaves it open.",
        *_more("Speaks for it, and is not required", cause.supports),
        *_more("What refutes it", cause.against, "Nothing but the lack of what must be seen."),
        "## Its neighbours",
        cause.apart,
        *_neighbours(cause, known),
        "## What to log, so that it can be told next time",
        _sentence(cause.log_next),
        "## What to do",
        _listed(_sentence(action) for action in cause.actions),
        "## Sources",
        _listed(_sentence(source) for source in cause.sources),
        "[All causes](README.md) · [How to read the evidence](../reading-the-evidence.md)",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _sign(name: str) -> str:
    return f"{name.replace('_', ' ')} (`S-{name}`)"


def _group(group: Sequence[str], cause: Cause) -> str:
    early = ", not later than the failures" if set(group) & set(cause.early) else ""
    return " or ".join(map(_sign, group)) + early


def _more(title: str, signs: Sequence[str], nothing: str = "") -> list[str]:
    if not signs and not nothing:
        return []
    return [f"## {title}", _listed(map(_sign, signs)) if signs else nothing]


def _neighbours(cause: Cause, known: Sequence[Cause]) -> list[str]:
    """Causes that bring this one about or follow from it, and those that need one of the same signs."""
    needed = {sign for group in cause.needs for sign in group}
    lines = [
        ("Follows from it", [c for c in known if c.id in cause.symptoms]),
        ("It may follow from", [c for c in known if cause.id in c.symptoms]),
        ("Needs one of the same signs", [c for c in known if c != cause and needed & {s for g in c.needs for s in g}]),
    ]
    links = [f"{word}: {', '.join(f'[{c.title}]({c.id}.md)' for c in others)}." for word, others in lines if others]
    return [_listed(links)] if links else []


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    made = pages()
    for old in FOLDER.glob("*.md"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(made)} pages in {FOLDER.name}/\n")


if __name__ == "__main__":
    main()
