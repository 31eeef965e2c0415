"""What nodes and add-ons are told."""

from __future__ import annotations

import json
import subprocess
import tomllib
from pathlib import Path

import pytest

from rehearsal.cluster import addons, cgroups, control_plane, node, pki
from rehearsal.cluster.api import object_path
from rehearsal.world import ADDRESS, DNS_ADDRESS, World, WorldError

NAMES = {"aws.rehearsal.internal": ADDRESS, "redis.rehearsal.internal": ADDRESS}
GROUPS = (cgroups.Hierarchy("cpu", "cpu", "/sys/fs/cgroup/cpu/ragops"),)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    world = World(data=tmp_path / "data", cache=tmp_path / "cache")
    identities = control_plane.make_identities(world.data / "cluster" / "pki")
    node.prepare(
        world,
        node.NODES[1],
        tmp_path / "bin",
        stores=tmp_path / "stores",
        identities=identities,
        registry=node.Registry(["registry.rehearsal.internal"], tmp_path / "ca.crt"),
        names=NAMES,
        hierarchies=GROUPS,
        archives=[tmp_path / "more.tar"],
    )
    return node.folder(world, node.NODES[1])


def test_a_node_gets_the_images_of_the_cluster_and_those_beside_them(here: Path) -> None:
    archives = json.loads((here / "spec.json").read_text())["archives"]
    assert [Path(archive).name for archive in archives] == ["images.tar", "more.tar"]


def test_nodes_are_in_three_zones_and_share_no_address() -> None:
    assert [each.zone for each in node.NODES] == ["us-east-1a", "us-east-1b", "us-east-1c"]
    assert len({each.address for each in node.NODES}) == 3
    assert len({each.pods for each in node.NODES}) == 3


def test_a_node_resolves_the_world_and_reaches_the_others_pods(here: Path) -> None:
    assert f"{ADDRESS} aws.rehearsal.internal" in (here / "etc" / "hosts").read_text()
    spec = json.loads((here / "spec.json").read_text())
    # The spare ones, too: they come later, and the others know the way then.
    others = [each for each in node.EVERY if each != node.NODES[1]]
    assert len(others) == 5
    assert spec["routes"] == {each.pods: each.address for each in others}
    assert [cgroups.Hierarchy(**each) for each in spec["hierarchies"]] == list(GROUPS)


def test_a_spare_node_starts_each_life_as_a_new_machine(here: Path, tmp_path: Path) -> None:
    world = World(data=tmp_path / "data", cache=tmp_path / "cache")
    old = json.loads((here / "spec.json").read_text())["servers"]["kubelet"]
    (here / "new").unlink()
    (here / "kubelet/pods").mkdir()
    node.renew(
        world,
        node.NODES[1],
        node.Life("us-east-1c", "aws:///us-east-1c/i-1", {"a": "b"}, ["c=d:NoSchedule"]),
    )
    assert (here / "new").exists()
    assert not (here / "kubelet/pods").exists()
    told = json.loads((here / "spec.json").read_text())["servers"]["kubelet"]
    zone = "topology.kubernetes.io/region=us-east-1,topology.kubernetes.io/zone=us-east-1c"
    assert set(told) - set(old) == {
        f"--node-labels={zone},a=b",
        "--provider-id=aws:///us-east-1c/i-1",
        "--register-with-taints=c=d:NoSchedule",
    }
    # The next one is told nothing of this one.
    node.renew(world, node.NODES[1], node.Life("us-east-1a"))
    again = json.loads((here / "spec.json").read_text())["servers"]["kubelet"]
    assert not [flag for flag in again if "i-1" in flag or "a=b" in flag or "c=d" in flag]
    assert len(again) == len(old)


def test_every_path_that_a_node_is_told_is_there(here: Path) -> None:
    spec = json.loads((here / "spec.json").read_text())
    for source in [*spec["folders"].values(), *spec["files"].values()]:
        assert Path(source).exists(), source
    kubelet = json.loads((here / "etc" / "kubelet.json").read_text())
    for path in (
        kubelet["tlsCertFile"],
        kubelet["tlsPrivateKeyFile"],
        kubelet["authentication"]["x509"]["clientCAFile"],
        kubelet["resolvConf"],
        here / "etc" / "kubelet.kubeconfig",
        json.loads((here / "etc" / "kube-proxy.json").read_text())["clientConnection"][
            "kubeconfig"
        ],
    ):
        assert Path(path).is_file(), path


def test_a_kubelet_lets_nobody_in_without_a_name(here: Path) -> None:
    kubelet = json.loads((here / "etc" / "kubelet.json").read_text())
    assert kubelet["authentication"]["anonymous"] == {"enabled": False}
    assert kubelet["authorization"] == {"mode": "Webhook"}
    assert (here / "etc" / "kubelet.kubeconfig").stat().st_mode & 0o777 == 0o600


