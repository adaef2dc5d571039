"""old_kernel.py [--docker] COMMAND...: runs it as under Linux 4.9, the oldest kernel that is promised: system calls that
came later do not exist (ENOSYS), for it and all that it starts. With --docker as under a Docker before 20.10.10: all calls
are there, but clone3 is forbidden (EPERM)."""
import ctypes
import errno
import os
import platform
import struct
import sys

# Of Linux 4.9's tables of system calls: the first number that was free.
FIRST_LATER = {"x86_64": 332, "aarch64": 291}[platform.machine()]
CLONE3 = 435
LOAD_NUMBER, IF_EQUAL, IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, FAIL = 0x7FFF0000, 0x00050000
SET_SECCOMP, SET_NO_NEW_PRIVS, MODE_FILTER = 22, 38, 2

command = sys.argv[1:]
docker = command[0] == "--docker"
rules = [
    (LOAD_NUMBER, 0, 0, 0),
    (IF_EQUAL, 0, 1, CLONE3) if docker else (IF_AT_LEAST, 0, 1, FIRST_LATER),
    (RETURN, 0, 0, FAIL | (errno.EPERM if docker else errno.ENOSYS)),
    (RETURN, 0, 0, ALLOW),
]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
program = struct.pack("HxxxxxxP", len(rules), ctypes.addressof(code))
prctl = ctypes.CDLL(None, use_errno=True).prctl
if prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or prctl(SET_SECCOMP, MODE_FILTER, program, 0, 0) != 0:
    sys.exit("old_kernel.py: " + os.strerror(ctypes.get_errno()))
command = command[docker:]
os.execvp(command[0], command)
