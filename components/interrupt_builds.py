"""Ends the builds of an update that was interrupted, from a process of its own.

The Docker plugin takes no notice of Ctrl-C, and what it builds has no id that the daemon could
be told to cancel it by. A build ends when its client does. So this process waits for the
program that started it to end; if images were being built then, it ends the plugin.

On its input it is told, a line each: ``+URN`` the plugin makes a resource, ``-URN`` it is made,
``!`` something failed. After a failure nothing is ended, so that its cause is the only error.
"""

import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import grpc  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from pulumi.runtime.proto import (
    callback_pb2,
    callback_pb2_grpc,
    engine_pb2,
    engine_pb2_grpc,
    resource_pb2,
)

from components.commands.recover_processes import PROC, Process, end, processes

IMAGE = "docker:index/remoteImage:RemoteImage"
GRACE = 2.0
"""Seconds that a build goes on at least: it may just be finished."""
SAID = "the build was interrupted: `pulumi up` goes on after the last step that was finished"
_PATIENCE = 30.0  # seconds that are waited for whatever else the plugin makes, and for the engine
_INTERVAL = 0.1
_PLUGIN = "pulumi-resource-docker"


class NoHooks(callback_pb2_grpc.CallbacksServicer):
    """Answers in the program's place that nothing is to be tried again.

    The engine asks the program's hooks when a resource is made, or failed since the plugin is
    gone. Nobody would answer, and that would take the place of the resource's own error.

    Args:
        begun: what is being made, by URN; what the engine asks about is none of it any more.
    """

    def __init__(self, begun: set[str]) -> None:
        self._begun = begun

    def Invoke(  # noqa: N802
        self, request: callback_pb2.CallbackInvokeRequest, _context: grpc.ServicerContext
    ) -> callback_pb2.CallbackInvokeResponse:
        """An empty answer means: no error, no retry."""
        # Which kind of hook is asked isn't said; either begins with the resource's URN.
        for kind in (resource_pb2.ResourceHookRequest, resource_pb2.ErrorHookRequest):
            with suppress(DecodeError):
                self._begun.discard(kind.FromString(request.request).urn)
        return callback_pb2.CallbackInvokeResponse()

    def serve(self, addresses: Sequence[str]) -> grpc.Server:
        """Answer where the program did."""
        server = grpc.server(ThreadPoolExecutor(2))
        callback_pb2_grpc.add_CallbacksServicer_to_server(self, server)
        for address in addresses:
            server.add_insecure_port(address)
        server.start()
        return server


def unfinished(lines: Iterable[str]) -> tuple[set[str], bool]:
    """What was being made when the program ended, by URN, and whether something had failed."""
    begun: set[str] = set()
    failed = False
    for line in lines:
        kind, urn = line[:1], line[1:].strip()
        if kind == "!":
            failed = True
        elif kind == "+":
            begun.add(urn)
        else:
            begun.discard(urn)
    return begun, failed


def builds(begun: Iterable[str]) -> set[str]:
    """Those of some resources that are images."""
    return {urn for urn in begun if f"{IMAGE}::" in urn}


def plugins(all_: dict[int, Process], engine: int) -> list[Process]:
    """The Docker plugins that work for an engine, by its process id."""
    return [p for p in all_.values() if p.parent == engine and p.name == _PLUGIN]


def say(address: str, urns: Iterable[str]) -> None:
    """Tell an engine which builds were interrupted."""
    with suppress(grpc.RpcError), grpc.insecure_channel(address) as channel:
        engine = engine_pb2_grpc.EngineStub(channel)
        for urn in sorted(urns):
            engine.Log(engine_pb2.LogRequest(severity=engine_pb2.ERROR, message=SAID, urn=urn))


def main() -> None:
    """Wait for the program's end.

    Arguments are the engine's process id and the addresses of the program's hooks.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    engine, hooks = int(sys.argv[1]), sys.argv[2:]
    begun, failed = unfinished(sys.stdin)
    if not begun:
        return
    server = NoHooks(begun).serve(hooks)
    if builds(begun) and not failed:
        _interrupt(engine, begun)
    _wait(lambda: _runs(engine), _PATIENCE)
    server.stop(None)


def _interrupt(engine: int, begun: set[str]) -> None:
    _wait(lambda: _runs(engine), GRACE)
    # What else is being made would be in no state.
    _wait(lambda: _runs(engine) and bool(begun - builds(begun)), _PATIENCE)
    ended = plugins(processes(), engine)
    if builds(begun) and ended:
        # A plugin's last word is where its engine answers.
        say(ended[0].words[-1], builds(begun))
        end(ended)


def _runs(pid: int) -> bool:
    return (PROC / str(pid)).exists()


def _wait(goes_on: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while goes_on() and time.monotonic() < deadline:
        time.sleep(_INTERVAL)


if __name__ == "__main__":
    main()
