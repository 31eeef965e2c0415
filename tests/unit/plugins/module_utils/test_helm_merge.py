"""What of an object is a chart's, what was added by hand, and what stays."""

from __future__ import annotations

import copy
from typing import Any

from ansible_collections.ragops.platform.plugins.module_utils._helm.byhand import added
from ansible_collections.ragops.platform.plugins.module_utils._helm.merge import merged
from ansible_collections.ragops.platform.plugins.module_utils._helm.objects import (
    Key,
    fields,
    parse,
    shown,
)

Dict = dict[str, Any]

CHART: Dict = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "containers": [
                    {
                        "name": "web",
                        "image": "x@sha256:1",
                        "args": ["a", "b"],
                        "env": [{"name": "MODE", "value": "fast"}],
                        "ports": [{"containerPort": 8000}],
                    }
                ]
            },
        }
    },
}


def live() -> Dict:
    """The object with what the server and a controller set."""
    item = copy.deepcopy(CHART)
    item["metadata"] |= {"resourceVersion": "7", "managedFields": []}
    item["spec"]["replicas"] = 4
    container = item["spec"]["template"]["spec"]["containers"][0]
    container["imagePullPolicy"] = "IfNotPresent"
    container["ports"][0]["protocol"] = "TCP"
    item["status"] = {"replicas": 4}
    return item


def container(item: Dict) -> Dict:
    found: Dict = item["spec"]["template"]["spec"]["containers"][0]
    return found


def by(manager: str, owned: Dict, **more: str) -> Dict:
    return {"manager": manager, "operation": "Update", "fieldsV1": owned, **more}


def in_container(owned: Dict) -> Dict:
    inner = {'k:{"name":"web"}': owned}
    return {"f:spec": {"f:template": {"f:spec": {"f:containers": inner}}}}


def test_nothing_differs_where_nothing_was_changed() -> None:
    assert merged(live(), CHART, CHART) == live()
    assert merged(live(), None, CHART) == live()


def test_what_the_chart_names_is_set_and_what_controllers_set_stays() -> None:
    item = live()
    container(item)["image"] = "other"
    container(item)["args"].append("c")
    assert merged(item, CHART, CHART) == live()
    assert merged(item, CHART, CHART)["spec"]["replicas"] == 4


def test_what_the_chart_names_no_longer_is_removed() -> None:
    old = copy.deepcopy(CHART)
    old["spec"]["paused"] = False
    container(old)["env"].append({"name": "OLD", "value": "1"})
    container(old)["command"] = ["run"]
    item = live()
    item["spec"]["paused"] = False
    container(item)["env"].append({"name": "OLD", "value": "1"})
    container(item)["command"] = ["run"]
    assert merged(item, old, CHART) == live()


def test_a_renamed_port_is_replaced_and_not_doubled() -> None:
    old = {"spec": {"ports": [{"name": "http", "port": 8000}]}}
    now = {"metadata": {}, "spec": {"ports": [{"name": "http", "port": 9000, "nodePort": 3}]}}
    assert merged(now, old, old)["spec"]["ports"] == [{"name": "http", "port": 8000, "nodePort": 3}]
    new = {"spec": {"ports": [{"name": "web", "port": 8000}]}}
    assert merged(now, old, new)["spec"]["ports"] == [{"name": "web", "port": 8000}]


def test_what_kubectl_added_is_removed_and_what_others_added_stays() -> None:
    item = live()
    container(item)["env"] += [{"name": "DEBUG", "value": "1"}, {"name": "MESH", "value": "on"}]
    owned = {".": {}, "f:name": {}, "f:value": {}}
    item["metadata"]["managedFields"] = [
        by("kubectl-set", in_container({"f:env": {'k:{"name":"DEBUG"}': owned}})),
        by("injector", in_container({"f:env": {'k:{"name":"MESH"}': owned}})),
    ]
    assert [path[-2:] for path in added(item, CHART)] == [("env", 1)]
    names = [entry["name"] for entry in container(merged(item, CHART, CHART))["env"]]
    assert names == ["MODE", "MESH"]


def test_several_added_items_are_removed_from_their_ends() -> None:
    item = live()
    container(item)["env"] = [{"name": n} for n in ("A", "MODE", "B")]
    owned = {f'k:{{"name":"{name}"}}': {".": {}, "f:name": {}} for name in ("A", "B")}
    item["metadata"]["managedFields"] = [by("kubectl-edit", in_container({"f:env": owned}))]
    left = container(merged(item, CHART, CHART))["env"]
    assert left == [{"name": "MODE", "value": "fast"}]


def test_restarting_and_scaling_by_hand_are_no_drift() -> None:
    item = live()
    stamp = "kubectl.kubernetes.io/restartedAt"
    item["spec"]["template"]["metadata"]["annotations"] = {stamp: "now", "note": "x"}
    annotations = {".": {}, f"f:{stamp}": {}, "f:note": {}}
    item["metadata"]["managedFields"] = [
        by("kubectl", {"f:spec": {"f:replicas": {}}}, subresource="scale"),
        by(
            "kubectl-rollout",
            {"f:spec": {"f:template": {"f:metadata": {"f:annotations": annotations}}}},
        ),
        by("kubectl-label", {"f:metadata": {"f:labels": {"f:team": {}}}}),
    ]
    kept = merged(item, CHART, CHART)
    assert kept["spec"]["template"]["metadata"]["annotations"] == {stamp: "now"}
    assert kept["spec"]["replicas"] == 4


def test_what_is_owned_but_gone_is_no_matter() -> None:
    item = live()
    gone = {'k:{"name":"GONE"}': {".": {}}, 'v:"x"': {}}
    item["metadata"]["managedFields"] = [by("kubectl", in_container({"f:env": gone, "f:no": {}}))]
    assert added(item, CHART) == []


def test_fields_are_named_by_what_tells_items_apart() -> None:
    names = set(fields(CHART))
    assert "spec.template.spec.containers[web].env[MODE].value" in names
    assert fields(CHART)["spec.template.spec.containers[web].args"] == ["a", "b"]
    assert "spec.template.spec.containers[web].ports[8000].containerPort" in names
    assert fields({"items": [{"a": 1}, {"a": 2}]}) == {"items": [{"a": 1}, {"a": 2}]}


def test_manifests_may_hold_lists_and_nothing() -> None:
    text = "---\n# nothing\n---\nkind: List\nitems: [{kind: A}, {kind: B}]\n---\nkind: C\n"
    assert [item["kind"] for item in parse(text)] == ["A", "B", "C"]


def test_values_of_secrets_are_never_shown() -> None:
    key = Key("v1", "Secret", "n", "web")
    assert shown(key, "data.password", "cGFzcw==") == "(hidden)"
    assert shown(key, "type", "Opaque") == "Opaque"
    long = shown(Key("v1", "ConfigMap", "n", "web"), "data.ca", "x" * 300)
    assert len(long) < 250
    assert "300 characters" in long
