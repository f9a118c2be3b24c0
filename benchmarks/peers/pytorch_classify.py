"""saccade classify in PyTorch, for the cold start of benchmarks/compare.py.

usage: pytorch_classify.py CHECKPOINT IMAGE --threads N     the preset paper; prints {"probabilities": {...}}
"""

import argparse
import json

import torch
from PIL import Image
from safetensors.torch import load_file

from pytorch_network import Network


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint")
    parser.add_argument("image")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    model = Network("paper").eval()
    model.load(load_file(arguments.checkpoint))
    with Image.open(arguments.image) as picture:
        size, pixels = picture.size, bytearray(picture.convert("RGB").tobytes())
    image = torch.frombuffer(pixels, dtype=torch.uint8).view(size[1], size[0], 3)
    with torch.inference_mode():
        probabilities = torch.softmax(model([image], draw=False)[0], 1)[0].tolist()
    print(json.dumps({"probabilities": dict(enumerate(probabilities))}))


if __name__ == "__main__":
    main()
