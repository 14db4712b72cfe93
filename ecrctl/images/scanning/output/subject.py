"""The image whose scan is shown."""

from dataclasses import dataclass

from constructs_lib.rules.ecr.images import reference_suffix, registry_host


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedImage:
    """An image of an environment.

    :param reference: the tag or digest that was asked about.
    """

    environment: str
    account: str
    region: str
    repository: str
    reference: str
    digest: str

    @property
    def name(self) -> str:
        """The image as a command line names it."""
        is_digest = ":" in self.reference
        suffix = reference_suffix(
            tag=None if is_digest else self.reference,
            digest=self.reference if is_digest else None,
        )
        return f"{self.repository}{suffix}"

    def uri_of(self, digest: str) -> str:
        """Return the URI of an image of the same repository."""
        return f"{registry_host(self.account, self.region)}/{self.repository}@{digest}"
