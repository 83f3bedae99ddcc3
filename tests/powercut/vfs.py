"""A VFS for the very SQLite library that Python uses, so that product code runs unchanged on a `Disk`.

The VFS "cut" copies the default one and wraps open, read, write, truncate, sync and delete; shared memory and locks are
the default's own. Open ``file:...?vfs=cut``, or make it the default while the product opens plain paths.
"""

from __future__ import annotations

import _sqlite3
import contextlib
import ctypes as c
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from tests.powercut.disk import IOERR, OK, Disk

CREATE = 0x4  # SQLITE_OPEN_CREATE
_P, _I, _L, _S = c.c_void_p, c.c_int, c.c_int64, c.c_char_p
_OPEN = c.CFUNCTYPE(_I, _P, _P, _P, _I, _P)  # names as pointers: SQLite's VFS keeps them, a copy would vanish
_DELETE = c.CFUNCTYPE(_I, _P, _P, _I)
_MOVE = c.CFUNCTYPE(_I, _P, _P, _I, _L)  # xRead, xWrite: file, buffer, bytes, offset
_TRUNCATE = c.CFUNCTYPE(_I, _P, _L)
_SYNC = c.CFUNCTYPE(_I, _P, _I)


class _Vfs(c.Structure):
    _fields_ = (
        *((name, _I) for name in ("version", "file_bytes", "path_bytes")),
        *((name, _P) for name in ("next", "name", "data", "open", "delete")),
        ("rest", _P * 14),  # xAccess .. xNextSystemCall: the default's own
    )


class _Methods(c.Structure):
    _fields_ = (
        ("version", _I),
        *((name, _P) for name in ("close", "read", "write", "truncate", "sync")),
        ("rest", _P * 12),  # xFileSize .. xShmUnmap, xFetch, xUnfetch: the default's own
    )


def library() -> c.CDLL:
    """The SQLite library `sqlite3` runs on: another copy would not see the VFS, and would drop its file locks."""
    with open("/proc/self/maps") as maps:
        mapped = {line.split(maxsplit=5)[5].strip() for line in maps if line.count("/") and "sqlite3" in line}
    for path in (*sorted(p for p in mapped if "libsqlite3" in p), getattr(_sqlite3, "__file__", None), None):
        with contextlib.suppress(OSError, AttributeError):
            found = c.CDLL(path)
            found.sqlite3_libversion.restype = _S
            if found.sqlite3_libversion().decode() == sqlite3.sqlite_version:
                found.sqlite3_vfs_find.restype, found.sqlite3_vfs_find.argtypes = c.POINTER(_Vfs), [_S]
                found.sqlite3_vfs_register.argtypes = [c.POINTER(_Vfs), _I]
                found.sqlite3_vfs_unregister.argtypes = [c.POINTER(_Vfs)]
                return found
    raise RuntimeError(
        "This Python has SQLite built in and does not show its functions, so the power-cut tests cannot put a disk "
        "under it. Use a Python that links libsqlite3.so (Debian's and Ubuntu's python3 does)."
    )


@contextlib.contextmanager
def attached(disk: Disk, name: str = "cut", default: bool = False) -> Iterator[Disk]:
    """Register `disk` as VFS `name`; with `default` every plain path goes through it too. Close connections inside."""
    lib = library()
    original = lib.sqlite3_vfs_find(None).contents
    vfs = _Vfs()
    c.memmove(c.byref(vfs), c.byref(original), c.sizeof(_Vfs))
    open_, delete = _OPEN(original.open), _DELETE(original.delete)
    methods: dict[int, tuple[_Methods, list[Any]]] = {}
    name_bytes = c.create_string_buffer(name.encode())

    def guarded(work: Callable[..., int]) -> Callable[..., int]:
        def call(*args: Any) -> int:
            with disk.lock:
                try:
                    return work(*args)
                except BaseException as error:  # ctypes would print it and tell SQLite "OK"
                    disk.errors.append(error)
                    return IOERR

        return call

    def wrap(theirs: int) -> int:
        """Our io_methods over theirs, made once for each kind of file; returns its address."""
        if theirs not in methods:
            mine = _Methods()
            c.memmove(c.byref(mine), theirs, c.sizeof(_Methods))
            read, write = _MOVE(mine.read), _MOVE(mine.write)
            truncate, sync = _TRUNCATE(mine.truncate), _SYNC(mine.sync)
            hooks = [
                _MOVE(guarded(lambda f, b, n, at: disk.moved(f, None, at, lambda: read(f, b, n, at)))),
                _MOVE(guarded(lambda f, b, n, at: disk.moved(f, c.string_at(b, n), at, lambda: write(f, b, n, at)))),
                _TRUNCATE(guarded(lambda f, size: disk.truncated(f, size, lambda: truncate(f, size)))),
                _SYNC(guarded(lambda f, flags: disk.synced(f, lambda: sync(f, flags)))),
            ]
            mine.read, mine.write, mine.truncate, mine.sync = (c.cast(hook, _P).value for hook in hooks)
            mine.version = min(mine.version, 2)  # shared memory yes; mapped pages no: they would not pass through here
            methods[theirs] = (mine, hooks)
        return c.addressof(methods[theirs][0])

    @guarded
    def on_open(_: int, path: int | None, handle: int, flags: int, out: int | None) -> int:
        text = c.string_at(path).decode() if path else None
        result = disk.opened(
            text, handle, bool(flags & CREATE), lambda: open_(c.addressof(original), path, handle, flags, out)
        )
        slot = _P.from_address(handle)
        if result == OK and slot.value:
            slot.value = wrap(slot.value)
        elif result != OK:
            slot.value = None  # tells SQLite that there is nothing to close
        return result

    @guarded
    def on_delete(_: int, path: int, synced: int) -> int:
        text = c.string_at(path).decode()
        return disk.deleted(text, bool(synced), lambda: delete(c.addressof(original), path, synced))

    hooks = (_OPEN(on_open), _DELETE(on_delete))
    vfs.open, vfs.delete = (c.cast(hook, _P).value for hook in hooks)
    vfs.name, vfs.next = c.addressof(name_bytes), None
    if lib.sqlite3_vfs_register(c.byref(vfs), int(default)) != OK:
        raise RuntimeError("SQLite would not register the VFS")
    try:
        yield disk
    finally:
        lib.sqlite3_vfs_unregister(c.byref(vfs))
        _KEPT.append((vfs, name_bytes, hooks, methods))  # a connection left open still calls them
        del _KEPT[:-1000]


_KEPT: list[Any] = []
