# SPDX-License-Identifier: Apache-2.0
"""Builds Weft's library and tool with Swift, and puts them into the package."""

import os
import pathlib
import shutil
import subprocess

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.dist import Distribution


class Build(build_py):
    def run(self):
        super().run()
        # WEFT_BUILD: a folder in which both were built already.
        folder = pathlib.Path(os.environ.get("WEFT_BUILD") or self.built())
        target = pathlib.Path(self.build_lib) / "weft"
        for name in ("libWeftC.so", "weft"):
            # The tool goes beside the library, under a name that does not hide the package.
            shutil.copy2(folder / name, target / ("weft-tool" if name == "weft" else name))

    def built(self):
        package = pathlib.Path(__file__).resolve().parents[2]
        if not (package / "Package.swift").exists():
            raise SystemExit("error: Weft's sources are not around this folder\n\nhint: pip install a clone's Examples/python")
        for product in ("WeftC", "weft"):
            subprocess.run(["swift", "build", "-c", "release", "--package-path", package, "--product", product], check=True)
        return package / ".build" / "release"


class Binary(Distribution):
    def has_ext_modules(self):
        return True


setup(cmdclass={"build_py": Build}, distclass=Binary)
