"""DiT, U-ViT and CAN in eager PyTorch, with random weights, as people would write them for speed: the yardstick of our own times.

Written from the papers (arXiv 2212.09748, 2209.12152 and 2404.01143). All take x (B, C, S, S), t (B) and y (B).
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

DIT_SIZES = {"S": (384, 12, 6), "B": (768, 12, 12), "L": (1024, 24, 16), "XL": (1152, 28, 16)}
UVIT_SIZES = {"S": (512, 13, 8), "M": (768, 17, 12), "L": (1024, 21, 16), "H": (1152, 29, 16)}


def sinusoid(t, width):
    frequencies = torch.exp(-math.log(10000) * torch.arange(width // 2) / (width // 2))
    angles = t[:, None].float() * frequencies[None]
    return torch.cat([angles.cos(), angles.sin()], dim=1)


def unpatchify(x, grid, patch):
    channels = x.shape[2] // patch**2
    x = x.reshape(-1, grid, grid, patch, patch, channels).permute(0, 5, 1, 3, 2, 4)
    return x.reshape(-1, channels, grid * patch, grid * patch)


def folded(x, weight, bias, stride=1, padding=0):
    """One convolution for the whole batch with a weight for each sample, as section 3.3 of the CAN paper has it.

    The batch goes into the channels, and the groups are those of all samples. x (B, C, H, W), weight (B, O, I, k, k), bias (B, O).
    """
    batch, outputs, inputs = weight.shape[:3]
    groups = batch * (x.shape[1] // inputs)
    image = x.reshape(1, -1, *x.shape[2:])
    out = F.conv2d(image, weight.flatten(0, 1), bias.flatten(), stride, padding, 1, groups)
    return out.reshape(batch, outputs, *out.shape[2:])


class Attention(nn.Module):
    def __init__(self, width, heads, qkv_bias):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=qkv_bias)
        self.proj = nn.Linear(width, width)

    def forward(self, x, generated=None):
        b, n, d = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        x = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, d)
        if generated is None:
            return self.proj(x)
        weight, bias = self.proj.weight + generated[0], self.proj.bias + generated[1]
        return folded(x.transpose(1, 2)[..., None], weight[..., None, None], bias)[..., 0].transpose(1, 2)


class Mlp(nn.Module):
    """A feed-forward layer, with CAN's depthwise convolution in the middle if asked for."""

    def __init__(self, width, gelu, depthwise=False):
        super().__init__()
        self.gelu = gelu
        self.fc1 = nn.Linear(width, 4 * width)
        self.dwconv = nn.Conv2d(4 * width, 4 * width, 3, 1, 1, groups=4 * width) if depthwise else None
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x, generated=None):
        x = self.fc1(x)
        if self.dwconv is not None:
            b, n, c = x.shape
            image = x.transpose(1, 2).reshape(b, c, math.isqrt(n), math.isqrt(n))
            if generated is None:
                image = self.dwconv(image)
            else:
                image = folded(image, self.dwconv.weight + generated[0], self.dwconv.bias + generated[1], padding=1)
            # The folded convolution leaves the channels outermost, where GELU's backward pass is slow.
            x = image.flatten(2).transpose(1, 2).contiguous()
        return self.fc2(F.gelu(x, approximate=self.gelu))


class Generator(nn.Module):
    """Weight and bias (B, ...) of a layer, from the projected condition."""

    def __init__(self, width, layer):
        super().__init__()
        self.shape = layer.weight.shape
        self.rows = nn.Linear(width, layer.weight.numel() + layer.bias.numel(), bias=False)

    def forward(self, g):
        weight, bias = self.rows(g).split([self.shape.numel(), self.shape[0]], dim=1)
        return weight.reshape(-1, *self.shape), bias


class DitBlock(nn.Module):
    def __init__(self, width, heads, depthwise):
        super().__init__()
        self.attn = Attention(width, heads, True)
        self.mlp = Mlp(width, "tanh", depthwise)
        self.ada = nn.Linear(width, 6 * width)
        self.norm1 = nn.LayerNorm(width, eps=1e-6, elementwise_affine=False)
        self.norm2 = nn.LayerNorm(width, eps=1e-6, elementwise_affine=False)

    def forward(self, x, c, proj=None, dwconv=None):
        m = self.ada(F.silu(c)).chunk(6, dim=1)
        shift1, scale1, gate1, shift2, scale2, gate2 = (v.unsqueeze(1) for v in m)
        x = x + gate1 * self.attn(self.norm1(x) * (1 + scale1) + shift1, proj)
        return x + gate2 * self.mlp(self.norm2(x) * (1 + scale2) + shift2, dwconv)


