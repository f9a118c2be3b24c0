"""The network of the preset paper in PyTorch on a GPU: one case, measured, as one line of JSON.

usage: pytorch_gpu.py training|inference --batch N --precision fp32|tf32|bf16 --mode eager|compiled|graphs

Development only; benchmarks/gpu_record.sh runs it. The images lie on the GPU, crops are gathered there, and nothing but
the loss (or the answers) comes back, once a step: as fast as one would write it in PyTorch. `compiled` is torch.compile,
`graphs` the same with mode="reduce-overhead", which replays CUDA graphs.
"""

import argparse
import json
import statistics
import time

import torch

from pytorch_network import Network


class GpuNetwork(Network):
    """images: one uint8 tensor (B, H, W, 3) on the GPU. No crop waits for the processor."""

    def look(self, images, location):
        side = self.options.encoder.side
        batch, height, width, _ = images.shape
        size = torch.tensor([width, height], device=images.device)
        corner = ((location + 1) / 2 * size - side / 2 + 0.5).floor().long()
        corner = torch.minimum(corner.clamp(min=0), size - side)  # (B, 2): left, top
        reach = torch.arange(side, device=images.device)
        rows, columns = corner[:, 1, None] + reach, corner[:, 0, None] + reach
        samples = torch.arange(batch, device=images.device)[:, None, None]
        patches = images[samples, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
        return patches.float() / 127.5 - 1


def set_precision(precision):
    torch.backends.cuda.matmul.allow_tf32 = precision != "fp32"
    torch.backends.cudnn.allow_tf32 = precision != "fp32"
    torch.backends.cudnn.benchmark = True  # it may choose its algorithms by trial


def make_step(arguments, device):
    # Tensors that the network makes by itself are then made there.
    torch.set_default_device(device)
    model = GpuNetwork("paper")
    images = torch.randint(256, (arguments.batch, 460, 700, 3), dtype=torch.uint8)
    compiled = {"eager": lambda f: f, "compiled": torch.compile,
                "graphs": lambda f: torch.compile(f, mode="reduce-overhead")}[arguments.mode]
    autocast = {"device_type": device, "dtype": torch.bfloat16, "enabled": arguments.precision == "bf16"}

    if arguments.purpose == "training":
        labels = torch.arange(arguments.batch) % 2
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, fused=True)

        def loss_of(images, labels):
            with torch.autocast(**autocast):
                logits, states, samples = model(images, draw=True)
                return model.loss(logits, states, samples, labels)

        loss_of = compiled(loss_of)

        def step():
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(images, labels)
            loss.backward()
            optimizer.step()
            loss.item()

        return step

    model.eval()

    def answers(images):
        with torch.autocast(**autocast):
            return torch.softmax(model(images, draw=False)[0].float(), 1)

    answers = compiled(answers)

    @torch.inference_mode()
    def infer():
        answers(images).tolist()

    return infer


def seconds_of(step, calls):
    start = time.perf_counter()
    for _ in range(calls):
        step()  # which waits for its result
    return (time.perf_counter() - start) / calls


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("purpose", choices=["training", "inference"])
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--precision", choices=["fp32", "tf32", "bf16"], required=True)
    parser.add_argument("--mode", choices=["eager", "compiled", "graphs"], required=True)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda", help="cpu: to try the script out")
    arguments = parser.parse_args()
    torch.manual_seed(1)
    set_precision(arguments.precision)
    step = make_step(arguments, arguments.device)
    for _ in range(3):  # compiles, chooses algorithms, records graphs
        step()
    calls = max(1, int(0.05 / max(seconds_of(step, 1), 1e-6)))
    times = [seconds_of(step, calls) for _ in range(arguments.rounds)]
    on_gpu = arguments.device == "cuda"
    print(json.dumps({"library": f"PyTorch {torch.__version__}", "cudnn": torch.backends.cudnn.version() if on_gpu else None,
                      "purpose": arguments.purpose, "batch": arguments.batch, "precision": arguments.precision,
                      "mode": arguments.mode, "median_seconds": statistics.median(times), "seconds": times,
                      "device_bytes": torch.cuda.max_memory_reserved() if on_gpu else None}))


if __name__ == "__main__":
    main()
