"""What the program promises, each with the one integration test that would miss it most.

`@pytest.mark.essential(PROMISE)` chooses that test: `make test` runs those, `make test-all` and CI
run all. A chosen test needs nothing of the tests before it but fixtures and other chosen tests.
"""

from collections.abc import Mapping

PROMISES: Mapping[str, str] = {
    # A site's life
    "clean server": "one command makes a seeded site of nothing",
    "nothing changed": "nothing changed, nothing happens: not in up, refresh or preview",
    "update": "an update replaces the backend and nothing else, and no visitor notices",
    "static files": "static files have hashed names and are served",
    "secrets": "no secret is in an output, a log, the state or a container's configuration",
    "failed release": "a release that fails its gate gets no traffic, and its cause is shown",
    "recovery": "fixing the cause and running `pulumi up` again is all the recovery there is",
    "seed step": "a seed step that fails stops the update, and is named with its exit code",
    "comes back": "what was removed by hand comes back with the next up, gated",
    "destroy": "data, media, secrets and sessions outlive destroy",
    "matrix": "what ran, counted, is what the plan says, on either database",
    "development": "the development stack follows the source",
    "a site elsewhere": "a site on a host behind ssh is looked after like one that is here",
    "a host elsewhere": "a host behind ssh is looked at first; a site there is no other",
    # What is there already
    "takeover": "data that is there is referenced, and what served it retires",
    "one owner": "a deployment belongs to one stack",
    "handover": "a site goes on under another stack's name with nothing replaced",
    # Databases and migrations
    "backup": "before migrations run on an update the database is copied",
    "unsafe migration": "what the serving version can't live with is refused",
    "window": "a stated window is one gap, without an error of the application",
    "committed": "a release that fails names what it has committed, and the copy before it",
    "restore": "that copy is restored by the command that was named",
    "one migrator": "starts at once apply each migration once",
    "one server": "two servers never open one data directory",
    "verified": "a server elsewhere that can't be verified is refused before it gets the password",
    "external": "a server elsewhere that refuses is named, and its password is printed nowhere",
    # Releases
    "old pages": "pages of an earlier release get their own static files",
    "rollback": "an earlier release serves again, with its own files, and nothing is built",
    # The edge
    "open connections": "traffic moves to the next release and open connections lose nothing",
    "forwarded": "what visitors claim of themselves is replaced",
    "large bodies": "a body that is too large is refused, and the limit changes without a gap",
    "hostile requests": "what is malformed or means harm reaches no backend",
    "slow visitors": "visitors on slow lines keep nobody waiting",
    "tls": "the edge ends TLS for its domains, and sends everybody else there",
    # Faults
    "interrupted": "what was killed goes on after one documented command",
    "Ctrl-C": "after Ctrl-C `pulumi up` is enough",
    "failed build": "a build that fails is shown by its last lines, and what serves goes on",
    "daemon lost": "a daemon that dies during an update loses nothing",
    "daemon down": "a daemon that is down is a clear error within seconds, and the state is intact",
    "port taken": "a port that is taken is named with its holder",
    "seeding killed": "seeding that was killed completes, without duplicates",
    # Input
    "wrong config": "config that is wrong or missing is refused with key, value and remedy",
    "broken project": "what is wrong with a project is found while its image is built",
    "any project": "a project that the program has never seen is deployed by config alone",
    "settings left alone": "settings that take all from the environment serve as they are",
    "an installed package": "an installed wheel deploys what `init` wrote beside a project",
    "upgrade": "a site of the first release goes on; no request fails beyond a stated gap",
    "upgraded data": "an upgrade replaces nothing that holds data",
    "own Dockerfile": "a Dockerfile of the project's own is used",
    # The engine
    "command plugin": "the command plugin behaves as the program relies on",
    "docker plugin": "the docker plugin behaves as the program relies on",
    "schemas": "the plugins serve what the SDKs send and read",
}
"""Every promise by its name."""
