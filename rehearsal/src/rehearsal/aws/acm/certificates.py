"""How ACM issues certificates: slowly, and by a record in DNS. ministack issues them at once.

Settings, from the environment of the emulated account:

    AWS_CERTIFICATE_READS    descriptions that don't show the record yet, and that see it in DNS
                             before the certificate is issued (default 1)
    AWS_CERTIFICATE_SECONDS  seconds after which the validation times out (default 72 hours)
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Response = tuple[int, dict[str, str], bytes]
Handler = Callable[[dict[str, Any]], Response]
Dict = dict[str, Any]

AUTHORITIES = {"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"}
"""Of a CAA record, those which let ACM issue (ACM User Guide, "Certification Authority
Authorization (CAA) problems")."""
PAGE = 1000


@dataclass(frozen=True)
class Settings:
    """How long ACM takes; see the module."""

    reads: int = 1
    seconds: float = 72 * 3600

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings:
        """As an environment says."""
        return cls(
            int(environment.get("AWS_CERTIFICATE_READS", 1)),
            float(environment.get("AWS_CERTIFICATE_SECONDS", 72 * 3600)),
        )


class Certificates:
    """ACM's corrections. acm, route53, alb: ministack's modules."""

    def __init__(self, acm: Any, route53: Any, alb: Any, settings: Settings) -> None:
        self._acm, self._route53, self._alb, self._settings = acm, route53, alb, settings
        self._shape = acm._cert_shape

    def request(self, make: Handler, data: Dict) -> Response:
        """AWS: it waits for its record; a token gives the same one again. ministack: issued."""
        token, domain = data.get("IdempotencyToken"), str(data.get("DomainName", "")).lower()
        if len(domain) > 64:
            text = f"The common name {domain} is longer than the 64 characters of RFC 5280"
            return self._refused("InvalidParameterException", text)
        for arn, known in self._acm._certificates.items():
            if token and known.get("_token") == (token, domain):
                found: Response = self._acm.json_response({"CertificateArn": arn})
                return found
        response = make({**data, "DomainName": domain})
        if response[0] == 200:
            cert = self._acm._certificates[json.loads(response[2])["CertificateArn"]]
            cert |= {
                "Status": "PENDING_VALIDATION",
                "DomainValidationOptions": [
                    self._option(name, data.get("ValidationMethod") or "EMAIL")
                    for name in cert["SubjectAlternativeNames"]
                ],
                "_token": (token, domain),
                "_requested": time.time(),
                "_unseen": self._settings.reads,
                "_proving": self._settings.reads,
            }
        return response

    def _option(self, domain: str, method: str) -> Dict:
        """The record is the same for an account and a name, whichever the certificate.

        AWS: without a method somebody is asked by mail, who never answers here.
        """
        account, base = self._acm.get_account_id(), domain.removeprefix("*.")

        def mark(what: str) -> str:
            text = f"{what}{account}{base}".encode()
            return hashlib.md5(text, usedforsecurity=False).hexdigest()

        option = {
            "DomainName": domain,
            "ValidationDomain": domain,
            "ValidationMethod": method,
            "ValidationStatus": "PENDING_VALIDATION",
        }
        record = {
            "Name": f"_{mark('name')}.{base}.",
            "Type": "CNAME",
            "Value": f"_{mark('value')}.xlfgrmvvlj.acm-validations.aws.",
        }
        return {**option, "ResourceRecord": record} if method == "DNS" else option

    def describe(self, tell: Handler, data: Dict) -> Response:
        """AWS: a description is a look at where the validation is."""
        cert = self._acm._get_local_certificate(data.get("CertificateArn", ""))
        if cert is not None:
            self._go_on(cert)
            cert["_unseen"] = max(cert.get("_unseen", 0) - 1, -1)
        return tell(data)

    def shape(self, cert: Dict) -> Dict:
        """What there is in a description depends on the state."""
        found: Dict = self._shape(cert)
        found["InUseBy"] = sorted({*found["InUseBy"], *self._users(cert)})
        if cert.get("Type") == "IMPORTED":
            return found
        if cert["Status"] != "ISSUED":
            for key in ("IssuedAt", "NotBefore", "NotAfter"):
                del found[key]
        if cert["Status"] == "FAILED":
            found["FailureReason"] = cert["_why"]
        if cert.get("_unseen", 0) >= 0:
            found["DomainValidationOptions"] = [
                {key: value for key, value in option.items() if key != "ResourceRecord"}
                for option in found["DomainValidationOptions"]
            ]
        return found

    def _go_on(self, cert: Dict) -> None:
        if cert["Status"] != "PENDING_VALIDATION":
            return
        options = cert["DomainValidationOptions"]
        if not all(self._authorized(option["DomainName"]) for option in options):
            cert["Status"], cert["_why"] = "FAILED", "CAA_ERROR"
        elif time.time() - cert["_requested"] > self._settings.seconds:
            cert["Status"] = "VALIDATION_TIMED_OUT"
        elif all(self._in_dns(option.get("ResourceRecord")) for option in options):
            cert["_proving"] -= 1
            if cert["_proving"] < 0:
                cert["Status"], cert["IssuedAt"] = "ISSUED", self._acm.now_iso()
        states = {"ISSUED": "SUCCESS", "PENDING_VALIDATION": "PENDING_VALIDATION"}
        for option in options:
            option["ValidationStatus"] = states.get(cert["Status"], "FAILED")

    def _public(self) -> Iterator[Dict]:
        """Records of zones that the world can ask."""
        for zone_id, zone in self._route53._zones.items():
            if not zone.get("private"):
                yield from self._route53._records.get(zone_id, ())

    def _in_dns(self, wanted: Dict | None) -> bool:
        return wanted is not None and any(
            record["Name"] == wanted["Name"]
            and record["Type"] == "CNAME"
            and record.get("ResourceRecords") == [wanted["Value"]]
            for record in self._public()
        )

    def _authorized(self, domain: str) -> bool:
        """The CAA records that are nearest above the name say who may issue; none: anybody."""
        labels = domain.removeprefix("*.").split(".")
        for start in range(len(labels)):
            name = ".".join(labels[start:]) + "."
            issuers = [
                value.split()[-1].strip('"')
                for record in self._public()
                if record["Name"] == name and record["Type"] == "CAA"
                for value in record.get("ResourceRecords", ())
                if value.split()[1:2] == ["issue"]
            ]
            if issuers:
                return bool(AUTHORITIES & set(issuers))
        return True

    def _users(self, cert: Dict) -> set[str]:
        """Load balancers with a listener that has it, or had it a moment ago."""
        arn = cert["CertificateArn"]
        return {
            listener["LoadBalancerArn"]
            for listener in self._alb._listeners.values()
            if arn in listener.get("Certificates", ())
        } | {user for user, left in cert.get("_released", {}).items() if left > 0}

    def listed(self, data: Dict) -> Response:
        """AWS: pages, with what each one is for. ministack: the whole list, without."""
        wanted = set(data.get("CertificateStatuses", ()))
        found = []
        for arn, cert in sorted(self._acm._certificates.items()):
            self._go_on(cert)
            if not self._acm._is_local_certificate_arn(arn) or (
                wanted and cert["Status"] not in wanted
            ):
                continue
            names = cert["SubjectAlternativeNames"]
            found.append(
                {
                    "CertificateArn": arn,
                    "DomainName": cert["DomainName"],
                    "SubjectAlternativeNameSummaries": names,
                    "HasAdditionalSubjectAlternativeNames": False,
                    "Status": cert["Status"],
                    "Type": cert.get("Type", "AMAZON_ISSUED"),
                    "KeyAlgorithm": "RSA_2048",
                    "InUse": bool(self._users(cert)),
                }
            )
        start, size = int(data.get("NextToken") or 0), int(data.get("MaxItems") or PAGE)
        more = {"NextToken": str(start + size)} if len(found) > start + size else {}
        page = {"CertificateSummaryList": found[start : start + size], **more}
        answer: Response = self._acm.json_response(page)
        return answer

    def delete(self, remove: Handler, data: Dict) -> Response:
        """AWS: one that a listener has, or had a moment ago, stays. ministack: it goes."""
        arn = data.get("CertificateArn", "")
        cert = self._acm._get_local_certificate(arn)
        if cert is not None and self._users(cert):
            for user in cert.get("_released", {}):
                cert["_released"][user] -= 1
            account = self._acm.get_account_id()
            text = f"Certificate {arn} in account {account} is in use."
            return self._refused("ResourceInUseException", text)
        return remove(data)

    def release(self, delete: Callable[[Any], Any], parameters: Any) -> Any:
        """ACM learns a little later that a listener is gone."""
        before = {
            name: (each["LoadBalancerArn"], each.get("Certificates", ()))
            for name, each in self._alb._listeners.items()
        }
        response = delete(parameters)
        for name, (user, arns) in before.items():
            for arn in arns if name not in self._alb._listeners else ():
                cert = self._acm._certificates.get(arn)
                if cert is not None:
                    cert.setdefault("_released", {})[user] = 1
        return response

    def heard(self, make: Callable[[Any], Any], parameters: Any) -> Any:
        """AWS: a listener takes certificates that are there, and issued. ministack takes any."""
        asked = [
            str(value[0] if isinstance(value, list) else value)
            for key, value in parameters.items()
            if key.startswith("Certificates.") and key.endswith(".CertificateArn")
        ]
        for arn in asked:
            # Of another service than ACM: an IAM server certificate.
            if ":acm:" not in arn:
                continue
            cert = self._acm._get_local_certificate(arn)
            if cert is None:
                text = f"Certificate '{arn}' not found"
                return self._alb._error("CertificateNotFound", text)
            if cert["Status"] != "ISSUED":
                text = (
                    f"The certificate '{arn}' must have a fully-qualified domain name, a supported "
                    "signature, and a supported key size."
                )
                return self._alb._error("UnsupportedCertificate", text)
        return make(parameters)

    def tagged(self) -> Iterator[tuple[str, list[Dict]]]:
        """AWS: the tagging API knows certificates. ministack's doesn't."""
        for arn, cert in self._acm._certificates.items():
            yield arn, cert.get("Tags", [])

    def _refused(self, code: str, text: str) -> Response:
        answer: Response = self._acm.error_response_json(code, text, 400)
        return answer


def adjust(acm: Any, route53: Any, alb: Any, tagging: Any) -> None:
    """Let ACM issue as AWS does, load balancers take what is issued, and tags be found."""
    ours = Certificates(acm, route53, alb, Settings.of(os.environ))
    acm._cert_shape = ours.shape
    acm._request_certificate = functools.partial(ours.request, acm._request_certificate)
    acm._describe_certificate = functools.partial(ours.describe, acm._describe_certificate)
    acm._delete_certificate = functools.partial(ours.delete, acm._delete_certificate)
    acm._list_certificates = ours.listed
    tagging._COLLECTORS["acm"] = ours.tagged
    actions = alb._ACTION_MAP
    for name in ("CreateListener", "ModifyListener"):
        actions[name] = functools.partial(ours.heard, actions[name])
    for name in ("DeleteListener", "DeleteLoadBalancer"):
        actions[name] = functools.partial(ours.release, actions[name])
    actions["CreateLoadBalancer"] = functools.partial(inside, alb, actions["CreateLoadBalancer"])


def inside(alb: Any, make: Callable[[Any], Any], parameters: Any) -> Any:
    """AWS: the name of an internal load balancer says so. ministack names all alike."""
    known = set(alb._lbs)
    response = make(parameters)
    new = [arn for arn in alb._lbs if arn not in known and alb._lbs[arn]["Scheme"] == "internal"]
    for arn in new:
        name = alb._lbs[arn]["DNSName"]
        alb._lbs[arn]["DNSName"] = f"internal-{name}"
        status, headers, body = response
        response = status, headers, body.replace(name.encode(), f"internal-{name}".encode())
    return response
