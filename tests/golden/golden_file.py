"""Golden files: named cases of inputs and of the results that PyTorch gives for them, as safetensors.

Tensors are named "case/operand". Inputs are stored as F32, which holds them exactly; results as F64, because PyTorch
computes them in double precision; whole numbers as I64. Everything is stored in the library's layout: images
(B, H, W, C), convolution weights (O, kh, kw, C).
"""

import json
import pathlib
import struct

import numpy as np
import torch

FOLDER = pathlib.Path(__file__).resolve().parent


def channels_last(tensor):
    """(B, C, H, W) to (B, H, W, C); a convolution weight (O, C, kh, kw) to (O, kh, kw, C)."""
    return tensor.permute(0, 2, 3, 1)


class GoldenFile:
    def __init__(self, name):
        self.path = FOLDER / f"{name}.safetensors"
        self.arrays = {}
        self.random = np.random.default_rng(sum(map(ord, name)))

    def normal(self, *shape, scale=1.0):
        """A double tensor of normal numbers that single precision holds exactly; ready for autograd."""
        numbers = self.random.normal(size=shape, scale=scale).astype(np.float32).astype(np.float64)
        return torch.tensor(numbers, requires_grad=True)

    def whole(self, low, high, *shape):
        """A double tensor of whole numbers from low to high, both included: rich in ties and zeros."""
        return torch.tensor(self.random.integers(low, high + 1, size=shape).astype(np.float64), requires_grad=True)

    def _store(self, name, array):
        if name in self.arrays:
            raise ValueError(f"{name} is stored twice in {self.path.name}")
        self.arrays[name] = np.ascontiguousarray(array)

    def given(self, case, **operands):
        """What a test feeds in. A Python int or float is stored as a tensor without axes."""
        for operand, value in operands.items():
            if isinstance(value, (bool, int)):
                array = np.array(value, dtype=np.int64)
            elif isinstance(value, float):
                array = np.array(value, dtype=np.float64)
            elif isinstance(value, np.ndarray):
                array = value
            else:
                exact = value.detach().numpy()
                array = exact.astype(np.float32)
                if not np.array_equal(array.astype(np.float64), exact):
                    raise ValueError(f"{case}/{operand} is not exact in single precision")
            self._store(f"{case}/{operand}", array)

    def expected(self, case, **results):
        """What must come out, by PyTorch."""
        for operand, value in results.items():
            array = value.detach().numpy().astype(np.float64)
            if not np.isfinite(array).all():
                raise ValueError(f"{case}/{operand} is not finite")
            self._store(f"{case}/{operand}", array)

    def save(self):
        kinds = {"float32": "F32", "float64": "F64", "int64": "I64", "uint8": "U8"}
        header, position = {"__metadata__": {"pytorch": torch.__version__}}, 0
        for name, array in self.arrays.items():
            header[name] = {
                "dtype": kinds[str(array.dtype)],
                "shape": list(array.shape),
                "data_offsets": [position, position + array.nbytes],
            }
            position += array.nbytes
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        data = b"".join(array.tobytes() for array in self.arrays.values())
        self.path.write_bytes(struct.pack("<Q", len(text)) + text + data)
        print(f"{self.path.name}: {len(self.arrays)} tensors, {self.path.stat().st_size} bytes")
