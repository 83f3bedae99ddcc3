"""The writer's process: `python -m edge.store.writer_child FD`. Ends when told to, or when the other end is gone."""

from __future__ import annotations

import pickle
import signal
import socket
import sys

from edge.store.batches import BATCH_MAX, Batches, Job
from edge.store.writer_process import LENGTH

READ_BYTES = 1 << 20


def main(fd: int) -> None:
    """Read jobs, carry them out, answer. Whatever arrived while a commit ran shares the next commit."""
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, signal.SIG_IGN)  # the program that started this one decides when it ends
    link = socket.socket(fileno=fd)
    buffer = bytearray()
    messages: list[bytes] = []
    while not messages:
        if not _read(link, buffer, messages):
            return  # the program went before it said where its database is
    batches = Batches(pickle.loads(messages.pop(0)))
    open_end = True
    while open_end or messages:
        if not messages:
            open_end = _read(link, buffer, messages)
            continue
        jobs: list[Job] = []
        taken, asked_to_end = 0, False
        while taken < len(messages) and len(jobs) < BATCH_MAX and not asked_to_end:
            message = pickle.loads(messages[taken])
            taken += 1
            if message is None:
                asked_to_end = True
            else:
                jobs += message[0]
                now = message[1]
        del messages[:taken]
        carried = 0
        while carried < len(jobs):
            done = batches.carry_out(jobs[carried : carried + BATCH_MAX], now)
            carried += len(done.answers)
            body = pickle.dumps(done, pickle.HIGHEST_PROTOCOL)
            try:
                link.sendall(LENGTH.pack(len(body)) + body)
            except OSError:
                open_end = False  # the program was killed: what was committed stays, nobody is there to be told
        if asked_to_end:
            batches.close()
            return
        if open_end:
            open_end = _read(link, buffer, messages, wait=False)


def _read(link: socket.socket, buffer: bytearray, messages: list[bytes], wait: bool = True) -> bool:
    """Append whole messages to `messages`; with `wait` blocks for some bytes. False when the other end is closed."""
    try:
        data = link.recv(READ_BYTES, 0 if wait else socket.MSG_DONTWAIT)
    except BlockingIOError:
        return True
    except OSError:
        return False
    if not data:
        return False
    buffer += data
    while len(buffer) >= LENGTH.size:
        (size,) = LENGTH.unpack_from(buffer)
        if len(buffer) < LENGTH.size + size:
            break
        messages.append(bytes(buffer[LENGTH.size : LENGTH.size + size]))
        del buffer[: LENGTH.size + size]
    return True


if __name__ == "__main__":
    main(int(sys.argv[1]))
