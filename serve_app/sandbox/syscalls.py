"""The seccomp filter of system calls that code in the sandbox may not make.

Those that take memory which no limit of a process counts, and interfaces of the kernel that such
programs do not need.
"""

import errno
import platform
import struct

NUMBERS = {
    "x86_64": {
        "shmget": 29,
        "semget": 64,
        "msgget": 68,
        "ptrace": 101,
        "mq_open": 240,
        "add_key": 248,
        "request_key": 249,
        "keyctl": 250,
        "perf_event_open": 298,
        "memfd_create": 319,
        "bpf": 321,
        "userfaultfd": 323,
        "io_uring_setup": 425,
        "memfd_secret": 447,
    },
    "aarch64": {
        "ptrace": 117,
        "mq_open": 180,
        "msgget": 186,
        "semget": 190,
        "shmget": 194,
        "add_key": 217,
        "request_key": 218,
        "keyctl": 219,
        "perf_event_open": 241,
        "memfd_create": 279,
        "bpf": 280,
        "userfaultfd": 282,
        "io_uring_setup": 425,
        "memfd_secret": 447,
    },
}
"""Numbers of system calls in Linux by machine."""
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32 = 0x40000000
"""The first number of x86_64's second table of the same calls."""
LOAD, IF_EQUAL, IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
OF_NUMBER, OF_ARCH = 0, 4
"""Offsets of the call's number and of the machine in the kernel's data."""


def build_filter() -> bytes:
    """Return the filter for this machine, which is one of the two that Homeport supports."""
    refused = sorted(NUMBERS[platform.machine()].values())
    # Each jump skips the remaining tests and the line that allows, to the one that refuses.
    tests = [(IF_AT_LEAST, len(refused) + 1, X32)]
    tests += [(IF_EQUAL, len(refused) - place, call) for place, call in enumerate(refused)]
    lines = [
        (LOAD, 0, 0, OF_ARCH),
        (IF_EQUAL, 0, len(tests) + 2, AUDIT_ARCH[platform.machine()]),
        (LOAD, 0, 0, OF_NUMBER),
        *((code, jump, 0, value) for code, jump, value in tests),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, REFUSE),
    ]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)
