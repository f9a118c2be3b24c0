#!/usr/bin/env python3
"""Turns a file of weights that PyTorch has saved into safetensors: to_safetensors.py IN.pth OUT.safetensors [F16|BF16]

Needs PyTorch. IN holds a state_dict, alone or under "state_dict" or "model". Only weights are read, never code.
"""

import json
import struct
import sys

import torch

KINDS = {torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
         torch.uint8: "U8"}
SHORT = {"F16": torch.float16, "BF16": torch.bfloat16}


def state_dict(path):
    content = torch.load(path, map_location="cpu", weights_only=True)
    for key in ("state_dict", "model"):
        if isinstance(content.get(key), dict):
            content = content[key]
    tensors = {name: tensor for name, tensor in content.items() if isinstance(tensor, torch.Tensor)}
    if not tensors:
        sys.exit(f"to_safetensors.py: {path} holds no tensors")
    return tensors


def raw(tensor):
    """The bytes of a tensor; bfloat16, which NumPy does not know, as 16-bit integers."""
    tensor = tensor.contiguous()
    return (tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor).numpy().tobytes()


def main():
    if len(sys.argv) not in (3, 4) or (len(sys.argv) == 4 and sys.argv[3] not in SHORT):
        sys.exit(__doc__.splitlines()[0])
    header, data = {"__metadata__": {"format": "pt"}}, []
    position = 0
    for name, tensor in state_dict(sys.argv[1]).items():
        if len(sys.argv) == 4 and tensor.is_floating_point():
            tensor = tensor.to(SHORT[sys.argv[3]])
        if tensor.dtype not in KINDS:
            sys.exit(f"to_safetensors.py: {name} is {tensor.dtype}, which is not supported")
        data.append(raw(tensor))
        header[name] = {"dtype": KINDS[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [position, position + len(data[-1])]}
        position += len(data[-1])
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(sys.argv[2], "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(data))
    print(f"{sys.argv[2]}: {len(data)} tensors, {position} bytes")


if __name__ == "__main__":
    main()
