"""The refusals of a registry as sentences: the permission that lacks, the repository, the rule."""

from http import HTTPStatus

from ecrctl.errors import DeniedError, UserError

from .registry_http import NOT_A_REGISTRY, Answer, RegistryHttp

# The IAM action behind each request, as ECR checks it.
READ_MANIFEST = "ecr:BatchGetImage"
READ_BLOB = "ecr:GetDownloadUrlForLayer"
CHECK_BLOB = "ecr:BatchCheckLayerAvailability"
START_UPLOAD = "ecr:InitiateLayerUpload"
UPLOAD = "ecr:UploadLayerPart` and `ecr:CompleteLayerUpload"
PUT_MANIFEST = "ecr:PutImage"
LIST_REFERRERS = "ecr:ListImageReferrers"

_RENEW = "Renew the credentials, for example with `aws sso login`."
_CODES_OF_IMMUTABILITY = ("TAG_INVALID", "ImageTagAlreadyExistsException")


def refusal(http: RegistryHttp, action: str, answer: Answer, permission: str) -> UserError:
    """Return the error of an answer that is no success.

    :param action: the beginning of the message, such as ``Pushing to 'team/api'``.
    :param permission: the IAM action that the request requires.
    """
    text = http.text_of(answer)
    if answer.is_html or answer.status < HTTPStatus.BAD_REQUEST:
        return UserError(f"{action} failed: {http.host} answered {text}; {NOT_A_REGISTRY}")
    # ECR refuses a token that has expired as if a permission lacked.
    is_expired = answer.status == HTTPStatus.FORBIDDEN and "expired" in text.lower()
    if answer.status == HTTPStatus.UNAUTHORIZED or is_expired:
        return UserError(
            f"{action} failed: the registry {http.host} rejected the credentials ({text}). {_RENEW}"
        )
    if answer.status == HTTPStatus.FORBIDDEN:
        return DeniedError(
            f"{action} failed: {text}. The credentials require `{permission}` on the repository. "
            "Grant what is missing, or use credentials of the registry's account."
        )
    if is_unknown_repository(answer):
        return UserError(
            f"{action} failed: {text}. The registry {http.host} has no such repository. Deploy "
            "the repository first, and check the account and region of the environment."
        )
    if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
        return UserError(
            f"{action} failed: {text}. The registry refuses this kind of manifest. Build the "
            "image as an OCI or Docker image."
        )
    return UserError(f"{action} failed: {text}")


def is_unknown_repository(answer: Answer) -> bool:
    """Return whether a registry has no repository of this name."""
    return any(code == "NAME_UNKNOWN" for code, _ in answer.errors())


def is_immutable_tag(answer: Answer) -> bool:
    """Return whether a registry refuses to move a tag."""
    return any(
        code in _CODES_OF_IMMUTABILITY or "immutable" in message
        for code, message in answer.errors()
    )
