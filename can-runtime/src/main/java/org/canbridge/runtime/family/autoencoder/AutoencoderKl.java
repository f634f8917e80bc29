package org.canbridge.runtime.family.autoencoder;

import java.util.List;
import org.canbridge.importers.autoencoder.AutoencoderKlConfig;
import org.canbridge.runtime.family.LatentSpace;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.ElementwiseOp.Pointwise.Function;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.LayoutOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Shape;

/**
 * The autoencoder of latent diffusion models: Rombach et al., "High-Resolution Image Synthesis with
 * Latent Diffusion Models", CVPR 2022 (arXiv 2112.10752), appendix E; module paths as in diffusers'
 * {@code AutoencoderKL}. Encoder and decoder are two graphs over one state dict. All maps are
 * {@code (B, C, H, W)}; images range over -1..1.
 */
public final class AutoencoderKl {
  private static final double NORM_EPS = 1e-6;
  private static final double LEAST_LOGVAR = -30;
  private static final double MOST_LOGVAR = 20;

  private final AutoencoderKlConfig config;

  private AutoencoderKl(AutoencoderKlConfig config) {
    this.config = config;
  }

  /**
   * The encoder for images of one size.
   *
   * <p>Inputs: {@code image (B, C, H, W)} and {@code noise (B, L, h, w)}, standard normal, with
   * {@code h = H / reduction}. Outputs: {@code moments (B, 2L, h, w)} of the posterior, its {@code
   * mean}, {@code logvar} (clamped to -30..20) and {@code std}, each {@code (B, L, h, w)} in the
   * autoencoder's space, and {@code sample = mean + std * noise} in {@code space}. Noise of zeros
   * makes the sample the mean.
   *
   * @param height H, pixels
   * @param width W, pixels
   * @throws IllegalArgumentException if the image is too small for the number of stages
   */
  public static Graph encoder(
      AutoencoderKlConfig config, LatentSpace space, long height, long width) {
    return new AutoencoderKl(config).buildEncoder(space, height, width);
  }

  /**
   * The decoder for latents of one size.
   *
   * <p>Input: {@code latent (B, L, h, w)} in {@code space}. Output: {@code decoded (B, C, H, W)},
   * about -1..1, not clamped.
   *
   * @param height h, latent pixels
   * @param width w, latent pixels
   */
  public static Graph decoder(
      AutoencoderKlConfig config, LatentSpace space, long height, long width) {
    return new AutoencoderKl(config).buildDecoder(space, height, width);
  }

  private Graph buildEncoder(LatentSpace space, long height, long width) {
    GraphBuilder g = new GraphBuilder();
    Node image = g.input("image", Kind.FLOAT, Shape.batched(config.inChannels(), height, width));
    Node hidden = encode(g.in("encoder"), image);
    long latent = config.latentChannels();
    Node moments =
        config.useQuantConv() ? convolution(g, "quant_conv", hidden, 2 * latent, 1) : hidden;
    Node mean = g.slice(moments, 1, 0, latent);
    Node logvar =
        g.add(
            new ElementwiseOp.Clamp(LEAST_LOGVAR, MOST_LOGVAR),
            null,
            g.slice(moments, 1, latent, 2 * latent));
    Node std = g.pointwise(Function.EXP, g.mulScalar(logvar, 0.5));
    Node noise = g.input("noise", Kind.FLOAT, mean.shape());
    Node sample = g.addMul(mean, std, noise);
    g.output("moments", moments);
    g.output("mean", mean);
    g.output("logvar", logvar);
    g.output("std", std);
    g.output(
        "sample",
        space == LatentSpace.DIFFUSION
            ? g.mulScalar(g.addScalar(sample, -config.shiftFactor()), config.scalingFactor())
            : sample);
    return g.build();
  }

  private Graph buildDecoder(LatentSpace space, long height, long width) {
    GraphBuilder g = new GraphBuilder();
    long channels = config.latentChannels();
    Node latent = g.input("latent", Kind.FLOAT, Shape.batched(channels, height, width));
    Node own =
        space == LatentSpace.DIFFUSION
            ? g.addScalar(g.mulScalar(latent, 1 / config.scalingFactor()), config.shiftFactor())
            : latent;
    Node z = config.usePostQuantConv() ? convolution(g, "post_quant_conv", own, channels, 1) : own;
    g.output("decoded", decode(g.in("decoder"), z));
    return g.build();
  }

