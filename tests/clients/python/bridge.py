"""Lets the steps, which are written in JavaScript, drive a client written in Python.

Reads a call in each line of standard input, {"method": ..., "arguments": [...]}, and answers each with a line,
{"value": ...} or {"problem": {"text": ..., "status": ...}}.
"""

import json
import os
import sys


def serve(connect):
    """`connect(url, username, password)` makes the client, with a method for each step."""
    client = connect(os.environ["SERVICE_URL"], os.environ["SERVICE_USERNAME"], os.environ["SERVICE_PASSWORD"])
    for line in sys.stdin:
        call = json.loads(line)
        try:
            answer = {"value": getattr(client, call["method"])(*call["arguments"])}
        except Exception as problem:  # Whatever a client raises is what the steps look at.
            text = f"{type(problem).__module__}.{type(problem).__name__}: {problem}"
            answer = {"problem": {"text": text, "status": client.status_of(problem)}}
        print(json.dumps(answer), flush=True)
