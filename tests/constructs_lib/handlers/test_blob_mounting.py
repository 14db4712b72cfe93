"""The handler of Custom::ECRBlobMounting, with botocore's own model of ECR."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.error import HTTPError

import boto3
import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.stub import Stubber

from constructs_lib.handlers import blob_mounting

SECRET = "X-Amz-Signature=0123456789abcdef"
ENABLED = {"name": "BLOB_MOUNTING", "value": "ENABLED"}


class CloudFormation:
    """The address that CloudFormation waits at for the answer to a request."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []
        self.headers: list[str | None] = []
        self.status = 200
        answers = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                length = int(self.headers["Content-Length"])
                answers.answers.append(json.loads(self.rfile.read(length)))
                answers.headers.append(self.headers["Content-Type"])
                self.send_response(answers.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Print nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)

    def request(self, kind: str = "Create", **changes: Any) -> dict[str, Any]:
        """Return a request; a part that is ``None`` is absent."""
        given = {
            "RequestType": kind,
            "ResponseURL": f"http://127.0.0.1:{self.server.server_port}/answer?{SECRET}",
            "StackId": "arn:aws:cloudformation:us-west-2:111111111111:stack/dev-Registry/1",
            "RequestId": "7",
            "LogicalResourceId": "BlobMounting",
            "ResourceProperties": {"ServiceToken": "arn", "Value": "ENABLED"},
            **({} if kind == "Create" else {"PhysicalResourceId": "BLOB_MOUNTING"}),
            **changes,
        }
        return {name: value for name, value in given.items() if value is not None}


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    """Return CloudFormation, which receives answers while the test runs."""
    made = CloudFormation()
    thread = Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def ecr(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the client that the handler uses, whose pauses take no time."""
    session = boto3.Session("id", "secret", region_name="us-west-2")
    client = session.client("ecr", config=blob_mounting._CONFIG)
    monkeypatch.setattr("boto3.client", lambda name, **_: {"ecr": client}[name])
    return client


def answered(cloudformation: CloudFormation) -> tuple[str, str]:
    """Return the status and the reason of the only answer."""
    (answer,) = cloudformation.answers
    return answer["Status"], answer["Reason"]


@pytest.mark.parametrize("kind", ["Create", "Update"])
@pytest.mark.parametrize("value", ["ENABLED", "DISABLED"])
def test_a_new_and_a_changed_setting_is_set(
    cloudformation: CloudFormation, ecr: Any, kind: str, value: str
) -> None:
    with Stubber(ecr) as stub:
        setting = {"name": "BLOB_MOUNTING", "value": value}
        stub.add_response("put_account_setting", setting, setting)
        blob_mounting.handler(
            cloudformation.request(kind, ResourceProperties={"Value": value}), object()
        )
        stub.assert_no_pending_responses()
    assert cloudformation.answers == [
        {
            "Status": "SUCCESS",
            "Reason": "done",
            # The same one at each step, or CloudFormation would delete the old resource.
            "PhysicalResourceId": "BLOB_MOUNTING",
            "StackId": "arn:aws:cloudformation:us-west-2:111111111111:stack/dev-Registry/1",
            "RequestId": "7",
            "LogicalResourceId": "BlobMounting",
        }
    ]
    # The signature of the address covers an empty content type.
    assert cloudformation.headers == [""]


def test_a_deleted_resource_leaves_the_setting(cloudformation: CloudFormation, ecr: Any) -> None:
    with Stubber(ecr):
        blob_mounting.handler(cloudformation.request("Delete"))
    assert answered(cloudformation) == ("SUCCESS", "done")


def test_a_resource_that_was_never_created_is_deleted(
    cloudformation: CloudFormation, ecr: Any
) -> None:
    # CloudFormation's own ID, where the function did not answer the request before.
    request = cloudformation.request(
        "Delete", PhysicalResourceId="dev-Registry-BlobMounting-1A", ResourceProperties={"Value": 1}
    )
    with Stubber(ecr):
        blob_mounting.handler(request)
    assert answered(cloudformation)[0] == "SUCCESS"
    assert cloudformation.answers[0]["PhysicalResourceId"] == "dev-Registry-BlobMounting-1A"


def test_the_same_request_twice_sets_the_same_value_twice(
    cloudformation: CloudFormation, ecr: Any
) -> None:
    with Stubber(ecr) as stub:
        for _ in range(2):
            stub.add_response("put_account_setting", ENABLED, ENABLED)
            blob_mounting.handler(cloudformation.request())
    first, second = cloudformation.answers
    assert first == second
    assert first["Status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"ResourceProperties": {"Value": "on"}},
            "BLOB_MOUNTING must be ENABLED or DISABLED, got 'on'.",
        ),
        (
            {"ResourceProperties": {}},
            "BLOB_MOUNTING must be ENABLED or DISABLED, got 'None'.",
        ),
        (
            {"ResourceProperties": {"Value": "x" * 200}},
            f"BLOB_MOUNTING must be ENABLED or DISABLED, got '{'x' * 80}'.",
        ),
        (
            {"ResourceProperties": {"Value": ["ENABLED"]}},
            "BLOB_MOUNTING must be ENABLED or DISABLED, got '['ENABLED']'.",
        ),
        (
            {"ResourceProperties": None},
            "The handler of BLOB_MOUNTING failed with KeyError. Deploy again.",
        ),
        (
            {"RequestType": None},
            "The handler of BLOB_MOUNTING failed with KeyError. Deploy again.",
        ),
    ],
)
def test_wrong_input_is_refused_and_sets_nothing(
    cloudformation: CloudFormation, ecr: Any, changes: dict[str, Any], reason: str
) -> None:
    with Stubber(ecr):
        blob_mounting.handler(cloudformation.request(**changes))
    assert answered(cloudformation) == ("FAILED", reason)


@pytest.mark.parametrize(
    "refusal",
    [
        (
            "AccessDeniedException",
            "User: arn:aws:sts::111111111111:assumed-role/r/f is not authorized to perform: "
            "ecr:PutAccountSetting",
            "AccessDeniedException: User: arn:aws:sts::111111111111:assumed-role/r/f is not "
            "authorized to perform: ecr:PutAccountSetting",
        ),
        ("LimitExceededException", "Too much.", "LimitExceededException: Too much"),
        ("ServerException", "x" * 9000, f"ServerException: {'x' * 400}"),
    ],
)
def test_a_refusal_of_ecr_is_reported_in_a_sentence(
    cloudformation: CloudFormation,
    ecr: Any,
    capsys: pytest.CaptureFixture[str],
    refusal: tuple[str, str, str],
) -> None:
    code, message, shown = refusal
    with Stubber(ecr) as stub:
        stub.add_client_error("put_account_setting", code, message)
        blob_mounting.handler(cloudformation.request())
    status, reason = answered(cloudformation)
    assert (status, reason) == (
        "FAILED",
        f"ECR did not set BLOB_MOUNTING to ENABLED ({shown}). Remove the cause and deploy again.",
    )
    printed = capsys.readouterr()
    assert printed.out == f"{reason}\n"
    assert printed.err == ""


def throttled(client: Any, times: int) -> list[int]:
    """Throttle the first requests of a client, and return the list that each adds its number to."""
    sent: list[int] = []

    class Raw:
        def __init__(self, text: bytes) -> None:
            self.text = text

        def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
            yield self.text

    def answer(**_: Any) -> AWSResponse:
        sent.append(len(sent) + 1)
        is_throttled = len(sent) <= times
        document = (
            {"__type": "ThrottlingException", "message": "Rate exceeded"}
            if is_throttled
            else ENABLED
        )
        return AWSResponse(
            "", 400 if is_throttled else 200, HTTPHeaders(), Raw(json.dumps(document).encode())
        )

    client.meta.events.register("before-send.ecr", answer)
    return sent


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the list of the pauses between requests, none of which takes time."""
    found: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", found.append)
    return found


def test_a_throttled_request_is_repeated(
    cloudformation: CloudFormation, ecr: Any, pauses: list[float]
) -> None:
    sent = throttled(ecr, 4)
    blob_mounting.handler(cloudformation.request())
    assert answered(cloudformation)[0] == "SUCCESS"
    assert sent == [1, 2, 3, 4, 5]
    assert len(pauses) == 4


def test_a_request_that_stays_throttled_is_given_up_before_the_function_ends(
    cloudformation: CloudFormation, ecr: Any, pauses: list[float]
) -> None:
    sent = throttled(ecr, 100)
    blob_mounting.handler(cloudformation.request())
    assert answered(cloudformation) == (
        "FAILED",
        "ECR did not set BLOB_MOUNTING to ENABLED (ThrottlingException: Rate exceeded). Remove the "
        "cause and deploy again.",
    )
    assert sent == [1, 2, 3, 4, 5]
    assert len(pauses) == 4
    assert sum(pauses) <= 15


def test_an_endpoint_that_cannot_be_reached_is_reported(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    session = boto3.Session("id", "secret", region_name="us-west-2")
    # Port 9 of this machine: no program waits there.
    client = session.client("ecr", endpoint_url="http://127.0.0.1:9", config=blob_mounting._CONFIG)
    monkeypatch.setattr("boto3.client", lambda *_, **__: client)
    blob_mounting.handler(cloudformation.request())
    assert answered(cloudformation) == (
        "FAILED",
        "ECR did not set BLOB_MOUNTING to ENABLED (EndpointConnectionError). Remove the cause and "
        "deploy again.",
    )
    assert len(pauses) == 4


def test_an_answer_that_is_not_accepted_ends_the_function_without_its_address(
    cloudformation: CloudFormation, ecr: Any
) -> None:
    cloudformation.status = 403
    with Stubber(ecr) as stub:
        stub.add_response("put_account_setting", ENABLED, ENABLED)
        # Lambda repeats an event whose function ended with an error.
        with pytest.raises(HTTPError, match="Forbidden") as error:
            blob_mounting.handler(cloudformation.request())
    assert SECRET not in str(error.value)
    error.value.close()