class Dit(nn.Module):
    """kind: `plain`; `static`, with CAN's depthwise convolutions and nothing generated; `can`, the paper's arrangement."""

    def __init__(self, size, patch=2, kind="plain", side=32, channels=4):
        super().__init__()
        width, depth, heads = DIT_SIZES[size]
        self.grid, self.patch = side // patch, patch
        self.embed = nn.Conv2d(channels, width, patch, patch)
        self.position = nn.Parameter(torch.randn(1, self.grid**2, width), requires_grad=False)
        self.time = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))
        self.label = nn.Embedding(1001, width)
        self.blocks = nn.ModuleList(DitBlock(width, heads, kind != "plain") for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=1e-6, elementwise_affine=False)
        self.ada = nn.Linear(width, 2 * width)
        self.head = nn.Linear(width, patch * patch * 2 * channels)
        self.can = kind == "can"
        if self.can:
            self.project128, self.project256 = nn.Linear(width, 128), nn.Linear(width, 256)
            self.make_embed = Generator(128, self.embed)
            self.make_proj = Generator(128, self.blocks[0].attn.proj)
            self.make_dwconv = nn.ModuleList(Generator(256, b.mlp.dwconv) for b in self.blocks)

    def forward(self, x, t, y):
        c = self.time(sinusoid(t, 256).to(self.position.dtype)) + self.label(y)
        if self.can:
            narrow, wide = self.project128(c), self.project256(c)
            weight, bias = self.make_embed(narrow)
            x = folded(x, self.embed.weight + weight, self.embed.bias + bias, stride=self.patch)
            proj, dwconv = self.make_proj(narrow), [make(wide) for make in self.make_dwconv]
        else:
            x, proj, dwconv = self.embed(x), None, [None] * len(self.blocks)
        x = x.flatten(2).transpose(1, 2) + self.position
        for block, made in zip(self.blocks, dwconv, strict=True):
            x = block(x, c, proj, made)
        shift, scale = self.ada(F.silu(c)).chunk(2, dim=1)
        x = self.head(self.norm(x) * (1 + scale.unsqueeze(1)) + shift.unsqueeze(1))
        return unpatchify(x, self.grid, self.patch)


class UvitBlock(nn.Module):
    def __init__(self, width, heads, skip):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = Attention(width, heads, False)
        self.mlp = Mlp(width, "none")
        self.joined = nn.Linear(2 * width, width) if skip else None

    def forward(self, x, skip=None):
        if skip is not None:
            x = self.joined(torch.cat([x, skip], dim=2))
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Uvit(nn.Module):
    """Class-conditional, on latents."""

    def __init__(self, size, patch=2, side=32, channels=4):
        super().__init__()
        width, depth, heads = UVIT_SIZES[size]
        self.grid, self.patch, self.width = side // patch, patch, width
        self.embed = nn.Conv2d(channels, width, patch, patch)
        self.position = nn.Parameter(torch.randn(1, 2 + self.grid**2, width))
        self.label = nn.Embedding(1001, width)
        self.into = nn.ModuleList(UvitBlock(width, heads, False) for _ in range(depth // 2))
        self.middle = UvitBlock(width, heads, False)
        self.out = nn.ModuleList(UvitBlock(width, heads, True) for _ in range(depth // 2))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, patch * patch * channels)
        self.last = nn.Conv2d(channels, channels, 3, 1, 1)

    def forward(self, x, t, y):
        patches = self.embed(x).flatten(2).transpose(1, 2)
        time = sinusoid(t, self.width).to(self.position.dtype)
        x = torch.cat([self.label(y).unsqueeze(1), time.unsqueeze(1), patches], dim=1) + self.position
        skips = []
        for block in self.into:
            x = block(x)
            skips.append(x)
        x = self.middle(x)
        for block in self.out:
            x = block(x, skips.pop())
        return self.last(unpatchify(self.head(self.norm(x))[:, 2:], self.grid, self.patch))
