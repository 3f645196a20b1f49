"""Builds that end when an update is interrupted, though the Docker plugin takes no notice."""

import os
import subprocess
import sys
from contextlib import suppress

import pulumi
from pulumi.runtime._callbacks import _CallbackServicer

from components.commands.recover_processes import engine_of, processes

_RESOURCES = "docker:"
_WATCHER = "components.interrupt_builds"


class Watcher:
    """The process that ends builds once the program is gone; started when something is made."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def begins(self, args: pulumi.ResourceHookArgs) -> None:
        """The plugin begins to make something."""
        self._process = self._process or _start()
        self._tell(f"+{args.urn}")

    def ends(self, args: pulumi.ResourceHookArgs) -> None:
        """It has made it."""
        self._tell(f"-{args.urn}")

    def fails(self, _args: pulumi.ErrorHookArgs) -> bool:
        """Something failed by itself; it isn't tried again."""
        self._tell("!")
        return False

    def _tell(self, *lines: str) -> None:
        # A build that can't be interrupted is no reason for none.
        with suppress(OSError, ValueError):
            if self._process and self._process.stdin:
                self._process.stdin.writelines(f"{line}\n" for line in lines)
                self._process.stdin.flush()


def end_builds_when_interrupted() -> None:
    """Have the images that the program makes from now on end when an update is interrupted.

    Nothing is started where the plugin makes nothing, nor in a preview.
    """
    watcher = Watcher()
    # An interrupted program isn't there to be told.
    quiet = pulumi.ResourceHookOptions(ignore_errors=True)
    binding = pulumi.ResourceHookBinding(
        before_create=[pulumi.ResourceHook("build-begins", watcher.begins, quiet)],
        after_create=[pulumi.ResourceHook("build-ends", watcher.ends, quiet)],
        on_error=[pulumi.ErrorHook("build-fails", watcher.fails)],
    )

    def hooked(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        if not args.type_.startswith(_RESOURCES):
            return None
        opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(hooks=binding))
        return pulumi.ResourceTransformationResult(props=args.props, opts=opts)

    pulumi.runtime.register_stack_transformation(hooked)


def _start() -> "subprocess.Popen[str] | None":
    engine = engine_of(processes(), os.getpid())
    # Private, and the only place that tells where the engine reaches the program's hooks.
    hooks = [servicer._target for servicer in _CallbackServicer._servicers]
    if not engine:
        return None
    # No signal of a terminal reaches it, and it holds nothing that the engine waits for.
    return subprocess.Popen(
        [sys.executable, "-m", _WATCHER, str(engine), *hooks],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )
