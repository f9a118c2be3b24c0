"""The network of tests/golden/twin.py as one would use it in PyTorch: single precision, channels last, its own glimpses."""

import math
import pathlib
import sys

import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden"))
import twin  # noqa: E402


def options(preset):
    """The model of `preset`, "paper", or "sa_net": one glimpse of SA-Net with basic units and a mask of depth 2."""
    paper = preset == "paper"
    encoder = twin.Options(side=112, width=64, mask_depth=4 if paper else 2, bottleneck=paper)
    policy = twin.PolicyOptions(hidden=256, sigma=0.15, baseline=False, class_term=True, attached=True)
    return twin.ModelOptions(encoder, policy, classes=2, glimpses=5 if paper else 1, fusion_width=256)


class Network(twin.Model):
    """images: a list of uint8 tensors (H, W, 3)."""

    def __init__(self, preset):
        super().__init__(options(preset))
        self.float().to(memory_format=torch.channels_last)
        for module in self.modules():
            if isinstance(module, twin.NormalizedActivation):
                module.running = [(mean.float(), variance.float()) for mean, variance in module.running]
        for weight in self.parameters():
            if weight.dim() > 1:
                torch.nn.init.kaiming_normal_(weight)
        for module in self.modules():
            if isinstance(module, twin.NormalizedActivation):
                torch.nn.init.ones_(module.gamma)
                torch.nn.init.constant_(module.slope, 0.25)

    def look(self, images, location):
        """Crops of 112 x 112, shifted until they lie inside, of pixels scaled to [-1, 1]."""
        side = self.options.encoder.side
        crops = []
        for image, (x, y) in zip(images, location.tolist()):
            height, width, _ = image.shape
            left = min(max(math.floor((x + 1) / 2 * width - side / 2 + 0.5), 0), width - side)
            top = min(max(math.floor((y + 1) / 2 * height - side / 2 + 0.5), 0), height - side)
            crops.append(image[top : top + side, left : left + side])
        patches = torch.stack(crops).permute(0, 3, 1, 2)  # channels last without a copy
        return patches.float().div_(127.5).sub_(1)

    def forward(self, images, draw):
        """Logits of the last step, states, and samples of every step; draws locations where `draw`, else their means."""
        policy = self.policy
        batch = len(images)
        location = torch.rand(batch, 2) * 2 - 1 if draw else torch.zeros(batch, 2)
        h = c = torch.zeros(batch, policy.options.hidden)
        states, samples = [], []
        for step in range(self.options.glimpses):
            h, c = self.core(self.fusion(self.encoder(self.look(images, location)).float(), location), (h, c))
            states.append(h)
            if step + 1 < self.options.glimpses:
                mean = policy.mean(h).detach()
                samples.append(torch.normal(mean, policy.options.sigma) if draw else mean)
                location = samples[-1].clamp(-1, 1)
        return self.classifier(h), states, samples

    def loss(self, logits, states, samples, labels):
        classes = torch.distributions.Categorical(logits=logits.detach()).sample()
        reward = (classes == labels).float()
        loss = F.cross_entropy(logits, labels) + self.policy.class_loss(logits, classes, reward, states[-1])
        for h, sample in zip(states[:-1], samples):
            loss = loss + self.policy.location_loss(h, None, sample, reward)
        return loss

    def load(self, tensors):
        """Takes the weights of a checkpoint of ours: a dictionary of its tensors."""
        with torch.no_grad():
            for target in [self.tensors(), self.statistics()]:
                for name, tensor in target.items():
                    value = tensors[name]
                    tensor.copy_(value.permute(0, 3, 1, 2) if value.dim() == 4 else value)
