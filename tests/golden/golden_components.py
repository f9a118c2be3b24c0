"""Golden files of the components and of whole rollouts: outputs, the gradient of every parameter, weights after Adam."""

import dataclasses

import numpy as np
import torch

from golden_file import GoldenFile, channels_last
from golden_operations import crop
from twin import (PatchReadout, Core, Fusion, Model, ModelOptions, Options, Policy, PolicyOptions, ResidualUnit,
                  SoftAttention)


def ours(tensor):
    """A parameter in the library's layout."""
    return channels_last(tensor) if tensor.dim() == 4 else tensor


def labelled(kind, tensors):
    return {f"{kind}:{name}": ours(tensor) for name, tensor in tensors.items()}


def start(file, module):
    """Random parameters that single precision holds exactly, of a size that keeps activations near 1."""
    with torch.no_grad():
        for name, tensor in module.tensors("").items():
            kind = name.rsplit(".", 1)[-1]
            fan_in = tensor[0].numel() if tensor.dim() > 1 else 16
            values = file.normal(*tensor.shape, scale=(1.5 / fan_in) ** 0.5)
            shift = {"gamma": 1.0, "slope": 0.25}.get(kind, 0.0)
            tensor.copy_((values + shift).float().double())


def start_statistics(file, statistics):
    with torch.no_grad():
        for name, tensor in statistics.items():
            values = file.normal(*tensor.shape, scale=0.5)
            tensor.copy_((values.abs() + 0.5 if name.endswith("variance") else values).float().double())


def given_options(file, case, options):
    file.given(case, **dataclasses.asdict(options))


def gradients(module):
    return labelled("gradient", {name: tensor.grad for name, tensor in module.tensors("").items()})


def residual_unit():
    file = GoldenFile("residual_unit")
    for case, inputs, outputs, options in (
        ("bottleneck", 4, 4, Options()),
        ("bottleneck with projection", 3, 4, Options()),
        ("basic with projection", 3, 4, Options(bottleneck=False, shared_slope=True)),
        ("basic, group normalisation", 4, 4, Options(bottleneck=False, batch=False)),
    ):
        unit = ResidualUnit(inputs, outputs, options)
        start(file, unit)
        start_statistics(file, unit.statistics("", 0))
        x, d_y = file.normal(2, inputs, 5, 6), file.normal(2, outputs, 5, 6)
        file.given(case, x=channels_last(x), d_y=channels_last(d_y), bottleneck=options.bottleneck, batch=options.batch)
        file.given(case, shared_slope=options.shared_slope, groups=options.groups)
        file.given(case, **labelled("parameter", unit.tensors("")), **labelled("statistic", unit.statistics("", 0)))
        file.expected(case, y_evaluation=channels_last(unit.eval()(x)))
        y = unit.train()(x)
        y.backward(d_y)
        file.expected(case, y=channels_last(y), d_x=channels_last(x.grad), **gradients(unit))
        file.expected(case, **labelled("new_statistic", unit.statistics("", 0)))
    file.save()


def soft_attention():
    file = GoldenFile("soft_attention")
    for case, options in (
        ("bottleneck, depth 2", Options()),
        ("bottleneck, depth 3, no skips, group normalisation",
         Options(mask_depth=3, mask_skips=False, batch=False, side=13, trunk_units=1)),
        ("basic, depth 1, stem, two scales, half-pixel corners",
         Options(bottleneck=False, mask_depth=1, stem_kernel=3, stem_stride=2, inputs=6, aligned=False,
                 shared_slope=True)),
        ("basic, depth 2, stem, group normalisation",
         Options(bottleneck=False, stem_kernel=5, stem_stride=2, batch=False, side=17, trunk_units=1)),
        ("without mask", Options(mask=False)),
    ):
        block = SoftAttention(options)
        start(file, block)
        start_statistics(file, block.statistics("", 0))
        patches, d_features = file.normal(2, options.inputs, options.side, options.side), file.normal(2, options.width)
        given_options(file, case, options)
        file.given(case, patches=channels_last(patches), d_features=d_features)
        file.given(case, **labelled("parameter", block.tensors("")), **labelled("statistic", block.statistics("", 0)))
        file.expected(case, features_evaluation=block.eval()(patches))
        features = block.train()(patches)
        features.backward(d_features)
        file.expected(case, features=features, **gradients(block))
        file.expected(case, **labelled("new_statistic", block.statistics("", 0)))
    file.save()


