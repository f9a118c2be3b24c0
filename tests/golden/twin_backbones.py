"""ResNet and EfficientNet-Lite in PyTorch, with the names that torchvision and efficientnet_lite_pytorch give to their
tensors. A network makes its tensors when it is first called.
"""

import torch
import torch.nn.functional as F


class Network:
    def __init__(self, file, epsilon, same):
        self.file, self.epsilon, self.same = file, epsilon, same
        self.weights, self.statistics = {}, {}
        self.training = False

    def weight(self, name, *shape, mean=0.0, scale=1.0):
        if name not in self.weights:
            tensor = self.file.normal(*shape, scale=scale)
            self.weights[name] = (tensor.detach() + mean).float().double().requires_grad_()
        return self.weights[name]

    def statistic(self, name, channels, positive):
        if name not in self.statistics:
            values = self.file.normal(channels, scale=0.5).detach()
            self.statistics[name] = (values.abs() + 0.5 if positive else values).float().double()
        return self.statistics[name]

    def layer(self, x, convolution, norm, outputs, kernel=1, stride=1, groups=1):
        """A convolution and its batch normalisation."""
        inputs = x.shape[1] // groups
        w = self.weight(f"{convolution}.weight", outputs, inputs, kernel, kernel,
                        scale=(1.5 / (inputs * kernel * kernel)) ** 0.5)
        padding = kernel // 2
        if self.same:
            zeros = [max((-(-extent // stride) - 1) * stride + kernel - extent, 0) for extent in x.shape[2:]]
            x = F.pad(x, [zeros[1] // 2, zeros[1] - zeros[1] // 2, zeros[0] // 2, zeros[0] - zeros[0] // 2])
            padding = 0
        x = F.conv2d(x, w, None, stride, padding, 1, groups)
        gamma = self.weight(f"{norm}.weight", outputs, mean=1.0, scale=0.3)
        beta = self.weight(f"{norm}.bias", outputs, scale=0.3)
        mean = self.statistic(f"{norm}.running_mean", outputs, False)
        variance = self.statistic(f"{norm}.running_var", outputs, True)
        return F.batch_norm(x, mean, variance, gamma, beta, self.training, 0.1, self.epsilon)


class ResNet(Network):
    def __init__(self, file, blocks, bottleneck, width, stages):
        super().__init__(file, 1e-5, same=False)
        self.blocks, self.bottleneck, self.width, self.stages = blocks, bottleneck, width, stages

    def __call__(self, x):
        x = F.max_pool2d(F.relu(self.layer(x, "conv1", "bn1", self.width, 7, 2)), 3, 2, 1)
        for stage in range(self.stages):
            width = self.width * 2 ** stage
            for i in range(self.blocks[stage]):
                x = self.block(x, f"layer{stage + 1}.{i}.", width, 2 if stage > 0 and i == 0 else 1)
        return x

    def block(self, x, at, width, stride):
        outputs = width * (4 if self.bottleneck else 1)
        if self.bottleneck:
            y = F.relu(self.layer(x, at + "conv1", at + "bn1", width))
            y = F.relu(self.layer(y, at + "conv2", at + "bn2", width, 3, stride))
            y = self.layer(y, at + "conv3", at + "bn3", outputs)
        else:
            y = F.relu(self.layer(x, at + "conv1", at + "bn1", width, 3, stride))
            y = self.layer(y, at + "conv2", at + "bn2", outputs, 3)
        if stride != 1 or x.shape[1] != outputs:
            x = self.layer(x, at + "downsample.0", at + "downsample.1", outputs, 1, stride)
        return F.relu(y + x)


class EfficientNetLite(Network):
    """`stages`: (blocks, kernel, stride, widening, channels) of each."""

    def __init__(self, file, stem, stages, head):
        super().__init__(file, 1e-3, same=True)
        self.stem, self.stages, self.head = stem, stages, head

    def __call__(self, x):
        x = F.relu6(self.layer(x, "_conv_stem", "_bn0", self.stem, 3, 2))
        number = 0
        for blocks, kernel, stride, widening, channels in self.stages:
            for i in range(blocks):
                x = self.block(x, f"_blocks.{number}.", kernel, stride if i == 0 else 1, widening, channels)
                number += 1
        return F.relu6(self.layer(x, "_conv_head", "_bn1", self.head)) if self.head else x

    def block(self, x, at, kernel, stride, widening, channels):
        y, wide = x, x.shape[1] * widening
        if widening != 1:
            y = F.relu6(self.layer(y, at + "_expand_conv", at + "_bn0", wide))
        y = F.relu6(self.layer(y, at + "_depthwise_conv", at + "_bn1", wide, kernel, stride, wide))
        y = self.layer(y, at + "_project_conv", at + "_bn2", channels)
        return y + x if stride == 1 and x.shape[1] == channels else y
