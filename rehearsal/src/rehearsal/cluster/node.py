"""The nodes: what each of them is told, and how it is started and stopped."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rehearsal import world as w
from rehearsal.cluster import cgroups, control_plane, images
from rehearsal.cluster import stores as storage
from rehearsal.cluster.build import ARCHIVE
from rehearsal.cluster.policies import plugin
from rehearsal.cluster.requirements import CNI_NEEDED, CNI_PLUGINS

SOCKET = "/run/containerd/containerd.sock"
KUBELET_ROOT = "/run/kubelet"
VOLUMES = "/run/volumes"
"""Where a node keeps its persistent volumes (on the disk, under the world's data)."""

CLOSED_PORT = "https://127.0.0.1:1"
STOP_TIMEOUT = 15.0


@dataclass(frozen=True)
class Node:
    """One node: number 1 is ip-10-255-0-11.ec2.internal at 10.255.0.11 in us-east-1a."""

    number: int

    @property
    def address(self) -> str:
        """Its address on the world's bridge."""
        return f"10.255.0.{10 + self.number}"

    @property
    def name(self) -> str:
        """Its name in the cluster, as EKS names nodes in us-east-1."""
        return f"ip-{self.address.replace('.', '-')}.ec2.internal"

    @property
    def zone(self) -> str:
        """Its availability zone."""
        return f"us-east-1{'abc'[(self.number - 1) % 3]}"

    @property
    def pods(self) -> str:
        """The subnet of its pods."""
        return f"10.244.{self.number}.0/24"

    @property
    def cable(self) -> str:
        """The world's end of its cable."""
        return f"node{self.number}"


NODES = (Node(1), Node(2), Node(3))
"""Those that are there from the start."""

SPARE = (Node(4), Node(5), Node(6))
"""Those that `rehearsal.machines` starts for instances of the emulated EC2."""

EVERY = (*NODES, *SPARE)


@dataclass(frozen=True)
class Life:
    """What a node is told of itself when it starts. taints: key=value:effect."""

    zone: str
    provider_id: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[str] = ()


OF_A_GROUP = {
    "eks.amazonaws.com/capacityType": "ON_DEMAND",
    "eks.amazonaws.com/nodegroup": "main",
}
"""As EKS labels the nodes of its groups; production's pods ask for both."""


@dataclass(frozen=True)
class Registry:
    """Where images come from: the hosts that answer for them, and whom to trust."""

    hosts: Sequence[str]
    authority: Path


OF_ONE_LIFE = ("kubelet", "volumes", "pod-logs")
"""Folders of a node that a new machine would not have."""


def folder(world: w.World, node: Node) -> Path:
    """Where a node keeps its files."""
    return world.data / "cluster" / "nodes" / node.name


def prepare(
    world: w.World,
    node: Node,
    binaries: Path,
    *,
    stores: Path,
    identities: control_plane.Identities,
    registry: Registry,
    names: Mapping[str, str],
    hierarchies: tuple[cgroups.Hierarchy, ...],
    archives: Sequence[Path] = (),
) -> None:
    """Write everything that the node reads when it starts; its old files are discarded.

    stores: folder of the nodes' image stores, which are kept; archives: of images that it gets
    beside those of `binaries`.
    """
    here = folder(world, node)
    shutil.rmtree(here, ignore_errors=True)
    for each in ("etc/cni", *OF_ONE_LIFE):
        (here / each).mkdir(parents=True)
    control_plane.policies_folder(world).mkdir(parents=True, exist_ok=True, mode=0o700)
    etc = here / "etc"
    (etc / "hosts").write_text(hosts_file(node, names))
    (etc / "resolv.conf").write_text(f"nameserver {w.DNS_ADDRESS}\n")
    store = storage.prepare(stores / node.name)
    (etc / "containerd.toml").write_text(containerd_config(here, store, limits=bool(hierarchies)))
    (here / "new").touch()
    _write_json(etc / "cni" / "10-pods.conflist", cni_config(node))
    write_cni_programs(here / "cni-programs")
    write_registry_configs(etc / "certs.d", registry)
    _write_json(etc / "kubelet.json", kubelet_config(here, identities, node))
    _write_json(etc / "kube-proxy.json", kube_proxy_config(here, node))
    identities.kubeconfig(
        f"system:node:{node.name}", ["system:nodes"], file=f"kubelet-{node.name}"
    ).rename(etc / "kubelet.kubeconfig")
    identities.kubeconfig("system:kube-proxy", file=f"kube-proxy-{node.name}").rename(
        etc / "kube-proxy.kubeconfig"
    )
    spec = node_spec(world, node, binaries, store=store, hierarchies=hierarchies, archives=archives)
    _write_json(here / "spec.json", spec)


def node_spec(
    world: w.World,
    node: Node,
    binaries: Path,
    *,
    store: Path,
    hierarchies: tuple[cgroups.Hierarchy, ...],
    archives: Sequence[Path] = (),
) -> dict[str, Any]:
    """What `node_init` is told."""
    here = folder(world, node)
    etc = here / "etc"
    return {
        "name": node.name,
        "address": node.address,
        "pods": node.pods,
        "gateway": w.ADDRESS,
        "bridge": w.BRIDGE,
        "cable": node.cable,
        "routes": {other.pods: other.address for other in EVERY if other != node},
        "hierarchies": [each.as_json() for each in hierarchies],
        # Over the machine's own folders, for this node only.
        "folders": {
            KUBELET_ROOT: str(here / "kubelet"),
            VOLUMES: str(here / "volumes"),
            "/var/log/pods": str(here / "pod-logs"),
            str(Path(plugin.SOCKET).parent): str(control_plane.policies_folder(world)),
        },
        "files": {
            "/etc/hosts": str(etc / "hosts"),
            "/etc/resolv.conf": str(etc / "resolv.conf"),
        },
        "logs": str(world.logs / node.name),
        "containerd_socket": SOCKET,
        "archives": [str(archive) for archive in (binaries / ARCHIVE, *archives)],
        # There until the node has started once, without the pods of an earlier life.
        "new": str(here / "new"),
        "store": str(store),
        "api_server": [w.ADDRESS, control_plane.PORT],
        "servers": {
            "containerd": ["containerd", "--config", str(etc / "containerd.toml")],
            "kubelet": [
                str(binaries / "kubelet"),
                f"--config={etc / 'kubelet.json'}",
                f"--kubeconfig={etc / 'kubelet.kubeconfig'}",
                f"--hostname-override={node.name}",
                f"--node-ip={node.address}",
                f"--root-dir={KUBELET_ROOT}",
                f"--cert-dir={KUBELET_ROOT}/pki",
                *life_flags(Life(node.zone, labels=OF_A_GROUP)),
            ],
            "kube-proxy": [str(binaries / "kube-proxy"), f"--config={etc / 'kube-proxy.json'}"],
        },
    }


def life_flags(life: Life) -> list[str]:
    """Flags of kubelet: the labels that a cloud provider would set, and what else a life has."""
    labels = {
        "topology.kubernetes.io/region": "us-east-1",
        "topology.kubernetes.io/zone": life.zone,
        **life.labels,
    }
    flags = ["--node-labels=" + ",".join(f"{key}={value}" for key, value in labels.items())]
    if life.provider_id:
        flags.append(f"--provider-id={life.provider_id}")
    if life.taints:
        flags.append("--register-with-taints=" + ",".join(life.taints))
    return flags


def hosts_file(node: Node, names: Mapping[str, str]) -> str:
    """/etc/hosts of a node: itself and the world's names."""
    lines = ["127.0.0.1 localhost", f"{node.address} {node.name}"]
    lines += [f"{address} {name}" for name, address in sorted(names.items())]
    return "\n".join(lines) + "\n"


def containerd_config(here: Path, store: Path, *, limits: bool) -> str:
    """containerd's config.toml: state on the disk, sockets and runtime state in /run."""
    return f"""version = 2
root = "{store}"
state = "/run/containerd"
disabled_plugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.internal.v1.tracing",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp",
]

[grpc]
  address = "{SOCKET}"

[plugins."io.containerd.grpc.v1.cri"]
  disable_apparmor = true
  disable_cgroup = {str(not limits).lower()}
  restrict_oom_score_adj = true
  sandbox_image = "{images.PAUSE.reference}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{here}/cni-programs"
    conf_dir = "{here}/etc/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{here}/etc/certs.d"
"""


def write_registry_configs(target: Path, registry: Registry) -> None:
    """certs.d: the world's registry for its hosts, an instant refusal for all others."""
    for host in registry.hosts:
        (target / host).mkdir(parents=True)
        (target / host / "hosts.toml").write_text(
            f'server = "https://{host}"\n'
            f'ca = "{registry.authority}"\n\n'
            f'[host."https://{host}"]\n'
            '  capabilities = ["pull", "resolve"]\n'
            f'  ca = "{registry.authority}"\n'
        )
    (target / "_default").mkdir(parents=True)
    (target / "_default" / "hosts.toml").write_text(
        "# There is no way to other registries: refuse at once, not after a time-out.\n"
        f'server = "{CLOSED_PORT}"\n\n'
        f'[host."{CLOSED_PORT}"]\n'
        '  capabilities = ["pull", "resolve"]\n'
    )


def write_cni_programs(target: Path) -> None:
    """Debian's plugins, and the one of ours beside them: they must share a folder."""
    target.mkdir()
    for name in CNI_NEEDED:
        (target / name).symlink_to(Path(CNI_PLUGINS) / name)
    own = target / plugin.TYPE
    # Without site packages it starts at once, with whatever Python runs us.
    python = Path(sys.executable).resolve()
    own.write_text(f"#!{python} -IS\n{Path(plugin.__file__).read_text()}")
    own.chmod(0o755)


def cni_config(node: Node) -> dict[str, Any]:
    """Routed pods: each has a cable to its node, so the node's filters see all traffic."""
    ipam = {
        "type": "host-local",
        "ranges": [[{"subnet": node.pods}]],
        "routes": [{"dst": "0.0.0.0/0"}],
        "dataDir": "/run/cni",
    }
    return {
        "cniVersion": "0.4.0",
        "name": "pods",
        "plugins": [
            {"type": "ptp", "ipMasq": False, "mtu": 1500, "ipam": ipam},
            {"type": "portmap", "capabilities": {"portMappings": True}, "snat": True},
            # The last one to be asked when a pod starts, the first when it ends.
            {"type": plugin.TYPE, "node": node.name},
        ],
    }


def kubelet_config(here: Path, identities: control_plane.Identities, node: Node) -> dict[str, Any]:
    """KubeletConfiguration: in a user namespace, and quick to tell that it is alive."""
    serving = identities.cluster.server(
        f"system:node:{node.name}",
        organisations=["system:nodes"],
        file=f"kubelet-serving-{node.name}",
        hosts=[node.name],
        addresses=[node.address],
    )
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "address": node.address,
        "tlsCertFile": str(serving.certificate),
        "tlsPrivateKeyFile": str(serving.key),
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(identities.authority)},
        },
        "authorization": {"mode": "Webhook"},
        "clusterDNS": [w.DNS_ADDRESS],
        "clusterDomain": "cluster.local",
        "resolvConf": str(here / "etc" / "resolv.conf"),
        "featureGates": {"KubeletInUserNamespace": True},
        "cgroupDriver": "cgroupfs",
        "cgroupsPerQOS": False,
        "enforceNodeAllocatable": [],
        "failCgroupV1": False,
        "failSwapOn": False,
        "makeIPTablesUtilChains": False,
        "imagePullCredentialsVerificationPolicy": "NeverVerify",
        "nodeStatusUpdateFrequency": "4s",
        "nodeLeaseDurationSeconds": 8,
        "volumePluginDir": "/run/kubelet-plugins",
        "shutdownGracePeriod": "0s",
        # The disk is the user's: however full it is, pods and images stay.
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "0%"},
        "imageGCHighThresholdPercent": 100,
        "maxPods": 110,
        "serializeImagePulls": False,
    }


