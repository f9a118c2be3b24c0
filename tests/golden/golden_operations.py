"""Golden files of the single operations: values and gradients by PyTorch's own functions and autograd."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from golden_file import GoldenFile, channels_last


def linear():
    file = GoldenFile("linear")
    for case, m, k, n in (("wide", 5, 3, 7), ("one row", 1, 6, 2), ("one column", 4, 1, 1)):
        x, w, bias, d_y = file.normal(m, k), file.normal(n, k), file.normal(n), file.normal(m, n)
        y = F.linear(x, w, bias)
        y.backward(d_y)
        file.given(case, x=x, w=w, bias=bias, d_y=d_y)
        file.expected(case, y=y, d_x=x.grad, d_w=w.grad, d_bias=bias.grad)
    file.save()


def convolution():
    file = GoldenFile("convolution")
    cases = (
        # case, batch, height, width, inputs, outputs, kernel, stride, padding
        ("1x1", 2, 4, 5, 3, 4, 1, 1, 0),
        ("3x3", 2, 6, 5, 3, 4, 3, 1, 1),
        ("3x3 tiles", 1, 13, 9, 2, 3, 3, 1, 1),
        ("3x3 without padding", 1, 5, 6, 2, 3, 3, 1, 0),
        ("stride 2", 2, 7, 6, 2, 3, 3, 2, 1),
        ("1x1 stride 2", 1, 5, 4, 3, 2, 1, 2, 0),
        ("stem 7x7 stride 4", 1, 13, 17, 3, 2, 7, 4, 3),
        ("ragged 4x4 stride 3", 1, 9, 12, 2, 2, 4, 3, 1),
        ("image smaller than kernel", 1, 2, 1, 2, 2, 3, 1, 1),
    )
    for case, b, height, width, inputs, outputs, kernel, stride, padding in cases:
        x, w = file.normal(b, inputs, height, width), file.normal(outputs, inputs, kernel, kernel)
        y = F.conv2d(x, w, stride=stride, padding=padding)
        d_y = file.normal(*y.shape)
        y.backward(d_y)
        file.given(case, x=channels_last(x), w=channels_last(w), d_y=channels_last(d_y), stride=stride, padding=padding)
        file.expected(case, y=channels_last(y), d_x=channels_last(x.grad), d_w=channels_last(w.grad))
    file.save()


def grouped_convolution():
    """Groups, padding of its own on every side, a bias and ReLU6."""
    file = GoldenFile("grouped_convolution")
    cases = (
        # case, batch, height, width, inputs, outputs, groups, kernel, stride, padding above, below, left and right
        ("depthwise 3x3", 2, 6, 5, 4, 4, 4, 3, 1, (1, 1, 1, 1)),
        ("depthwise 5x5", 1, 9, 7, 3, 3, 3, 5, 1, (2, 2, 2, 2)),
        ("depthwise 3x3 stride 2 of TensorFlow", 2, 6, 8, 3, 3, 3, 3, 2, (0, 1, 0, 1)),
        ("depthwise 5x5 stride 2 of TensorFlow", 1, 8, 7, 5, 5, 5, 5, 2, (1, 2, 2, 2)),
        ("depthwise of a whole vector", 1, 10, 11, 17, 17, 17, 3, 1, (1, 1, 1, 1)),
        ("two outputs for each input", 1, 5, 6, 3, 6, 3, 3, 1, (1, 1, 1, 1)),
        ("groups of two and three", 2, 5, 4, 4, 6, 2, 3, 2, (1, 0, 0, 1)),
        ("1x1 in groups", 1, 4, 3, 6, 4, 2, 1, 1, (0, 0, 0, 0)),
        ("stem 3x3 stride 2 of TensorFlow", 1, 8, 6, 3, 4, 1, 3, 2, (0, 1, 0, 1)),
    )
    for case, b, height, width, inputs, outputs, groups, kernel, stride, padding in cases:
        x, w = file.normal(b, inputs, height, width), file.normal(outputs, inputs // groups, kernel, kernel, scale=2.0)
        bias = file.normal(outputs, scale=4.0)
        above, below, left, right = padding
        y = F.relu6(F.conv2d(F.pad(x, (left, right, above, below)), w, bias, stride=stride, groups=groups))
        d_y = file.normal(*y.shape)
        y.backward(d_y)
        file.given(case, x=channels_last(x), w=channels_last(w), bias=bias, d_y=channels_last(d_y), stride=stride)
        file.given(case, groups=groups, above=above, below=below, left=left, right=right)
        file.expected(case, y=channels_last(y), d_x=channels_last(x.grad), d_w=channels_last(w.grad), d_bias=bias.grad)
    file.save()


def normalization():
    file = GoldenFile("normalization")
    for case, b, c, height, width, epsilon, momentum in (
        ("batch", 3, 4, 5, 2, 1e-5, 0.1),
        ("batch of one pixel each", 3, 2, 1, 1, 1e-3, 0.5),
        ("batch far from 0", 2, 2, 4, 3, 1e-5, 0.25),
    ):
        x = file.normal(b, c, height, width)
        if case == "batch far from 0":
            x = (x.detach() * 0.125 + 8.0).float().double().requires_grad_()
        gamma, beta, d_y = file.normal(c), file.normal(c), file.normal(b, c, height, width)
        mean, variance = file.normal(c), file.normal(c).detach().abs()
        file.given(case, x=channels_last(x), gamma=gamma, beta=beta, d_y=channels_last(d_y), running_mean=mean)
        file.given(case, running_variance=variance, epsilon=epsilon, momentum=momentum)
        inferred = F.batch_norm(x, mean.detach(), variance, gamma, beta, False, momentum, epsilon)
        new_mean, new_variance = mean.detach().clone(), variance.clone()
        y = F.batch_norm(x, new_mean, new_variance, gamma, beta, True, momentum, epsilon)
        y.backward(d_y)
        file.expected(case, y_infer=channels_last(inferred), y=channels_last(y), d_x=channels_last(x.grad))
        file.expected(case, d_gamma=gamma.grad, d_beta=beta.grad)
        file.expected(case, new_running_mean=new_mean, new_running_variance=new_variance)
    for case, b, c, height, width, groups in (
        ("group", 2, 6, 3, 4, 3),
        ("group of everything", 2, 4, 2, 3, 1),
        ("group of one channel", 1, 3, 4, 2, 3),
    ):
        x, d_y = file.normal(b, c, height, width), file.normal(b, c, height, width)
        gamma, beta = file.normal(c), file.normal(c)
        y = F.group_norm(x, groups, gamma, beta, 1e-5)
        y.backward(d_y)
        file.given(case, x=channels_last(x), gamma=gamma, beta=beta, d_y=channels_last(d_y), groups=groups)
        file.given(case, epsilon=1e-5)
        file.expected(case, y=channels_last(y), d_x=channels_last(x.grad), d_gamma=gamma.grad, d_beta=beta.grad)
    file.save()


def pointwise():
    file = GoldenFile("pointwise")
    for case, function in (("relu", F.relu), ("sigmoid", torch.sigmoid), ("tanh", torch.tanh)):
        # Zeros show which side of its kink a function takes; large numbers, whether it overflows.
        x = torch.cat([file.normal(20).detach(), torch.tensor([0.0, -0.0, 30.0, -30.0])]).requires_grad_()
        d_y = file.normal(24)
        y = function(x)
        y.backward(d_y)
        file.given(case, x=x, d_y=d_y)
        file.expected(case, y=y, d_x=x.grad)
    for case, slopes in (("prelu shared", 1), ("prelu per channel", 3)):
        x, slope, d_y = file.whole(-2, 2, 2, 3, 4, 5), file.normal(slopes), file.normal(2, 3, 4, 5)
        y = F.prelu(x, slope)
        y.backward(d_y)
        file.given(case, x=channels_last(x), slope=slope, d_y=channels_last(d_y))
        file.expected(case, y=channels_last(y), d_x=channels_last(x.grad), d_slope=slope.grad)
    for case, function, x in (
        ("exp", torch.exp, torch.cat([file.normal(20).detach(), torch.tensor([0.0, -0.0, 20.0, -20.0])])),
        ("rsqrt", torch.rsqrt, file.normal(20).detach().abs() + 2**-10),
        ("row sums", lambda x: x.sum(1), file.normal(5, 7).detach()),
    ):
        x = x.float().double().requires_grad_()
        y = function(x)
        d_y = file.normal(*y.shape)
        y.backward(d_y)
        file.given(case, x=x, d_y=d_y)
        file.expected(case, y=y, d_x=x.grad)
    x = (file.normal(20).detach().abs() + 2**-10).float().double()
    file.given("log", x=x)
    file.expected("log", y=torch.log(x))
    table, rows = file.normal(5, 3), file.whole(0, 4, 8)
    file.given("rows of a table", table=table, rows=rows)
    file.expected("rows of a table", y=table[rows.long()])
    file.save()


def pooling():
    file = GoldenFile("pooling")
    for case, b, c, height, width, window, stride, padding in (
        ("max even", 2, 3, 8, 6, 3, 2, 1),
        ("max odd", 1, 2, 7, 5, 3, 2, 1),
        ("max 2x2", 1, 2, 6, 7, 2, 2, 0),
        ("max one pixel", 2, 2, 1, 1, 3, 2, 1),
        ("max overlapping", 1, 2, 5, 6, 3, 1, 1),
    ):
        # Whole numbers tie often: the gradient then belongs to the first largest value of the window.
        x = file.whole(-3, 3, b, c, height, width)
        y = F.max_pool2d(x, window, stride, padding)
        d_y = file.normal(*y.shape)
        y.backward(d_y)
        file.given(case, x=channels_last(x), d_y=channels_last(d_y), window=window, stride=stride, padding=padding)
        file.expected(case, y=channels_last(y), d_x=channels_last(x.grad))
    x, d_y = file.normal(2, 5, 3, 4), file.normal(2, 5)
    y = F.adaptive_avg_pool2d(x, 1).flatten(1)
    y.backward(d_y)
    file.given("average", x=channels_last(x), d_y=d_y)
    file.expected("average", y=y, d_x=channels_last(x.grad))
    for case, b, c, height, width in (
        ("positions", 2, 3, 4, 5),
        ("positions of one pixel", 2, 3, 1, 1),
        ("positions in a row", 1, 2, 1, 6),
        ("positions far from 0", 2, 2, 5, 3),
    ):
        x, d_position = file.normal(b, c, height, width, scale=2.0), file.normal(b, 2 * c)
        if case == "positions far from 0":
            x = (x.detach() - 120.0).float().double().requires_grad_()  # exp(x) is 0 in single precision
        middles = F.affine_grid(torch.eye(2, 3).double()[None], (1, 1, height, width), align_corners=False)
        weights = torch.softmax(x.flatten(2), 2)
        position = (weights @ middles.reshape(-1, 2)).flatten(1)  # (B, C, 2) as (B, 2 C)
        position.backward(d_position)
        file.given(case, x=channels_last(x), d_position=d_position)
        file.expected(case, log_sum=torch.logsumexp(x.flatten(2), 2), position=position, d_x=channels_last(x.grad))
    file.save()


def upsample():
    file = GoldenFile("upsample")
    sizes = (((3, 4), (6, 8)), ((4, 3), (7, 5)), ((1, 2), (3, 2)), ((5, 4), (3, 1)), ((2, 7), (5, 14)), ((1, 1), (2, 2)))
    for aligned in (True, False):
        for (h, w), (height, width) in sizes:
            case = f"{'aligned' if aligned else 'half pixel'} {h}x{w} to {height}x{width}"
            x, d_y = file.normal(2, 2, h, w), file.normal(2, 2, height, width)
            y = F.interpolate(x, size=(height, width), mode="bilinear", align_corners=aligned)
            y.backward(d_y)
            file.given(case, x=channels_last(x), d_y=channels_last(d_y), aligned=int(aligned))
            file.expected(case, y=channels_last(y), d_x=channels_last(x.grad))
    file.save()


def mask():
    file = GoldenFile("mask")
    for case, shape in (("map", (2, 3, 4, 5)), ("pixel", (1, 1, 1, 1))):
        trunk, logits, d_attended = file.normal(*shape), file.normal(*shape, scale=3.0), file.normal(*shape)
        attended = (1 + torch.sigmoid(logits)) * trunk
        attended.backward(d_attended)
        file.given(case, trunk=channels_last(trunk), mask_logits=channels_last(logits))
        file.given(case, d_attended=channels_last(d_attended))
        file.expected(case, attended=channels_last(attended))
        file.expected(case, d_trunk=channels_last(trunk.grad), d_mask_logits=channels_last(logits.grad))
        pooled_trunk, pooled_logits = trunk.detach().requires_grad_(), logits.detach().requires_grad_()
        d_features = file.normal(*shape[:2])
        features = ((1 + torch.sigmoid(pooled_logits)) * pooled_trunk).mean((2, 3))
        features.backward(d_features)
        file.given(case, d_features=d_features)
        file.expected(case, features=features, pooled_d_trunk=channels_last(pooled_trunk.grad))
        file.expected(case, pooled_d_mask_logits=channels_last(pooled_logits.grad))
    file.save()


def loss():
    file = GoldenFile("loss")
    for case, b, classes, scale in (("two classes", 4, 2, 1.0), ("five classes", 3, 5, 3.0), ("confident", 3, 3, 60.0)):
        logits, d_loss = file.normal(b, classes, scale=scale), file.normal(b)
        labels = torch.tensor(file.random.integers(0, classes, size=b))
        value = F.cross_entropy(logits, labels, reduction="none")
        value.backward(d_loss)
        file.given(case, logits=logits, labels=labels.double(), d_loss=d_loss)
        file.expected(case, probabilities=torch.softmax(logits, 1), loss=value, d_logits=logits.grad)
    file.save()


def recurrent():
    file = GoldenFile("recurrent")
    for case, b, inputs, hidden in (("cell", 3, 4, 5), ("one unit", 1, 2, 1)):
        cell = torch.nn.LSTMCell(inputs, hidden, dtype=torch.float64)
        with torch.no_grad():
            for parameter in cell.parameters():
                parameter.copy_(file.normal(*parameter.shape))
            cell.bias_hh.zero_()  # PyTorch has two biases that are only ever added; the library has one
        x, h, c = file.normal(b, inputs), file.normal(b, hidden), file.normal(b, hidden)
        d_h_next, d_c_next = file.normal(b, hidden), file.normal(b, hidden)
        h_next, c_next = cell(x, (h, c))
        torch.autograd.backward((h_next, c_next), (d_h_next, d_c_next))
        file.given(case, x=x, h=h, c=c, w_x=cell.weight_ih, w_h=cell.weight_hh, bias=cell.bias_ih)
        file.given(case, d_h_next=d_h_next, d_c_next=d_c_next)
        file.expected(case, h_next=h_next, c_next=c_next, d_x=x.grad, d_h=h.grad, d_c=c.grad)
        file.expected(case, d_w_x=cell.weight_ih.grad, d_w_h=cell.weight_hh.grad, d_bias=cell.bias_ih.grad)
    file.save()


def policy():
    file = GoldenFile("policy")
    for case, b, n, sigma in (("narrow", 4, 2, 0.125), ("wide", 3, 2, 0.5)):
        mean, sample, advantage = file.normal(b, n), file.normal(b, n), file.normal(b)
        log_density = torch.distributions.Normal(mean, sigma).log_prob(sample.detach()).sum(1)
        (-(advantage.detach() * log_density)).sum().backward()
        file.given(case, mean=mean, sample=sample, advantage=advantage, sigma=sigma)
        file.expected(case, d_mean=mean.grad)
    file.save()


def adam_steps(file, case, optimizer, **more):
    """Five steps of an optimizer of PyTorch's that is Adam or decays its weights beside."""
    hyper = {"learning_rate": 0.015625, "beta1": 0.875, "beta2": 0.984375, "epsilon": 2.0**-7}
    start = file.normal(3, 4)
    parameter = start.detach().clone().requires_grad_()
    adam = optimizer([parameter], lr=hyper["learning_rate"], betas=(hyper["beta1"], hyper["beta2"]),
                     eps=hyper["epsilon"], **more)
    file.given(case, p=start, **hyper, **more)
    steps = 5
    file.given(case, steps=steps)
    for step in range(1, steps + 1):
        gradient = file.normal(3, 4).detach()
        gradient[0, 0] = 0.0  # a parameter without a gradient: only epsilon keeps it finite
        parameter.grad = gradient
        adam.step()
        state = adam.state[parameter]
        file.given(case, **{f"g{step}": gradient})
        file.expected(case, **{f"p{step}": parameter, f"m{step}": state["exp_avg"], f"v{step}": state["exp_avg_sq"]})


