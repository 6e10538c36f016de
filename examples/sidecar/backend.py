"""A backend in Python that uses ChatSparks as a sidecar: Python's own library, and nothing else.

It takes effects on an endpoint, brings an event, and reads what was decided:

    export CHATSPARKS_TOKEN=$(openssl rand -hex 32) EFFECTS_SECRET=$(openssl rand -base64 32)
    chatsparks serve --config serve.toml &
    python3 backend.py
"""

import base64
import hashlib
import hmac
import json
import os
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

CHATSPARKS = os.environ.get("CHATSPARKS_URL", "http://127.0.0.1:8787")
WORKSPACE = CHATSPARKS + "/v1/workspaces/shop"
TOKEN = os.environ["CHATSPARKS_TOKEN"]
KEY = base64.b64decode(os.environ["EFFECTS_SECRET"].removeprefix("whsec_"))
PORT = int(os.environ.get("EFFECTS_PORT", "9000"))

done = {}  # what was sent, by its webhook-id: in a backend of yours, a table of its database


def is_signed(headers, body):
    """Whether ChatSparks signed this, lately: https://www.standardwebhooks.com."""
    sent, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "0")
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > 300:
        return False
    digest = hmac.new(KEY, f"{sent}.{stamp}.".encode() + body, hashlib.sha256).digest()
    wanted = "v1," + base64.b64encode(digest).decode()
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(one, wanted) for one in given)


class Effects(BaseHTTPRequestHandler):
    """The endpoint that takes effects, and sends them."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if not is_signed(self.headers, body):
            return self.answer(401)
        # An effect may come twice, under one id: the second time there is nothing to do.
        if self.headers["webhook-id"] not in done:
            effect = json.loads(body)["effect"]
            if "send_dm" in effect:
                print("DM to", effect["send_dm"]["user_id"] + ":", effect["send_dm"].get("text"))
            elif "public_reply" in effect:
                print("reply to", effect["public_reply"]["comment_id"] + ":", effect["public_reply"]["text"])
            done[self.headers["webhook-id"]] = effect["id"]
        self.answer(204)  # 503 would be: again later; 400: never again

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def call(method, path, body=None):
    """A call of ChatSparks."""
    headers = {"authorization": "Bearer " + TOKEN, "content-type": "application/jsonl"}
    request = urllib.request.Request(WORKSPACE + path, body, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode(), answer.headers


def main():
    endpoint = HTTPServer(("127.0.0.1", PORT), Effects)
    threading.Thread(target=endpoint.serve_forever, daemon=True).start()

    # What happened on the platform: one event a line, each with an id of its own. Sent again, nothing happens twice.
    comment = {"id": "event-1", "type": "comment", "comment_id": "comment-1", "post_id": "video-1",
               "user_id": "user-1", "handle": "mint", "text": "PRICE?"}
    answer, _ = call("POST", "/events", json.dumps(comment).encode())
    print("accepted:", json.loads(answer)["accepted"])

    # The effects arrive by themselves: a public reply, and a DM.
    deadline = time.time() + 30
    while len(done) < 2 and time.time() < deadline:
        time.sleep(0.05)

    # What was decided, one record a line; the cursor says where to go on next time.
    records, headers = call("GET", "/records?limit=100")
    for record in map(json.loads, records.splitlines()):
        print("record", record["seq"], record.get("event", record.get("timer")), record["outcome"])
    print("go on after", headers["x-next-cursor"])
    contact, _ = call("GET", "/contacts/user-1")
    print("conversation:", json.loads(contact)["conversation"]["state"])


main()
