# SPDX-License-Identifier: Apache-2.0
"""Writes arrays with zarr-python and tensorstore into a folder, and lists them in manifest.json for Weft to read.

usage: write_arrays.py FOLDER
"""

import json
import os
import sys
import warnings

import numcodecs
import numpy as np
import tensorstore as ts
import zarr
from pattern import pattern

warnings.simplefilter("ignore")
folder = sys.argv[1]
manifest = []
TYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]
NAMES = {"u1": "uint8", "i1": "int8", "u2": "uint16", "i2": "int16", "u4": "uint32", "i4": "int32", "u8": "uint64", "i8": "int64",
         "f4": "float32", "f8": "float64", "f2": "float32"}


def note(name, shape, seed, dtype):
    manifest.append({"name": name, "shape": list(shape), "seed": seed, "type": NAMES[np.dtype(dtype).str[1:]]})


def write_v2(name, shape, chunks, dtype, seed, compressor, order="C", separator="/"):
    array = zarr.create_array(os.path.join(folder, name), shape=shape, chunks=chunks, dtype=dtype, compressors=compressor, order=order,
                              zarr_format=2, fill_value=0, chunk_key_encoding={"name": "v2", "separator": separator}, filters=None)
    array[...] = pattern(shape, seed, dtype)
    note(name, shape, seed, dtype)


def write_v3(name, shape, chunks, dtype, seed, compressors=None, filters=None, serializer="auto", **more):
    array = zarr.create_array(os.path.join(folder, name), shape=shape, chunks=chunks, dtype=dtype, compressors=compressors,
                              filters=filters, serializer=serializer, zarr_format=3, **more)
    array[...] = pattern(shape, seed, dtype)
    note(name, shape, seed, dtype)


def write_tensorstore(name, driver, metadata, shape, dtype, seed, **more):
    spec = {"driver": driver, "kvstore": {"driver": "file", "path": os.path.join(folder, name)}, "metadata": metadata, **more}
    store = ts.open(spec, create=True).result()
    store[...] = pattern(shape, seed, dtype)
    note(name, shape, seed, dtype)


def write_all_v2():
    shape, chunks = (19, 33, 40), (8, 16, 32)
    seed = 0
    codecs = {"raw": None, "zlib": numcodecs.Zlib(3), "gzip": numcodecs.GZip(3), "zstd": numcodecs.Zstd(3), "lz4": numcodecs.LZ4(),
              "bz2": numcodecs.BZ2(3)}
    for name in ["blosclz", "lz4", "lz4hc", "zlib", "zstd"]:
        for shuffle in [-1, 0, 1, 2]:
            codecs[f"blosc_{name}_{shuffle}"] = numcodecs.Blosc(cname=name, clevel=5, shuffle=shuffle)
    for name, codec in codecs.items():
        seed += 1
        write_v2(f"v2_{name}", shape, chunks, "<u2", seed, codec)
    for dtype in TYPES:
        for byte_order in "<>":
            if dtype[1] == "1" and byte_order == ">":
                continue
            for order in "CF":
                seed += 1
                name = f"v2_{'big' if byte_order == '>' else 'little'}_{dtype}_{order}"
                separator = "." if order == "F" else "/"
                write_v2(name, shape, chunks, byte_order + dtype, seed, numcodecs.Blosc(), order=order, separator=separator)
    for rank in range(1, 6):
        seed += 1
        write_v2(f"v2_rank{rank}", (7, 5, 9, 3, 6)[:rank], (3, 2, 4, 3, 4)[:rank], "<i2", seed, numcodecs.Zstd(1))


def write_all_v3():
    from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, GzipCodec, TransposeCodec, ZstdCodec

    shape, chunks = (19, 33, 40), (8, 16, 32)
    seed = 1000
    codecs = {"raw": None, "gzip": GzipCodec(level=3), "zstd": ZstdCodec(level=3), "zstd_checksum": ZstdCodec(level=3, checksum=True),
              "crc32c": Crc32cCodec(), "gzip_crc32c": [GzipCodec(level=3), Crc32cCodec()],
              "zstd_gzip": [ZstdCodec(level=3), GzipCodec(level=3)]}
    for name in ["blosclz", "lz4", "lz4hc", "zlib", "zstd"]:
        for shuffle in ["noshuffle", "shuffle", "bitshuffle"]:
            codecs[f"blosc_{name}_{shuffle}"] = BloscCodec(cname=name, clevel=5, shuffle=shuffle)
    for name, codec in codecs.items():
        seed += 1
        write_v3(f"v3_{name}", shape, chunks, "u2", seed, codec)
    for dtype in TYPES:
        for endian in ["little", "big"]:
            seed += 1
            write_v3(f"v3_{endian}_{dtype}", shape, chunks, dtype, seed, BloscCodec(), serializer=BytesCodec(endian=endian))
    for order in [(2, 1, 0), (1, 2, 0), (2, 0, 1), (0, 2, 1)]:
        seed += 1
        write_v3(f"v3_transpose_{''.join(map(str, order))}", shape, chunks, "i4", seed, ZstdCodec(),
                 filters=[TransposeCodec(order=order)])
    seed += 1
    write_v3("v3_transposed_twice", shape, chunks, "i4", seed, ZstdCodec(),
             filters=[TransposeCodec(order=(1, 2, 0)), TransposeCodec(order=(1, 0, 2))])
    for name, encoding in {"dots": {"name": "default", "separator": "."}, "v2keys": {"name": "v2", "separator": "."},
                           "v2slashes": {"name": "v2", "separator": "/"}}.items():
        seed += 1
        write_v3(f"v3_{name}", shape, chunks, "f4", seed, ZstdCodec(), chunk_key_encoding=encoding)
    for rank in range(1, 6):
        seed += 1
        write_v3(f"v3_rank{rank}", (7, 5, 9, 3, 6)[:rank], (3, 2, 4, 3, 4)[:rank], "i2", seed, ZstdCodec())


