"""Ingresses and Services as the load balancer controller is given them."""

from __future__ import annotations

from typing import Any

from rehearsal.balancer import wanted

ALB = wanted.PREFIX


def service(name: str, **annotations: str) -> dict[str, Any]:
    return {
        "metadata": {
            "name": name,
            "namespace": "rag",
            "annotations": {ALB + key.replace("_", "-"): text for key, text in annotations.items()},
        },
        "spec": {"ports": [{"name": "http", "port": 80}], "selector": {"app": name}},
    }


def ingress(*paths: tuple[str, str, str], host: str = "", **annotations: str) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "rag",
            "namespace": "rag",
            "annotations": {ALB + key.replace("_", "-"): text for key, text in annotations.items()},
        },
        "spec": {
            "rules": [
                {
                    **({"host": host} if host else {}),
                    "http": {
                        "paths": [
                            {
                                "path": path,
                                "pathType": kind,
                                "backend": {"service": {"name": name, "port": {"name": "http"}}},
                            }
                            for path, kind, name in paths
                        ]
                    },
                }
            ]
        },
    }


SERVICES = {
    f"rag/{name}": service(name, healthcheck_path=f"/{name}") for name in ("backend", "frontend")
}
