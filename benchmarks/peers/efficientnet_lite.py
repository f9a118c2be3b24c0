"""EfficientNet-Lite0 up to the mean of its last map, as one would write it in PyTorch: single precision, channels last.

usage: efficientnet_lite.py FILE    writes it as ONNX, for batches of 8 crops of 128 x 128
"""

import sys

import torch
from torch import nn

BATCH, SIDE = 8, 128
# (blocks, kernel, stride, widening, channels) of each stage
STAGES = [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
          (1, 3, 1, 6, 320)]


class Layer(nn.Sequential):
    """A convolution with TensorFlow's padding, its batch normalisation, and ReLU6."""

    def __init__(self, inputs, outputs, kernel=1, stride=1, groups=1, side=1, rectified=True):
        zeros = max((-(-side // stride) - 1) * stride + kernel - side, 0)
        before = zeros // 2
        even = zeros % 2 == 0
        layers = [] if even else [nn.ZeroPad2d([before, zeros - before, before, zeros - before])]
        layers += [nn.Conv2d(inputs, outputs, kernel, stride, before if even else 0, groups=groups, bias=False),
                   nn.BatchNorm2d(outputs, eps=1e-3)]
        super().__init__(*layers, *([nn.ReLU6(inplace=True)] if rectified else []))


class Block(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride, widening, side):
        super().__init__()
        wide = inputs * widening
        self.layers = nn.Sequential(*([Layer(inputs, wide)] if widening != 1 else []),
                                    Layer(wide, wide, kernel, stride, wide, side),
                                    Layer(wide, outputs, rectified=False))
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.layers(x) if self.shortcut else self.layers(x)


class EfficientNetLite0(nn.Module):
    """x (B, 3, 128, 128) to features (B, 1280)."""

    def __init__(self):
        super().__init__()
        layers, inputs, side = [Layer(3, 32, 3, 2, side=SIDE)], 32, SIDE // 2
        for blocks, kernel, stride, widening, outputs in STAGES:
            for i in range(blocks):
                layers.append(Block(inputs, outputs, kernel, stride if i == 0 else 1, widening, side))
                inputs, side = outputs, -(-side // stride) if i == 0 else side
        self.layers = nn.Sequential(*layers, Layer(inputs, 1280))
        for weight in self.parameters():
            if weight.dim() > 1:
                nn.init.kaiming_normal_(weight)
        self.to(memory_format=torch.channels_last)

    def forward(self, x):
        return self.layers(x).mean((2, 3))


def crops():
    return (torch.rand(BATCH, 3, SIDE, SIDE) * 2 - 1).to(memory_format=torch.channels_last)


def main():
    torch.manual_seed(1)
    model = EfficientNetLite0().eval()
    torch.onnx.export(model, (crops(),), sys.argv[1], input_names=["crops"], output_names=["features"])


if __name__ == "__main__":
    main()
