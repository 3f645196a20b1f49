"""Runs resources on Pulumi's mocks and keeps what was registered, dependencies included.

A test deploys first and looks afterwards: when `deploy` returns, everything has been registered and
every output is known, so that an assertion can't be skipped because its output never resolved.
"""

import asyncio
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, TypeAlias

import pulumi
import pulumi_docker as docker
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks, rpc
from pulumi.runtime.mocks import MockMonitor

Program: TypeAlias = Callable[[], Mapping[str, Any] | None]
"""Creates resources; the outputs that it returns are resolved into `Recorder.outputs`."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource as it was registered.

    Attributes:
        id: what its provider knows it by.
        type: the last part of its type's token, such as ``Container``.
        parent: key of the component that it belongs to, or ``Stack``.
        waits_for: keys of the resources that it depends on, by option or by input.
        inputs: its inputs, secrets in plain text.
        secret: names of the inputs that are secret.
        options: the request that registered it, with all its options.
    """

    id: str
    type: str
    parent: str
    waits_for: frozenset[str]
    inputs: Mapping[str, Any]
    secret: frozenset[str]
    options: Any = field(repr=False)

    @property
    def triggers(self) -> dict[str, Any]:
        """What a step runs for, by name."""
        found: dict[str, Any] = self.inputs["triggers"][0]
        return found

    @property
    def labels(self) -> dict[str, str]:
        """Its labels, by name without the package."""
        pairs = ((entry["label"], entry["value"]) for entry in self.inputs["labels"])
        return {name.split(".")[-1]: value for name, value in pairs}


@dataclass
class Recorder(Mocks):
    """Answers like a provider that creates what it is asked for.

    A resource is known by its name, a component by its class, since most share one name; a second
    one of a class by both.
    Ids and generated names follow from inputs: with other inputs it is another thing.

    Attributes:
        stdout: what commands print, by their resource's name.
        resources: what was registered, by key, in the order of registration.
        finished: keys of the components that have said they are complete.
        outputs: the values of the stack's outputs, and of those that the program returned.
        secret_outputs: the names of the stack's outputs that are secret.
    """

    stdout: Mapping[str, str] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)
    outputs: dict[str, Any] = field(default_factory=dict)
    secret_outputs: set[str] = field(default_factory=set)

    def __getitem__(self, key: str) -> Resource:
        return self.resources[key]

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        """The outputs of a resource: its inputs, and what only a provider can know."""
        outputs = dict(args.inputs)
        digest = sha256(json.dumps(args.inputs, sort_keys=True).encode()).hexdigest()
        outputs.setdefault("name", f"{args.name}-{digest[:7]}")
        if args.typ.endswith(":RemoteImage"):
            outputs["imageId"] = f"sha256:{digest}"
        if args.typ.endswith(":Command"):
            outputs |= {"stdout": self.stdout.get(args.name, ""), "stderr": ""}
        return f"{args.name}-id-{digest[:7]}", outputs

    def call(self, _args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        """No component calls a provider's function."""
        raise NotImplementedError

    def before(self, key: str) -> set[str]:
        """The keys of all that a resource waits for, directly or through others."""
        direct = self.resources[key].waits_for
        return set(direct).union(*(self.before(k) for k in direct))

    def types(self) -> set[str]:
        """The types of what was registered."""
        return {resource.type for resource in self.resources.values()}


class _Monitor(MockMonitor):
    """Notes what `MockResourceArgs` leaves out."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder)
        self.recorder = recorder
        self.keys: dict[str, str] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name of the RPC
        type_ = request.type.rsplit(":", 1)[-1]
        key = request.name if request.custom else type_
        if not request.custom and key in self.recorder.resources:
            key = f"{type_} {request.name}"
        self.keys[self.make_urn(request.parent, request.type, request.name)] = key
        assert key not in self.recorder.resources, f"{key} is registered twice"
        answer = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        if type_ == "Stack":
            return answer
        inputs = rpc.deserialize_properties(request.object)
        self.recorder.resources[key] = Resource(
            id=answer.id,
            type=type_,
            parent=self.keys.get(request.parent, ""),
            waits_for=frozenset(self.keys[urn] for urn in request.dependencies),
            inputs={name: rpc.unwrap_rpc_secret(value) for name, value in inputs.items()},
            secret=frozenset(name for name, value in inputs.items() if rpc.is_rpc_secret(value)),
            options=request,
        )
        return answer

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the name of the RPC
        self.recorder.finished.add(self.keys[request.urn])
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


def after(name: str) -> pulumi.ResourceOptions:
    """The options of what has to wait for something, which gets this name."""
    return pulumi.ResourceOptions(depends_on=[docker.Volume(name)])


def deploy(
    program: Program,
    recorder: Recorder | None = None,
    *,
    preview: bool = False,
    stack: str = "stack",
    config: Mapping[str, str] | None = None,
    secret: Collection[str] = (),
) -> Recorder:
    """Run a program of resources on mocks, to its end.

    Args:
        program: creates the resources.
        recorder: answers and keeps what is registered; a new one by default.
        preview: as `pulumi preview` would.
        stack: the stack's name.
        config: the stack's config, its keys without a namespace.
        secret: the keys whose values are encrypted in it.
    """
    recorder = recorder or Recorder()
    project = "django-on-docker"
    with _event_loop():
        pulumi.runtime.set_all_config(
            {f"{project}:{key}": value for key, value in (config or {}).items()},
            [f"{project}:{key}" for key in secret],
        )
        pulumi.runtime.settings.ROOT.set(None)
        pulumi.runtime.set_mocks(
            recorder,
            project=project,
            stack=stack,
            preview=preview,
            monitor=_Monitor(recorder),
            organization="organization",
        )
        pulumi.runtime.test(lambda: _run(program, recorder))()  # type: ignore[no-untyped-call]
    return recorder


def _run(program: Program, recorder: Recorder) -> pulumi.Output[None]:
    returned = program() or {}
    stack: Any = pulumi.runtime.get_root_resource()
    known = pulumi.Output.all(**stack.outputs, **returned).apply(recorder.outputs.update)
    secret: pulumi.Output[list[str]] = pulumi.Output.from_input(
        asyncio.ensure_future(_secret(stack.outputs))
    )
    return pulumi.Output.all(known, secret).apply(
        lambda both: recorder.secret_outputs.update(both[1])
    )


async def _secret(outputs: Mapping[str, Any]) -> list[str]:
    """The names of those outputs that are secret."""
    found = {name: pulumi.Output.from_input(value) for name, value in outputs.items()}
    return [name for name, value in found.items() if await value.is_secret()]


@contextmanager
def _event_loop() -> Iterator[None]:
    # The mocks open loops and threads and never close them: loops of their own and one thread
    # leave nothing behind, and keep the order of registration the same.
    loop, inner = asyncio.new_event_loop(), asyncio.new_event_loop()
    worker = ThreadPoolExecutor(1, initializer=asyncio.set_event_loop, initargs=(inner,))
    loop.set_default_executor(worker)
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        asyncio.set_event_loop(None)
        inner.close()
        loop.close()
