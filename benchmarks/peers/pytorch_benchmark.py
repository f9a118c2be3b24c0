"""PyTorch as a peer of benchmarks/compare.py: measures one case once for every line of stdin.

usage: pytorch_benchmark.py CASE --threads N

Development only. Prints {"ready": true, ...}, then {"seconds": ..., "processor_seconds": ...} for every line, and the
peak of memory at the end.
"""

import argparse

import torch

from peer import memory, serve

BATCH = 8


def convolution(side, direction):
    """64 -> 64 channels, 3x3, batch 16, channels last."""
    layout = {"memory_format": torch.channels_last}
    x = torch.randn(16, 64, side, side).to(**layout)
    w = torch.randn(64, 64, 3, 3).to(**layout)
    d_y = torch.randn(16, 64, side, side).to(**layout)
    if direction == "forward":
        return torch.inference_mode()(lambda: torch.nn.functional.conv2d(x, w, padding=1))
    mask = [direction == "backward_data", direction == "backward_weights", False]
    return lambda: torch.ops.aten.convolution_backward(d_y, x, w, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1, mask)


def network(preset, purpose):
    from pytorch_network import Network

    model = Network(preset)
    images = [torch.randint(256, (460, 700, 3), dtype=torch.uint8) for _ in range(BATCH)]
    if purpose == "training":
        labels = torch.arange(BATCH) % 2
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, fused=True)

        def step():
            optimizer.zero_grad(set_to_none=True)
            loss = model.loss(*model(images, draw=True), labels)
            loss.backward()
            optimizer.step()
            loss.item()

        return step
    model.eval()

    @torch.inference_mode()
    def infer():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=purpose == "inference_bf16"):
            torch.softmax(model(images, draw=False)[0].float(), 1).tolist()

    return infer


def efficientnet(purpose):
    from efficientnet_lite import EfficientNetLite0, crops

    model, x = EfficientNetLite0(), crops()
    if purpose == "training":
        d_features = torch.randn(BATCH, 1280)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, fused=True)

        def step():
            optimizer.zero_grad(set_to_none=True)
            model(x).backward(d_features)
            optimizer.step()

        return step
    model.eval()
    return torch.inference_mode()(lambda: model(x))


def cases():
    found = {}
    for side in (112, 56, 28):
        for direction in ("forward", "backward_data", "backward_weights"):
            found[f"conv{side}_{direction}"] = lambda side=side, direction=direction: convolution(side, direction)
    for preset in ("sa_net", "paper"):
        for purpose in ("training", "inference", "inference_bf16"):
            found[f"{preset}_{purpose}"] = lambda preset=preset, purpose=purpose: network(preset, purpose)
    for purpose in ("training", "inference"):
        found[f"efficientnet_{purpose}"] = lambda purpose=purpose: efficientnet(purpose)
    return found


def main():
    known = cases()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", choices=known)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    start = memory("VmRSS")
    work = known[arguments.case]()
    serve(work, start, library=f"PyTorch {torch.__version__}", threads=torch.get_num_threads())


if __name__ == "__main__":
    main()
