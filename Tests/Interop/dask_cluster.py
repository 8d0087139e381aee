# SPDX-License-Identifier: Apache-2.0
"""A Dask scheduler and two workers of one thread on the loopback: prints the scheduler's port, ends with its input.

    dask_cluster.py FOLDER        FOLDER/worker0 and worker1 hold the number of the process group of each worker with its nanny
"""

import os
import signal
import subprocess
import sys

from distributed import Client, LocalCluster

folder = sys.argv[1]
with LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0") as cluster:
    workers = []
    for number in range(2):
        words = ["worker", cluster.scheduler_address, "--name", f"worker{number}", "--host", "127.0.0.1", "--nthreads", "1", "--nworkers", "1"]
        words += ["--memory-limit", "0", "--death-timeout", "60", "--dashboard-address", "127.0.0.1:0", "--local-directory", folder]
        dask = os.path.join(os.path.dirname(sys.executable), "dask")
        with open(f"{folder}/worker{number}.log", "w") as log:
            workers.append(subprocess.Popen([dask] + words, stdout=log, stderr=log, start_new_session=True))
        with open(f"{folder}/worker{number}", "w") as file:
            file.write(str(workers[-1].pid))
    with Client(cluster) as client:
        client.wait_for_workers(2, timeout=60)
    print(cluster.scheduler_address.rsplit(":", 1)[1], flush=True)
    sys.stdin.read()
    for worker in workers:
        try:
            os.killpg(worker.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
