# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""A loopback port that leads to a pod behind a Service, through the Kubernetes API.

Nothing of the cluster is exposed for it: the API server relays, and whoever may create
`pods/portforward` in the namespace may use it.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .kubeconfig import ACCESS

try:
    from kubernetes import client as kube
    from kubernetes import config as kube_config
    from kubernetes.stream import portforward

    MISSING = ""
except ImportError as error:
    MISSING = str(error)

REQUEST_TIMEOUT = 15
"""Seconds that one question to the Kubernetes API may take."""

OPTIONS: dict[str, Any] = {
    "type": "dict",
    "options": {
        **ACCESS,
        "namespace": {"type": "str", "required": True},
        "service": {"type": "str", "required": True},
        "port": {"type": "str", "required": True},
    },
}
"""Argument specification of a module's option `kubernetes`."""


class PortForwardError(Exception):
    """The Service cannot be reached: the text names it, the cause and a remedy."""


@dataclass(frozen=True)
class Target:
    """A pod behind a Service, the number of its port, and whether it is ready."""

    namespace: str
    pod: str
    port: int
    ready: bool = True


@dataclass
class Forward:
    """An open relay: `host` and `port` to connect to, and what went wrong behind it.

    `unready` asks anew why the Service has no ready endpoint; it returns "" if it has one.
    """

    host: str
    port: int
    errors: list[str] = field(default_factory=list)
    unready: Callable[[], str] = str


def api_client(kubeconfig: Any = None, context: str | None = None) -> Any:
    """Return an API client of a kubeconfig (path, dictionary, or None: the usual places).

    Raises:
        PortForwardError: the library is missing, or the kubeconfig is missing or malformed.
    """
    if MISSING:
        raise PortForwardError(f"the Python library kubernetes is needed: {MISSING}")
    try:
        if isinstance(kubeconfig, Mapping):
            return kube_config.new_client_from_config_dict(dict(kubeconfig), context=context)
        if kubeconfig:
            path = str(Path(str(kubeconfig)).expanduser())
            return kube_config.new_client_from_config(config_file=path, context=context)
        return _default_client(context)
    except (kube_config.ConfigException, OSError, TypeError, ValueError) as error:
        origin = "the given dictionary" if isinstance(kubeconfig, Mapping) else kubeconfig
        raise PortForwardError(
            f"kubeconfig {origin or '(default places)'} cannot be used: {error}"
        ) from error


def _default_client(context: str | None) -> Any:
    try:
        return kube_config.new_client_from_config(context=context)
    except kube_config.ConfigException:
        configuration = kube.Configuration()
        kube_config.load_incluster_config(client_configuration=configuration)
        return kube.ApiClient(configuration)


def resolve(
    api: Any, namespace: str, service: str, port: str | int, unready: bool = False
) -> Target:
    """Find a pod behind a Service and the pod's number of the Service's port.

    Args:
        api: client of the Kubernetes API.
        namespace: of the Service.
        service: its name.
        port: its port, by number or by name.
        unready: whether a pod that isn't ready will do if there is no other.

    Raises:
        PortForwardError: there is no such Service or port, access is forbidden, or no endpoint
            is ready; then the text carries the state of the pods.
    """
    where = f"service {namespace}/{service}"
    with _named_errors(where, namespace):
        spec = (
            kube.CoreV1Api(api)
            .read_namespaced_service(service, namespace, _request_timeout=REQUEST_TIMEOUT)
            .spec
        )
        wanted = _service_port(spec.ports or [], str(port), where)
        slices = kube.DiscoveryV1Api(api).list_namespaced_endpoint_slice(
            namespace,
            label_selector=f"kubernetes.io/service-name={service}",
            _request_timeout=REQUEST_TIMEOUT,
        )
        for ready in (True, False) if unready else (True,):
            for endpoint_slice in slices.items:
                target = _target(endpoint_slice, namespace, wanted.name or "", ready)
                if target:
                    return target
        raise PortForwardError(
            f"{where} has no ready endpoint: {_describe_pods(api, namespace, spec.selector)}"
        )


def _service_port(ports: list[Any], wanted: str, where: str) -> Any:
    for candidate in ports:
        if wanted in (candidate.name, str(candidate.port)):
            return candidate
    offered = ", ".join(f"{p.port}" + (f" ({p.name})" if p.name else "") for p in ports)
    raise PortForwardError(f"{where} has no port {wanted}. Its ports: {offered or 'none'}")


def _target(endpoint_slice: Any, namespace: str, port_name: str, ready: bool) -> Target | None:
    numbers = [p.port for p in endpoint_slice.ports or [] if (p.name or "") == port_name]
    for endpoint in endpoint_slice.endpoints or []:
        reference = endpoint.target_ref
        is_pod = reference is not None and reference.kind == "Pod"
        conditions = endpoint.conditions
        # One that ends is of no use, even if it still serves.
        fits = (conditions.ready is not False) == ready and not conditions.terminating
        if numbers and is_pod and fits:
            return Target(namespace, reference.name, int(numbers[0]), ready)
    return None


def _describe_pods(api: Any, namespace: str, selector: Mapping[str, str] | None) -> str:
    if not selector:
        return "it has no selector, and its endpoints are not pods"
    labels = ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
    pods = kube.CoreV1Api(api).list_namespaced_pod(
        namespace, label_selector=labels, _request_timeout=REQUEST_TIMEOUT
    )
    if not pods.items:
        return (
            f"no pod carries its labels {labels}. Check that the workload is deployed, with at"
            " least one replica"
        )
    return "; ".join(pod_state(pod) for pod in pods.items[:5])


