"""Names, labels and quantities of Kubernetes.

Sources: Kubernetes documentation, "Object Names and IDs", "Labels and Selectors" and "Quantity".
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from constructs_lib.rules.faults import Fault, faults_unless

NAME_LENGTH = 63
SUBDOMAIN_LENGTH = 253

DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
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
    count = f" ({len(name)} characters)" if len(name) > longest else ""
    return faults_unless(
        len(name) <= longest and DNS_LABEL.fullmatch(name),
        f"a name must have 1 to {longest} lower-case letters, digits and '-', and begin and "
        f"end with a letter or digit (RFC 1123), got '{name[:80]}'{count}. Choose another "
        "name.",
    )


def dns_subdomain_faults(what: str, name: str) -> list[Fault]:
    """Check an RFC 1123 subdomain, the form of most objects' names.

    :param what: the subject of the message, such as ``a Secret's name``.
    """
    return faults_unless(
        len(name) <= SUBDOMAIN_LENGTH and DNS_SUBDOMAIN.fullmatch(name),
        f"{what} must have up to {SUBDOMAIN_LENGTH} lower-case letters, digits, '-' and '.', "
        f"got '{name[:80]}'. Write its name in the cluster.",
    )


def label_faults(key: str, value: str) -> Iterator[Fault]:
    """Yield the faults of a label, or of one label of a node selector."""
    if len(key.rpartition("/")[2]) > NAME_LENGTH or not _LABEL_KEY.fullmatch(key):
        yield Fault("", f"'{key[:80]}' is not a valid label key. Write it like 'app'.")
    if not is_label_value(value):
        yield Fault(
            "",
            "a label's value must have up to 63 letters, digits, '-', '_' and '.', and begin and "
            f"end with a letter or digit, got '{value[:80]}'. Shorten or change it.",
        )


def is_label_value(value: str) -> bool:
    """Return whether a text can be the value of a label."""
    return len(value) <= NAME_LENGTH and _LABEL_VALUE.fullmatch(value) is not None


def quantity_of(text: str) -> Decimal | None:
    """Return the number of a quantity such as ``250m`` or ``64Mi``, ``None`` if it is none."""
    found = _QUANTITY.fullmatch(text)
    if found is None:
        return None
    factor = Decimal(10) ** int(found[2]) if found[2] else _FACTORS.get(found[3], Decimal(1))
    return Decimal(found[1]) * factor


def is_extended_resource(resource: str) -> bool:
    """Return whether a resource has a qualified name, as a GPU has: ``nvidia.com/gpu``."""
    return "/" in resource


def resource_faults(resource: str, text: str) -> list[Fault]:
    """Check the amount of a resource that a container may request."""
    form = _LABEL_KEY if is_extended_resource(resource) else _RESOURCE
    if not form.fullmatch(resource):
        return [
            Fault(
                "",
                f"a container cannot request '{resource[:80]}'. Write cpu, memory, "
                "ephemeral-storage, or a qualified name such as 'nvidia.com/gpu'.",
            )
        ]
    if is_extended_resource(resource) and not text.isdecimal():
        message = f"{resource} must be a whole number, got '{text[:40]}'. Write it like '1'."
        return [Fault("", message)]
    return quantity_faults(resource, text)


def quantity_faults(resource: str, text: str) -> list[Fault]:
    """Check an amount of ``cpu``, ``memory`` or another resource."""
    amount = quantity_of(text)
    example = "250m" if resource == "cpu" else "256Mi"
    if amount is None or amount <= 0:
        message = f"an amount of {resource} must be a positive Kubernetes quantity, got"
        return [Fault("", f"{message} '{text[:40]}'. Write it like '{example}'.")]
    return faults_unless(
        resource == "cpu" or not text.endswith("m"),
        f"'{text[:40]}' of {resource} is {amount.normalize():f} bytes, because 'm' means a "
        f"thousandth. For mebibytes, write '{text[:-1]}Mi'.",
    )
