#!/usr/bin/env python3
"""Lists the models, deploys one, scores a CSV file through it in two ways, and deletes the model again.

    deploy_and_score.py MODEL IMAGE CSV > scored.csv

The service is at SCR_MODELOPS_URL (default http://127.0.0.1:8080). The scored rows go to standard output, what happens to
standard error. Exit code 1 and the service's own words when a step fails. Nothing but the standard library is needed.
"""
import json
import os
import sys
import urllib.error
import urllib.request
import uuid

URL = os.environ.get("SCR_MODELOPS_URL", "http://127.0.0.1:8080").rstrip("/")
WAIT_SECONDS = 300


class Refused(Exception):
    """The service said no, or could not be reached; the text says what happened and what to do."""


def call(method, path, body=None, content_type=None):
    """One request: its status and the bytes of its answer. Raises Refused for every status from 400 on."""
    headers = {} if content_type is None else {"Content-Type": content_type}
    request = urllib.request.Request(URL + path, data=body, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS + 30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        raise Refused(f"{method} {path}: {words(error)}") from None
    except OSError as error:
        raise Refused(f"{method} {path}: {error}. Is the service at {URL}? Set SCR_MODELOPS_URL.") from None


def words(error):
    """What an error answer says: detail and remedy of the service's problem document, else the text as it came."""
    text = error.read().decode("utf-8", "replace")
    try:
        problem = json.loads(text)
        return f"{error.code} {problem['detail']}\nWhat to do: {problem['remedy']}"
    except (ValueError, KeyError, TypeError):
        return f"{error.code} {error.reason}\n{text}"


def tell(text):
    print(text, file=sys.stderr)


def list_models():
    _, answer = call("GET", "/models")
    models = json.loads(answer)["items"]
    tell(f"{len(models)} models")
    for model in models:
        tell(f"  {model['name']}  {model['image']}  {model['status']['phase']}")


def deploy(name, image):
    """Creates the model and waits until it serves. A model of that name is left alone: that is a 409."""
    body = json.dumps({"name": name, "image": image}).encode()
    status, _ = call("POST", f"/models?wait={WAIT_SECONDS}", body, "application/json")
    if status != 201:
        raise Refused(f"{name} is still starting after {WAIT_SECONDS} s.\nWhat to do: look at {URL}/models/{name}")
    tell(f"{name} is ready")


def score_raw(name, rows):
    """Scores CSV bytes sent as they are."""
    _, answer = call("POST", f"/models/{name}/score", rows, "text/csv")
    return answer


def score_multipart(name, rows):
    """Scores CSV bytes sent as a form's file, as a browser or PROC HTTP sends them."""
    boundary = uuid.uuid4().hex
    head = (f'--{boundary}\r\nContent-Disposition: form-data; name="data"; filename="rows.csv"\r\n'
            "Content-Type: text/csv\r\n\r\n")
    body = head.encode() + rows + f"\r\n--{boundary}--\r\n".encode()
    _, answer = call("POST", f"/models/{name}/score", body, f"multipart/form-data; boundary={boundary}")
    return answer


def delete(name):
    call("DELETE", f"/models/{name}?wait=60")
    tell(f"{name} is deleted")


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    name, image, path = sys.argv[1:]
    with open(path, "rb") as file:
        rows = file.read()
    try:
        list_models()
        deploy(name, image)
        try:
            scored = score_raw(name, rows)
            if score_multipart(name, rows) != scored:
                raise Refused("the two ways of sending the file were answered differently")
        finally:
            delete(name)
    except Refused as refused:
        sys.exit(str(refused))
    sys.stdout.buffer.write(scored)


if __name__ == "__main__":
    main()
