"""What role milvus puts beside the chart: rules, peers and disruption budgets."""

from __future__ import annotations

from ansible_collections.ragops.platform.plugins.module_utils._milvus import objects


def test_each_client_has_a_rule_for_one_port() -> None:
    [rag, whole] = objects.client_rules(
        [{"namespace": "rag", "labels": {"a": "b"}}, {"namespace": "whole"}], 19530
    )
    [peer] = rag["from"]
    assert peer["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "rag"}}
    assert peer["podSelector"] == {"matchLabels": {"a": "b"}}
    assert rag["ports"] == [{"protocol": "TCP", "port": 19530}]
    assert whole["from"][0]["podSelector"] == {"matchLabels": {}}
    assert objects.client_rules([], 19530) == []


def test_everywhere_is_no_private_address() -> None:
    [everywhere, range_of_ours] = objects.peers(["0.0.0.0/0", "10.20.0.0/16"])
    assert "169.254.0.0/16" in everywhere["ipBlock"]["except"]
    assert range_of_ours == {"ipBlock": {"cidr": "10.20.0.0/16"}}


def test_a_drain_takes_one_pod_of_each_component() -> None:
    [proxy] = objects.budgets(["proxy"], {"name": "milvus", "namespace": "v"}, {"a": "b"})
    assert proxy["metadata"] == {"name": "milvus-proxy", "namespace": "v"}
    assert proxy["spec"] == {
        "maxUnavailable": 1,
        "selector": {"matchLabels": {"a": "b", "component": "proxy"}},
    }
