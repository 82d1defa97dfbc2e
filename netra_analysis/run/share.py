"""One task's share of many params files, where a platform runs the same command as several tasks."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from netra_analysis.errors import RequestError

INDEX, COUNT = "CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT"  # which Cloud Run sets in each task of a job


def files(params: Sequence[Path]) -> list[Path]:
    """The params files that are meant: a folder stands for the `.yaml` files in it."""
    return [file for path in params for file in (_inside(path) if path.is_dir() else [path])]


def _inside(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.yaml"))
    if not found:
        raise RequestError(f"the folder {folder} holds no .yaml file; give params files, or a folder of such")
    return found


def share(params: Sequence[Path], environment: Mapping[str, str]) -> list[Path]:
    """Every `count`-th file from `index` on, of the files in order of their names; all where no platform numbers tasks.

    In order of their names, because the tasks may list a folder differently; together they have each file once.
    """
    if INDEX not in environment and COUNT not in environment:
        return list(params)
    index, count = _whole(environment, INDEX), _whole(environment, COUNT)
    if not 0 <= index < count:
        raise RequestError(f"{INDEX} is {index} and {COUNT} is {count}; the platform numbers tasks from 0 to count - 1")
    return sorted(params, key=lambda path: (path.name, str(path)))[index::count]


def distinct(params: Sequence[Path]) -> None:
    """Refuses two files that name one incident: they would publish into one folder, the later over the earlier."""
    if len(params) < 2:
        return
    from netra_analysis.params import load  # slow to import, and a run of one file need not wait for it here

    named: dict[str, list[str]] = {}
    for path in params:
        try:
            named.setdefault(load(path).incident, []).append(path.name)
        except RequestError:  # the run of that file tells what is wrong with it
            continue
    if twice := {incident: names for incident, names in named.items() if len(names) > 1}:
        said = "; ".join(f"{incident} in {' and '.join(names)}" for incident, names in sorted(twice.items()))
        raise RequestError(f"each params file needs an incident of its own; given twice: {said}")


def _whole(environment: Mapping[str, str], name: str) -> int:
    text = environment.get(name, "")
    if not text.isdecimal():
        raise RequestError(f"{name} is {text!r}, not a number; {INDEX} and {COUNT} are set together, by the platform")
    return int(text)