def weight_decay():
    file = GoldenFile("weight_decay")
    adam_steps(file, "adamw", torch.optim.AdamW, weight_decay=0.375)
    file.save()


def optimizer():
    file = GoldenFile("optimizer")
    adam_steps(file, "adam", torch.optim.Adam)
    for case, max_norm in (("clip hard", 0.5), ("clip not", 100.0)):
        first, second = file.normal(2, 3), file.normal(4)
        one, two = first.detach().clone().requires_grad_(), second.detach().clone().requires_grad_()
        one.grad, two.grad = first.detach().clone(), second.detach().clone()
        norm = torch.nn.utils.clip_grad_norm_([one, two], max_norm)
        file.given(case, g1=first, g2=second, max_norm=max_norm)
        file.expected(case, norm=norm, clipped1=one.grad, clipped2=two.grad)
    file.save()


def crop(pixels, centre_x, centre_y, side, scales, inside, mean, deviation):
    """One glimpse by slicing. Centres are pixel edges; every window begins at a whole pixel."""
    height, width, _ = pixels.shape
    normalised = (pixels.astype(np.float64) / 255.0 - mean) / deviation
    patches = []
    for scale in range(scales):
        window = side * 2**scale
        left, top = centre_x - window / 2, centre_y - window / 2
        if inside:
            left = (width - window) / 2 if window > width else min(max(left, 0), width - window)
            top = (height - window) / 2 if window > height else min(max(top, 0), height - window)
        if left != math.floor(left) or top != math.floor(top):
            raise ValueError("a window must begin at a whole pixel")
        margin = 128
        framed = np.pad(normalised, ((margin, margin), (margin, margin), (0, 0)))
        y, x = int(top) + margin, int(left) + margin
        part = framed[y : y + window, x : x + window]
        patches.append(part.reshape(side, 2**scale, side, 2**scale, 3).mean(axis=(1, 3)))
    return np.concatenate(patches, axis=2)


