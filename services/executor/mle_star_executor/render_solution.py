"""A solution as one plain Python file: its constants, and the source of all that it uses, in cells."""

from __future__ import annotations

import ast
import pprint
import re
from collections import Counter
from collections.abc import Iterable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mle_star.tasks.attempt import Member
from mle_star.tasks.competition import Competition
from mle_star.tasks.recipes import resolve
from mle_star_executor.recipes.main import submission_name

RECIPES = "mle_star_executor.recipes"
OURS = ("mle_star.", "mle_star_executor.")
MAIN = f"{RECIPES}.main"
LIBRARIES = {"sklearn": "scikit-learn"}
TABLES = ("pandas", "numpy", "pyarrow")

HEADER = """\
# %% [markdown]
# # {title}
#
# Run `python solution.py` in a folder that holds the competition's files, or holds them in `input/`.
# It writes `working/{submission}` and the raw predictions, `working/raw.parquet`.
# Threads: OMP_NUM_THREADS (1 if it is not set). Made with Python 3.11 or newer and
# {libraries}.
#
{members}
"""


class RenderError(Exception):
    """The catalogue itself is at fault: names clash, or a variant has no file."""


def render_solution(competition: Competition, members: list[Member], decision: dict[str, Any], seed: int) -> str:
    """The source of `solution.py`; the same for the same arguments. Raises UnknownRecipeError, RenderError."""
    resolved = [(member, *resolve(member.strategy)) for member in members]
    used = _variants(slots for _, slots, _ in resolved)
    modules = _with_dependencies([_slot_module(slot, variant) for slot, variant in used] + [MAIN])
    source = _distinct({module: _Source(module) for module in modules})
    context = {**competition.context(), "seed": seed}
    constants = {
        "CONTEXT": context,
        "MEMBERS": [
            {
                "title": member.strategy.title,
                "weight": member.weight,
                "slots": slots,
                "params": params,
                "settled": member.settled,
            }
            for member, slots, params in resolved
        ],
        "DECISION": decision,
    }
    cells = [
        _header(competition, members, source),
        "# %% imports\n" + _imports(source.values()),
        *(f"# %% {name.lower()}\n{name} = {_literal(value)}\n" for name, value in constants.items()),
        *(f"# %% {each.title}\n{each.body}\n" for each in source.values()),
        f'# %% run\n{_table(used)}\n\nif __name__ == "__main__":\n    main(CONTEXT, MEMBERS, DECISION, SLOTS)\n',
    ]
    return "\n\n".join(cells)


def _variants(all_slots: Iterable[dict[str, str]]) -> list[tuple[str, str]]:
    """The slots and variants that are used, `settle` where the model has one; in the order of the slots."""
    used: dict[tuple[str, str], None] = {}
    for slots in all_slots:
        for slot, variants in slots.items():
            for variant in variants.split("+"):
                used[slot, variant] = None
                if slot == "fit_predict" and find_spec(_slot_module("settle", variant)):
                    used["settle", variant] = None
    return list(used)


def _slot_module(slot: str, variant: str) -> str:
    return f"{RECIPES}.slots.{slot}.{variant}"


class _Source:
    """The source of one module, without its docstring and its imports."""

    def __init__(self, module: str) -> None:
        self.module = module
        text = _file(module).read_text(encoding="utf-8")
        tree = ast.parse(text)
        docstring, *rest = tree.body
        self.title = (ast.get_docstring(tree) or module).splitlines()[0].rstrip(".:")
        self.imports = [node for node in rest if isinstance(node, ast.Import | ast.ImportFrom)]
        lines: list[str | None] = list(text.splitlines())
        for node in (docstring, *self.imports):
            lines[node.lineno - 1 : node.end_lineno] = [None] * ((node.end_lineno or node.lineno) - node.lineno + 1)
        self.body = "\n".join(line for line in lines if line is not None).strip()
        self.names = _top_level_names(rest)

    @property
    def dependencies(self) -> list[str]:
        """Our own modules that it imports."""
        modules = [node.module or "" for node in self.imports if isinstance(node, ast.ImportFrom)]
        return [module for module in modules if _is_ours(module)]

    def rename(self, old: str, new: str) -> None:
        self.body = re.sub(rf"(?<![\w.]){re.escape(old)}\b", new, self.body)


