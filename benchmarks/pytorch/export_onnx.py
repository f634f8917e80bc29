"""Writes a network of networks.py as PyTorch's own exporter does: what OnnxTurns holds our export against.

Random weights; the batch is free. Needs onnx and onnxscript.
usage: export_onnx.py DiT-S/2|U-ViT-S/2 FILE.onnx
"""

import argparse

import torch

from networks import DIT_SIZES, UVIT_SIZES, Dit, Uvit

NETWORKS = {f"DiT-{size}/2": (Dit, size) for size in DIT_SIZES} | {f"U-ViT-{size}/2": (Uvit, size) for size in UVIT_SIZES}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("file")
    args = parser.parse_args()
    torch.manual_seed(0)
    family, size = NETWORKS[args.network]
    network = family(size).eval()
    inputs = (torch.randn(2, 4, 32, 32), torch.rand(2) * 1000, torch.randint(0, 1000, (2,)))
    batch = torch.export.Dim("batch")
    torch.onnx.export(
        network,
        inputs,
        args.file,
        input_names=["x", "t", "y"],
        output_names=["output"],
        dynamic_shapes=({0: batch}, {0: batch}, {0: batch}),
        dynamo=True,
    )


if __name__ == "__main__":
    main()
