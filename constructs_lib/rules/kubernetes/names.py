"""Names, labels and quantities as Kubernetes takes them.

Sources: Kubernetes documentation, "Object Names and IDs", "Labels and Selectors" and "Quantity".
"""

from __future__ import annotations

import re
from decimal import Decimal

from constructs_lib.rules.faults import Fault

NAME_LENGTH = 63
SUBDOMAIN_LENGTH = 253

_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?")
_LABEL_KEY = re.compile(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_QUANTITY = re.compile(
    r"(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d{1,2})|(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?"
)
_RESOURCE = re.compile(r"cpu|memory|ephemeral-storage|hugepages-[1-9]\d*[KMG]i")
_FACTORS = {
    "m": Decimal(1) / 1000,
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTPE", start=1)},
    **{
        f"{unit}i": Decimal(1024) ** power
        for power, unit in enumerate(("K", "M", "G", "T", "P", "E"), start=1)
    },
}


def dns_label_faults(name: str, longest: int = NAME_LENGTH) -> list[Fault]:
    """Check an RFC 1123 label: up to 63 lower-case letters, digits and '-'."""
    if len(name) <= longest and _DNS_LABEL.fullmatch(name):
        return []
    return [
        Fault(
            "",
            f"a name here has 1 to {longest} lower-case letters, digits and '-', and begins and "
            f"ends with a letter or digit (RFC 1123), got '{name[:80]}' ({len(name)} characters). "
            "Choose another name.",
        )
    ]


def dns_subdomain_faults(what: str, name: str) -> list[Fault]:
    """Check an RFC 1123 subdomain, which most objects are named by.

    :param what: what is named, as the subject of a sentence.
    """
    if len(name) <= SUBDOMAIN_LENGTH and _DNS_SUBDOMAIN.fullmatch(name):
        return []
    return [
        Fault(
            "",
            f"{what} has up to {SUBDOMAIN_LENGTH} lower-case letters, digits, '-' and '.', "
            f"got '{name[:80]}'. Give the name it has in the cluster.",
        )
    ]


def label_faults(key: str, value: str) -> list[Fault]:
    """Check a label, or one line of a node selector."""
    faults: list[Fault] = []
    if len(key.rpartition("/")[2]) > NAME_LENGTH or not _LABEL_KEY.fullmatch(key):
        faults.append(Fault("", f"'{key[:80]}' is not a label's key. Write it such as 'app'."))
    if not is_label_value(value):
        faults.append(
            Fault(
                "",
                "a label's value has up to 63 letters, digits, '-', '_' and '.', and begins and "
                f"ends with a letter or digit, got '{value[:80]}'. Shorten or change it.",
            )
        )
    return faults


def is_label_value(value: str) -> bool:
    """Say whether a text can be the value of a label."""
    return len(value) <= NAME_LENGTH and _LABEL_VALUE.fullmatch(value) is not None


def quantity_of(text: str) -> Decimal | None:
    """Give the number that a quantity such as ``250m`` or ``64Mi`` stands for, if it is one."""
    found = _QUANTITY.fullmatch(text)
    if found is None:
        return None
    factor = Decimal(10) ** int(found[2]) if found[2] else _FACTORS.get(found[3], Decimal(1))
    return Decimal(found[1]) * factor


def is_extended_resource(resource: str) -> bool:
    """Say whether a resource is one that nodes advertise by a qualified name, such as a GPU."""
    return "/" in resource


def resource_faults(resource: str, text: str) -> list[Fault]:
    """Check an amount of what a container may ask for."""
    if not _RESOURCE.fullmatch(resource) and not (
        is_extended_resource(resource) and _LABEL_KEY.fullmatch(resource)
    ):
        return [
            Fault(
                "",
                f"'{resource[:80]}' is nothing that a container asks for. Write cpu, memory, "
                "ephemeral-storage, or a qualified name such as 'nvidia.com/gpu'.",
            )
        ]
    if is_extended_resource(resource) and not text.isdecimal():
        return [
            Fault(
                "",
                f"{resource} is counted in whole numbers, got '{text[:40]}'. Write it such as '1'.",
            )
        ]
    return quantity_faults(resource, text)


def quantity_faults(resource: str, text: str) -> list[Fault]:
    """Check an amount of ``cpu``, ``memory`` or another resource."""
    amount = quantity_of(text)
    example = "250m" if resource == "cpu" else "256Mi"
    if amount is None or amount <= 0:
        return [
            Fault(
                "",
                f"an amount of {resource} is a positive Kubernetes quantity, got '{text[:40]}'. "
                f"Write it such as '{example}'.",
            )
        ]
    if resource != "cpu" and text.endswith("m"):
        return [
            Fault(
                "",
                f"'{text[:40]}' of {resource} is {amount.normalize():f} bytes, as 'm' means a "
                f"thousandth. For mebibytes write '{text[:-1]}Mi'.",
            )
        ]
    return []
