"""The number of workers fits what the machine, or the container, gives."""

import os
import subprocess
import sys

import pytest

from gunicorn_deadlines.processors import default_workers

# As Docker and Kubernetes give them, with version 2 and version 1 of control groups.
HALF_A_PROCESSOR = {
    "version 2, own namespace": {
        "proc/self/cgroup": "0::/\n",
        "sys/fs/cgroup/cpu.max": "50000 100000\n",
    },
    "version 2, a limit on the group around it": {
        "proc/self/cgroup": "0::/system.slice/tasks.service\n",
        "sys/fs/cgroup/system.slice/tasks.service/cpu.max": "max 100000\n",
        "sys/fs/cgroup/system.slice/cpu.max": "50000 100000\n",
    },
    "version 1, own group at the top": {
        "proc/self/cgroup": "5:memory:/docker/1a2b\n4:cpu,cpuacct:/docker/1a2b\n",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    },
}
NO_LIMIT = {
    "no control groups": {},
    "version 2": {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"},
    "version 2 without the controller": {"proc/self/cgroup": "0::/init.scope\n"},
    "version 1": {
        "proc/self/cgroup": "4:cpu,cpuacct:/\n",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    },
    "a limit on something else": {
        "proc/self/cgroup": "0::/tasks\n",
        "sys/fs/cgroup/others/cpu.max": "50000 100000\n",
    },
    "a limit that is more than there is": {
        "proc/self/cgroup": "0::/\n",
        "sys/fs/cgroup/cpu.max": "100000000 100000\n",
    },
}


@pytest.fixture
def system(tmp_path):
    def make(files):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return tmp_path

    return make


@pytest.mark.parametrize("files", HALF_A_PROCESSOR.values(), ids=HALF_A_PROCESSOR)
def test_quota_of_a_container_is_the_number_of_workers_rounded_up(system, files):
    assert default_workers(system(files)) == 1


@pytest.mark.parametrize("files", NO_LIMIT.values(), ids=NO_LIMIT)
def test_without_a_quota_there_is_a_worker_for_each_core_up_to_eight(system, files):
    assert default_workers(system(files)) == min(len(os.sched_getaffinity(0)), 8)


def test_one_worker_where_the_process_is_bound_to_one_core():
    bind = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])"
    ask = "from gunicorn_deadlines import processors; print(processors.default_workers())"
    command = [sys.executable, "-c", f"{bind}; {ask}"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "1\n"


def test_more_cores_than_eight_make_no_more_workers(system, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    assert default_workers(system({})) == 8
    half = {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "250000 100000\n"}
    assert default_workers(system(half)) == 3


def test_all_processors_count_where_no_process_is_bound_to_some(monkeypatch, tmp_path):
    monkeypatch.delattr(os, "sched_getaffinity")
    for number, workers in ((3, 3), (64, 8), (None, 1)):
        monkeypatch.setattr(os, "cpu_count", lambda number=number: number)
        assert default_workers(tmp_path) == workers
