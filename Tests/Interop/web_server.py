# SPDX-License-Identifier: Apache-2.0
"""web_server.py FOLDER LOG: serves a folder on the loopback until its input ends; prints its port, and writes a line a request into LOG.

A first part of the path asks for trouble:

    plain/…      as a good server answers, ranges among it
    whole/…      knows no ranges: sends everything
    flaky/N/…    answers 503 N times to each path, then well
    short/N/…    sends half of what it announces N times, then all
    refused/…    answers 403 to everything
    broken/…     answers 500 to everything
    moved/…      sends the asker to plain/…
    silent/…     answers nothing
    begin/…      answers a range by the beginning of the value, and says so
    guarded/…    answers 403 where the address does not end with ?key=1
"""

import collections
import http.server
import os
import pathlib
import re
import sys
import threading
import time
import urllib.parse

folder, log = pathlib.Path(sys.argv[1]), open(sys.argv[2], "a")
asked = collections.Counter()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer(isHead=True)

    def do_GET(self):
        self.answer(isHead=False)

    def refuse(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer(self, isHead):
        path, _, query = self.path.partition("?")
        ranges = self.headers.get("Range")
        log.write(f"{self.command} {self.path} {ranges or ''}\n")
        log.flush()
        kind, _, rest = path.lstrip("/").partition("/")
        if kind == "silent":
            time.sleep(3600)
        if kind == "guarded" and query != "key=1":
            return self.refuse(403)
        if kind in ("refused", "broken"):
            return self.refuse(403 if kind == "refused" else 500)
        if kind == "moved":
            return self.refuse(302, Location=f"/plain/{rest}")
        trouble = 0
        if kind in ("flaky", "short"):
            times, _, rest = rest.partition("/")
            asked[path, ranges] += 1
            trouble = asked[path, ranges] <= int(times)
        if kind == "flaky" and trouble:
            return self.refuse(503, Retry_After="0")
        file = folder / urllib.parse.unquote(rest)
        if not file.is_file():
            return self.refuse(404)
        data = file.read_bytes()
        part, status = data, 200
        if ranges and kind != "whole":
            first, last = re.fullmatch(r"bytes=(\d*)-(\d*)", ranges).groups()
            start = int(first) if first else max(0, len(data) - int(last))
            stop = min(len(data), int(last) + 1) if first and last else len(data)
            if start >= len(data):
                return self.refuse(416, Content_Range=f"bytes */{len(data)}")
            if kind == "begin":
                start, stop = 0, stop - start
            part, status = data[start:stop], 206
        self.send_response(status)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if isHead:
            return
        if kind == "short" and trouble:
            self.wfile.write(part[: len(part) // 2])
            self.close_connection = True
            return
        self.wfile.write(part)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
os._exit(0)
