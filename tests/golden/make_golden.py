#!/usr/bin/env python3
"""Makes the golden files beside this script: python3 tests/golden/make_golden.py (needs PyTorch and NumPy).

The tests only read the files; this runs when an operation, a component or the model changes on purpose. Runs with one
version of PyTorch give the same bytes. See docs/gradients.md.
"""

import torch

import golden_backbones
import golden_components
import golden_operations

if __name__ == "__main__":
    torch.set_num_threads(1)
    golden_operations.make()
    golden_components.make()
    golden_backbones.make()
