"""Somebody who is told by Amazon's SNS: a stand-in for it, with a topic and a queue that hears it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

REGION = "us-east-1"
KEYS = ("testing", "testing")


@dataclass(frozen=True)
class SnsTopic:
    """Where it is, and who listens."""

    url: str
    arn: str
    queue_url: str
    queue: Any

    @property
    def connection(self) -> str:
        """Airflow's connection to it."""
        extra = {"region_name": REGION, "endpoint_url": self.url}
        return json.dumps({"conn_type": "aws", "login": KEYS[0], "password": KEYS[1], "extra": extra})

    def heard(self) -> list[str]:
        """What came since it was asked last."""
        found = self.queue.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"])["Message"] for message in found.get("Messages", [])]


@contextmanager
def sns_topic() -> Iterator[SnsTopic]:
    """A topic on a free port of this machine."""
    moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    url = f"http://{host}:{port}"
    try:
        queue = _client("sqs", url)
        queue_url = queue.create_queue(QueueName="people")["QueueUrl"]
        queue_arn = queue.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]
        sns = _client("sns", url)
        arn = sns.create_topic(Name="alerts")["TopicArn"]
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn["QueueArn"])
        yield SnsTopic(url, arn, queue_url, queue)
    finally:
        moto.stop()


def _client(service: str, url: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=KEYS[0],
        aws_secret_access_key=KEYS[1],
    )
