"""etcd, the API server, the controller manager and the scheduler."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rehearsal import world as w
from rehearsal.cluster import identity, pki, pod_identity
from rehearsal.cluster.api import Api, ApiError
from rehearsal.cluster.policies import engine

PORT = 16443
ETCD_PORT = 2379
FIRST_SERVICE_ADDRESS = "10.100.0.1"
HOST = "aws.rehearsal.internal"
"""The name by which the world knows the API server, as EKS's endpoint."""

WEBHOOK = "pod-identity-webhook"
SERVERS = (
    "etcd",
    "kube-apiserver",
    WEBHOOK,
    engine.NAME,
    "kube-controller-manager",
    "kube-scheduler",
)


@dataclass(frozen=True)
class Identities:
    """Everything that the parts of the cluster identify themselves with."""

    folder: Path
    cluster: pki.Authority
    front_proxy: pki.Authority
    tokens: pki.Pair
    admin: pki.Pair

    @property
    def authority(self) -> Path:
        """Certificate of the cluster's authority."""
        return self.cluster.files.certificate

    def kubeconfig(self, user: str, organisations: Iterable[str] = (), *, file: str) -> Path:
        """Make a client certificate for `user` and a kubeconfig that holds it."""
        client = self.cluster.client(user, organisations, file=file)
        path = self.folder / f"{file}.kubeconfig"
        write_kubeconfig(path, self, client, user)
        return path


def write_kubeconfig(path: Path, identities: Identities, client: pki.Pair, user: str) -> None:
    """Write a kubeconfig for the API server's address in the world."""
    pki.write_kubeconfig(
        path,
        server=f"https://{w.ADDRESS}:{PORT}",
        authority=identities.authority,
        client=client,
        user=user,
    )


