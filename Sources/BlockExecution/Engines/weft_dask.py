# SPDX-License-Identifier: Apache-2.0
"""Runs commands on the workers of a Dask scheduler for Weft, one future a command.

Commands come as JSON lines on standard input, {"id": …, "command": […]}; answers go as JSON lines to standard output,
{"id": …, "status": …, "errors": …, "worker": …}. All commands end when standard input does. Only words and numbers cross Dask: what the
commands did is seen in the files that they wrote.
"""

import argparse
import collections
import json
import os
import sys
import threading


def work(command, stop):
    """Runs one command on a worker: its process ends with the worker, and where the run is stopped."""
    import ctypes
    import signal
    import socket
    import subprocess

    from distributed import Event, get_worker

    def end_with_worker():
        PR_SET_PDEATHSIG = 1  # prctl(2)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    threads = get_worker().state.nthreads
    command = [str(threads) if word == "{threads}" else word for word in command]
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=end_with_worker
        )
    except OSError as error:
        return 127, f"{command[0]} cannot be started: {error}", socket.gethostname()
    stopped = Event(stop)
    while True:
        try:
            _, errors = process.communicate(timeout=2)
            return process.returncode, errors[-4000:].decode(errors="replace"), socket.gethostname()
        except subprocess.TimeoutExpired:
            if stopped.is_set():
                process.terminate()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scheduler")
    parser.add_argument("--scheduler-file")
    parser.add_argument("--resources", type=json.loads, default={})
    parser.add_argument("--name", required=True)
    parser.add_argument("--jobs", type=int, help="commands at work at once")
    arguments = parser.parse_args()

    lock = threading.Lock()

    def say(**message):
        with lock:
            print(json.dumps(message), flush=True)

    try:
        from distributed import Client, Event
    except ImportError as error:
        say(type="error", message=f"{sys.executable} has no Dask: {error}", hint="install distributed there, or name another by --dask-python")
        return 1
    try:
        where = {"scheduler_file": arguments.scheduler_file} if arguments.scheduler_file else {"address": arguments.scheduler}
        client = Client(**where, timeout=30, name=arguments.name)
    except Exception as error:  # whatever Dask raises: refused, of another version, timed out
        say(type="error", message=f"no Dask scheduler answers: {error}", hint="see that its address is right, and that this machine reaches it")
        return 1

    threads = client.nthreads()
    say(type="ready", dashboard=client.dashboard_link, workers=len(threads), threads=sum(threads.values()))
    stop = Event(arguments.name)
    stop.clear()
    futures = {}
    waiting = collections.deque()

    def submit_waiting():
        while True:
            with lock:
                if not waiting or (arguments.jobs and len(futures) >= arguments.jobs):
                    return
                identifier, command = waiting.popleft()
                try:
                    futures[identifier] = future = client.submit(
                        work, command, arguments.name, key=identifier, pure=False, resources=arguments.resources or None
                    )
                except Exception as error:  # there is no scheduler any more, and nobody to tell the others' ends
                    print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
                    os._exit(1)
            future.add_done_callback(ended(identifier))

    def ended(identifier):
        def tell(future):
            with lock:
                futures.pop(identifier, None)
            try:
                status, errors, worker = future.result()
            except BaseException as error:  # a worker that died too often, or the future was cancelled
                status, errors, worker = -1, f"{type(error).__name__}: {error}", None
            say(type="ended", id=identifier, status=status, errors=errors, worker=worker)
            submit_waiting()

        return tell

    for line in sys.stdin:
        message = json.loads(line)
        with lock:
            waiting.append((message["id"], message["command"]))
        submit_waiting()
    stop.set()
    with lock:
        waiting.clear()
        left = list(futures.values())
    client.cancel(left)
    client.close(timeout=5)
    return 0


if __name__ == "__main__":
    sys.exit(main())
