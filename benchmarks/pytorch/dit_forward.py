"""Forward time of a DiT in eager PyTorch, the yardstick of benchmarks/run.

Written from the paper (arXiv 2212.09748), with random weights; prints one JSON line.
usage: dit_forward.py [--size S|B|L|XL] [--patch 2] [--batch 4] [--dtype float32|bfloat16] [--seconds 20]
"""

import argparse
import json
import math
import time

import torch
from torch import nn
from torch.nn import functional as F

SIZES = {"S": (384, 12, 6), "B": (768, 12, 12), "L": (1024, 24, 16), "XL": (1152, 28, 16)}


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)
        self.ada = nn.Linear(width, 6 * width)
        self.norm1 = nn.LayerNorm(width, eps=1e-6, elementwise_affine=False)
        self.norm2 = nn.LayerNorm(width, eps=1e-6, elementwise_affine=False)

    def forward(self, x, c):
        m = self.ada(F.silu(c)).chunk(6, dim=1)
        shift1, scale1, gate1, shift2, scale2, gate2 = (v.unsqueeze(1) for v in m)
        h = self.norm1(x) * (1 + scale1) + shift1
        b, n, d = h.shape
        q, k, v = self.qkv(h).reshape(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        h = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, d)
        x = x + gate1 * self.proj(h)
        h = self.norm2(x) * (1 + scale2) + shift2
        return x + gate2 * self.fc2(F.gelu(self.fc1(h), approximate="tanh"))


class Network(nn.Module):
    def __init__(self, width, depth, heads, patch, side=32, channels=4):
        super().__init__()
        self.grid, self.patch, self.channels = side // patch, patch, channels
        self.embed = nn.Conv2d(channels, width, patch, patch)
        self.position = nn.Parameter(torch.randn(1, self.grid**2, width))
        self.time = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))
        self.label = nn.Embedding(1001, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=1e-6, elementwise_affine=False)
        self.ada = nn.Linear(width, 2 * width)
        self.head = nn.Linear(width, patch * patch * 2 * channels)

    def forward(self, x, t, y):
        frequencies = torch.exp(-math.log(10000) * torch.arange(128) / 128)
        angles = t[:, None].float() * frequencies[None]
        sinusoid = torch.cat([angles.cos(), angles.sin()], dim=1).to(x.dtype)
        c = self.time(sinusoid) + self.label(y)
        x = self.embed(x).flatten(2).transpose(1, 2) + self.position
        for block in self.blocks:
            x = block(x, c)
        shift, scale = self.ada(F.silu(c)).chunk(2, dim=1)
        x = self.head(self.norm(x) * (1 + scale.unsqueeze(1)) + shift.unsqueeze(1))
        g, p = self.grid, self.patch
        x = x.reshape(-1, g, g, p, p, 2 * self.channels).permute(0, 5, 1, 3, 2, 4)
        return x.reshape(-1, 2 * self.channels, g * p, g * p)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", default="S", choices=SIZES)
    parser.add_argument("--patch", type=int, default=2)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--seconds", type=float, default=20)
    args = parser.parse_args()
    torch.manual_seed(0)
    dtype = getattr(torch, args.dtype)
    network = Network(*SIZES[args.size], args.patch).to(dtype).eval()
    x = torch.randn(args.batch, 4, 32, 32, dtype=dtype)
    t = torch.randint(0, 1000, (args.batch,))
    y = torch.randint(0, 1001, (args.batch,))
    times = []
    with torch.inference_mode():
        for _ in range(5):
            network(x, t, y)
        end = time.perf_counter() + args.seconds
        while time.perf_counter() < end or len(times) < 5:
            start = time.perf_counter()
            network(x, t, y)
            times.append(1e3 * (time.perf_counter() - start))
    times.sort()
    print(json.dumps({"what": "pytorch eager " + torch.__version__, "median_ms": times[len(times) // 2], "min_ms": times[0], "runs": len(times)}))


if __name__ == "__main__":
    main()
