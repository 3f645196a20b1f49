"""Shows the ledger: `python3 -m components.ledger.show DEPLOYMENT [--json]`.

The records of builds are read from the deployment's images, the others from its ledger volume; no
container has to run for it, and none is started.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from deploy_runtime import ledger

from ..host import reach
from ..host.client import docker, docker_or_fail, fail, inspect, read_file
from ..inside import LEDGER
from ..own_commands import run_module
from ..place import DEPLOYMENT, RELEASE, Place, filters
from ..text_table import text_table

_SHOWN = 60  # characters of a result
_HEAD = ("start (UTC)", "release", "point", "operation", "container", "seconds", "boots", "result")
_TOTALS = ("operation", "point", "runs", "applied", "seconds", "boots")


def main() -> None:
    """Print the ledger of the deployment that the command line names."""
    parser = argparse.ArgumentParser(prog=run_module("ledger.show"))
    parser.add_argument("deployment", help="its name: `pulumi stack output deployment -s STACK`")
    parser.add_argument("--json", action="store_true", help="as JSON instead of a table")
    options = parser.parse_args()
    reach.check()
    records, unreadable = read(options.deployment)
    if unreadable:
        print(f"warning: lines of the ledger that are no records: {unreadable}", file=sys.stderr)
    print(as_json(options.deployment, records) if options.json else as_table(records))


def read(deployment: str) -> tuple[list[ledger.Record], int]:
    """All records of a deployment, each once, oldest first; and how many lines are none."""
    volume = Place(deployment).ledger
    has_volume = inspect(volume, "volume") is not None
    images = list(dict.fromkeys(_images(deployment)))
    if not images:
        fail(
            f"no release of a deployment {deployment!r} is on this host: "
            f"see `docker image ls --filter label={DEPLOYMENT}`"
        )
    found: list[ledger.Record] = []
    unreadable = 0
    for number, image in enumerate(images):
        mount = f"type=volume,source={volume},target={LEDGER}"
        with _created(image, ["--mount", mount] if has_volume and number == 0 else []) as container:
            baked, bad = ledger.parse(read_file(container, ledger.IMAGE_FILE) or b"")
            written, worse = ledger.parse(
                (read_file(container, ledger.FILE) or b"") if number == 0 else b""
            )
        release = _release(image)
        found += [{**r, "deployment": deployment, "release": release} for r in baked] + written
        unreadable += bad + worse
    return ledger.once(found), unreadable


def _images(deployment: str) -> list[str]:
    words = ("image", "ls", "--quiet", "--no-trunc", *filters(Place(deployment).labels("release")))
    return docker_or_fail("listing the releases", *words).decode().split()


def _release(image: str) -> str:
    template = f'{{{{index .Config.Labels "{RELEASE}"}}}}'
    return docker("image", "inspect", "--format", template, image).stdout.decode().strip()


@contextmanager
def _created(image: str, options: list[str]) -> Iterator[str]:
    # Files are copied out of a container that never starts.
    words = ("create", "--network", "none", *options, image, "true")
    container = docker_or_fail("reading a release", *words).decode().strip()
    try:
        yield container
    finally:
        docker("rm", "--force", "--volumes", container)


def as_json(deployment: str, records: list[ledger.Record]) -> str:
    """The records, and how often what ran where."""
    counts = [
        {"operation": operation, "point": point, **cell}
        for (operation, point), cell in ledger.counted(records).items()
    ]
    return json.dumps({"deployment": deployment, "counts": counts, "records": records}, indent=2)


def as_table(records: list[ledger.Record]) -> str:
    """The records a line each, and a line for each operation and point."""
    if not records:
        return "nothing is recorded yet"
    lines = [_HEAD, *(_line(record) for record in records)]
    totals = [_TOTALS] + [
        (*key, *(f"{cell[column]:g}" for column in _TOTALS[2:]))
        for key, cell in ledger.counted(records).items()
    ]
    return f"{text_table(lines)}\n\n{text_table(totals)}"


def _line(record: ledger.Record) -> tuple[str, ...]:
    where = record.get("container", "") if record["point"] != "build" else ""
    return (
        record["start"][:19].replace("T", " "),
        str(record.get("release", ""))[:8],
        record["point"],
        record["operation"],
        str(where)[:12],
        f"{record.get('seconds', 0):.2f}",
        str(record.get("boots", "")),
        result_text(record["result"]),
    )


def result_text(result: dict[str, Any]) -> str:
    """What came of an operation, in one line."""
    numbers = [f"{k} {v}" for k, v in result.items() if isinstance(v, int | float)]
    names = ", ".join(result.get("migrations") or ())
    command = str(result.get("command") or "")
    text = ": ".join(part for part in (command, ", ".join(numbers), names) if part)
    if result.get("outcome", "done") != "done":
        text = f"{result['outcome']}; {text}" if text else str(result["outcome"])
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


if __name__ == "__main__":
    main()
