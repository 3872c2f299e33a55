"""System calls that code in the sandbox may not make, as a filter for the kernel (seccomp).

Those that take memory which no limit of a process counts, and doors of the kernel that a program
for an answer does not need.
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
"""By machine, as its Linux numbers them."""
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32 = 0x40000000
"""From here on, x86_64 has the same calls again under other numbers."""
LOAD, IF_EQUAL, IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
OF_NUMBER, OF_ARCH = 0, 4
"""Offsets of the system call's number and of the architecture in the kernel's record."""


def refusals() -> bytes:
    """Return the filter of this machine, which is one of the two that Homeport is for."""
    refused = sorted(NUMBERS[platform.machine()].values())
    # Each jump goes over the rest of the tests, and the line that allows, to the one that refuses.
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