def pod_state(pod: Any) -> str:
    """Say in one clause why a pod isn't ready, by its containers or else its conditions."""
    causes = []
    statuses = [*(pod.status.init_container_statuses or []), *(pod.status.container_statuses or [])]
    for status in statuses:
        cause = _container_cause(status)
        if cause:
            causes.append(f"container {status.name} {cause}")
    if not causes:
        conditions = [c for c in pod.status.conditions or [] if c.status != "True" and c.message]
        causes = [f"{c.type} is {c.status}: {c.message}" for c in conditions]
    return f"pod {pod.metadata.name} is {pod.status.phase}: {', '.join(causes) or 'not ready yet'}"


def _container_cause(status: Any) -> str:
    state = status.state
    restarts = f" ({status.restart_count} restarts)" if status.restart_count else ""
    if state.waiting:
        return (
            f"waits: {state.waiting.reason or 'unknown'} {state.waiting.message or ''}".strip()
            + (restarts)
        )
    if state.terminated and state.terminated.exit_code:
        return f"ended with exit code {state.terminated.exit_code}{restarts}"
    if state.running and not status.ready:
        return f"runs but is not ready{restarts}"
    return ""


@contextlib.contextmanager
def _named_errors(where: str, namespace: str) -> Iterator[None]:
    try:
        yield
    except kube.ApiException as error:
        raise PortForwardError(_api_cause(error, where, namespace)) from error
    except PortForwardError:
        raise
    except Exception as error:  # urllib3's and ssl's errors have no common base worth naming
        raise PortForwardError(
            f"the Kubernetes API did not answer while looking for {where}: {error}"
        ) from error


def _api_cause(error: Any, where: str, namespace: str) -> str:
    if error.status == 404:
        return f"{where} does not exist in this cluster"
    if error.status == 401:
        return f"the Kubernetes API rejected the credentials (401) while looking for {where}"
    if error.status == 403:
        return (
            f"forbidden while looking for {where}. Required permissions: get services, list"
            f" endpointslices and pods, create pods/portforward in namespace {namespace}:"
            f" {_message(error)}"
        )
    return f"the Kubernetes API answered {error.status} for {where}: {_message(error)}"


def _message(error: Any) -> str:
    try:
        text = json.loads(error.body)["message"]
    except (ValueError, TypeError, KeyError):
        text = error.body or error.reason or ""
    return " ".join(str(text).split())[:300]


class _Relay:
    """Accepts connections on a loopback port and relays each to the pod.

    Every connection gets an API client of its own: the library swaps a method of the client
    while it opens a stream, so that one client can't open two at a time.
    """

    def __init__(self, options: Mapping[str, Any], unready: bool) -> None:
        self.options = options
        self.unready = unready
        self.target = self._find(unready)
        self.listener = socket.create_server(("127.0.0.1", 0))
        host, port = self.listener.getsockname()[:2]
        self.forward = Forward(host, port, unready=self._problem)
        threading.Thread(target=self._accept, name="port-forward", daemon=True).start()

    def _client(self) -> Any:
        return api_client(self.options.get("kubeconfig"), self.options.get("context"))

    def _find(self, unready: bool) -> Target:
        options = self.options
        with contextlib.closing(self._client()) as api:
            return resolve(api, options["namespace"], options["service"], options["port"], unready)

    def _problem(self) -> str:
        try:
            found = self._find(unready=False)
        except PortForwardError as error:
            return str(error)
        if not self.target.ready:
            self.target = found
        return ""

    def _accept(self) -> None:
        while True:
            try:
                local, _ = self.listener.accept()
            except OSError:  # the listener was closed: the end
                return
            threading.Thread(target=self._serve, args=(local,), daemon=True).start()

    def _serve(self, local: socket.socket) -> None:
        with contextlib.closing(local):
            try:
                stream = self._open()
            except Exception as error:  # a thread's error must reach the caller's message
                self.forward.errors.append(str(error))
                return
            remote = stream.socket(self.target.port)
            outward = threading.Thread(target=_copy, args=(local, remote), daemon=True)
            outward.start()
            _copy(remote, local)
            with contextlib.suppress(OSError):  # the client may have hung up already
                local.shutdown(socket.SHUT_RDWR)
            outward.join()
            stream.close()
            if problem := stream.error(self.target.port):
                self.forward.errors.append(f"pod {self.target.pod}: {problem.strip()}")

    def _open(self) -> Any:
        try:
            return self._stream()
        except kube.ApiException:
            # The pod may have been replaced since: look once more, with a full explanation.
            self.target = self._find(self.unready)
            return self._stream()

    def _stream(self) -> Any:
        target = self.target
        core = kube.CoreV1Api(self._client())
        return portforward(
            core.connect_get_namespaced_pod_portforward,
            target.pod,
            target.namespace,
            ports=str(target.port),
        )


def _copy(source: Any, sink: Any) -> None:
    """Copy bytes until the source ends, then end the sink's direction."""
    # A reset by either side ends the relayed connection; its user sees it at the other end.
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):  # the sink may be gone already
        sink.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def port_forward(options: Mapping[str, Any], unready: bool = False) -> Iterator[Forward]:
    """Relay a loopback port to a ready pod behind a Service while the block runs.

    Args:
        options: the module's option `kubernetes`, see `OPTIONS`.
        unready: whether a pod that isn't ready will do if there is no other, so that it can
            be asked for the cause.

    Yields:
        Forward: where to connect; its `errors` grow while connections fail behind it.

    Raises:
        PortForwardError: before anything listens, if no pod can be reached.
    """
    relay = _Relay(options, unready)
    try:
        yield relay.forward
    finally:
        relay.listener.close()
