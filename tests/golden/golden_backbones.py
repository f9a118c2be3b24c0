"""Golden files of the networks that can be loaded: their maps, their gradients, and what the real EfficientNet-Lite0
says of one picture.
"""

import json
import pathlib
import struct

import numpy as np
import torch

from golden_file import GoldenFile, channels_last
from twin_backbones import EfficientNetLite, ResNet

LITE_STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112),
               (4, 5, 2, 6, 192), (1, 3, 1, 6, 320))
# Width 0.1 with channels in multiples of 2, depth 0.6.
SMALL_STAGES = ((1, 3, 1, 1, 2), (2, 3, 2, 6, 4), (2, 5, 2, 6, 4), (2, 3, 2, 6, 8), (2, 5, 1, 6, 12), (3, 5, 2, 6, 20),
                (1, 3, 1, 6, 32))


def ours(tensor):
    return channels_last(tensor) if tensor.dim() == 4 else tensor


def backbones():
    file = GoldenFile("backbones")
    for case, network, side, trained in (
        ("resnet, basic", ResNet(file, (1, 2, 1, 1), False, 2, 3), 40, True),
        ("resnet, bottleneck", ResNet(file, (1, 2, 1, 1), True, 2, 2), 24, True),
        ("efficientnet_lite, whole", EfficientNetLite(file, 2, SMALL_STAGES, 6), 64, False),
        ("efficientnet_lite, four stages of an odd side", EfficientNetLite(file, 2, SMALL_STAGES[:4], 0), 29, True),
    ):
        patches = file.normal(2, 3, side, side)
        with torch.no_grad():
            map_evaluation = network(patches)
        file.given(case, patches=channels_last(patches))
        file.given(case, **{f"weight:{name}": tensor for name, tensor in network.weights.items()})
        file.given(case, **{f"weight:{name}": tensor.clone() for name, tensor in network.statistics.items()})
        file.expected(case, map_evaluation=channels_last(map_evaluation))
        if not trained:
            continue
        network.training = True
        out = network(patches)
        d_features = file.normal(2, out.shape[1])
        out.mean((2, 3)).backward(d_features)
        file.given(case, d_features=d_features)
        file.expected(case, features=out.mean((2, 3)))
        # What a later batch normalisation takes away again has no gradient but rounding.
        file.expected(case, **{f"gradient:{name}": ours(tensor.grad) for name, tensor in network.weights.items()
                               if tensor.grad.abs().max() > 1e-9})
        file.expected(case, **{f"new_statistic:{name}": tensor for name, tensor in network.statistics.items()})
    file.save()


def real_weights(path):
    """The tensors of a safetensors file."""
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    kinds = {"F32": np.float32, "I64": np.int64}
    return {name: torch.tensor(np.frombuffer(data, kinds[entry["dtype"]], offset=8 + length + entry["data_offsets"][0],
                                             count=int(np.prod(entry["shape"]))).reshape(entry["shape"]))
            for name, entry in header.items()}


def efficientnet_lite0():
    """Every 64th feature of the real network, of a picture of 128 x 128 drawn by a formula that the test repeats."""
    path = pathlib.Path(__file__).resolve().parents[3] / "shared" / "weights" / "efficientnet_lite0.safetensors"
    if not path.exists():
        print(f"efficientnet_lite0.safetensors stays as it is: there is no {path.name} in ../shared/weights")
        return
    file = GoldenFile("efficientnet_lite0")
    network = EfficientNetLite(file, 32, LITE_STAGES, 1280)
    for name, tensor in real_weights(path).items():
        kind = network.statistics if name.endswith(("running_mean", "running_var")) else network.weights
        kind[name] = tensor.double()
    y, x, c = torch.meshgrid(torch.arange(128), torch.arange(128), torch.arange(3), indexing="ij")
    pixels = (x * (3 + c) + y * (5 - c) + (x // 16) * (y // 16) * 7) % 256
    with torch.no_grad():
        features = network(((pixels.double() - 127) / 128).permute(2, 0, 1)[None]).mean((2, 3))
    file.expected("picture", features=features[0, ::64])
    file.save()


def make():
    backbones()
    efficientnet_lite0()
