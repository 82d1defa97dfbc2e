"""The shape of the house: floors, where input and output live, how a notebook looks, what the page says.

Each rule is a function from source text to a list of complaints, tried on a bad example before it is
held against ours.
"""

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "netra_analysis"
MODULES = sorted(PACKAGE.rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


# Floors


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """import-linter on the package in `folder`, with the contracts of its pyproject.toml."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    return subprocess.run(
        [*command, "--no-cache", "--no-logo"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_import_points_to_a_floor_below() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "line", "complaint"),
    [
        ("window", "import netra_analysis.schema", "netra_analysis.window -> netra_analysis.schema"),
        ("casebook", "import netra_analysis.cli", "netra_analysis.casebook -> netra_analysis.cli"),
        ("casebook", "import netra_analysis.tables", "netra_analysis.casebook -> netra_analysis.tables"),
        ("statistics", "import netra_analysis.schema", "netra_analysis.statistics -> netra_analysis.schema"),
        ("report", "import netra_analysis.charts", "netra_analysis.report -> netra_analysis.charts"),
        ("attic", "", "- netra_analysis.attic"),
    ],
)
def test_the_contracts_can_fail(tmp_path: Path, module: str, line: str, complaint: str) -> None:
    package = tmp_path / "netra_analysis"
    package.mkdir()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    names = {"errors", "window", "schema", "query", "finding", "tables", "charts", "cli", module}
    for name in ("__init__", *names):
        (package / f"{name}.py").write_text(line + "\n" if name == module else "")
    done = lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert complaint in done.stdout


# Input and output: it reads on one floor, it writes on another, and all between is pure

OUTWARD = ("sources", "score", "run", "run_*", "cli", "capsule", "casebook")
GRANTED = {"params": "path.read_text()"}  # the request is itself a file, and the only one read here
VERBS = re.compile(r"^(open|(read|write)_\w+|to_(csv|parquet|pickle|excel|feather)|mkdir|touch|unlink|rmtree)$")
PACKAGE_DATA = re.compile(r"(importlib\.)?(resources\.)?files\(\)")
CLOCKS = {"now", "utcnow", "today", "monotonic", "perf_counter", "time_ns"}
CLOCK_OWNERS = {"datetime", "date", "time", "dt"}
OUTWARD_MODULES = {"socket", "subprocess", "requests", "http.client", "urllib.request", "tempfile", "shutil"}


def dotted(node: ast.expr) -> str:
    """`os.environ` for the expression that reads so; what is no chain of names becomes `?`."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            return f"{dotted(value)}.{name}"
        case ast.Call(func=function):
            return f"{dotted(function)}()"
        case ast.BinOp(left=left, op=ast.Div()):
            return dotted(left)
    return "?"


def outward(source: str) -> list[str]:
    """What in `source` touches files, the network, the environment, the clock or an unseeded generator.

    A package's own data is part of its code: `files(__package__).joinpath(…).read_text()` is let through.
    """
    return [f"line {line}: {what}" for line, what in _outward(ast.parse(source))]


def _outward(tree: ast.AST) -> Iterator[tuple[int, str]]:
    own = {name.name for name in ast.walk(tree) if isinstance(name, ast.FunctionDef | ast.AsyncFunctionDef)}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, n.name) for n in names if n.name in OUTWARD_MODULES)
            case ast.ImportFrom(module=module, names=names):
                here = {str(module), *(f"{module}.{n.name}" for n in names)}
                outside = sorted(here & (OUTWARD_MODULES | {"os.environ", "os.getenv"}))
                yield from ((node.lineno, name) for name in outside)
            case ast.Attribute(value=ast.Name(id="os"), attr="environ" | "getenv"):
                yield node.lineno, f"os.{node.attr}"
            case ast.Call(func=ast.Name(id=name)) if VERBS.match(name) and name not in own:
                if name == "open" or name.startswith(("read_csv", "read_parquet", "read_json")):
                    yield node.lineno, f"{name}()"
            case ast.Call(func=ast.Attribute(value=owner, attr=name)):
                if is_outward_call(dotted(owner), name):
                    yield node.lineno, f"{dotted(owner)}.{name}()"
                elif name == "default_rng" and not (node.args or node.keywords):
                    yield node.lineno, "default_rng() without a seed"


