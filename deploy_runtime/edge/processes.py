"""The edge's two programs in one container: HAProxy, and the nginx that spools for it.

If either ends, so does the container, and Docker starts it again: half an edge is none. Told to
stop, it first takes no more connections, and ends HAProxy when nothing is on its way through nginx
any more: what is would come back to a HAProxy that refuses it.
"""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from types import FrameType

from . import haproxy, slow_uploads
from .haproxy import EdgeError

PATIENCE = 60.0  # seconds that what is on its way may take once the edge is told to stop
_SPOOL_SOCKET = Path("/run/edge/spool.sock")
_NGINX = ("nginx", "-c", "/usr/local/lib/edge/nginx.conf", "-e", "stderr")
_HAPROXY = ("haproxy", "-W", "-db", "-S", haproxy.SOCKET, "-f", str(haproxy.FILE))


def run() -> int:
    """Run both until one of them ends; the exit code."""
    # One that was killed leaves its socket behind, and nginx takes it for another's.
    _SPOOL_SOCKET.unlink(missing_ok=True)
    nginx = subprocess.Popen(_NGINX)
    proxy = subprocess.Popen(_HAPROXY)
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        if not stopping.is_set():
            stopping.set()
            threading.Thread(target=_drain, args=(proxy,), daemon=True).start()

    def end(_number: int, _frame: FrameType | None) -> None:
        stopping.set()
        proxy.terminate()

    signal.signal(signal.SIGUSR1, stop)
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    threading.Thread(target=slow_uploads.bound, daemon=True).start()
    ended = _first_end({nginx.pid, proxy.pid})
    for process in (proxy, nginx):
        if process.pid != ended:
            process.terminate()
    return 0 if stopping.is_set() else 1


def _first_end(pids: set[int]) -> int:
    # As process 1 it also inherits what others leave behind.
    while True:
        pid, _status = os.wait()
        if pid in pids:
            return pid


def _drain(proxy: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE
    try:
        haproxy.close("public")
        while haproxy.in_flight() and time.monotonic() < deadline:
            time.sleep(haproxy.PAUSE)
    except EdgeError:
        pass  # before its first release it has nothing to lose
    proxy.send_signal(signal.SIGUSR1)