def patch_readout():
    file = GoldenFile("patch_readout")
    for case, inputs, side, width, outputs, options, positions in (
        ("two halvings", 3, 19, 4, 3, Options(), False),
        ("one halving, group normalisation", 6, 12, 4, 2, Options(batch=False, shared_slope=True), False),
        ("no halving", 3, 7, 4, 2, Options(), False),
        ("positions, no halving", 3, 7, 4, 4, Options(), True),
        ("positions, one halving, group normalisation", 6, 25, 4, 2, Options(batch=False, shared_slope=True), True),
    ):
        network = PatchReadout(inputs, side, width, outputs, options, positions)
        start(file, network)
        start_statistics(file, network.statistics("", 0))
        patches, d_context = file.normal(2, inputs, side, side), file.normal(2, outputs)
        file.given(case, patches=channels_last(patches), d_context=d_context, width=width, batch=options.batch)
        file.given(case, shared_slope=options.shared_slope, groups=options.groups, positions=positions)
        file.given(case, **labelled("parameter", network.tensors("")))
        file.given(case, **labelled("statistic", network.statistics("", 0)))
        file.expected(case, context_evaluation=network.eval()(patches))
        context = network.train()(patches)
        context.backward(d_context)
        file.expected(case, context=context, **gradients(network))
        file.expected(case, **labelled("new_statistic", network.statistics("", 0)))
    file.save()


def heads():
    """Fusion, recurrent core and policy: the components behind the encoder."""
    file = GoldenFile("heads")
    fusion = Fusion(5, 4)
    start(file, fusion)
    features, location, d_glimpse = file.normal(3, 5), file.normal(3, 2), file.normal(3, 4)
    glimpse = fusion(features, location)
    glimpse.backward(d_glimpse)
    file.given("fusion", features=features, location=location, d_glimpse=d_glimpse)
    file.given("fusion", **labelled("parameter", fusion.tensors("")))
    file.expected("fusion", glimpse=glimpse, d_features=features.grad, **gradients(fusion))

    core = Core(4, 5)
    start(file, core)
    x, h, c = file.normal(3, 4), file.normal(3, 5), file.normal(3, 5)
    d_h_next, d_c_next = file.normal(3, 5), file.normal(3, 5)
    h_next, c_next = core(x, (h, c))
    torch.autograd.backward((h_next, c_next), (d_h_next, d_c_next))
    file.given("core", x=x, h=h, c=c, d_h_next=d_h_next, d_c_next=d_c_next)
    file.given("core", **labelled("parameter", core.tensors("")))
    file.expected("core", h_next=h_next, c_next=c_next, d_x=x.grad, d_h=h.grad, d_c=c.grad, **gradients(core))

    for case, options in (
        ("policy, no baseline, attached", PolicyOptions(squash=False, baseline=False, class_term=True, attached=True)),
        ("policy, baseline, detached", PolicyOptions(weight=0.5)),
        ("policy, baseline, attached", PolicyOptions(class_term=True, attached=True, sigma=0.125, weight=0.75)),
        ("policy, context, detached", PolicyOptions(context=3)),
        ("policy, context, attached", PolicyOptions(context=3, attached=True)),
    ):
        policy = Policy(options)
        start(file, policy)
        h, sample, logits = file.normal(4, options.hidden), file.normal(4, 2), file.normal(4, 3)
        reward, classes = torch.tensor([1.0, 0.0, 1.0, 0.0]).double(), torch.tensor([2, 0, 1, 1])
        context = file.normal(4, options.context) if options.context else None
        loss = policy.location_loss(h, context, sample, reward) + policy.baseline_loss(h, reward)
        if options.class_term:
            loss = loss + policy.class_loss(logits, classes, reward, h)
        loss.backward()
        given_options(file, case, options)
        file.given(case, h=h, sample=sample, reward=reward, logits=logits, classes=classes.double())
        file.given(case, **labelled("parameter", policy.tensors("")))
        file.expected(case, mean=policy.mean(h, context), predicted=policy.predicted_reward(h), **gradients(policy))
        file.expected(case, d_h=torch.zeros_like(h) if h.grad is None else h.grad)
        file.expected(case, d_logits=torch.zeros_like(logits) if logits.grad is None else logits.grad)
        if context is not None:
            file.given(case, seen_context=context)
            file.expected(case, d_context=context.grad)
    file.save()