def is_outward_call(owner: str, name: str) -> bool:
    if VERBS.match(name):
        return not PACKAGE_DATA.match(owner)
    if name in CLOCKS:
        return owner.split(".")[-1] in CLOCK_OWNERS
    return f"{owner}.{name}" in {"time.time", "random.random", "os.urandom"}


@pytest.mark.parametrize(
    "line",
    [
        "open('x')",
        "Path('x').open()",
        "gzip.open('x')",
        "path.write_text('x')",
        "path.write_bytes(b'x')",
        "(folder / 'x').read_text()",
        "path.read_bytes()",
        "pq.write_table(t, 'x')",
        "pd.read_csv('x')",
        "frame.to_parquet('x')",
        "folder.mkdir()",
        "os.environ['X']",
        "os.getenv('X')",
        "from os import environ",
        "import requests",
        "from urllib.request import urlopen",
        "import subprocess",
        "datetime.now(UTC)",
        "datetime.date.today()",
        "time.time()",
        "numpy.random.default_rng()",
    ],
)
def test_the_purity_check_can_fail(line: str) -> None:
    assert outward(f"def f():\n    {line}\n") != []


@pytest.mark.parametrize(
    "line",
    [
        "files(__package__).joinpath('x').read_text()",
        "(resources.files(__package__) / 'x').read_text(encoding='utf-8')",
        "numpy.random.default_rng(7)",
        "moment.time()",
        "read_line('x')",
        "text.replace('a', 'b')",
    ],
)
def test_the_purity_check_lets_pure_code_through(line: str) -> None:
    assert outward(f"def f():\n    {line}\n") == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_only_the_outer_rooms_touch_the_world(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if any(fnmatch(room, allowed) for allowed in OUTWARD):
        return
    found = outward(path.read_text(encoding="utf-8"))
    assert [what for what in found if GRANTED.get(room) not in what.split()] == []


# Notebooks

MOST_CELLS, MOST_LINES = 12, 12
NOTEBOOK_METADATA = {"kernelspec", "language_info"}
KERNEL = {"name": "python3", "language": "python"}
CELL_METADATA = {"tags"}


def text_of(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def headings(text: str) -> list[str]:
    """The first-level headings of a markdown text, without what only looks like one in a code block."""
    outside = re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"^# +(.+?) *$", outside, flags=re.MULTILINE)


def helper_code(source: str) -> list[str]:
    """The names that a cell defines as functions or classes; magics are no Python and left out."""
    python = "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines())
    found = []
    for node in ast.walk(ast.parse(python)):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.append(name)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda()):
                found.append(name)
    return found


def notebook_style(notebook: dict[str, Any]) -> list[str]:
    """Every way in which `notebook` departs from the notebook rules of ARCHITECTURE.md."""
    return [*_prose(notebook["cells"]), *_code(notebook["cells"]), *_metadata(notebook)]


def _prose(cells: list[dict[str, Any]]) -> Iterator[str]:
    titles = [title for cell in cells if cell["cell_type"] == "markdown" for title in headings(text_of(cell))]
    if len(titles) != 1:
        yield f"{len(titles)} first-level headings, not one"
    yield from (f"the title {title!r} is no question" for title in titles if not title.endswith("?"))
    if not cells or cells[0]["cell_type"] != "markdown" or not headings(text_of(cells[0])):
        yield "does not begin with its title"
    for number, cell in enumerate(cells):
        before = cells[number - 1]["cell_type"] if number else None
        if cell["cell_type"] == "code" and not is_parameters(cell) and before != "markdown":
            yield f"cell {number}: no line before it says what to look at"


def is_parameters(cell: dict[str, Any]) -> bool:
    return "parameters" in cell["metadata"].get("tags", [])


def _code(cells: list[dict[str, Any]]) -> Iterator[str]:
    code = [(number, cell) for number, cell in enumerate(cells) if cell["cell_type"] == "code"]
    if len(code) > MOST_CELLS:
        yield f"{len(code)} code cells, more than {MOST_CELLS}"
    tagged = sum(is_parameters(cell) for _, cell in code)
    if tagged != 1:
        yield f"{tagged} cells tagged parameters, not one"
    for number, cell in code:
        lines = len(text_of(cell).splitlines())
        if lines > MOST_LINES:
            yield f"cell {number}: {lines} lines, more than {MOST_LINES}"
        yield from (f"cell {number}: helper code {name}" for name in helper_code(text_of(cell)))


