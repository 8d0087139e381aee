# SPDX-License-Identifier: Apache-2.0
"""patches.py PEER FOLDER SIDE SIZE WARM COUNT WORKERS: seconds and peak memory of drawing COUNT patches of SIZE³, after WARM others, from FOLDER/raw and
FOLDER/labels/cell.

Called by `weft-benchmarks patches`. PEER: cellmap-data, its dataset and its loader as it is documented; or zarr-python, slices of two arrays of a zarr of
SIDE³ voxels as PyTorch tensors, through PyTorch's own loader. Batches of 8.
"""

import os
import random
import resource
import sys
import time

BATCH = 8


def cellmap(folder, side, size, count, workers):
    import torch
    from cellmap_data import CellMapDataLoader, CellMapDataset

    array = {"shape": (size, size, size), "scale": (4, 4, 4)}
    dataset = CellMapDataset(
        raw_path=os.path.join(folder, "raw"), target_path=os.path.join(folder, "labels", "[cell]"), classes=["cell"],
        input_arrays={"raw": array}, target_arrays={"cell": array}, force_has_data=True,
    )
    # Its own would make a list of all places, one for each voxel.
    sampler = torch.utils.data.RandomSampler(dataset, replacement=True, num_samples=count)
    return CellMapDataLoader(dataset, classes=["cell"], batch_size=BATCH, num_workers=workers, sampler=sampler)


def plain(folder, side, size, count, workers):
    import numpy
    import torch
    import zarr

    class Patches(torch.utils.data.Dataset):
        def __len__(self):
            return count

        def __getitem__(self, index):
            if not hasattr(self, "raw"):
                self.raw = zarr.open(os.path.join(folder, "raw", "0"), mode="r")
                self.labels = zarr.open(os.path.join(folder, "labels", "cell", "0"), mode="r")
            draw = random.Random(index)
            box = tuple(slice(low, low + size) for low in (draw.randrange(side - size + 1) for _ in range(3)))
            raw = torch.from_numpy(self.raw[box].astype(numpy.float32))
            labels = torch.from_numpy((self.labels[box] > 0).astype(numpy.float32))
            return {"raw": raw[None], "cell": labels[None]}

    return torch.utils.data.DataLoader(Patches(), batch_size=BATCH, num_workers=workers)


def main():
    peer, folder = sys.argv[1:3]
    side, size, warm, count, workers = map(int, sys.argv[3:])
    loader = {"cellmap-data": cellmap, "zarr-python": plain}[peer](folder, side, size, warm + count, workers)
    began = None
    seen = 0
    for batch in loader:
        assert batch["raw"].shape[-3:] == (size, size, size)
        seen += batch["raw"].shape[0]
        if began is None and seen >= warm:
            began = time.perf_counter()
            seen = 0
        elif began is not None and seen >= count:
            break
    seconds = time.perf_counter() - began
    peak = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(seconds * count / seen, peak // 1024)


main()
