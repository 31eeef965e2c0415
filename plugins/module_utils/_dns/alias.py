# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The record that leads a host to a load balancer."""

from __future__ import annotations

from collections.abc import Mapping

from ..aws import AwsError, Dict, wait_until
from ..reconcile import UNKNOWN, Api, Plan
from . import zone as zones
from .records import ADDRESSES, Claim, Records, await_spread


def label_of(host: str) -> str:
    """Return how plan and errors name the record."""
    return f"A record {host}"


def ensure_free(api: Api, asked: str, host: str, tags: Mapping[str, str]) -> zones.Zone:
    """Refuse a host that can't be had in a zone, and change nothing; return the zone.

    Raises:
        AwsError: no such zone, not in it, or somebody else's.
    """
    zone = zones.need(api, asked, host)
    Records(api, zone, tags).refuse_taken(host)
    return zone


def balancer(api: Api, name: str, timeout: float) -> Dict | None:
    """Return the load balancer of a DNS name, active; None in check mode where there is none.

    Raises:
        AwsError: it is not there or not active in time, or failed.
    """
    found: Dict | None = None
    about = f"load balancer {name}"

    def lacking() -> str | None:
        nonlocal found
        every = api.pages("describe_load_balancers", "LoadBalancers", about)
        found = next((each for each in every if each["DNSName"].lower() == name.lower()), None)
        state = (found or {}).get("State", {})
        if state.get("Code") == "failed":
            raise AwsError(
                f"{about} failed: {state.get('Reason', 'AWS gives no reason')}. See the events of"
                " its Ingress."
            )
        if api.check_mode or state.get("Code") in ("active", "active_impaired"):
            return None
        return str(state.get("Code", "not there"))

    wait_until(about, lacking, timeout=timeout)
    return found


def ensure_present(
    records: Records, plan: Plan, host: str, target: Dict | None, timeout: float
) -> None:
    """Let a host lead to a load balancer (None in check mode: one that is still to be made).

    Raises:
        AwsError: the host is somebody else's, or AWS refused.
    """
    label = label_of(host)
    claim, ours = records.refuse_taken(host), Claim(host, records.owner)
    there = records.at(f"{host}.", *ADDRESSES)
    wanted = _record(host, target)
    remove = [each for each in there if _shape(each) != _shape(wanted)]
    make = [] if len(remove) < len(there) else [wanted]
    plan.record(label, _shown(there), _shown([wanted]))
    before = claim and {"values": claim.values}
    plan.record(ours.label, before, before or {"values": ours.values})
    first, then = records.set_claim(claim, claim or ours)
    change = records.change(label, [*first, *remove], [*then, *make])
    await_spread(records.api, change, label, timeout)


def ensure_absent(records: Records, plan: Plan) -> list[str]:
    """Remove the records of all hosts that are ours in the zone; return the hosts.

    A claim that tells of a record for ACM stays, until that one goes with its certificate.
    """
    hosts = []
    for claim in records.own_claims():
        there = records.at(f"{claim.host}.", *ADDRESSES)
        last = not claim.validation
        if not there and not last:
            continue
        if there:
            plan.record(label_of(claim.host), _shown(there), None)
        if last:
            plan.record(claim.label, {"values": claim.values}, None)
        remove, _ = records.set_claim(claim, None if last else claim)
        records.change(label_of(claim.host), [*there, *remove], [])
        hosts.append(claim.host)
    return hosts


def _record(host: str, target: Dict | None) -> Dict:
    alias = {
        "HostedZoneId": target["CanonicalHostedZoneId"] if target else UNKNOWN,
        "DNSName": f"{target['DNSName'].lower()}." if target else UNKNOWN,
        # There is one record: where nothing is healthy Route 53 would give it all the same.
        "EvaluateTargetHealth": False,
    }
    return {"Name": f"{host}.", "Type": "A", "AliasTarget": alias}


def _shown(records: list[Dict]) -> Dict | None:
    """Return a host's records as the plan shows them."""
    return {"records": [_shape(each) for each in records]} if records else None


def _shape(record: Mapping[str, object]) -> Dict:
    """Return a record without its name."""
    return {key: value for key, value in record.items() if key != "Name"}