def test_every_cni_program_of_the_chain_is_there_and_ours_runs(here: Path) -> None:
    chain = json.loads((here / "etc" / "cni" / "10-pods.conflist").read_text())
    types = {each["type"] for each in chain["plugins"]}
    # loopback is containerd's own wish, host-local is ptp's.
    assert types | {"host-local", "loopback"} == {
        path.name for path in (here / "cni-programs").iterdir()
    }
    assert chain["plugins"][-1] == {"type": "network-policy", "node": node.NODES[1].name}
    done = subprocess.run(
        [here / "cni-programs" / "network-policy"],
        input='{"cniVersion": "0.4.0"}',
        env={"CNI_COMMAND": "VERSION"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["supportedVersions"] == [chain["cniVersion"]]


def test_the_registry_is_trusted_by_the_given_authority_and_others_are_refused(
    here: Path, tmp_path: Path
) -> None:
    folder = here / "etc" / "certs.d"
    ours = tomllib.loads((folder / "registry.rehearsal.internal" / "hosts.toml").read_text())
    host = "https://registry.rehearsal.internal"
    assert ours["server"] == host
    assert ours["host"][host]["ca"] == str(tmp_path / "ca.crt")
    default = tomllib.loads((folder / "_default" / "hosts.toml").read_text())
    assert list(default["host"]) == [default["server"]] == [node.CLOSED_PORT]


@pytest.mark.parametrize("limits", [True, False])
def test_containers_get_control_groups_when_there_are_any(tmp_path: Path, limits: bool) -> None:
    config = tomllib.loads(node.containerd_config(tmp_path, tmp_path / "store", limits=limits))
    assert config["plugins"]["io.containerd.grpc.v1.cri"]["disable_cgroup"] is not limits


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pki.Authority(tmp_path_factory.mktemp("pki"), "ca").files.certificate


def test_every_add_on_can_be_applied(authority: Path) -> None:
    objects = list(addons.manifests(NAMES, authority))
    paths = [object_path(each) for each in objects]
    assert len(set(paths)) == len(paths)
    made = {each["metadata"]["name"] for each in objects if each["kind"] == "Deployment"}
    assert made == set(addons.DEPLOYMENTS)
    assert "$" not in json.dumps(objects)


def test_dns_knows_the_world_before_it_says_that_a_name_does_not_exist(authority: Path) -> None:
    objects = {
        (each["kind"], each["metadata"]["name"]): each
        for each in addons.manifests(NAMES, authority)
    }
    corefile = objects["ConfigMap", "coredns"]["data"]["Corefile"]
    assert "aws.rehearsal.internal redis.rehearsal.internal {" in corefile
    assert f"{ADDRESS} redis.rehearsal.internal" in corefile
    assert "rcode NXDOMAIN" in corefile.partition("\n. {")[2]
    assert objects["Service", "kube-dns"]["spec"]["clusterIP"] == DNS_ADDRESS


def test_a_kind_without_a_path_is_named() -> None:
    manifest = {"apiVersion": "v1", "kind": "Gadget", "metadata": {"name": "g"}}
    with pytest.raises(WorldError, match="Gadget g"):
        object_path(manifest)


def test_the_control_plane_checks_everybody(tmp_path: Path) -> None:
    identities = control_plane.make_identities(tmp_path / "pki")
    flags = control_plane.api_server_flags(identities)
    assert "--anonymous-auth=false" in flags
    assert not [flag for flag in flags if "AlwaysAllow" in flag]
    settings = next(flag for flag in flags if flag.startswith("--authorization-config="))
    authorizers = json.loads(Path(settings.partition("=")[2]).read_text())["authorizers"]
    assert [each["type"] for each in authorizers] == ["Node", "RBAC", "Webhook"]
    # What the webhook does not answer is refused, and it is asked about AWS's users only.
    assert authorizers[2]["webhook"]["failurePolicy"] == "NoOpinion"
    assert authorizers[2]["webhook"]["matchConditions"]
    assert "--enable-admission-plugins=NodeRestriction" in flags
    for flag in flags:
        if "-file=" in flag:
            assert Path(flag.partition("=")[2]).is_file(), flag


def test_nothing_but_the_api_server_listens_beyond_the_machine(tmp_path: Path) -> None:
    identities = control_plane.make_identities(tmp_path / "pki")
    for flags in (
        control_plane.scheduler_flags(identities),
        control_plane.controller_manager_flags(identities),
    ):
        assert "--bind-address=127.0.0.1" in flags
    urls = [flag for flag in control_plane.etcd_flags(tmp_path) if "url" in flag]
    assert urls
    assert all("//127.0.0.1:" in flag for flag in urls)