def rollout():
    """Five steps with given locations: answers, losses, every gradient, and the weights after three steps of Adam."""
    file = GoldenFile("rollout")
    mean, deviation = np.array([0.75, 0.5, 0.625], np.float32), np.array([0.25, 0.125, 0.5], np.float32)
    sizes = ((64, 32), (32, 64), (48, 40))  # (width, height)
    pictures = [file.random.integers(0, 256, size=(h, w, 3), dtype=np.uint8) for w, h in sizes]
    file.given("images", mean=mean, deviation=deviation, **{f"pixels{i}": p for i, p in enumerate(pictures)})
    for case, options, scales, sampled in (
        ("batch normalisation, sampled class",
         ModelOptions(Options(inputs=3), PolicyOptions(squash=False, baseline=False, class_term=True, attached=True)),
         1, True),
        ("group normalisation, learned baseline",
         ModelOptions(Options(inputs=6, batch=False, stem_kernel=3, stem_stride=2, mask_depth=1, trunk_units=1),
                      PolicyOptions(weight=0.5, context=2), every_step=True), 2, False),
        ("statistics of every step, class term with baseline",
         ModelOptions(Options(inputs=3, bottleneck=False, mask_depth=1, trunk_units=1, shared_slope=True, aligned=False,
                              statistics=5),
                      PolicyOptions(class_term=True, attached=True, sigma=0.125, weight=0.75, context=1),
                      every_step=True), 1, True),
    ):
        model = Model(options)
        start(file, model)
        start_statistics(file, model.statistics())
        batch, steps, side = len(pictures), options.glimpses, options.encoder.side
        # Draws around the image in whole pixels. Some lie outside of it: the world clamps them, the policy does not.
        draws = []
        for _ in range(steps):
            pixels = [[file.random.integers(-w // 4, w + w // 4), file.random.integers(-h // 4, h + h // 4)]
                      for w, h in sizes]
            draws.append(pixels)
        draws[0] = [[np.clip(x, 0, w), np.clip(y, 0, h)] for (x, y), (w, h) in zip(draws[0], sizes)]
        samples, locations, patches = [], [], []
        for draw in draws:
            exact = [[2 * x / w - 1, 2 * y / h - 1] for (x, y), (w, h) in zip(draw, sizes)]
            sample = torch.tensor(np.array(exact, np.float32).astype(np.float64))
            samples.append(sample)
            locations.append(sample.clamp(-1, 1))
            cropped = [
                crop(p, np.clip(x, 0, w), np.clip(y, 0, h), side, scales, True, mean.astype(float),
                     deviation.astype(float))
                for p, (x, y), (w, h) in zip(pictures, draw, sizes)
            ]
            patches.append(torch.tensor(np.stack(cropped)).permute(0, 3, 1, 2))
        labels = torch.tensor([0, 2, 1])

        given_options(file, case, options.encoder)
        given_options(file, case, options.policy)
        file.given(case, classes=options.classes, glimpses=steps, fusion_width=options.fusion_width, scales=scales)
        file.given(case, every_step=options.every_step, sampled_class=sampled, labels=labels.double())
        file.given(case, samples=torch.stack(samples))
        file.given(case, **labelled("parameter", model.tensors()), **labelled("statistic", model.statistics()))

        hyper = {"learning_rate": 2.0**-7, "beta1": 0.875, "beta2": 0.984375, "epsilon": 2.0**-10}
        file.given(case, **hyper)
        adam = torch.optim.Adam(model.parameters(), lr=hyper["learning_rate"], betas=(hyper["beta1"], hyper["beta2"]),
                                eps=hyper["epsilon"])
        # Where the class is drawn, one answer is right and the others are not, whatever the model says.
        drawn = torch.tensor([0, 1, 0])
        if sampled:
            file.given(case, drawn_classes=drawn.double())
        for step in range(3):
            adam.zero_grad()
            logits, states, contexts = model.train()(patches, locations)
            classes = drawn if sampled else logits[-1].argmax(1)
            model.loss(logits, states, contexts, samples[1:], labels, classes).backward()
            if step == 0:
                losses = [torch.nn.functional.cross_entropy(answer, labels, reduction="none") for answer in logits]
                file.expected(case, logits=torch.stack(logits), losses=torch.stack(losses))
                file.expected(case, reward=(classes == labels).double())
                file.expected(case, **gradients(model), **labelled("new_statistic", model.statistics()))
            adam.step()
        file.expected(case, **labelled("trained", model.tensors()), **labelled("trained_statistic", model.statistics()))
    file.save()


def make():
    for component in (residual_unit, soft_attention, patch_readout, heads, rollout):
        component()
