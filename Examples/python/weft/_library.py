# SPDX-License-Identifier: Apache-2.0
"""The functions of Weft's library (`Sources/WeftC`). ctypes lets go of Python's lock while one of them runs."""

import ctypes
import os
import pathlib
import weakref


class WeftError(Exception):
    """What went wrong, and in `hint` what to do about it."""

    def __init__(self, text):
        message, _, hint = text.partition("\nhint: ")
        super().__init__(message + (f"\n\nhint: {hint}" if hint else ""))
        self.message, self.hint = message, hint or None


class Library:
    """Opened when it is first needed."""

    def __init__(self):
        self.opened, self.process = None, None

    def __getattr__(self, name):
        if self.opened is None:
            path = os.environ.get("WEFT_LIBRARY") or pathlib.Path(__file__).with_name("libWeftC.so")
            try:
                self.opened, self.process = ctypes.CDLL(os.fspath(path)), os.getpid()
            except OSError as error:
                raise WeftError(f"Weft's library cannot be loaded: {error}\nhint: pip install Examples/python of a clone of Weft") from None
        if os.getpid() != self.process:
            raise WeftError(
                "this process was forked from one in which Weft was at work, whose threads it does not have\n"
                "hint: start workers with multiprocessing_context='spawn', or use Weft in them only"
            )
        return getattr(self.opened, name)


library = Library()
pointer = ctypes.c_void_p


def text(address):
    """Text that the library handed over."""
    if not address:
        return None
    value = ctypes.cast(address, ctypes.c_char_p).value.decode()
    function("weft_free", None)(pointer(address))
    return value


def function(name, result=pointer):
    found = getattr(library, name)
    found.restype = result
    return found


def call(name, *arguments):
    """Calls a function that hands over text where something went wrong."""
    wrong = text(function(name)(*arguments))
    if wrong is not None:
        raise WeftError(wrong)


def told(name, *arguments):
    """Calls a function that hands over text."""
    return text(function(name)(*arguments))


class Handle:
    """Something of the library's, released when nobody holds it any more."""

    def __init__(self, address, release=None):
        self.address = address
        weakref.finalize(self, release or Handle.release, address)

    @staticmethod
    def release(address):
        if os.getpid() == library.process:
            function("weft_release", None)(pointer(address))

    @property
    def _as_parameter_(self):
        return pointer(self.address)