def glimpse():
    file = GoldenFile("glimpse")
    mean, deviation = np.array([0.75, 0.5, 0.625], np.float32), np.array([0.25, 0.125, 0.5], np.float32)
    sizes = ((32, 16), (16, 24), (64, 64))  # (width, height): a batch of different images
    images = [file.random.integers(0, 256, size=(h, w, 3), dtype=np.uint8) for w, h in sizes]
    # Centres in pixels, one for each image: in the middle, at an edge, near a corner, outside.
    centres = {
        "middle": ((16, 8), (8, 12), (32, 32)),
        "near the corners": ((2, 14), (15, 1), (60, 3)),
        "edges": ((0, 8), (16, 24), (64, 0)),
        "outside": ((-8, 20), (20, -6), (80, 96)),
    }
    for i, pixels in enumerate(images):
        file.given("images", **{f"pixels{i}": pixels})
    file.given("images", mean=mean, deviation=deviation)
    for border in ("inside", "zero"):
        for place, centre in centres.items():
            for side, scales in ((4, 3), (6, 1), (8, 3)):
                case = f"{border}, {place}, {side} x {side}, {scales} scales"
                location = np.array([[2 * x / w - 1, 2 * y / h - 1] for (x, y), (w, h) in zip(centre, sizes)])
                patches = [
                    crop(pixels, x, y, side, scales, border == "inside", mean.astype(np.float64),
                         deviation.astype(np.float64))
                    for pixels, (x, y) in zip(images, centre)
                ]
                file.given(case, location=torch.tensor(location.astype(np.float32).astype(np.float64)))
                file.given(case, side=side, scales=scales, inside=int(border == "inside"))
                file.expected(case, patches=torch.tensor(np.stack(patches)))
    file.save()


def make():
    for operation in (linear, convolution, grouped_convolution, normalization, pointwise, pooling, upsample, mask, loss,
                      recurrent, policy, optimizer, weight_decay, glimpse):
        operation()
