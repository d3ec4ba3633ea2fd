"""Prints the events of a topic of Tongbao, a line of JSON for each, as they come: python payment_events.py SETTINGS [--topic NAME] [--until-end]"""

import argparse
import json
import sys

from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from cloudevents.core.exceptions import CloudEventValidationError
from confluent_kafka import Consumer, KafkaError, KafkaException

arguments = argparse.ArgumentParser(description="Prints the events of a topic of Tongbao, a line of JSON for each, as they come.")
arguments.add_argument("settings", help="a file of librdkafka's settings, name=value on each line: bootstrap.servers, group.id, …")
arguments.add_argument("--topic", default="tongbao.payment.events")
arguments.add_argument("--until-end", action="store_true", help="end at the topic's end instead of waiting for more")
asked = arguments.parse_args()
with open(asked.settings, encoding="utf-8") as settings:
    own = dict(line.strip().split("=", 1) for line in settings if "=" in line)
fixed = {"auto.offset.reset": "earliest", "enable.auto.commit": False, "enable.partition.eof": True}


def line_of(message):
    headers = {name: value for name, value in message.headers() or [] if value is not None}
    event = from_binary_event(KafkaMessage(headers, message.key(), message.value()))
    return {
        "id": event.get_id(),
        "type": event.get_type(),
        "source": event.get_source(),
        "time": event.get_time().isoformat(),
        "key": event.get_extension("partitionkey"),
        "data": event.get_data(),
    }


consumer = Consumer({**fixed, **own})
consumer.subscribe([asked.topic])
at_end = set()
while not (asked.until_end and at_end and len(at_end) == len(consumer.assignment())):
    message = consumer.poll(1.0)
    if message is None:
        continue
    error, place = message.error(), f"partition {message.partition()} at {message.offset()}"
    if error is not None and error.code() != KafkaError._PARTITION_EOF:
        raise KafkaException(error)
    if error is not None:
        at_end.add(message.partition())
        continue
    at_end.discard(message.partition())
    try:
        print(json.dumps(line_of(message)), flush=True)
    except (CloudEventValidationError, ValueError) as problem:
        print(f"no CloudEvent in {place}: {problem}", file=sys.stderr)
    # Only now: what a crash interrupts is delivered again, under the same id.
    consumer.commit(message, asynchronous=False)
consumer.close()
