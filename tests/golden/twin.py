"""The model in PyTorch, from the paper and docs/method.md: forward passes only, every gradient is autograd's.

Each module has `tensors(prefix)` and `statistics(prefix, step)`: its parameters and its running statistics by the names
that the library gives them.
"""

import dataclasses

import torch
import torch.nn.functional as F


@dataclasses.dataclass(frozen=True)
class Options:
    """Of SA-Net; the fields and their meanings are those of SoftAttentionConfig."""

    inputs: int = 3
    side: int = 12
    width: int = 4
    stem_kernel: int = 0
    stem_stride: int = 1
    trunk_units: int = 2
    mask: bool = True
    mask_depth: int = 2
    mask_skips: bool = True
    bottleneck: bool = True
    aligned: bool = True
    batch: bool = True  # batch normalisation, else group normalisation
    groups: int = 2
    shared_slope: bool = False
    statistics: int = 1  # sets of running statistics


def weight(*shape):
    return torch.nn.Parameter(torch.zeros(*shape, dtype=torch.float64))


class NormalizedActivation(torch.nn.Module):
    """PReLU(norm(x))."""

    epsilon, momentum = 1e-5, 0.1

    def __init__(self, channels, options):
        super().__init__()
        self.gamma, self.beta = weight(channels), weight(channels)
        self.slope = weight(1 if options.shared_slope else channels)
        self.batch, self.groups = options.batch, options.groups
        while channels % self.groups:
            self.groups -= 1
        self.running = [(torch.zeros(channels).double(), torch.ones(channels).double())
                        for _ in range(options.statistics)]

    def forward(self, x, step=0):
        if self.batch:
            mean, variance = self.running[step]
            y = F.batch_norm(x, mean, variance, self.gamma, self.beta, self.training, self.momentum, self.epsilon)
        else:
            y = F.group_norm(x, self.groups, self.gamma, self.beta, self.epsilon)
        return F.prelu(y, self.slope)

    def tensors(self, prefix):
        return {prefix + "gamma": self.gamma, prefix + "beta": self.beta, prefix + "slope": self.slope}

    def statistics(self, prefix, step):
        mean, variance = self.running[step]
        return {prefix + "running_mean": mean, prefix + "running_variance": variance} if self.batch else {}


class ResidualUnit(torch.nn.Module):
    """Pre-activation; bottleneck (1x1, 3x3, 1x1) or basic (3x3, 3x3)."""

    def __init__(self, inputs, outputs, options):
        super().__init__()
        self.norms, self.weights = torch.nn.ModuleList(), torch.nn.ParameterList()
        channels = inputs
        for kernel in (1, 3, 1) if options.bottleneck else (3, 3):
            self.norms.append(NormalizedActivation(channels, options))
            self.weights.append(weight(outputs, channels, kernel, kernel))
            channels = outputs
        self.projection = weight(outputs, inputs, 1, 1) if inputs != outputs else None

    def forward(self, x, step=0):
        y = x
        for norm, w in zip(self.norms, self.weights):
            y = F.conv2d(norm(y, step), w, padding="same")
        return y + (x if self.projection is None else F.conv2d(x, self.projection))

    def tensors(self, prefix):
        found = {}
        for i, (norm, w) in enumerate(zip(self.norms, self.weights), 1):
            found |= norm.tensors(f"{prefix}norm{i}.") | {f"{prefix}conv{i}.weight": w}
        return found if self.projection is None else found | {prefix + "projection.weight": self.projection}

    def statistics(self, prefix, step):
        found = {}
        for i, norm in enumerate(self.norms, 1):
            found |= norm.statistics(f"{prefix}norm{i}.", step)
        return found


