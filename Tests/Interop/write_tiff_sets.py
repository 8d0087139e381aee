# SPDX-License-Identifier: Apache-2.0
"""Writes images of several TIFF files, and OME-TIFF pyramids, with tifffile into a folder.

usage: write_tiff_sets.py FOLDER

All voxels are those of an image of 2 channels, 5 planes, 34 rows and 47 columns (c, z, y, x) of uint16 with seed 70; level n of a pyramid
those of seed 70 + n.
"""

import os
import sys

import numpy as np
import tifffile
from pattern import pattern

folder = sys.argv[1]
SHAPE = (2, 5, 34, 47)
image = pattern(SHAPE, 70, "u2")
metadata = {"axes": "CZYX", "PhysicalSizeX": 0.65, "PhysicalSizeY": 0.65, "PhysicalSizeZ": 2.0}


def path(name):
    return os.path.join(folder, name)


# A pyramid of three levels in SubIFDs; tiles of the finest are compressed.
with tifffile.TiffWriter(path("pyramid.ome.tif"), ome=True, bigtiff=True) as writer:
    options = {"photometric": "minisblack", "tile": (16, 32), "compression": "zlib"}
    writer.write(image, subifds=2, metadata=metadata, **options)
    writer.write(pattern((2, 5, 17, 24), 71, "u2"), subfiletype=1, **options)
    writer.write(pattern((2, 5, 8, 12), 72, "u2"), subfiletype=1, **options)


def pixels(data):
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment with <Pixels SizeZ="9"> in it -->
<ome:OME xmlns:ome="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:%s">
<ome:Image ID="Image:0" Name="&lt;one&gt;"><ome:Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="47" SizeY="34" SizeC="2"
 SizeZ="5" SizeT="1" PhysicalSizeX="0.65" PhysicalSizeY='0.65' PhysicalSizeZ="2.0" PhysicalSizeZUnit="&#181;m">{data}</ome:Pixels>
</ome:Image></ome:OME>"""


def write(name, planes, description):
    with tifffile.TiffWriter(path(name)) as writer:
        for index, plane in enumerate(planes):
            writer.write(plane, photometric="minisblack", metadata=None, description=description if index == 0 else None)


# One file a channel, each with the whole of the OME-XML; planes of the second lie in reverse.
names = ["set_c0.ome.tif", "set_c1.ome.tif"]
uuids = [f"0000000{n}-0000-0000-0000-000000000000" for n in range(2)]
data = f'<ome:TiffData FirstC="0" IFD="0" PlaneCount="5"><ome:UUID FileName="{names[0]}">urn:uuid:{uuids[0]}</ome:UUID></ome:TiffData>'
for z in range(5):
    data += (f'<ome:TiffData FirstC="1" FirstZ="{z}" IFD="{4 - z}"><ome:UUID FileName="{names[1]}">urn:uuid:{uuids[1]}</ome:UUID>'
             "</ome:TiffData>")
write(names[0], image[0], pixels(data) % uuids[0])
write(names[1], image[1][::-1], pixels(data) % uuids[1])

# One file a plane, all of which point to a file that holds the OME-XML and no planes of its own but the first.
os.mkdir(path("companion"))
data = "".join(
    f'<ome:TiffData FirstC="{c}" FirstZ="{z}"><ome:UUID FileName="p{c}{z}.ome.tif">urn:uuid:{c}{z}</ome:UUID></ome:TiffData>'
    for c in range(2) for z in range(5))
pointer = ('<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:%d%d">'
           '<BinaryOnly MetadataFile="p00.ome.tif" UUID="urn:uuid:00"/></OME>')
for c in range(2):
    for z in range(5):
        write(f"companion/p{c}{z}.ome.tif", image[c, z][None], pixels(data) % "00" if c == z == 0 else pointer % (c, z))

# Channels before planes, as microscopes write them; and three planes at three times, times before planes.
tifffile.imwrite(path("xyczt.ome.tif"), np.swapaxes(image, 0, 1), photometric="minisblack", metadata=metadata | {"axes": "ZCYX"})
data = "".join(f'<ome:TiffData FirstT="{t}" FirstZ="{z}" IFD="{3 * z + t}"/>' for t in range(3) for z in range(3))
text = (pixels(data) % uuids[0]).replace('SizeC="2"', 'SizeC="1"').replace('SizeZ="5"', 'SizeZ="3"').replace('SizeT="1"', 'SizeT="3"')
write("times.ome.tif", [image.reshape(10, 34, 47)[3 * t + z] for z in range(3) for t in range(3)], text)

# A set whose OME-XML is a file of its own.
os.mkdir(path("companion2"))
data = "".join(f'<ome:TiffData FirstC="{c}" PlaneCount="5" IFD="0"><ome:UUID FileName="c{c}.ome.tif">urn:uuid:c{c}</ome:UUID></ome:TiffData>'
               for c in range(2))
with open(path("companion2/all.companion.ome"), "w") as file:
    file.write(pixels(data) % "all")
for c in range(2):
    write(f"companion2/c{c}.ome.tif", image[c], (pointer % (c, c)).replace("p00.ome.tif", "all.companion.ome"))

# Numbered planes of one channel, without leading zeros; of both channels; stacks of planes, one a channel.
for name in ["planes", "tagged", "stacks"]:
    os.mkdir(path(name))
for z in range(5):
    tifffile.imwrite(path(f"planes/section{8 + z}.tif"), image[0, z], photometric="minisblack")
    for c in range(2):
        tifffile.imwrite(path(f"tagged/z{z:03}_ch{c}.tiff"), image[c, z], photometric="minisblack", compression="zlib")
for c in range(2):
    tifffile.imwrite(path(f"stacks/C={c}.tif"), image[c], imagej=True, resolution=(1 / 0.65, 1 / 0.65),
                     metadata={"axes": "ZYX", "spacing": 2.0, "unit": "um"})