def kube_proxy_config(here: Path, node: Node) -> dict[str, Any]:
    """KubeProxyConfiguration."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": str(here / "etc" / "kube-proxy.kubeconfig")},
        "clusterCIDR": w.POD_CIDR,
        "hostnameOverride": node.name,
        "nodePortAddresses": ["primary"],
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        # These belong to the machine, not to a namespace.
        "conntrack": {
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
        },
    }


def renew(world: w.World, node: Node, life: Life) -> None:
    """Make a spare node that does not run a new machine: nothing of an earlier life is left."""
    here = folder(world, node)
    for name in OF_ONE_LIFE:
        shutil.rmtree(here / name)
        (here / name).mkdir()
    (here / "new").touch()
    spec = json.loads((here / "spec.json").read_text())
    storage.prepare(Path(spec["store"]))
    told = life_flags(life)
    names = [flag.partition("=")[0] for flag in (*told, "--provider-id", "--register-with-taints")]
    kubelet = spec["servers"]["kubelet"]
    kept = [part for part in kubelet if part.partition("=")[0] not in names]
    spec["servers"]["kubelet"] = [*kept, *told]
    _write_json(here / "spec.json", spec)


def start(world: w.World, node: Node) -> None:
    """Start a node whose files are there; returns at once."""
    here = folder(world, node)
    process = world.spawn(
        node.name,
        [sys.executable, "-P", "-m", "rehearsal.cluster.node_enter", here / "spec.json"],
    )
    (here / "pid").write_text(str(process.pid))


def pid(world: w.World, node: Node) -> int | None:
    """Process that holds a node, None when the node does not run."""
    found = recorded(world, node.name)
    if found is None:
        return None
    process = world.processes.get(node.name)
    if process is not None and process.pid == found and process.poll() is not None:
        return None
    # The number may have been given to another process since.
    try:
        command = Path(f"/proc/{found}/cmdline").read_bytes()
    except OSError:
        return None
    return found if str(folder(world, node) / "spec.json").encode() in command else None


def recorded(world: w.World, name: str) -> int | None:
    """The process that a node was started as, last; None while `kill` has taken it away.

    Raises KeyError for a name that is no node's.
    """
    node = {each.name: each for each in EVERY}[name]
    try:
        return int((folder(world, node) / "pid").read_text())
    except (FileNotFoundError, ValueError):
        return None


def kill(world: w.World, nodes: Iterable[Node]) -> None:
    """End nodes as a power cut does, and wait until nothing of them runs."""
    running = [(node, found) for node in nodes if (found := pid(world, node)) is not None]
    for _, found in running:
        os.kill(found, signal.SIGKILL)
    deadline = time.monotonic() + STOP_TIMEOUT
    for node, _ in running:
        while pid(world, node) is not None:
            if time.monotonic() > deadline:
                raise w.WorldError(f"{node.name}: still running {STOP_TIMEOUT:.0f} s after a kill")
            time.sleep(0.02)
        (folder(world, node) / "pid").unlink(missing_ok=True)


def unplug(node: Node) -> None:
    """Take away the cable of a node that has ended (run inside the world).

    The kernel does so by itself, but some time later: until then the node's next life could not
    have one of that name.
    """
    command = ["ip", "link", "delete", node.cable]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode and "Cannot find device" not in done.stderr:
        raise w.WorldError(f"{node.name}: {' '.join(command)}: {done.stderr.strip()}")


def discard(world: w.World, node: Node) -> None:
    """Remove a node's files (run where its sub-uids are mapped: inside the world)."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder(world, node))


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1))