class SoftAttention(torch.nn.Module):
    """SA-Net: the pooled (1 + M) * T, or the pooled T without a mask."""

    def __init__(self, options):
        super().__init__()
        self.options = options
        width = options.width
        self.stem = weight(width, options.inputs, options.stem_kernel, options.stem_kernel) if options.stem_kernel else None
        units = {"entry": ResidualUnit(width if options.stem_kernel else options.inputs, width, options)}
        names = [f"trunk{i + 1}" for i in range(options.trunk_units)]
        if options.mask:
            depth = options.mask_depth
            names += [f"mask.down{i + 1}" for i in range(depth)] + ["mask.bottom1", "mask.bottom2"]
            for i in range(depth - 1):
                names += [f"mask.skip{i + 1}"] * options.mask_skips + [f"mask.up{i + 1}"]
        for name in names:
            units[name] = ResidualUnit(width, width, options)
        self.units = units
        self.modules_of_units = torch.nn.ModuleList(units.values())
        self.head_norms = torch.nn.ModuleList(NormalizedActivation(width, options) for _ in range(2 * options.mask))
        self.head_weights = torch.nn.ParameterList(weight(width, width, 1, 1) for _ in range(2 * options.mask))

    def resize(self, x, like):
        return F.interpolate(x, size=like.shape[2:], mode="bilinear", align_corners=self.options.aligned)

    def mask_logits(self, x, step):
        units, depth = self.units, self.options.mask_depth
        levels, y = [], x
        for i in range(depth):
            y = units[f"mask.down{i + 1}"](F.max_pool2d(y, 3, 2, 1), step)
            levels.append(y)
        y = units["mask.bottom2"](units["mask.bottom1"](y, step), step)
        for i in reversed(range(depth - 1)):
            y = self.resize(y, levels[i])
            if self.options.mask_skips:
                y = y + units[f"mask.skip{i + 1}"](levels[i], step)
            y = units[f"mask.up{i + 1}"](y, step)
        y = self.resize(y, x)
        for norm, w in zip(self.head_norms, self.head_weights):
            y = F.conv2d(norm(y, step), w)
        return y

    def forward(self, patches, step=0):
        if self.stem is not None:
            options = self.options
            patches = F.conv2d(patches, self.stem, stride=options.stem_stride, padding=(options.stem_kernel - 1) // 2)
        entry = self.units["entry"](patches, step)
        trunk = entry
        for i in range(self.options.trunk_units):
            trunk = self.units[f"trunk{i + 1}"](trunk, step)
        if self.options.mask:
            trunk = (1 + torch.sigmoid(self.mask_logits(entry, step))) * trunk
        return trunk.mean((2, 3))

    def tensors(self, prefix):
        found = {} if self.stem is None else {prefix + "stem.weight": self.stem}
        for name, unit in self.units.items():
            found |= unit.tensors(f"{prefix}{name}.")
        for i, (norm, w) in enumerate(zip(self.head_norms, self.head_weights), 1):
            found |= norm.tensors(f"{prefix}mask.head.norm{i}.") | {f"{prefix}mask.head.conv{i}.weight": w}
        return found

    def statistics(self, prefix, step):
        found = {}
        for name, unit in self.units.items():
            found |= unit.statistics(f"{prefix}{name}.", step)
        for i, norm in enumerate(self.head_norms, 1):
            found |= norm.statistics(f"{prefix}mask.head.norm{i}.", step)
        return found


class PatchReadout(torch.nn.Module):
    """[convolution 3x3/2 - norm - PReLU] until the map is at most 8 wide, then a convolution as large as the map.

    With `positions`: at least three [convolution 3x3 - norm - PReLU], which halve the map while it is more than 24 wide,
    then a convolution 1x1 and the expected position under the softmax over the pixels of each of its channels.
    """

    def __init__(self, inputs, side, width, outputs, options, positions=False):
        super().__init__()
        self.weights, self.norms = torch.nn.ParameterList(), torch.nn.ModuleList()
        self.strides, self.positions = [], positions
        while side > (24 if positions else 8) or (positions and len(self.strides) < 3):
            self.strides.append(2 if side > (24 if positions else 8) else 1)
            self.weights.append(weight(width, inputs, 3, 3))
            self.norms.append(NormalizedActivation(width, options))
            inputs, side = width, (side + 1) // 2 if self.strides[-1] == 2 else side
        self.readout = weight(outputs // 2, inputs, 1, 1) if positions else weight(outputs, inputs, side, side)

    def forward(self, patches, step=0):
        y = patches
        for w, norm, stride in zip(self.weights, self.norms, self.strides):
            y = norm(F.conv2d(y, w, stride=stride, padding=1), step)
        y = F.conv2d(y, self.readout)
        if not self.positions:
            return y.flatten(1)
        middles = F.affine_grid(torch.eye(2, 3).double()[None], (1, 1, *y.shape[2:]), align_corners=False)
        return (torch.softmax(y.flatten(2), 2) @ middles.reshape(-1, 2)).flatten(1)

    def tensors(self, prefix):
        found = {prefix + "readout.weight": self.readout}
        for i, (w, norm) in enumerate(zip(self.weights, self.norms), 1):
            found |= {f"{prefix}conv{i}.weight": w} | norm.tensors(f"{prefix}norm{i}.")
        return found

    def statistics(self, prefix, step):
        found = {}
        for i, norm in enumerate(self.norms, 1):
            found |= norm.statistics(f"{prefix}norm{i}.", step)
        return found


class Linear(torch.nn.Linear):
    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs, dtype=torch.float64)

    def tensors(self, prefix):
        return {prefix + "weight": self.weight, prefix + "bias": self.bias}


class Fusion(Linear):
    """g = ReLU(W [f, l] + b); the location is a constant."""

    def __init__(self, features, outputs):
        super().__init__(features + 2, outputs)

    def forward(self, features, location):
        return F.relu(super().forward(torch.cat([features, location.detach()], 1)))


class Core(torch.nn.LSTMCell):
    """PyTorch's two biases are only ever added: the second stays 0 and is no parameter of the model."""

    def __init__(self, inputs, hidden):
        super().__init__(inputs, hidden, dtype=torch.float64)
        self.bias_hh.requires_grad_(False).zero_()

    def tensors(self, prefix):
        return {prefix + "input_weight": self.weight_ih, prefix + "hidden_weight": self.weight_hh,
                prefix + "bias": self.bias_ih}


@dataclasses.dataclass(frozen=True)
class PolicyOptions:
    """The fields and their meanings are those of PolicyConfig."""

    hidden: int = 6
    sigma: float = 0.25
    weight: float = 1.0
    squash: bool = True
    baseline: bool = True
    class_term: bool = False
    attached: bool = False
    context: int = 0


class Policy(torch.nn.Module):
    """The Gaussian location policy and its surrogate loss, whose gradient is REINFORCE's (equation 3)."""

    def __init__(self, options):
        super().__init__()
        self.options = options
        self.locator = Linear(options.hidden + options.context, 2)
        self.value = Linear(options.hidden, 1) if options.baseline else None

    def mean(self, h, context=None):
        seen = h if self.options.attached else h.detach()
        mean = self.locator(seen if context is None else torch.cat([seen, context], 1))
        return torch.tanh(mean) if self.options.squash else mean

    def predicted_reward(self, h):
        return torch.zeros(len(h)).double() if self.value is None else self.value(h.detach()).squeeze(1)

    def surrogate(self, log_density, reward, h):
        """-weight * mean over the batch of (R - baseline) log pi; reward and baseline are constants in it."""
        advantage = (reward - self.predicted_reward(h)).detach()
        return -self.options.weight * (advantage * log_density).mean()

    def location_loss(self, h, context, sample, reward):
        density = torch.distributions.Normal(self.mean(h, context), self.options.sigma)
        return self.surrogate(density.log_prob(sample.detach()).sum(1), reward, h)

    def class_loss(self, logits, classes, reward, h):
        return self.surrogate(torch.distributions.Categorical(logits=logits).log_prob(classes), reward, h)

    def baseline_loss(self, h, reward):
        return ((reward - self.predicted_reward(h)) ** 2).mean()

    def tensors(self, prefix):
        found = self.locator.tensors(prefix + "locator.")
        return found if self.value is None else found | self.value.tensors(prefix + "value.")


@dataclasses.dataclass(frozen=True)
class ModelOptions:
    encoder: Options
    policy: PolicyOptions
    classes: int = 3
    glimpses: int = 5
    fusion_width: int = 7
    every_step: bool = False  # cross-entropy of every step's answer, else of the last one's


class Model(torch.nn.Module):
    def __init__(self, options):
        super().__init__()
        self.options = options
        encoder, hidden, context = options.encoder, options.policy.hidden, options.policy.context
        self.encoder = SoftAttention(encoder)
        self.fusion = Fusion(encoder.width, options.fusion_width)
        self.core = Core(options.fusion_width, hidden)
        self.classifier = Linear(hidden, options.classes)
        self.policy = Policy(options.policy)
        self.context = PatchReadout(encoder.inputs, encoder.side, 16, context, encoder) if context else None

    def forward(self, patches, locations):
        """Logits, states and contexts of every step; patches and locations of every step are given."""
        h = c = torch.zeros(len(patches[0]), self.options.policy.hidden).double()
        logits, states, contexts = [], [], []
        for t, (patch, location) in enumerate(zip(patches, locations)):
            step = t if self.options.encoder.statistics > 1 else 0
            h, c = self.core(self.fusion(self.encoder(patch, step), location), (h, c))
            states.append(h)
            logits.append(self.classifier(h))
            contexts.append(self.context(patch, step) if self.context else None)
        return logits, states, contexts

    def loss(self, logits, states, contexts, samples, labels, classes):
        """Equation 5, plus the baseline's error. samples[t] is the draw of the location after step t."""
        reward = (classes == labels).double()
        answers = logits if self.options.every_step else logits[-1:]
        loss = sum(F.cross_entropy(answer, labels) for answer in answers) / len(answers)
        # The location drawn at the last step is never looked at: it has no term.
        for h, context, sample in zip(states[:-1], contexts[:-1], samples):
            loss = loss + self.policy.location_loss(h, context, sample, reward) + self.policy.baseline_loss(h, reward)
        if self.options.policy.class_term:
            h = states[-1]
            loss = loss + self.policy.class_loss(logits[-1], classes, reward, h) + self.policy.baseline_loss(h, reward)
        return loss

    def tensors(self, prefix=""):
        found = (self.encoder.tensors(prefix + "encoder.") | self.fusion.tensors(prefix + "fusion.")
                 | self.core.tensors(prefix + "core.") | self.classifier.tensors(prefix + "classifier.")
                 | self.policy.tensors(prefix + "policy."))
        return found | self.context.tensors(prefix + "policy.context.") if self.context else found

    def statistics(self, prefix=""):
        sets = self.options.encoder.statistics
        found = {}
        for t in range(sets):
            step = f"{prefix}step{t + 1}." if sets > 1 else prefix
            found |= self.encoder.statistics(step + "encoder.", t)
            found |= self.context.statistics(step + "policy.context.", t) if self.context else {}
        return found
