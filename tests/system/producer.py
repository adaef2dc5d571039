"""producer.py PORT: writes records as Python applications do (CHOUETTE.md 2): metrics from several threads, each in a
pipeline of its own, and logs by a handler of the logging module."""
import datetime
import json
import logging
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import redis

client = redis.Redis(port=int(sys.argv[1]))


def store(queue, moment, record):
    key = str(uuid.uuid4())
    pipeline = client.pipeline()
    pipeline.zadd(f"chouette:{queue}.keys", {key: moment})
    pipeline.hset(f"chouette:{queue}.values", key, json.dumps(record))
    pipeline.execute()


def report(kind, metric, value, tags=None):
    now = time.time()
    record = {"metric": metric, "type": kind, "value": value, "timestamp": now, "tags": tags or {}}
    store("metrics:raw", now, record)


class QueueHandler(logging.Handler):
    def emit(self, entry):
        store("logs:wrapped", entry.created, {
            "date": datetime.datetime.fromtimestamp(entry.created, datetime.timezone.utc).isoformat(),
            "ddsource": "test",
            "ddtags": ["team:owls"],
            "level": entry.levelname,
            "message": {"message": entry.getMessage(), "logger": entry.name},
            "service": "producer",
        })


with ThreadPoolExecutor() as executor:
    for number in range(100):
        executor.submit(report, "count", "py.requests", 1, {"path": "/", "retry": False})
        executor.submit(report, "histogram", "py.seconds", number / 100)
    executor.submit(report, "gauge", "py.depth", 7)
    executor.submit(report, "set", "py.users", ["ann", "bob", "ann"])

logger = logging.getLogger("camera")
logger.addHandler(QueueHandler())
logger.warning("lens %s is dirty", "left")
