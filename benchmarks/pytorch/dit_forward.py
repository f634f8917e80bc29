"""Forward time of a DiT in eager PyTorch, the yardstick of benchmarks/run.

Random weights; prints one JSON line.
usage: dit_forward.py [--size S|B|L|XL] [--patch 2] [--batch 4] [--dtype float32|bfloat16] [--seconds 20]
"""

import argparse
import json
import time

import torch

from networks import DIT_SIZES, Dit


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", default="S", choices=DIT_SIZES)
    parser.add_argument("--patch", type=int, default=2)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--seconds", type=float, default=20)
    args = parser.parse_args()
    torch.manual_seed(0)
    dtype = getattr(torch, args.dtype)
    network = Dit(args.size, args.patch).to(dtype).eval()
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
