# SPDX-License-Identifier: Apache-2.0
"""Applies transform files with the programs that they are for, and compares where these send points.

usage: transforms_elsewhere.py check FOLDER        reads the files that checks.json lists
       transforms_elsewhere.py elastix FOLDER      runs elastix and lists in written.json where its files send points
       transforms_elsewhere.py composites FOLDER   writes .h5 chains with SimpleITK and lists where they send points

Points are z, y, x, in the unit that the file is in.
"""

import json
import os
import sys

import numpy as np

command, folder = sys.argv[1:]


def path(name):
    return os.path.join(folder, name)


def coordinate_images(rank, points, resampled):
    """Where a program samples a moving image for fixed voxels at the points: images whose voxels are their own coordinates."""
    size, spacing = 81, 5.0
    middle = np.mean(points, axis=0)
    origin = [round(m) - 200.0 for m in middle]
    result = np.zeros((len(points), rank))
    for axis in range(rank):
        shape = [size if k == axis else 1 for k in range(rank)]
        values = np.broadcast_to((origin[axis] + spacing * np.arange(size, dtype=np.float32)).reshape(shape), [size] * rank).copy()
        result[:, axis] = resampled(values, origin, [spacing] * rank, points)
    return result


def simpleitk(files, points, rank):
    import SimpleITK as sitk
    whole = sitk.CompositeTransform(rank)
    # The transform added last is applied first.
    for name in files:
        if name.endswith((".nii.gz", ".nrrd", ".nii")):
            whole.AddTransform(sitk.DisplacementFieldTransform(sitk.ReadImage(path(name), sitk.sitkVectorFloat64)))
        else:
            whole.AddTransform(sitk.ReadTransform(path(name)))
    return [list(whole.TransformPoint([float(v) for v in point[::-1]]))[::-1] for point in points]


def antspyx(files, points, rank):
    import ants

    def resampled(values, origin, spacing, points):
        # ants lists axes as numpy does, x first in its own terms: arrays are handed over turned round.
        moving = ants.from_numpy(values.T.copy(), origin=origin[::-1], spacing=spacing)
        found = []
        for point in points:
            fixed = ants.from_numpy(np.zeros([3] * rank, np.float32), origin=list(point[::-1]), spacing=[1e-3] * rank)
            names = [path(name) for name in files]
            moved = ants.apply_transforms(fixed, moving, names, interpolator="linear", whichtoinvert=[False] * len(names))
            found.append(moved.numpy()[(0,) * rank])
        return found

    return coordinate_images(rank, points, resampled)


def greedy(files, points, rank):
    import SimpleITK as sitk
    from picsl_greedy import Greedy2D, Greedy3D
    program = Greedy3D() if rank == 3 else Greedy2D()

    def resampled(values, origin, spacing, points):
        moving = sitk.GetImageFromArray(values)
        moving.SetOrigin(origin[::-1])
        moving.SetSpacing(spacing)
        found = []
        for point in points:
            fixed = sitk.GetImageFromArray(np.zeros([3] * rank, np.float32))
            fixed.SetOrigin([float(v) for v in point[::-1]])
            fixed.SetSpacing([1e-3] * rank)
            program.execute(f"-threads 1 -rf f -rm m o -r {path(files[0])}", f=fixed, m=moving, o=None)
            found.append(sitk.GetArrayFromImage(program["o"])[(0,) * rank])
        return found

    return coordinate_images(rank, points, resampled)


def elastix(files, points, rank):
    import itk
    with open(path("points.txt"), "w") as file:
        file.write(f"point\n{len(points)}\n")
        for point in points:
            file.write(" ".join(repr(float(v)) for v in point[::-1]) + "\n")
    parameters = itk.ParameterObject.New()
    parameters.AddParameterFile(path(files[0]))
    moving = itk.image_from_array(np.zeros([8] * rank, np.float32))
    itk.transformix_pointset(
        moving, parameters, fixed_point_set_file_name=path("points.txt"), output_directory=folder, log_to_console=False)
    found = []
    for line in open(path("outputpoints.txt")):
        words = line.split("OutputPoint = [")[1].split("]")[0].split()
        found.append([float(word) for word in words][::-1])
    return found


