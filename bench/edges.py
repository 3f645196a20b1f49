"""`python -m bench.edges`: which proxy, told how, loses nothing when its backends are replaced.

Each contender stands in front of two small backends, which are replaced again and again the way an
update does it: new ones start, the proxy is switched, the old ones are stopped with a grace. All
the while clients on this machine send requests; `bench.edges_load` says which, and what is lost.
"""

import argparse
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench.edges_load import Load
from bench.process import BenchError, timed
from bench.visitor import free_port, wait_for_200
from components.errors import UserError
from components.host.docker_host import Host
from components.inside import EDGE_CONTROL, PORT
from components.serving.haproxy_config import PORT as EDGE_PORT
from components.serving.haproxy_config import EdgeConfig, configuration_id, render
from components.text_table import figures_table

NAME = "bench-edges"
IMAGE = f"django-on-docker/{NAME}"
CONFIG = EdgeConfig(
    origin="http://127.0.0.1", max_body=1, workers=4, threads=4, health_path="/", host="a"
)
# Both of its programs as one user, as in the edge: their sockets are for nobody else.
HAPROXY = f"exec setpriv --reuid haproxy --regid haproxy --clear-groups python3 {EDGE_CONTROL} run"
GUNICORN = f"cd /srv/app && exec gunicorn app:application --bind 0.0.0.0:{PORT}"
_GRACE = 15