def make_identities(folder: Path) -> Identities:
    """Make the authorities, the administrator and the key for tokens."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    cluster = pki.Authority(folder, "ca")
    tokens = pki.signing_key(folder, "service-accounts")
    identity.write_keys(tokens.certificate)
    return Identities(
        folder=folder,
        cluster=cluster,
        front_proxy=pki.Authority(folder, "front-proxy-ca"),
        tokens=tokens,
        admin=cluster.client("admin", ["system:masters"], file="admin"),
    )


def start(world: w.World, binaries: Path, identities: Identities) -> Api:
    """Start etcd and the API server; returns before they are ready (see `wait`)."""
    data = world.data / "cluster" / "etcd"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True, mode=0o700)
    world.spawn("etcd", [binaries / "etcd", *etcd_flags(data)])
    world.spawn("kube-apiserver", [binaries / "kube-apiserver", *api_server_flags(identities)])
    start_webhook(world, identities)
    start_policies(world, identities)
    return Api(w.ADDRESS, PORT, identities.authority, identities.admin)


def start_webhook(world: w.World, identities: Identities) -> None:
    """Start the webhook that gives pods their IAM roles, as EKS runs it beside the API server."""
    identities.cluster.server(WEBHOOK, file="pod-identity", addresses=["127.0.0.1"])
    identities.cluster.client("rehearsal:pod-identity", file="pod-identity-client")
    world.spawn(WEBHOOK, [sys.executable, "-P", "-m", pod_identity.__name__, identities.folder])


def policies_folder(world: w.World) -> Path:
    """Where the socket of what enforces NetworkPolicies is; nodes see it too."""
    return world.data / "cluster" / "policies"


def start_policies(world: w.World, identities: Identities) -> None:
    """Start what enforces NetworkPolicies: nodes wait for it, and each pod does."""
    identities.cluster.client(engine.USER, file=engine.NAME)
    folder = policies_folder(world)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    world.spawn(
        engine.NAME, [sys.executable, "-P", "-m", engine.__name__, folder, identities.folder]
    )


def start_controllers(world: w.World, binaries: Path, identities: Identities) -> None:
    """Start the controller manager and the scheduler.

    Not before the API server is ready: they end when they are refused, and until
    then the server has no roles that allow them anything.
    """
    world.spawn(
        "kube-controller-manager",
        [binaries / "kube-controller-manager", *controller_manager_flags(identities)],
    )
    world.spawn("kube-scheduler", [binaries / "kube-scheduler", *scheduler_flags(identities)])


def check(world: w.World) -> None:
    """Raise WorldError when one of the servers ended: nothing else would come up then."""
    for name in SERVERS:
        process = world.processes.get(name)
        if process is not None and process.poll() is not None:
            raise w.WorldError(f"{name} ended with {process.returncode}:\n{world.tail(name)}")


def wait(world: w.World, api: Api, timeout: float = 60) -> None:
    """Wait until the API server says that it is ready."""

    def probe() -> str | None:
        check(world)
        try:
            api.get("/readyz")
        except ApiError as error:
            return str(error)
        return None

    world.wait_until("The Kubernetes API server", probe, timeout=timeout)


def etcd_flags(data: Path) -> list[str]:
    """Flags of a store for one world: nothing in it outlives the machine."""
    client = f"http://127.0.0.1:{ETCD_PORT}"
    peer = f"http://127.0.0.1:{ETCD_PORT + 1}"
    return [
        "--name=rehearsal",
        f"--data-dir={data}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=rehearsal={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def api_server_flags(identities: Identities) -> list[str]:
    """Flags: certificates for the parts, EKS's tokens for people, RBAC, aggregation."""
    serving = identities.cluster.server(
        "kube-apiserver",
        file="kube-apiserver",
        hosts=[
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
            HOST,
            "localhost",
        ],
        addresses=[w.ADDRESS, FIRST_SERVICE_ADDRESS, "127.0.0.1"],
    )
    kubelet = identities.cluster.client("kube-apiserver-kubelet-client", file="kubelet-client")
    proxy = identities.front_proxy.client("front-proxy-client", file="front-proxy-client")
    return [
        f"--etcd-servers=http://127.0.0.1:{ETCD_PORT}",
        f"--bind-address={w.ADDRESS}",
        f"--advertise-address={w.ADDRESS}",
        f"--secure-port={PORT}",
        f"--tls-cert-file={serving.certificate}",
        f"--tls-private-key-file={serving.key}",
        f"--client-ca-file={identities.authority}",
        "--anonymous-auth=false",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--kubelet-certificate-authority={identities.authority}",
        f"--kubelet-client-certificate={kubelet.certificate}",
        f"--kubelet-client-key={kubelet.key}",
        "--kubelet-preferred-address-types=InternalIP",
        *identity.flags(identities.folder),
        f"--service-account-key-file={identities.tokens.certificate}",
        f"--service-account-signing-key-file={identities.tokens.key}",
        f"--service-cluster-ip-range={w.SERVICE_CIDR}",
        f"--requestheader-client-ca-file={identities.front_proxy.files.certificate}",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={proxy.certificate}",
        f"--proxy-client-key-file={proxy.key}",
        # It reaches aggregated APIs by their pods: no kube-proxy runs beside it.
        "--enable-aggregator-routing=true",
        # Pods leave a lost node after 10 s instead of 300.
        "--default-not-ready-toleration-seconds=10",
        "--default-unreachable-toleration-seconds=10",
        "--profiling=false",
    ]


def controller_manager_flags(identities: Identities) -> list[str]:
    """Flags: as a managed cluster's, but it notices losses and load within seconds."""
    kubeconfig = identities.kubeconfig(
        "system:kube-controller-manager", file="kube-controller-manager"
    )
    return [
        *_behind_the_api(kubeconfig),
        "--use-service-account-credentials=true",
        f"--root-ca-file={identities.authority}",
        f"--service-account-private-key-file={identities.tokens.key}",
        f"--cluster-signing-cert-file={identities.authority}",
        f"--cluster-signing-key-file={identities.cluster.files.key}",
        f"--cluster-cidr={w.POD_CIDR}",
        "--allocate-node-cidrs=false",
        # It makes this folder, by default in the machine's own /usr.
        f"--flex-volume-plugin-dir={identities.folder.parent / 'flex-volumes'}",
        "--node-monitor-period=2s",
        "--node-monitor-grace-period=12s",
        "--horizontal-pod-autoscaler-sync-period=5s",
        "--horizontal-pod-autoscaler-downscale-stabilization=20s",
        "--horizontal-pod-autoscaler-cpu-initialization-period=10s",
        "--horizontal-pod-autoscaler-initial-readiness-delay=5s",
    ]


def scheduler_flags(identities: Identities) -> list[str]:
    """Flags of the scheduler."""
    return _behind_the_api(identities.kubeconfig("system:kube-scheduler", file="kube-scheduler"))


def _behind_the_api(kubeconfig: Path) -> list[str]:
    return [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
        "--profiling=false",
    ]
