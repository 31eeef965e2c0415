"""What Route 53 refuses, which ministack takes: names, texts and targets that don't fit the zone.

Codes and texts are those of real answers (issues of terraform-provider-aws, external-dns, boto).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

Response = tuple[int, dict[str, str], bytes]
Change = Callable[[str, bytes], Response]
Dict = dict[str, Any]
Op = tuple[str, Dict]


def adjust(route53: Any, alb: Any, reads: int) -> None:
    """Check changes of records.

    route53, alb: ministack's modules; reads: how many changes don't see a new load balancer yet.
    """
    route53._parse_record_set = functools.partial(in_lower_case, route53._parse_record_set)
    route53._change_resource_record_sets = functools.partial(
        changed_if_fit, route53, alb, reads, route53._change_resource_record_sets
    )


def in_lower_case(parse: Callable[[Any], Dict], element: Any) -> Dict:
    """AWS: names are kept in lower case. ministack: as they came."""
    record = parse(element)
    record["Name"] = record["Name"].lower()
    if target := record.get("AliasTarget"):
        target["DNSName"] = target["DNSName"].lower()
    return record


def changed_if_fit(
    route53: Any, alb: Any, reads: int, change: Change, zone_id: str, body: bytes
) -> Response:
    """AWS: a batch is taken as a whole, or not at all. ministack looks at existence only."""
    zone = route53._zones.get(zone_id)
    if zone is None:
        return change(zone_id, body)
    ops = list(operations(route53, body))
    made = [record for action, record in ops if action != "DELETE"]
    wrong = [
        text
        for record in made
        for text in (*in_zone(record, zone["name"]), *targeted(alb, record, reads))
    ]
    if wrong:
        return refused(route53, wrong)
    before = list(route53._records[zone_id])
    response = change(zone_id, body)
    if response[0] == 200:
        wrong = list(conflicts(made, route53._records[zone_id], zone["name"]))
        if wrong:
            route53._records[zone_id] = before
            return refused(route53, wrong)
    return response


def refused(route53: Any, texts: list[str]) -> Response:
    """An answer with all that is wrong."""
    found: Response = route53._error_response("InvalidChangeBatch", f"[{', '.join(texts)}]")
    return found


def operations(route53: Any, body: bytes) -> Iterator[Op]:
    """(action, record) of each change in a batch; what has no form is the service's to refuse."""
    root = route53._parse_body(body)
    batch = route53._find(root, "ChangeBatch") if root is not None else None
    changes = route53._find(batch, "Changes") if batch is not None else None
    for each in route53._findall(changes, "Change") if changes is not None else ():
        record = route53._find(each, "ResourceRecordSet")
        if record is not None:
            yield route53._text(each, "Action"), route53._parse_record_set(record)


def in_zone(record: Dict, zone: str) -> Iterator[str]:
    """What the zone does not take of one record."""
    name, kind = record["Name"], record["Type"]
    if name != zone and not name.endswith(f".{zone}"):
        yield f"RRSet with DNS name {name} is not permitted in zone {zone}"
    if kind == "CNAME" and name == zone:
        yield f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone}"
    if any(len(label) > 63 for label in name.split(".")) or len(name) > 255:
        why = "DomainLabelTooLong (Domain label is too long)"
        yield f"FATAL problem: {why} encountered with {name}"
    for text in record.get("ResourceRecords", ()) if kind == "TXT" else ():
        if not (len(text) > 1 and text.startswith('"') and text.endswith('"')):
            yield (
                "Invalid Resource Record: FATAL problem: InvalidCharacterString (Value should be "
                f"enclosed in quotation marks) encountered with '{text}'"
            )


def targeted(alb: Any, record: Dict, reads: int) -> Iterator[str]:
    """What is wrong with an alias of a load balancer: it must be there, in its own zone."""
    alias = record.get("AliasTarget")
    if not alias or not alias["DNSName"].endswith(".elb.amazonaws.com."):
        return
    target = f"{alias['DNSName']}, type {record['Type']} in zone {alias['HostedZoneId']}"
    said = f"Tried to create an alias that targets {target}, but "
    if alias["HostedZoneId"] != "Z35SXDOTRQ7X7K":  # ministack's, in all regions
        yield f"{said}the alias target name does not lie within the target zone"
    name = alias["DNSName"].removeprefix("dualstack.").rstrip(".")
    found = next((lb for lb in alb._lbs.values() if lb["DNSName"].lower() == name), None)
    if found is None:
        yield f"{said}that target was not found"
    elif found.setdefault("_not_in_dns", reads) > 0:
        found["_not_in_dns"] -= 1
        yield f"{said}that target was not found"


def conflicts(made: list[Dict], after: list[Dict], zone: str) -> Iterator[str]:
    """A CNAME stands alone at its name."""
    for record in made:
        kinds = {each["Type"] for each in after if each["Name"] == record["Name"]}
        if "CNAME" not in kinds or len(kinds) == 1:
            continue
        said = f"RRSet of type {record['Type']} with DNS name {record['Name']} is not permitted"
        if record["Type"] == "CNAME":
            yield f"{said} as it conflicts with other records with the same DNS name in zone {zone}"
        else:
            yield (
                f"{said} because a conflicting RRSet of type CNAME with the same DNS name already "
                f"exists in zone {zone}"
            )
