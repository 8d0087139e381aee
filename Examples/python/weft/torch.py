# SPDX-License-Identifier: Apache-2.0
"""Patches for PyTorch.

    data = weft.torch.PatchDataset("spec.json")
    for batch in torch.utils.data.DataLoader(data, batch_size=None, num_workers=2, multiprocessing_context="spawn", pin_memory=True):
        raw = batch["raw"].to("cuda", non_blocking=True)

Weft reads ahead with threads of its own, so that without workers (`num_workers=0`) nothing is passed between processes.
"""

import json

import torch

from .patches import PatchLoader


class PatchDataset(torch.utils.data.IterableDataset):
    """Batches as dictionaries of tensors. The same seed gives the same batches in the same order, whatever the workers.

    Arguments as of `PatchLoader`.
    """

    def __init__(self, specification, folder=None, seed=None):
        super().__init__()
        self.specification, self.folder, self.seed = specification, folder, seed

    def _share(self):
        """That of the specification, as of one of several processes that train together: of it each worker makes a share."""
        specification = self.specification
        if not isinstance(specification, dict):
            with open(specification, encoding="utf-8") as file:
                specification = json.load(file)
        return specification.get("share", (0, 1))

    def __iter__(self):
        worker = torch.utils.data.get_worker_info()
        number, count = self._share()
        share = (number + count * worker.id, count * worker.num_workers) if worker else None
        with PatchLoader(self.specification, folder=self.folder, seed=self.seed, share=share) as loader:
            for batch in loader:
                yield {name: torch.from_numpy(array) for name, array in batch.items()}


def batches(specification, device="cpu", **options):
    """Batches on a device, without workers: through pinned memory where the device is a graphics processor, so that copying goes on beside computing."""
    for batch in PatchDataset(specification, **options):
        if torch.device(device).type == "cuda":
            batch = {name: tensor.pin_memory().to(device, non_blocking=True) for name, tensor in batch.items()}
        yield batch
