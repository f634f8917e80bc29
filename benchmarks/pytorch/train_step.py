"""Time of a training step in eager PyTorch, the yardstick of `canbridge finetune`.

Forward and backward pass, clipping, fused AdamW and moving average, on latents 4x32x32 with random weights. bfloat16 is autocast:
weights, loss and optimizer stay float32. Prints one JSON line for each network.
usage: train_step.py [--network dit|dit-static|dit-can|uvit ...] [--size S|L] [--patch 2] [--batch 16] [--dtype float32|bfloat16]
                     [--threads 2] [--steps 20]
Several networks take their steps in turn, so that a busy machine slows them alike: dit-can against dit-static is CAN's overhead.
Run it with the variables of native.env (`. ./native.env`), or the time is that of fresh memory pages.
"""

import argparse
import contextlib
import json
import pathlib
import sys
import time

import torch

from networks import Dit, Uvit

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "scripts"))
from training_losses import HybridLoss, NoiseLoss  # noqa: E402

KINDS = {"dit": "plain", "dit-static": "static", "dit-can": "can"}
WARM_UP_STEPS = 3


class Training:
    """A network, its optimizer and moving average, and a batch that all steps take."""

    def __init__(self, name, args):
        self.name, self.dtype = name, args.dtype
        self.network = Uvit(args.size, args.patch) if name == "uvit" else Dit(args.size, args.patch, KINDS[name])
        self.loss = (NoiseLoss if name == "uvit" else HybridLoss)(torch.float32)
        first = 1 if name == "uvit" else 0
        self.x, self.noise = torch.randn(2, args.batch, 4, 32, 32)
        self.t = torch.randint(first, first + 1000, (args.batch,))
        self.y = torch.randint(0, 1001, (args.batch,))
        self.parameters = [p for p in self.network.parameters() if p.requires_grad]
        self.average = [p.detach().clone() for p in self.parameters]
        self.optimizer = torch.optim.AdamW(self.parameters, lr=1e-4, weight_decay=0.03, fused=True)
        self.times = []

    def step(self):
        start = time.perf_counter()
        low = self.dtype == "bfloat16"
        with torch.autocast("cpu", torch.bfloat16) if low else contextlib.nullcontext():
            prediction = self.network(self.loss.noised(self.x, self.t, self.noise), self.t, self.y)
        loss = sum(self.loss.terms(prediction.float(), self.x, self.t, self.noise)).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0, foreach=True)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.parameters, 1e-4)
        self.times.append(1e3 * (time.perf_counter() - start))
        return loss.item()

    def summary(self, args, loss):
        times = sorted(self.times[WARM_UP_STEPS:])
        return {
            "what": "pytorch eager " + torch.__version__,
            "network": self.name,
            "size": f"{args.size}/{args.patch}",
            "batch": args.batch,
            "dtype": self.dtype,
            "threads": args.threads,
            "parameters": sum(p.numel() for p in self.parameters),
            "median_ms": times[len(times) // 2],
            "min_ms": times[0],
            "runs": len(times),
            "loss": loss,
        }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--network", nargs="+", default=["dit"], choices=[*KINDS, "uvit"])
    parser.add_argument("--size", default="S", choices=["S", "L"])
    parser.add_argument("--patch", type=int, default=2)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=20)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    trainings = [Training(name, args) for name in args.network]
    for _ in range(WARM_UP_STEPS + args.steps):
        losses = [training.step() for training in trainings]
    for training, loss in zip(trainings, losses, strict=True):
        print(json.dumps(training.summary(args, loss)))


if __name__ == "__main__":
    main()
