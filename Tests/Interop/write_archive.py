# SPDX-License-Identifier: Apache-2.0
"""write_archive.py FOLDER ARCHIVE stored|deflated: a zip archive of all files in a folder."""

import pathlib
import sys
import zipfile

folder = pathlib.Path(sys.argv[1])
method = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED}[sys.argv[3]]
with zipfile.ZipFile(sys.argv[2], "w", method) as archive:
    for file in sorted(folder.rglob("*")):
        archive.write(file, file.relative_to(folder))
