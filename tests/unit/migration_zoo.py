"""A Django project with one pending migration of each kind, and what is to be said of it."""

from pathlib import Path

from tests.unit import runtime_project
from tests.unit.runtime_project import Project

SAFE, UNSAFE, WARNING = "safe", "unsafe", "warning"

_MODELS = (
    "RemoveField", "RemoveIndexed", "RenameField", "RenameColumn", "RenameModel", "DeleteModel",
    "NotNull", "Nullable", "Default", "Related", "Wider", "Narrower", "OtherType", "BecomesNotNull",
    "BecomesNullable", "BecomesUnique", "Choices", "Indexed", "Constrained", "Together", "Coded",
    "RawDrop", "RawIndex", "Ordered", "StateOnly", "Table", "ThreeSteps", "Checked",
)  # fmt: skip

_CHAR = "models.CharField(max_length=20)"
_CHECK = 'models.CheckConstraint({check}=models.Q(name__gt=""), name="zoo_checked")'

# Name, what is to be said, and the operations. {check} is what this Django calls the argument.
CASES: tuple[tuple[str, str, str], ...] = (
    ("remove_field", UNSAFE, 'migrations.RemoveField("RemoveField", "name")'),
    ("remove_indexed", UNSAFE, 'migrations.RemoveField("RemoveIndexed", "slug")'),
    ("rename_field", UNSAFE, 'migrations.RenameField("RenameField", "name", "title")'),
    ("rename_same_column", SAFE, 'migrations.RenameField("RenameColumn", "kept", "other")'),
    ("rename_model", UNSAFE, 'migrations.RenameModel("RenameModel", "Renamed")'),
    ("delete_model", UNSAFE, 'migrations.DeleteModel("DeleteModel")'),
    (
        "add_not_null",
        UNSAFE,
        f'migrations.AddField("NotNull", "more", {_CHAR[:-1]}, default=""))',
    ),
    ("add_null", SAFE, f'migrations.AddField("Nullable", "more", {_CHAR[:-1]}, null=True))'),
    (
        "add_unique_null",
        SAFE,
        f'migrations.AddField("Nullable", "code", {_CHAR[:-1]}, null=True, unique=True))',
    ),
    (
        "add_many_to_many",
        SAFE,
        'migrations.AddField("Related", "others", models.ManyToManyField("shop.thing"))',
    ),
    (
        "add_foreign_key_null",
        SAFE,
        'migrations.AddField("Related", "one", models.ForeignKey("shop.thing", null=True, '
        "on_delete=models.CASCADE))",
    ),
    (
        "add_foreign_key",
        UNSAFE,
        'migrations.AddField("Related", "must", models.ForeignKey("shop.thing", default=1, '
        "on_delete=models.CASCADE))",
    ),
    (
        "wider",
        SAFE,
        'migrations.AlterField("Wider", "name", models.CharField(max_length=40))',
    ),
    ("to_text", SAFE, 'migrations.AlterField("Wider", "slug", models.TextField())'),
    (
        "narrower",
        UNSAFE,
        'migrations.AlterField("Narrower", "name", models.CharField(max_length=10))',
    ),
    (
        "other_type",
        UNSAFE,
        'migrations.AlterField("OtherType", "number", models.CharField(max_length=20))',
    ),
    ("bigger", SAFE, 'migrations.AlterField("Wider", "number", models.BigIntegerField())'),
    (
        "becomes_not_null",
        UNSAFE,
        f'migrations.AlterField("BecomesNotNull", "maybe", {_CHAR[:-1]}, default=""))',
    ),
    (
        "becomes_nullable",
        SAFE,
        f'migrations.AlterField("BecomesNullable", "name", {_CHAR[:-1]}, null=True))',
    ),
    (
        "becomes_unique",
        UNSAFE,
        f'migrations.AlterField("BecomesUnique", "name", {_CHAR[:-1]}, unique=True))',
    ),
    (
        "becomes_positive",
        UNSAFE,
        'migrations.AlterField("Checked", "number", models.PositiveIntegerField())',
    ),
    (
        "choices",
        SAFE,
        f'migrations.AlterField("Choices", "name", {_CHAR[:-1]}, choices=[("a", "A")]))',
    ),
    ("create_model", SAFE, 'migrations.CreateModel("New", fields=[("id", ID), ("name", CHAR)])'),
    (
        "on_new_model",
        SAFE,
        f'migrations.AddField("New", "more", {_CHAR[:-1]}, default="")), '
        'migrations.RenameField("New", "name", "title"), '
        'migrations.AlterUniqueTogether("New", {("title", "more")})',
    ),
    (
        "add_index",
        SAFE,
        'migrations.AddIndex("Indexed", models.Index(fields=["name"], name="zoo_name"))',
    ),
    (
        "add_unique_constraint",
        UNSAFE,
        'migrations.AddConstraint("Constrained", '
        'models.UniqueConstraint(fields=["name"], name="zoo_unique"))',
    ),
    ("add_check", UNSAFE, f'migrations.AddConstraint("Constrained", {_CHECK})'),
    (
        "remove_check",
        SAFE,
        'migrations.RemoveConstraint("Constrained", "zoo_checked")',
    ),
    (
        "unique_together",
        UNSAFE,
        'migrations.AlterUniqueTogether("Together", {("name", "slug")})',
    ),
    ("not_unique_together", SAFE, 'migrations.AlterUniqueTogether("Together", set())'),
    ("run_python", WARNING, "migrations.RunPython(forwards, migrations.RunPython.noop)"),
    ("raw_drop", UNSAFE, """migrations.RunSQL("ALTER TABLE shop_rawdrop DROP COLUMN name")"""),
    ("raw_index", WARNING, """migrations.RunSQL("CREATE INDEX zoo_raw ON shop_rawindex (name)")"""),
    ("ordered", UNSAFE, 'migrations.AlterOrderWithRespectTo("Ordered", "thing")'),
    (
        "state_only",
        SAFE,
        "migrations.SeparateDatabaseAndState(state_operations=["
        'migrations.RemoveField("StateOnly", "name")])',
    ),
    (
        "database_only",
        UNSAFE,
        "migrations.SeparateDatabaseAndState(database_operations=["
        'migrations.RemoveField("StateOnly", "slug")])',
    ),
    ("table", UNSAFE, 'migrations.AlterModelTable("Table", "zoo_table")'),
    ("options", SAFE, 'migrations.AlterModelOptions("Table", {"ordering": ["name"]})'),
    (
        "three_steps",
        UNSAFE,
        f'migrations.AddField("ThreeSteps", "more", {_CHAR[:-1]}, null=True)), '
        f'migrations.AlterField("ThreeSteps", "more", {_CHAR})',
    ),
)