def _is_ours(module: str) -> bool:
    return module.startswith(OURS)


def _file(module: str) -> Path:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise RenderError(f"the catalogue has no {module}")
    return Path(spec.origin)


def _top_level_names(body: list[ast.stmt]) -> list[str]:
    names: list[str] = []
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.append(node.target.id)
    return names


def _with_dependencies(modules: list[str]) -> list[str]:
    """The modules and all of ours that they import, each once, after those that it imports."""
    ordered: dict[str, None] = {}

    def add(module: str) -> None:
        if module not in ordered:
            for dependency in _Source(module).dependencies:
                add(dependency)
            ordered[module] = None

    for module in modules:
        add(module)
    return list(ordered)


def _distinct(sources: dict[str, _Source]) -> dict[str, _Source]:
    """Puts the module's name before names that are only its own and that another module has too."""
    counts = Counter(name for each in sources.values() for name in each.names)
    for each in sources.values():
        place = "_".join(each.module.split(".")[-2:])
        for name in each.names:
            if counts[name] > 1 and name.startswith("_"):
                each.rename(name, f"_{place}{name}")
            elif counts[name] > 1 and name.isupper():
                each.rename(name, f"{place.upper()}_{name}")
            elif counts[name] > 1:
                raise RenderError(f"two modules of the catalogue have a {name}")
    return sources


def _imports(sources: Iterable[_Source]) -> str:
    """Every import once, `from __future__` first."""
    plain: set[str] = set()
    names: dict[str, set[str]] = {}
    for node in (node for each in sources for node in each.imports):
        if isinstance(node, ast.Import):
            plain |= {ast.unparse(ast.Import([alias])) for alias in node.names}
        elif node.module and not _is_ours(node.module) and node.module != "__future__":
            names.setdefault(node.module, set()).update(ast.unparse(alias) for alias in node.names)
    lines = [*sorted(plain), *(f"from {module} import {', '.join(sorted(names[module]))}" for module in sorted(names))]
    return "\n".join(["from __future__ import annotations", "", *lines]) + "\n"


def _literal(value: Any) -> str:
    return pprint.pformat(value, width=100, sort_dicts=False)


def _table(used: list[tuple[str, str]]) -> str:
    """SLOTS: slot to variant to function."""
    slots: dict[str, list[str]] = {"prepare": [], "target": [], "encode": [], "settle": [], "fit_predict": []}
    for slot, variant in used:
        slots[slot].append(f'"{variant}": {slot}_{variant}')
    return "SLOTS = {\n" + "".join(f'    "{slot}": {{{", ".join(each)}}},\n' for slot, each in slots.items()) + "}"


def _header(competition: Competition, members: list[Member], sources: dict[str, _Source]) -> str:
    roots = {name.split(".")[0] for each in sources.values() for name in _imported(each)}
    libraries = [LIBRARIES.get(root, root) for root in sorted(roots)]
    found = [f"{name} {version(name)}" for name in dict.fromkeys([*TABLES, *libraries])]
    lines = [f"# - {m.strategy.recipe}, weight {m.weight:.3g}: {_one_line(m.strategy.title)}" for m in members]
    return HEADER.format(
        title=_one_line(competition.name),
        submission=submission_name(competition.files.sample),
        libraries=", ".join(found),
        members="\n".join(lines),
    )


def _imported(source: _Source) -> list[str]:
    """The third-party packages that a module imports."""
    names = [alias.name for node in source.imports if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in source.imports if isinstance(node, ast.ImportFrom)]
    known = {"catboost", "lightgbm", "numpy", "pandas", "scipy", "sklearn"}
    return [name for name in names if name.split(".")[0] in known]


def _one_line(text: str) -> str:
    return " ".join(text.split())