  private Node encode(GraphBuilder g, Node image) {
    List<Integer> channels = config.blockOutChannels();
    Node x = convolution(g, "conv_in", image, channels.get(0), 3);
    for (int i = 0; i < config.stages(); i++) {
      GraphBuilder stage = g.in("down_blocks." + i);
      x = residuals(stage, x, config.layersPerBlock(), channels.get(i));
      if (i < config.stages() - 1) {
        x = halve(stage.in("downsamplers.0"), x);
      }
      stage.returns(x);
    }
    x = middle(g.in("mid_block"), x);
    return g.returns(finish(g, x, 2L * config.latentChannels()));
  }

  private Node decode(GraphBuilder g, Node z) {
    List<Integer> channels = config.blockOutChannels();
    Node x = convolution(g, "conv_in", z, channels.get(config.stages() - 1), 3);
    x = middle(g.in("mid_block"), x);
    for (int i = 0; i < config.stages(); i++) {
      GraphBuilder stage = g.in("up_blocks." + i);
      x = residuals(stage, x, config.layersPerBlock() + 1, channels.get(config.stages() - 1 - i));
      if (i < config.stages() - 1) {
        x = twice(stage.in("upsamplers.0"), x);
      }
      stage.returns(x);
    }
    return g.returns(finish(g, x, config.outChannels()));
  }

  private Node middle(GraphBuilder g, Node x) {
    long channels = x.shape().size(1);
    Node mixed = attention(g.in("attentions.0"), residual(g.in("resnets.0"), x, channels));
    return g.returns(residual(g.in("resnets.1"), mixed, channels));
  }

  private Node residuals(GraphBuilder g, Node x, int blocks, long channels) {
    Node out = x;
    for (int i = 0; i < blocks; i++) {
      out = residual(g.in("resnets." + i), out, channels);
    }
    return out;
  }

  /**
   * A residual block; where the number of channels changes, the way past it is a 1x1 convolution.
   */
  private Node residual(GraphBuilder g, Node x, long channels) {
    Node first = convolution(g, "conv1", activated(g, "norm1", x), channels, 3);
    Node second = convolution(g, "conv2", activated(g, "norm2", first), channels, 3);
    boolean changes = x.shape().size(1) != channels;
    Node past = changes ? convolution(g, "conv_shortcut", x, channels, 1) : x;
    return g.returns(g.add(past, second));
  }

  /** Attention of one head over all pixels. */
  private Node attention(GraphBuilder g, Node x) {
    long channels = x.shape().size(1);
    long pixels = x.shape().size(2) * x.shape().size(3);
    Node normed = g.groupNorm("group_norm", x, config.normNumGroups(), NORM_EPS);
    Node tokens = g.permute(g.reshape(normed, Shape.batched(channels, pixels)), 0, 2, 1);
    Node mixed =
        g.attention(
            head(g, g.linear("to_q", tokens, channels, null)),
            head(g, g.linear("to_k", tokens, channels, null)),
            head(g, g.linear("to_v", tokens, channels, null)));
    Node joined = g.reshape(mixed, Shape.batched(pixels, channels));
    Node projected = g.in("to_out").linear("0", joined, channels, null);
    return g.returns(g.add(g.reshape(g.permute(projected, 0, 2, 1), x.shape()), x));
  }

  private static Node head(GraphBuilder g, Node tokens) {
    return g.reshape(tokens, Shape.batched(1, tokens.shape().size(1), tokens.shape().size(2)));
  }

  /** Zeros right and below only, then stride 2. */
  private static Node halve(GraphBuilder g, Node x) {
    Node padded = g.add(new LayoutOp.Pad(0, 1, 0, 1), null, x);
    return g.returns(g.conv2d("conv", padded, x.shape().size(1), 3, 2, 0, 1, null));
  }

  private static Node twice(GraphBuilder g, Node x) {
    Node larger = g.add(new LayoutOp.UpsampleNearest(2), null, x);
    return g.returns(convolution(g, "conv", larger, x.shape().size(1), 3));
  }

  private Node finish(GraphBuilder g, Node x, long channels) {
    return convolution(g, "conv_out", activated(g, "conv_norm_out", x), channels, 3);
  }

  private Node activated(GraphBuilder g, String norm, Node x) {
    return g.pointwise(Function.SILU, g.groupNorm(norm, x, config.normNumGroups(), NORM_EPS));
  }

  private static Node convolution(GraphBuilder g, String name, Node x, long channels, int kernel) {
    return g.conv2d(name, x, channels, kernel, 1, kernel / 2, 1, null);
  }
}