# Only for Djangos that know database defaults.
DB_DEFAULT = (
    (
        "add_db_default",
        SAFE,
        f'migrations.AddField("Default", "more", {_CHAR[:-1]}, db_default=""))',
    ),
    (
        "drop_db_default",
        UNSAFE,
        f'migrations.AlterField("Default", "had", {_CHAR})',
    ),
)

_HEAD = """
from django.db import migrations, models

ID = models.BigAutoField(primary_key=True)
CHAR = models.CharField(max_length=20)


def forwards(apps, schema_editor):
    pass


class Migration(migrations.Migration):
"""


def make(folder: Path, *, db_default: bool = True) -> Project:
    """The project, with its first migration alone; `add_pending` writes the others."""
    project = runtime_project.make(folder)
    fields = [
        '("id", models.BigAutoField(primary_key=True))',
        f'("name", {_CHAR})',
        '("slug", models.CharField(max_length=20, db_index=True))',
        f'("kept", {_CHAR[:-1]}, db_column="kept_column"))',
        f'("maybe", {_CHAR[:-1]}, null=True))',
        '("number", models.IntegerField(default=0))',
        '("thing", models.ForeignKey("shop.thing", null=True, on_delete=models.CASCADE))',
    ]
    if db_default:
        fields.append(f'("had", {_CHAR[:-1]}, db_default=""))')
    models = [f'migrations.CreateModel("{name}", fields=[{", ".join(fields)}])' for name in _MODELS]
    head = f'{_HEAD}    dependencies = [("shop", "0001_initial")]\n    operations = [\n'
    body = ",\n".join(f"        {model}" for model in models)
    project.write("shop/migrations/0002_zoo.py", f"{head}{body},\n    ]\n")
    return project


def cases(*, db_default: bool = True) -> tuple[tuple[str, str, str], ...]:
    """The cases that a Django knows."""
    return (*CASES, *DB_DEFAULT) if db_default else CASES


def add_pending(project: Project, *, db_default: bool = True, check: str = "condition") -> None:
    """Write a migration for each case, one after the other."""
    last = "0002_zoo"
    for number, (name, _, operations) in enumerate(cases(db_default=db_default), start=3):
        text = operations.replace("{check}", check)
        head = f'{_HEAD}    dependencies = [("shop", "{last}")]\n'
        last = f"{number:04}_{name}"
        project.write(f"shop/migrations/{last}.py", f"{head}    operations = [{text}]\n")


def verdicts(report: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    """What a report says of each pending migration, by the case's name."""
    unsafe = {entry["migration"] for entry in report["unsafe"]}
    warned = {entry["migration"] for entry in report["warnings"]}
    return {
        name.partition(".")[2][5:]: UNSAFE
        if name in unsafe
        else WARNING
        if name in warned
        else SAFE
        for name in map(str, report["pending"])
    }
