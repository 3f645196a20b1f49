"""Secrets that nothing else resembles are searched for on the whole machine, after a day of use.

All of a site's secrets are such values. It is made, updated, updated in vain, told other secrets
and looked at; then whatever has changed on the machine meanwhile is searched for them, in each
spelling: images with their layers and the build's cache, containers' files and logs, volumes, the
state, the checkout, temporary folders. Where a secret has to be it is found, which shows that the
search works.
"""

import json
import re
from collections.abc import Callable

import docker
import pytest

from tests import sentinels
from tests.certificates import Authority, Issued
from tests.integration.conftest import LOAD, MakeSite
from tests.integration.harness import Site, running
from tests.integration.tls_visits import Tls

DOMAIN = "www.example.org"
VIEWS = "example/catalogue/views.py"
# Which of the deployment's volumes may have which secrets, beside what is in memory alone.
MEANT = {
    "secrets": {"app.secretKey", "admin.password", "database.password", "secrets", "secretFiles"},
    "postgres-secrets": {"database.password"},
    "edge-config": {"tls.key"},
}


def make_secrets() -> dict[str, str]:
    """A value for each kind of secret but the certificate's key."""
    kinds = ("app.secretKey", "admin.password", "database.password", "secrets")
    return {kind: sentinels.password() for kind in kinds} | {"secretFiles": sentinels.lines()}


def tell(site: Site, values: dict[str, str], issued: Issued) -> None:
    """Configure them."""
    site.configure_secret(
        app__secretKey=values["app.secretKey"],
        admin__password=values["admin.password"],
        database__password=values["database.password"],
        tls__certificate=issued.certificate,
        tls__key=issued.key,
    )
    site.configure_secret_entry("secrets", "LAMP_TOKEN", values["secrets"])
    site.configure_secret_entry("secretFiles", "conf/lamp.pem", values["secretFiles"])


def test_no_secret_is_where_it_is_not_meant_to_be(
    make_site: MakeSite,
    tmp_path_factory: pytest.TempPathFactory,
    record_property: Callable[[str, object], None],
) -> None:
    site = make_site("sentinels")
    authority = Authority(tmp_path_factory.mktemp("authority"))
    certificates = [authority.issue(DOMAIN), authority.issue(DOMAIN)]
    # What the test itself knows was there before, and is not looked at.
    since = tmp_path_factory.mktemp("since") / "now"
    since.touch()

    tls = Tls(authority=authority.file, domain=DOMAIN)
    site.configure(
        database__engine="postgres",
        site__domains=[DOMAIN],
        tls__mode="files",
        tls__httpPort=tls.http,
        tls__httpsPort=tls.https,
    )
    first, second = make_secrets(), make_secrets()
    # That of an account which exists is not changed by config.
    second["admin.password"] = first["admin.password"]
    command_lines: set[str] = set()
    said = site.folder / "said.txt"
    with said.open("w") as shown:
        tell(site, first, certificates[0])
        with running(command_lines):
            use(site, shown.write)
        tell(site, second, certificates[1])
        with running(command_lines):
            use(site, shown.write)
        assert tls.ask("/")[0] == 200
        shown.write("\n".join(command_lines))
        shown.write(described(site))
    assert "login_step" in said.read_text(), "processes were looked at often enough"

    values = {f"first {kind}": value for kind, value in first.items()}
    values |= {f"second {kind}": value for kind, value in second.items()}
    values |= {"first tls.key": certificates[0].key, "second tls.key": certificates[1].key}
    roots = sentinels.places()
    hits = sentinels.search(roots, values, since=since)
    meant = [hit for hit in hits if is_meant(site, hit)]
    found = {hit.name.partition(" ")[2] for hit in meant}
    assert [hit for hit in hits if hit not in meant] == []
    assert found == set.union(*MEANT.values()), "the search finds what is there"
    spelled = sum(len(sentinels.spellings(value)) for value in values.values())
    searched = f"{len(values)} secrets in {spelled} spellings below {' '.join(map(str, roots))}"
    where = f"{len(meant)} where they are meant to be, {len(hits) - len(meant)} elsewhere"
    record_property(LOAD, f"sentinels: {searched}: {where}")


def use(site: Site, write: Callable[[str], object]) -> None:
    """A day's use: each command's output is handed over."""
    views = site.folder / VIEWS
    well = views.read_text()
    write(site.up(preview=True).output)
    views.write_text(f"{well}\nraise RuntimeError('out of oil')\n")
    failed = site.up(check=False)
    assert failed.code != 0
    assert "out of oil" in failed.output
    write(failed.output)
    views.write_text(well)
    for run in (
        site.up(preview=True),
        site.pulumi("refresh", "--yes", "-s", site.stack),
        site.pulumi("preview", "--diff", "-s", site.stack),
        site.pulumi("stack", "output", "--json", "-s", site.stack),
        site.pulumi("config", "-s", site.stack),
        site.recover("--dry-run"),
        site.restore(),
        site.command("operate.status", site.deployment),
        site.command("operate.status", site.deployment, "--json"),
        site.command("operate.doctor", site.deployment),
        site.command("operate.logs", site.deployment, "--tail", "all"),
        site.command("ledger.show", site.deployment),
        site.command("operate.one_off", site.deployment, "manage", "check", "--deploy"),
    ):
        write(run.output)


def described(site: Site) -> str:
    """What Docker says of whatever belongs to the deployment."""
    client = docker.from_env()
    mine = site.labelled()
    images = client.images.list(all=True, filters=mine)
    attrs = [
        *(one.attrs for one in client.containers.list(all=True, filters=mine)),
        *(one.attrs for one in client.volumes.list(filters=mine)),
        *(one.attrs for one in client.networks.list(filters=mine)),
        *(one.attrs for one in images),
        *(one.history() for one in images),
        client.api.df(),
    ]
    return json.dumps(attrs)


def is_meant(site: Site, hit: sentinels.Hit) -> bool:
    """The secret is for whoever mounts the volume that the file is in."""
    found = re.search(rf"/volumes/{site.deployment}-([a-z-]+?)(?:-[0-9a-f]+)?/_data/", hit.file)
    kind = hit.name.partition(" ")[2]
    return bool(found) and kind in MEANT.get(found[1] if found else "", ())