def _metadata(notebook: dict[str, Any]) -> Iterator[str]:
    metadata = notebook["metadata"]
    yield from (f"metadata {key}" for key in sorted(metadata.keys() - NOTEBOOK_METADATA))
    kernel = metadata.get("kernelspec", {})
    yield from (f"kernel {key} is {kernel.get(key)}" for key in KERNEL if kernel.get(key) != KERNEL[key])
    if "version" in metadata.get("language_info", {}):
        yield "metadata language_info.version"
    for number, cell in enumerate(notebook["cells"]):
        yield from (f"cell {number}: metadata {key}" for key in sorted(cell["metadata"].keys() - CELL_METADATA))
        if "injected-parameters" in cell["metadata"].get("tags", []):
            yield f"cell {number}: parameters that papermill put in"


def markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def code(text: str, **metadata: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": metadata, "source": text, "outputs": [], "execution_count": 1}


def a_good_notebook() -> dict[str, Any]:
    cells = [
        markdown("# What broke?\n\n```\n# no heading\n```"),
        code('incident = "x"', tags=["parameters"]),
        markdown("Look at the peak."),
        code("%matplotlib inline\nshown = 1"),
    ]
    return {"cells": cells, "metadata": {"kernelspec": {**KERNEL, "display_name": "Python 3"}}}


def test_a_good_notebook_is_let_through() -> None:
    assert notebook_style(a_good_notebook()) == []


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda n: n["cells"].insert(1, markdown("# And why?")), "2 first-level headings, not one"),
        (lambda n: n["cells"].pop(0), "0 first-level headings, not one"),
        (lambda n: n["cells"].insert(0, markdown("By the way")), "does not begin with its title"),
        (lambda n: n["cells"][0].update(source="# It broke"), "the title 'It broke' is no question"),
        (lambda n: n["cells"].pop(2), "cell 2: no line before it says what to look at"),
        (lambda n: n["cells"].pop(1), "0 cells tagged parameters, not one"),
        (lambda n: n["cells"].insert(1, n["cells"][1]), "2 cells tagged parameters, not one"),
        (lambda n: n["cells"].extend(n["cells"][2:] * 11), "13 code cells, more than 12"),
        (lambda n: n["cells"][3].update(source="x = 1\n" * 13), "cell 3: 13 lines, more than 12"),
        (lambda n: n["cells"][3].update(source="def f():\n    pass"), "cell 3: helper code f"),
        (lambda n: n["cells"][3].update(source="class C:\n    pass"), "cell 3: helper code C"),
        (lambda n: n["cells"][3].update(source="async def f():\n    pass"), "cell 3: helper code f"),
        (lambda n: n["cells"][3].update(source="f = lambda: 1"), "cell 3: helper code f"),
        (lambda n: n["metadata"].update(papermill={}), "metadata papermill"),
        (lambda n: n["metadata"].update(widgets={}), "metadata widgets"),
        (lambda n: n["metadata"]["kernelspec"].update(name="netra"), "kernel name is netra"),
        (lambda n: n["metadata"].pop("kernelspec"), "kernel name is None"),
        (
            lambda n: n["metadata"].update(language_info={"version": "3.11.7"}),
            "metadata language_info.version",
        ),
        (lambda n: n["cells"][3]["metadata"].update(execution={}), "cell 3: metadata execution"),
        (
            lambda n: n["cells"][3]["metadata"].update(tags=["injected-parameters"]),
            "cell 3: parameters that papermill put in",
        ),
    ],
)
def test_the_notebook_check_can_fail(spoil: Any, complaint: str) -> None:
    notebook = json.loads(json.dumps(a_good_notebook()))
    spoil(notebook)
    assert complaint in notebook_style(notebook)


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS, "notebooks/ holds no .ipynb, so no notebook was checked"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_keep_the_rules(path: Path) -> None:
    assert notebook_style(json.loads(path.read_text(encoding="utf-8"))) == []


# ARCHITECTURE.md says what is there, and nothing that is not