def bigstream(files, points, rank):
    # As its apply_transform_to_coordinates does: rows and columns z, y, x.
    matrix = np.loadtxt(path(files[0]))
    return np.asarray(points) @ matrix[:rank, :rank].T + matrix[:rank, -1]


def interpolated(field, index):
    from scipy.ndimage import map_coordinates
    return np.stack([map_coordinates(part.astype(np.float64), index.T, order=1, mode="nearest") for part in field], axis=1)


def omezarr(files, points, rank):
    import zarr
    group = zarr.open_group(path(files[0]), mode="r")
    image = group.attrs["ome"]["multiscales"][0]
    (scale, translation) = image["datasets"][0]["coordinateTransformations"]
    spacing, origin = np.array(scale["scale"][1:]), np.array(translation["translation"][1:])
    notes = group.attrs["weft"]
    direction = np.array(notes.get("direction", np.eye(rank)))
    field = group["0"][:]
    if "step" in notes["displacements"]:
        offset = np.array(notes["displacements"]["offset"]).reshape([rank] + [1] * rank)
        field = offset + notes["displacements"]["step"] * field.astype(np.float64)
        assert group["0"].dtype == np.int16
    points = np.asarray(points)
    index = (points - origin) @ direction / spacing
    return points + interpolated(field, index)


def ngff(files, points, rank):
    """The sidecar, its schema checked, its field read by zarr-python as OME-NGFF describes it."""
    import zarr
    from jsonschema import Draft202012Validator
    from referencing import Registry, Resource
    import ngff_zarr
    schemas = os.path.join(os.path.dirname(ngff_zarr.__file__), "spec", "0.6", "schemas")
    resources = {}
    for name in os.listdir(schemas):
        schema = json.load(open(os.path.join(schemas, name)))
        resources[schema["$id"]] = Resource.from_contents(schema)
    registry = Registry().with_resources(resources.items())

    def validate(value, name):
        schema = next(r.contents for i, r in resources.items() if i.endswith("/" + name))
        Draft202012Validator(schema, registry=registry).validate(value)

    document = json.load(open(path(files[0])))
    validate(document, "scene.schema")
    (transformation,) = document["ome"]["scene"]["coordinateTransformations"]
    points = np.asarray(points)
    steps = transformation["transformations"] if transformation["type"] == "sequence" else [transformation]
    for step in steps:
        if step["type"] == "affine":
            matrix = np.array(step["affine"])
            points = points @ matrix[:, :rank].T + matrix[:, rank]
        else:
            group = zarr.open_group(os.path.join(os.path.dirname(path(files[0])), step["path"]), mode="r")
            validate({"ome": group.attrs["ome"]}, "image.schema")
            image = group.attrs["ome"]["multiscales"][0]
            assert image["coordinateSystems"][0]["axes"][0] == {"name": "c", "type": "displacement", "discrete": True}
            (place,) = image["datasets"][0]["coordinateTransformations"]
            scale, translation = (np.array(place["transformations"][k][n][1:]) for k, n in enumerate(("scale", "translation")))
            points = points + interpolated(group["0"][:], (points - translation) / scale)
    return points


def check():
    worst = {}
    for entry in json.load(open(path("checks.json"))):
        expected = np.array(entry["mapped"])
        found = np.array(globals()[entry["program"]](entry["files"], entry["points"], expected.shape[1]))
        off = np.abs(found - expected).max()
        worst[entry["program"]] = max(worst.get(entry["program"], 0), off / entry["tolerance"])
        assert off < entry["tolerance"], f"{entry['program']}, {entry['files']}: off by {off}\n{found}\n{expected}"
    print("largest differences, in tolerances:", worst)


def sample(rank, shift):
    import itk
    grid = np.indices([24] * rank).astype(np.float32)
    values = np.zeros([24] * rank, np.float32)
    for centre in np.random.default_rng(0).uniform(5, 19, size=(12, rank)):
        values += np.exp(-((grid - (centre + shift).reshape([rank] + [1] * rank)) ** 2).sum(0) / 8)
    image = itk.image_from_array(values)
    image.SetSpacing([1.5, 2.0, 3.5][:rank])
    image.SetOrigin([-10, 5, 30][:rank])
    turn = [[0.8, 0, -0.6], [0, 1, 0], [0.6, 0, 0.8]] if rank == 3 else [[0.8, -0.6], [0.6, 0.8]]
    image.SetDirection(itk.matrix_from_array(np.array(turn)))
    return image


