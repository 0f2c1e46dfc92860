"""The house rules that a program can check: verbs, events, doors, names and sizes."""

import ast
import re
from collections.abc import Container, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from audit.verbs import REGISTERED

ROOT = Path(__file__).parent.parent
APPS = ("audit", "work", "accounts", "registry", "evidence", "approvals", "serving", "api", "dashboard", "config")
DOORS = ("api", "dashboard")
WRITES = {"save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}


def sources(*apps: str) -> Iterator[Path]:
    for app in apps or APPS:
        yield from (path for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node  # type: ignore[misc]


def calls(node: ast.AST) -> Iterator[ast.Call]:
    return (inner for inner in ast.walk(node) if isinstance(inner, ast.Call))


def called_name(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


# --- Verbs and events ---------------------------------------------------------------------------------

#: Past tenses that don't end in -ed.
IRREGULAR = {
    *("withdrawn", "rerun", "fell", "sent", "handed_out", "handed_in"),
    *("uploaded", "held", "taken_down", "taken_over", "shown"),
}


def constants() -> dict[str, str]:
    """Every verb's constant and name, from the files named events.py."""
    found = {}
    for path in sources():
        if path.name == "events.py":
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                    assert isinstance(node.targets[0], ast.Name)
                    assert isinstance(node.value.args[0], ast.Constant)
                    found[node.targets[0].id] = str(node.value.args[0].value)
    return found


def test_verbs_are_registered_in_files_named_events_only():
    from django.apps import apps

    assert apps.ready
    ours = {name for name in REGISTERED if not name.startswith("test")}
    assert ours == set(constants().values())


@pytest.mark.parametrize("name", sorted(REGISTERED))
def test_a_verb_is_a_noun_and_a_past_tense_with_its_wording(name):
    noun, _, happened = name.partition(".")
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", noun)
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", happened)
    words = happened.split("_")
    assert any(word.endswith("ed") or word in IRREGULAR for word in words) or happened in IRREGULAR, name
    wording = REGISTERED[name].wording
    assert wording == wording.strip()
    assert not wording.endswith(".")
    assert wording[0].islower()
    assert wording.count("{}") <= 1
    assert not set(wording.replace("{}", "")) & set("{}")


def test_every_verb_is_used():
    text = "\n".join(path.read_text() for path in sources() if path.name != "events.py")
    unused = [name for name in constants() if not re.search(rf"\b{name}\b", text)]
    assert unused == []


def action_modules() -> list[Path]:
    return [
        path
        for path in sources("accounts", "registry", "evidence", "approvals")
        if path.stem == "actions" or path.parent.name == "actions" or named(path) in ALSO_ACTIONS
    ]


ALSO_ACTIONS = {"approvals/intake.py", "approvals/lifecycle.py"}
#: Public functions in actions that write and leave no event, each with the reason.
UNRECORDED = {
    "approvals/actions/daily_letters.py:queue_daily_letters": "letters tell what other actions recorded",
    "approvals/actions/daily_letters.py:write_daily_letter": "letters tell what other actions recorded",
    "approvals/actions/reminding.py:queue_reminders": "letters change nothing that is decided",
    "approvals/actions/reminding.py:remind": "letters change nothing that is decided",
    "approvals/actions/progress.py:enter": "a step inside an action, which records it",
    "approvals/actions/progress.py:recheck": "a step inside an action, which records why",
    "approvals/actions/queueing.py:queue_again": "a step inside an action, which records why",
    "approvals/actions/queueing.py:queue_all_anew": "a step inside a restart, which is recorded",
    "approvals/actions/queueing.py:replace_run": "a step inside an action, which records why",
    "approvals/actions/queueing.py:stop_gates": "a step inside closing a promotion, which is recorded",
    "approvals/actions/queueing.py:queue_gates": "a step inside opening, which is recorded",
    "approvals/actions/retention.py:finish_removals": "the second half of a removal, which is recorded",
    "registry/actions/clearing.py:queue_due_clearing": "what is cleared away belongs to nothing",
    "registry/actions/integrity.py:give_up_check": "nothing was found out",
    "registry/actions/integrity.py:queue_due_check": "what is found is recorded",
    "evidence/actions/agree.py:agree_evaluations": "computes from what is stored; nothing is released or decided",
    "evidence/actions/ask.py:compare_asked": "computes from what is stored; asking for it is recorded",
    "evidence/actions/compare.py:compare_evaluations": "computes from what is stored; nothing is released or decided",
}


def leading_to(ends: set[str]) -> set[str]:
    """Names of functions in the action modules that call one of the ends, directly or through each other."""
    bodies: dict[str, set[str]] = {}
    for path in action_modules():
        for function in functions(path):
            bodies.setdefault(function.name, set()).update(called_name(call) for call in calls(function))
    leading = set(ends)
    while grown := {name for name, called in bodies.items() if called & leading} - leading:
        leading |= grown
    return leading


def silent_actions() -> set[str]:
    """Public functions of the action modules that write a row and lead to no event."""
    silent = leading_to(WRITES | {"set", "enqueue", "keep"}) - leading_to({"record"})
    return {
        f"{named(path)}:{node.name}"
        for path in action_modules()
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and node.name in silent
    }


def test_every_action_that_writes_is_on_the_record():
    assert silent_actions() - set(UNRECORDED) == set(), "record an event, or name the reason here"


def test_no_exception_outlives_its_reason():
    assert set(UNRECORDED) - silent_actions() == set()


def test_actors_are_named_at_the_call():
    """`actor` is keyword-only and has no default, so that nobody acts by accident."""
    loose = []
    for path in action_modules():
        for function in functions(path):
            positional = {argument.arg for argument in [*function.args.args, *function.args.posonlyargs]}
            defaults = dict(zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True))
            optional = {argument.arg for argument, default in defaults.items() if default is not None}
            if not function.name.startswith("_") and "actor" in positional | optional:
                loose.append(f"{named(path)}:{function.name}")
    assert sorted(set(loose) - {"evidence/actions/evaluate.py:store_evaluation"}) == []


# --- Doors --------------------------------------------------------------------------------------------


def querysets_writes(path: Path) -> Iterator[str]:
    """Calls of .save(), .create() … that could write a row; those of plain containers excepted."""
    for call in calls(ast.parse(path.read_text())):
        if isinstance(call.func, ast.Attribute) and call.func.attr in WRITES:
            yield f"{named(path)}:{call.lineno} .{call.func.attr}()"


def doors() -> list[Path]:
    beside = [p for p in sources() if p.name in {"tasks.py", "admin.py"} or p.parent.name == "admin"]
    return sorted({*sources(*DOORS), *beside})


def test_doors_tasks_and_admin_pages_write_no_row_themselves():
    assert [write for path in doors() for write in querysets_writes(path)] == []


def test_the_check_of_doors_sees_a_write(tmp_path):
    inside = ROOT / "api" / "paging.py"
    assert list(querysets_writes(inside)) == []
    assert list(querysets_writes(ROOT / "accounts" / "actions.py"))


def test_only_accounts_knows_guardian():
    knowing = [
        named(path)
        for path in sources()
        if re.search(r"^\s*(from|import) guardian\b", path.read_text(), re.MULTILINE)
        and path.relative_to(ROOT).parts[0] != "accounts"
    ]
    assert knowing == []


def test_audit_imports_none_of_ours():
    ours = re.compile(rf"^\s*(from|import) ({'|'.join(APPS)})\b", re.MULTILINE)
    imported = {match[2] for path in sources("audit") for match in ours.finditer(path.read_text())}
    assert imported <= {"audit"}


def modules_imported(path: Path, modules: Container[str]) -> Iterator[str]:
    """Those of the modules that a file imports: at its head, within a function or for types only."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            wholes = (f"{node.module}.{name.name}" for name in node.names)
            yield from (inner if inner in modules else f"{node.module}" for inner in wholes)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def test_no_modules_import_each_other_in_a_circle():
    modules = {named(path).replace("/", ".").removesuffix(".py"): path for path in sources(*APPS, "bench")}
    modules = {name.removesuffix(".__init__"): path for name, path in modules.items()}
    imports = {name: {*modules_imported(path, modules)} - {name} for name, path in modules.items()}
    tuple(TopologicalSorter(imports).static_order())  # raises CycleError, which names them


def test_no_signal_receivers_write_history():
    """Two post_migrate hooks install guards and default policies; nothing else listens."""
    listening = {
        named(path): re.findall(r"(\w+)\.connect\(", path.read_text())
        for path in sources()
        if re.search(r"\.connect\(|@receiver", path.read_text())
    }
    assert {path: set(signals) - {"post_migrate"} for path, signals in listening.items() if "apps.py" in path} == {
        "approvals/apps.py": set(),
        "audit/apps.py": set(),
    }


def test_transactions_touch_no_network():
    """The artifact store may; that actions call it before or after their transactions, each one's tests hold."""
    importing = re.compile(r"^\s*(?:from|import) (httpx|requests|urllib\.request|socket|smtplib|boto3)\b", re.MULTILINE)
    found = {
        named(path): importing.findall(path.read_text())
        for path in sources("audit", "accounts", "registry", "approvals", "serving", "api", "dashboard")
        if importing.search(path.read_text()) and path.parent.name != "stores"
    }
    assert found == {}


# --- Names and sizes ----------------------------------------------------------------------------------

EMPTY_NAMES = {"utils", "common", "core", "manager", "handle", "process", "data", "v2", "new", "helpers", "misc"}


def test_names_say_something():
    empty = [named(path) for path in sources() if path.stem in EMPTY_NAMES]
    for path in sources():
        # Django calls a command's method `handle`.
        empty += [
            f"{named(path)}:{function.name}"
            for function in functions(path)
            if function.name in EMPTY_NAMES - ({"handle"} if "commands" in path.parts else set())
        ]
    assert empty == []


def test_no_file_is_longer_than_400_lines():
    files = [*sources(), *sorted((ROOT / "client").rglob("*.py")), *sorted((ROOT / "tests").rglob("*.py"))]
    long = {named(path): lines for path in files if (lines := len(path.read_text().splitlines())) > 400}
    assert {path: lines for path, lines in long.items() if not path.startswith("tests/")} == {}


def test_no_function_is_longer_than_50_lines():
    long = {}
    for path in [*sources(), *sorted((ROOT / "client").rglob("*.py"))]:
        for function in functions(path):
            assert function.end_lineno is not None
            if (lines := function.end_lineno - function.lineno + 1) > 50:
                long[f"{named(path)}:{function.name}"] = lines
    assert long == {}


def test_functions_are_short_on_the_whole():
    lengths = sorted(
        function.end_lineno - function.lineno + 1  # type: ignore[operator]
        for path in sources()
        for function in functions(path)
    )
    assert lengths[len(lengths) // 2] <= 8
    assert lengths[len(lengths) * 9 // 10] <= 25


def test_no_machine_path_or_host_is_written_down():
    telling = re.compile(r"/(?:root|home)/\w|/work/|localhost:3141|192\.168\.")
    found = [
        f"{named(path)}:{number}"
        for path in [*sources(), *sorted((ROOT / "tests").rglob("*.py"))]
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if telling.search(line) and path != Path(__file__)
    ]
    assert found == []
