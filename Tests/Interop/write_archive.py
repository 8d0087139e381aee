# SPDX-License-Identifier: Apache-2.0
"""write_archive.py FOLDER ARCHIVE stored|deflated: a zip archive of all files in a folder, each of which replaces another of its name; with
names in it that lead out of it."""

import pathlib
import sys
import warnings
import zipfile

folder = pathlib.Path(sys.argv[1])
method = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED}[sys.argv[3]]
with zipfile.ZipFile(sys.argv[2], "w", method) as archive:
    warnings.simplefilter("ignore")
    for name in ["../out", "/etc/out", "a//out", "./out"]:
        archive.writestr(name, b"out")
    for file in folder.rglob("*"):
        if file.is_file():
            archive.writestr(str(file.relative_to(folder)), b"what was there before")
    for file in sorted(folder.rglob("*")):
        archive.write(file, file.relative_to(folder))
