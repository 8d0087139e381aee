# SPDX-License-Identifier: Apache-2.0
"""Small models of segmentation networks for tests, made without a network.

network_models.py stardist IMAGE.tif LABELS.tif FOLDER    a StarDist trained for a short time on IMAGE: FOLDER/tiny; and the image and its
                                                          labels as raw float32 and uint32: FOLDER/image.raw, FOLDER/labels.raw
network_models.py cellpose FILE                           a Cellpose 3 that knows nothing: its weights are random
"""

import os
import sys


def stardist(image_path, labels_path, folder):
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    import numpy as np
    import tensorflow as tf
    import tifffile
    from stardist.models import Config2D, StarDist2D

    tf.keras.utils.set_random_seed(1)
    image = tifffile.imread(image_path).astype("float32")
    labels = tifffile.imread(labels_path).astype("int32")
    image.tofile(os.path.join(folder, "image.raw"))
    labels.astype("uint32").tofile(os.path.join(folder, "labels.raw"))
    low, high = np.percentile(image, (1, 99.8))
    image = (image - low) / (high - low)
    corners = [(y, x) for y in range(0, image.shape[0] - 127, 96) for x in range(0, image.shape[1] - 127, 96)]
    images = [image[y : y + 128, x : x + 128] for y, x in corners]
    truths = [labels[y : y + 128, x : x + 128] for y, x in corners]
    config = Config2D(
        n_rays=16,
        grid=(2, 2),
        unet_n_depth=2,
        unet_n_filter_base=16,
        net_conv_after_unet=32,
        train_patch_size=(128, 128),
        train_epochs=8,
        train_steps_per_epoch=20,
        train_learning_rate=1e-3,
        train_tensorboard=False,
    )
    model = StarDist2D(config, name="tiny", basedir=folder)
    model.train(images, truths, validation_data=(images[:2], truths[:2]), seed=1)


def cellpose(path):
    from cellpose.models import CellposeModel

    CellposeModel(gpu=False, pretrained_model=None).net.save_model(path)


{"stardist": stardist, "cellpose": cellpose}[sys.argv[1]](*sys.argv[2:])
