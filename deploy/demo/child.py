"""Becomes another program that ends when its parent does: ``python child.py PARENT SIGNAL USER PROGRAM [WORDS…]``.

The kernel sends SIGNAL when the parent dies, whatever killed it. USER is "-" to stay who we are. Standard library only.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys

PR_SET_PDEATHSIG = 1


def main(words: list[str]) -> None:
    """Never returns: the process becomes the program, or ends with 127."""
    parent, number, user, *program = words
    if user != "-":
        entry = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)  # before the next step: a change of user takes the kernel's promise back
        os.environ["HOME"] = "/"
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(127)  # it died before the promise was made
    try:
        os.execvp(program[0], program)
    except OSError as error:
        print(f"{program[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(127)


if __name__ == "__main__":
    main(sys.argv[1:])
