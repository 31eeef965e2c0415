"""The ids that the platform has to pass or to explain, by area."""

from __future__ import annotations


def aws(*numbers: int) -> list[str]:
    return [f"CKV_AWS_{number}" for number in numbers]


def graph(*numbers: int) -> list[str]:
    return [f"CKV2_AWS_{number}" for number in numbers]


def pods(*numbers: int) -> list[str]:
    return [f"CKV_K8S_{number}" for number in numbers]


AREAS: dict[str, list[str]] = {
    "Cluster": aws(37, 38, 39, 58, 339, 66, 158, 338),
    "Nodes and instances": aws(3, 8, 46, 79, 88, 100, 106, 126, 135, 153, 189, 315, 341),
    "Database": [
        *aws(16, 17, 118, 129, 133, 157, 161, 211, 226, 245, 266, 293, 302, 353, 354),
        *graph(30, 60, 69),
    ],
    "Cache": [*aws(29, 30, 31, 134, 191, 196, 322, 323), *graph(50)],
    "Buckets": [
        *aws(18, 19, 20, 21, 53, 54, 55, 56, 57, 70, 93, 144, 145, 300, 379),
        *graph(6, 43, 61, 62, 65),
    ],
    "Repositories, secrets, keys": [
        *aws(7, 32, 33, 51, 136, 149, 163, 227, 304),
        *graph(57, 64),
    ],
    "Identity": [
        *aws(40, 60, 61, 62, 63, 107, 108, 109, 110, 111, 274, 286, 287, 288, 289, 290),
        *aws(355, 356, 358, 393),
        *graph(40, 41, 56),
    ],
    "Network": [*aws(23, 24, 25, 130, 260, 277, 352, 382), *graph(1, 5, 11, 12, 19, 35)],
    "Load balancers": [*aws(2, 91, 103, 131, 150, 261, 328, 378), *graph(20, 28, 74, 76)],
    "Audit and alarms": [
        *aws(26, 27, 35, 36, 67, 121, 166, 238, 251, 252, 319),
        *graph(10, 45, 48),
    ],
    "Pods": [
        *pods(*range(8, 24), *range(25, 32), *range(35, 39), *range(40, 44), 49),
        *pods(*range(155, 159)),
        *(f"CKV2_K8S_{number}" for number in range(1, 7)),
    ],
}
IDS = {each for ids in AREAS.values() for each in ids}
