"""Counts what ran on a site, step by step, against the row of the decision matrix that it was."""

import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container

from components.ledger.plan import Plan, Up, expected_applied, expected_counts
from deploy_runtime import ledger
from tests.integration.harness import Browser, Site

MATRIX = "matrix"
"""The property of a test by which it hands lines to the table that is printed at the end."""

COLUMNS = (
    ("migrate", "startup"),
    ("migrate", "job"),
    ("collectstatic", "startup"),
    ("collectstatic", "job"),
    ("collectstatic", "build"),
    ("seed", "job"),
)
HEAD = ("strategy", "row", *(f"{operation} {point}" for operation, point in COLUMNS), "boots", "s")


@dataclass
class Life:
    """A site through its life, and what of its ledger was counted before.

    Attributes:
        site: the site.
        name: what it stands for in the table: its strategy, or development.
        plan: its execution plan.
        seen: the records that earlier steps had counted.
        lines: the table's lines, each what was planned and what was counted.
    """

    site: Site
    name: str
    plan: Plan
    seen: set[str] = field(default_factory=set)
    lines: list[tuple[str, ...]] = field(default_factory=list)

    def count(self, up: Up, *, pending: int) -> None:
        """Compare what ran since the last count with a row, and note both.

        Args:
            up: the row.
            pending: how many migrations were to be applied.
        """
        records = self.site.ledger()
        ids = [record["id"] for record in records]
        assert len(ids) == len(set(ids)), "a record was read twice"
        assert self.seen <= set(ids), "a record was lost"
        new = [record for record in records if record["id"] not in self.seen]
        self.seen = set(ids)
        planned = {**expected_counts(up, self.plan)}
        applies = {**expected_applied(up, self.plan, pending)}
        counted = ledger.counted(new)
        self._note(up, planned, applies, counted)
        ran = {key: counted.get(key, {"runs": 0})["runs"] for key in planned}
        assert ran == planned, self.lines[-1]
        assert set(counted) <= set(planned)
        applied = {
            point: counted.get(("migrate", point), {"applied": 0})["applied"] for point in applies
        }
        assert applied == applies, self.lines[-1]
        boots = {(r["point"], r["container"]) for r in new if r["point"] != "startup"}
        boots_at_startup = sum(n for (_, point), n in planned.items() if point == "startup")
        assert sum(r["boots"] for r in new) == len(boots) + boots_at_startup

    def _note(self, up: Up, planned: Any, applies: Any, counted: Any) -> None:
        cells = []
        for operation, point in COLUMNS:
            cell = counted.get((operation, point), {"runs": 0, "applied": 0})
            text = f"{planned[operation, point]} = {cell['runs']:g}"
            if operation == "migrate":
                text += f" (applied {applies[point]} = {cell['applied']:g})"
            cells.append(text)
        boots = sum(cell["boots"] for cell in counted.values())
        seconds = sum(cell["seconds"] for cell in counted.values())
        self.lines.append((self.name, up.row, *cells, f"{boots:g}", f"{seconds:.1f}"))

    def check_outputs(self, up: Up) -> None:
        """The stack's outputs say the same of an `up` as its ledger."""
        outputs = self.site.outputs()
        assert outputs["row"] == up.row
        assert outputs["ledger"]["row"] == up.row
        assert outputs["ledger"]["differences"] == []
        assert outputs["ledger"]["agrees"] is True
        counts = expected_counts(up, self.plan).items()
        planned = {f"{operation} at {point}": n for (operation, point), n in counts if n}
        said = re.findall(r"(\w+ at \w+) (\d+) of \d+", outputs["ledger"]["ran"])
        assert {cell: int(runs) for cell, runs in said} == planned

    @property
    def backend(self) -> Container:
        """The container that serves."""
        name = self.site.outputs()["containers"]["backend"]
        return docker.from_env().containers.get(name)

    def until_it_answers(self, seconds: float = 60) -> None:
        """Wait until the site serves again."""
        deadline = time.monotonic() + seconds
        while Browser(self.site.url).get("/health/")[0] != 200:
            assert time.monotonic() < deadline, self.backend.logs(tail=30).decode()
            time.sleep(0.2)

    def restart(self) -> None:
        """Restart the container, as an administrator or a reboot does."""
        self.backend.restart(timeout=20)
        self.until_it_answers()

    def migrations(self) -> int:
        """How many migrations the project has, as Django counts them."""
        said = self.backend.exec_run(["python", "-m", "django", "showmigrations", "--plan"])
        return str(said.output).count("[X]")


def release_with_a_migration_and_new_styles(folder: Path, marker: str) -> None:
    """Change a project as a new release does: a model, its migration, and a static file."""
    models = folder / "example/catalogue/models.py"
    name = "    name = models.CharField(max_length=80, unique=True)\n"
    text = models.read_text()
    assert name in text
    added = "added = models.CharField(max_length=8, blank=True, null=True)"
    models.write_text(text.replace(name, f"{name}    {added}\n", 1))
    migrations = folder / "example/catalogue/migrations"
    last = max(path.stem for path in migrations.glob("0*.py"))
    (migrations / "0099_category_added.py").write_text(
        "from django.db import migrations, models\n\n\n"
        "class Migration(migrations.Migration):\n"
        f'    dependencies = [("catalogue", "{last}")]\n'
        "    operations = [\n"
        '        migrations.AddField("category", "added", '
        "models.CharField(blank=True, max_length=8, null=True)),\n"
        "    ]\n"
    )
    with (folder / "example/lanterna/static/css/site.css").open("a") as styles:
        styles.write(f"\n.{marker} {{ color: inherit }}\n")