def write_half_precision():
    """Weft reads 16-bit floats as 32-bit ones: the pattern of those, as far as they are the same numbers."""
    seed = 4000
    for dtype in ["<f2", ">f2"]:
        name = f"v2_half_{'big' if dtype[0] == '>' else 'little'}"
        array = zarr.create_array(os.path.join(folder, name), shape=(19, 33), chunks=(8, 16), dtype=dtype, zarr_format=2, fill_value=0.5)
        array[...] = pattern((19, 33), seed, "f4").astype("f2")
        note(name, (19, 33), seed, "f4")
    array = zarr.create_array(os.path.join(folder, "v3_half"), shape=(19, 33), chunks=(8, 16), dtype="f2", zarr_format=3, fill_value=0.5)
    array[...] = pattern((19, 33), seed, "f4").astype("f2")
    note("v3_half", (19, 33), seed, "f4")


def write_shards():
    from zarr.codecs import BloscCodec, BytesCodec, ShardingCodec, TransposeCodec, ZstdCodec

    shape, chunks = (19, 33, 40), (4, 8, 16)
    seed = 5000
    for dtype in TYPES:
        seed += 1
        write_v3(f"v3_shards_{dtype}", shape, chunks, dtype, seed, BloscCodec(), shards=(8, 16, 32))
    for location in ["start", "end"]:
        for order in [None, (2, 0, 1)]:
            seed += 1
            inner = [TransposeCodec(order=order)] if order else []
            codec = ShardingCodec(chunk_shape=chunks, codecs=inner + [BytesCodec(endian="big"), ZstdCodec(level=3)], index_location=location)
            name = f"v3_shards_{location}_{'transposed' if order else 'straight'}"
            write_v3(name, shape, (16, 16, 48), "u2", seed, serializer=codec)
    seed += 1
    write_v3("v3_one_shard", shape, (5, 5, 5), "u1", seed, ZstdCodec(), shards=(20, 35, 40))
    for location in ["start", "end"]:
        for order in [[0, 1, 2], [2, 0, 1]]:
            seed += 1
            # The axes of the array, transposed before they are cut into chunks.
            inner = [chunks[axis] for axis in order]
            metadata = {
                "shape": shape, "data_type": "int16", "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [8, 16, 32]}},
                "codecs": [
                    {"name": "transpose", "configuration": {"order": order}},
                    {"name": "sharding_indexed", "configuration": {
                        "chunk_shape": inner, "index_location": location,
                        "codecs": [{"name": "transpose", "configuration": {"order": [1, 2, 0]}}, {"name": "bytes"},
                                   {"name": "blosc", "configuration": {"cname": "zstd", "clevel": 3, "shuffle": "shuffle"}}],
                        "index_codecs": [{"name": "bytes", "configuration": {"endian": "big"}}, {"name": "crc32c"}]}},
                ]}
            write_tensorstore(f"ts3_shards_{location}_{''.join(map(str, order))}", "zarr3", metadata, shape, "i2", seed)


def write_all_tensorstore():
    shape, chunks = [19, 33, 40], [8, 16, 32]
    seed = 2000
    for name, compressor in {"raw": None, "zlib": {"id": "zlib", "level": 4}, "zstd": {"id": "zstd", "level": 4},
                             "gzip": {"id": "gzip", "level": 4}, "bz2": {"id": "bz2", "level": 4},
                             "blosc": {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": -1}}.items():
        for order in "CF":
            seed += 1
            metadata = {"shape": shape, "chunks": chunks, "dtype": ">u2" if order == "F" else "<u2", "compressor": compressor,
                        "order": order, "fill_value": None, "filters": None, "dimension_separator": "/"}
            write_tensorstore(f"ts2_{name}_{order}", "zarr", metadata, shape, "u2", seed)
    for name, codec in {"gzip": [{"name": "gzip", "configuration": {"level": 5}}], "zstd": [{"name": "zstd"}],
                        "blosc": [{"name": "blosc", "configuration": {"cname": "zstd", "clevel": 5, "shuffle": "bitshuffle"}}],
                        "crc32c": [{"name": "crc32c"}], "raw": []}.items():
        for dtype in ["uint8", "float32", "int64"]:
            seed += 1
            metadata = {"shape": shape, "data_type": dtype, "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunks}},
                        "codecs": [{"name": "transpose", "configuration": {"order": [2, 1, 0]}}, {"name": "bytes"}] + codec}
            write_tensorstore(f"ts3_{name}_{dtype}", "zarr3", metadata, shape, dtype, seed)


write_all_v2()
write_all_v3()
write_all_tensorstore()
write_half_precision()
write_shards()
# Zstandard frames that do not state their content's size: the streaming compressor's.
stream = os.path.join(folder, "v2_zstd_unknown_size")
seed = 3000
write_v2("v2_zstd_unknown_size", (40, 40), (40, 40), "<u2", seed, numcodecs.Zstd(3))
try:
    import zstandard

    compressor = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    frame = compressor.compress(pattern((40, 40), seed, "<u2").tobytes()) + compressor.flush()
    assert zstandard.frame_content_size(frame) == -1
    with open(os.path.join(stream, "0", "0"), "wb") as file:
        file.write(frame)
except ImportError:
    manifest.pop()
with open(os.path.join(folder, "manifest.json"), "w") as file:
    json.dump(manifest, file)
print(f"{len(manifest)} arrays written")