def run_elastix():
    import itk
    written = []
    points = {2: [[1.5, -2.25], [10, 20], [-7, 3]], 3: [[1.5, -2.25, 8], [10, 20, 30], [-7, 3, 1]]}
    for rank in (2, 3):
        for kind in ("translation", "rigid", "similarity", "affine"):
            parameters = itk.ParameterObject.New()
            settings = parameters.GetDefaultParameterMap("rigid" if kind == "similarity" else kind, 1)
            if kind == "similarity":
                settings["Transform"] = ["SimilarityTransform"]
            settings["MaximumNumberOfIterations"] = ["20"]
            parameters.AddParameterMap(settings)
            itk.elastix_registration_method(
                sample(rank, 0), sample(rank, 0.7), parameter_object=parameters, log_to_console=False, output_directory=folder)
            name = f"{kind}{rank}.txt"
            os.rename(path("TransformParameters.0.txt"), path(name))
            written.append({"name": name, "points": points[rank], "mapped": elastix([name], points[rank], rank)})
    # Angles that matter, and what elastix goes on from.
    text = open(path("rigid3.txt")).read()
    lines = [line for line in text.splitlines() if not line.startswith("(TransformParameters ") and "ComputeZYX" not in line]
    for zyx in ("false", "true"):
        name = f"turned_{zyx}.txt"
        more = [f'(ComputeZYX "{zyx}")', "(TransformParameters 0.4 -0.7 0.3 5 -6 7)"]
        open(path(name), "w").write("\n".join(lines + more) + "\n")
        written.append({"name": name, "points": points[3], "mapped": elastix([name], points[3], 3)})
    text = open(path("turned_true.txt")).read().replace('"NoInitialTransform"', f'"{path("affine3.txt")}"')
    open(path("onward.txt"), "w").write(text)
    written.append({"name": "onward.txt", "points": points[3], "mapped": elastix(["onward.txt"], points[3], 3)})
    json.dump(written, open(path("written.json"), "w"))


def write_composites():
    import SimpleITK as sitk
    written = []
    for rank, size in [(3, (14, 12, 10)), (2, (14, 12))]:
        values = np.random.default_rng(3).normal(size=size[::-1] + (rank,))
        field = sitk.GetImageFromArray(values.astype(np.float64), isVector=True)
        field.SetSpacing([1.5, 2.0, 3.5][:rank])
        field.SetOrigin([-10, 5, 30][:rank])
        field.SetDirection([0.8, 0, -0.6, 0, 1, 0, 0.6, 0, 0.8] if rank == 3 else [0.8, -0.6, 0.6, 0.8])
        inside = [field.TransformContinuousIndexToPhysicalPoint([2.3 + k, 4.1, 3.7][:rank])[::-1] for k in range(6)]
        outside = [[500.0] * rank]
        warp = sitk.DisplacementFieldTransform(sitk.Image(field))
        affine = (sitk.AffineTransform([1.1, 0.2, -0.1, 0.05, 0.9, 0.3, -0.2, 0.1, 1.05], [3, -4, 5], [11, 12, 13]) if rank == 3
                  else sitk.AffineTransform([1.1, 0.2, -0.3, 0.9], [3, -4], [11, 12]))
        euler = sitk.Euler3DTransform([5, 6, 7], 0.1, -0.2, 0.3, [1, 2, 3]) if rank == 3 else sitk.Euler2DTransform([5, 6], 0.3, [1, 2])
        for name, parts in [("chain", [affine, euler, warp]), ("affine", [affine]), ("warp", [warp])]:
            whole = sitk.CompositeTransform(parts) if len(parts) > 1 else parts[0]
            file = f"{name}{rank}.h5"
            sitk.WriteTransform(whole, path(file))
            points = [list(p) for p in inside] + outside
            mapped = [list(whole.TransformPoint([float(v) for v in p[::-1]]))[::-1] for p in points]
            written.append({"name": file, "points": points, "mapped": mapped})
    json.dump(written, open(path("written.json"), "w"))


{"check": check, "elastix": run_elastix, "composites": write_composites}[command]()