_NGINX = """\
error_log stderr;
pid /run/nginx.pid;
worker_processes auto;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_timeout 20s;
  upstream application {{ least_conn; {servers} }}
  server {{
    listen 8080;
    location / {{
      proxy_pass http://application;
      proxy_set_header Host $host;
      proxy_connect_timeout 2s;
      proxy_next_upstream error timeout;
    }}
  }}
}}
"""


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A proxy, and how it is told of other backends.

    Attributes:
        title: what it is called in the table.
        start: the shell words that start it.
        switch: sends new requests to these backends; returns once the proxy has taken that in.
    """

    title: str
    start: str
    switch: Callable[[str, Sequence[str]], None]


def _runtime_api(proxy: str, backends: Sequence[str]) -> None:
    _exec(proxy, f"python3 {EDGE_CONTROL} apply", render(CONFIG, backends, PORT))


def _haproxy_reload(proxy: str, backends: Sequence[str]) -> None:
    script = (
        "import sys; sys.path.insert(0, '/usr/local/lib');"
        "from edge import haproxy;"
        "text = sys.stdin.read(); haproxy.check(text); haproxy.reload(text, sys.argv[1])"
    )
    identity = configuration_id(CONFIG)
    _exec(proxy, f'python3 -c "{script}" {identity}', render(CONFIG, backends, PORT))


def _nginx_reload(proxy: str, backends: Sequence[str]) -> None:
    servers = " ".join(f"server {name}:{PORT};" for name in backends)
    script = "cat > /etc/nginx/nginx.conf && nginx -t -q && nginx -s reload && sleep 0.5"
    _exec(proxy, script, _NGINX.format(servers=servers))


CONTENDERS = (
    Contender(title="HAProxy, runtime API", start=HAPROXY, switch=_runtime_api),
    Contender(title="HAProxy, reload", start=HAPROXY, switch=_haproxy_reload),
    Contender(title="nginx, reload", start="exec nginx -g 'daemon off;'", switch=_nginx_reload),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the comparison; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.edges", description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="replacements for each contender")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    options = parser.parse_args(argv)
    try:
        build()
        results = {c.title: run(c, options.times) for c in CONTENDERS}
    except (BenchError, UserError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(report(results))
    if options.json:
        options.json.write_text(json.dumps({k: asdict(v) for k, v in results.items()}, indent=2))
    return 0


@dataclass(frozen=True, kw_only=True)
class Result:
    """What clients saw of one contender; times in seconds."""

    requests: int
    failed: int
    resent: int
    p50: float
    p99: float
    longest: float
    switch: float
    reasons: dict[str, int]


def report(results: dict[str, Result]) -> str:
    """The results as a table."""
    head = ["", "requests", "failed", "sent twice", "p50 ms", "p99 ms", "max ms", "switch s"]
    rows = [head]
    for title, r in results.items():
        times = [f"{1000 * value:.1f}" for value in (r.p50, r.p99, r.longest)]
        counts = [str(value) for value in (r.requests, r.failed, r.resent)]
        rows.append([title, *counts, *times, f"{r.switch:.2f}"])
    reasons = [f"{title}: {r.reasons}" for title, r in results.items() if r.reasons]
    return "\n".join([figures_table(rows), *reasons])


def run(contender: Contender, times: int) -> Result:
    """Replace the backends behind one contender, under load."""
    names = (f"{NAME}-{number}" for number in itertools.count())
    seconds = []
    with _network(), _started(f"{NAME}-proxy", contender.start, free_port()) as port:
        proxy = f"{NAME}-proxy"
        serving = _backends(names)
        contender.switch(proxy, serving)
        wait_for_200(f"http://127.0.0.1:{port}")
        with Load(port) as load:
            for _ in range(times):
                fresh = _backends(names)
                began = time.monotonic()
                contender.switch(proxy, fresh)
                seconds.append(time.monotonic() - began)
                time.sleep(1)
                timed(["docker", "stop", "--time", str(_GRACE), *serving])
                timed(["docker", "rm", *serving])
                serving = fresh
                print(".", end="", file=sys.stderr, flush=True)
            # Those who are seldom there come once more.
            time.sleep(8)
    print(f" {contender.title}", file=sys.stderr)
    shorts = sorted(load.seconds)
    return Result(
        requests=load.requests,
        failed=sum(load.failures.values()),
        resent=load.resent,
        p50=shorts[len(shorts) // 2],
        p99=shorts[len(shorts) * 99 // 100],
        longest=shorts[-1],
        switch=median(seconds),
        reasons=dict(load.failures),
    )


def build() -> None:
    """Build the one image that proxies and backends run from."""
    base = Host().base_image("")[0]
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        shutil.copytree("bench/edge", context, dirs_exist_ok=True)
        shutil.copytree("deploy_runtime/edge", context / "edge")
        words = ["docker", "build", "--tag", IMAGE, "--build-arg", f"BASE_IMAGE={base}", folder]
        timed(words)


def _backends(names: Iterator[str]) -> list[str]:
    made = [next(names), next(names)]
    options = f"--workers 2 --threads 8 --graceful-timeout {_GRACE} --worker-tmp-dir /dev/shm"
    for name in made:
        _docker_run(name, f"{GUNICORN} {options}")
    for name in made:
        _until_it_answers(name)
    return made


def _until_it_answers(name: str) -> None:
    code = f"import urllib.request as r; r.urlopen('http://127.0.0.1:{PORT}', timeout=2)"
    deadline = time.monotonic() + 60
    while _docker("exec", name, "python3", "-c", code).returncode != 0:
        if time.monotonic() > deadline:
            raise BenchError(f"{name} does not answer")
        time.sleep(0.2)


def _docker_run(name: str, script: str, *options: str) -> None:
    words = ["docker", "run", "--detach", "--init", "--name", name, "--network", NAME]
    timed([*words, "--label", f"bench={NAME}", *options, IMAGE, "sh", "-c", script])


@contextmanager
def _started(name: str, script: str, port: int) -> Iterator[int]:
    _docker_run(name, script, "--publish", f"127.0.0.1:{port}:{EDGE_PORT}")
    yield port


@contextmanager
def _network() -> Iterator[None]:
    timed(["docker", "network", "create", NAME])
    try:
        yield
    finally:
        mine = _docker("ps", "--all", "--quiet", "--filter", f"label=bench={NAME}").stdout.split()
        if mine:
            _docker("rm", "--force", *mine)
        _docker("network", "rm", NAME)


def _exec(container: str, script: str, stdin: str) -> None:
    done = _docker("exec", "-i", container, "sh", "-c", script, stdin=stdin)
    if done.returncode != 0:
        raise BenchError(f"{container}: {done.stderr.strip()}")


def _docker(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["docker", *words], input=stdin, capture_output=True, text=True, check=False
    )


if __name__ == "__main__":
    sys.exit(main())