def first_cells(page: str, heading: str) -> set[str]:
    """The names in backticks in the first column of the tables under `## heading`."""
    section = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", page, flags=re.DOTALL | re.MULTILINE)
    rows = re.findall(r"^\| ([^|]*`[^|]*) \|", section[1], flags=re.MULTILINE) if section else []
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def dependencies(pyproject: dict[str, Any]) -> set[str]:
    """The names of everything that pyproject.toml asks for, in any group."""
    project = pyproject["project"]
    groups = [
        project["dependencies"],
        *project["optional-dependencies"].values(),
        *pyproject["dependency-groups"].values(),
    ]
    return {re.split(r"[\[<>=!~; ]", line)[0] for group in groups for line in group}


def rooms(package: Path) -> set[str]:
    """The top-level modules and folders of a package."""
    modules = {path.stem for path in package.glob("*.py")} - {"__init__"}
    return modules | {path.parent.name for path in package.glob("*/*.py")}


def test_the_reader_of_the_page_can_fail(tmp_path: Path) -> None:
    page = "## Floors\n\n| room | what |\n|---|---|\n| `errors` · `window` | not `this` |\n\n## Next\n\n| `x` | |\n"
    assert first_cells(page, "Floors") == {"errors", "window"}
    assert first_cells(page, "Cellars") == set()
    (tmp_path / "attic").mkdir()
    (tmp_path / "attic" / "box.py").touch()
    (tmp_path / "cellar.py").touch()
    assert rooms(tmp_path) == {"attic", "cellar"}
    asks = {"dependencies": ["a>=1,<2", "b[c]==1.*"], "optional-dependencies": {"x": ["d"]}}
    assert dependencies({"project": asks, "dependency-groups": {"y": ["e ; python_version<'3'"]}}) == set("abde")


def test_every_dependency_has_its_reason() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    asked = dependencies(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8")))
    assert first_cells(page, "Dependencies") == asked


def test_every_room_is_on_the_page() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert rooms(PACKAGE) - first_cells(page, "Floors") == set()


# Numbers


WEIGHED = {"entries", "requests", "app_logs"}  # tables in which a row may stand for many


def unweighed(sql: str) -> list[str]:
    """Counts of rows in `sql` that would be too small over a source that was thinned; failures are all kept."""
    found = []
    for select in sqlglot.parse_one(sql, read="bigquery").find_all(exp.Select):
        clause = select.args.get("from_")
        where = select.args.get("where")
        if not clause or clause.this.name not in WEIGHED or (where and names_failures(where)):
            continue
        counts = [one for one in select.find_all(exp.Count, exp.CountIf) if one.find_ancestor(exp.Select) is select]
        rows = [one for one in counts if not isinstance(one.this, exp.Distinct) and not names_failures(one)]
        found += [one.sql(dialect="bigquery") for one in rows]
    return found


def names_failures(node: Any) -> bool:
    return any(column.name == "failed" for column in node.find_all(exp.Column))


def questions() -> Iterator[tuple[str, str]]:
    """Every SELECT of the package that is whole where it stands, by its file."""
    for path in [*MODULES, *sorted(PACKAGE.rglob("*.sql"))]:
        text = path.read_text(encoding="utf-8")
        held = [text] if path.suffix == ".sql" else [n.value for n in ast.walk(ast.parse(text)) if is_text(n)]
        for sql in held:
            try:
                sqlglot.parse_one(sql, read="bigquery")
            except sqlglot.errors.SqlglotError:
                continue  # a part, or words
            yield path.name, sql


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and "SELECT" in node.value


@pytest.mark.parametrize(
    ("sql", "complaint"),
    [
        ("SELECT COUNT(*) AS n FROM requests WHERE status < 400", ["COUNT(*)"]),
        ("SELECT COUNTIF(status < 400) AS n, SUM(weight) AS m FROM requests", ["COUNTIF(status < 400)"]),
        ("SELECT COUNT(*) AS n FROM requests WHERE failed", []),
        ("SELECT COUNTIF(failed) AS n, COUNT(DISTINCT route) AS m FROM requests", []),
        ("SELECT COUNT(*) AS n FROM (SELECT instance FROM requests GROUP BY instance)", []),
    ],
)
def test_a_count_of_rows_that_may_stand_for_many_is_seen(sql: str, complaint: list[str]) -> None:
    assert unweighed(sql) == complaint


def test_every_number_of_requests_and_lines_is_a_sum_of_weights() -> None:
    known = list(questions())
    assert len(known) > 60
    assert {name: bad for name, sql in known if (bad := unweighed(sql))} == {}
