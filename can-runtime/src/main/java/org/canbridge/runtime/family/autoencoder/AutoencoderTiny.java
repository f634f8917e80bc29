package org.canbridge.runtime.family.autoencoder;

import org.canbridge.importers.autoencoder.AutoencoderTinyConfig;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.ElementwiseOp.Pointwise.Function;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.LayoutOp;
import org.canbridge.runtime.graph.LinearOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Shape;

/**
 * The tiny autoencoder TAESD (madebyollin/taesd) for the latents of Stable Diffusion; module paths
 * as in diffusers' {@code AutoencoderTiny}. Encoder and decoder are two graphs over one state dict.
 * All maps are {@code (B, C, H, W)}; images range over -1..1, latents are the diffusion model's.
 */
public final class AutoencoderTiny {
  /** Latents go through {@code tanh(z / 3) * 3}, which leaves those that occur nearly alone. */
  private static final double LATENT_MAGNITUDE = 3;

  private final AutoencoderTinyConfig config;
  private final GraphBuilder graph = new GraphBuilder();

  /** Where the next layer stands in the sequence; activations and upsampling count, too. */
  private int position;

  private AutoencoderTiny(AutoencoderTinyConfig config) {
    this.config = config;
  }

  /**
   * The encoder for images of one size.
   *
   * <p>Input: {@code image (B, C, H, W)}. Output: {@code latent (B, L, h, w)}, where every stage
   * but the first halves height and width.
   *
   * @param height H, pixels
   * @param width W, pixels
   */
  public static Graph encoder(AutoencoderTinyConfig config, long height, long width) {
    return new AutoencoderTiny(config).buildEncoder(height, width);
  }

  /**
   * The decoder for latents of one size.
   *
   * <p>Input: {@code latent (B, L, h, w)}. Output: {@code decoded (B, C, H, W)}, about -1..1, not
   * clamped.
   *
   * @param height h, latent pixels
   * @param width w, latent pixels
   */
  public static Graph decoder(AutoencoderTinyConfig config, long height, long width) {
    return new AutoencoderTiny(config).buildDecoder(height, width);
  }

  private Graph buildEncoder(long height, long width) {
    GraphBuilder layers = graph.in("encoder").in("layers");
    Node image =
        graph.input("image", Kind.FLOAT, Shape.batched(config.inChannels(), height, width));
    // The layers take 0..1.
    Node x = graph.mulScalar(graph.addScalar(image, 1), 0.5);
    for (int stage = 0; stage < config.numEncoderBlocks().size(); stage++) {
      x = stage == 0 ? convolution(layers, x, config.channels()) : bare(layers, x, 2);
      x = blocks(layers, x, config.numEncoderBlocks().get(stage));
    }
    x = convolution(layers, x, config.latentChannels());
    graph.output("latent", graph.in("encoder").returns(x));
    return graph.build();
  }

  private Graph buildDecoder(long height, long width) {
    GraphBuilder decoder = graph.in("decoder");
    GraphBuilder layers = decoder.in("layers");
    Node latent =
        graph.input("latent", Kind.FLOAT, Shape.batched(config.latentChannels(), height, width));
    Node divided = graph.add(new ElementwiseOp.DivScalar(LATENT_MAGNITUDE), null, latent);
    Node bounded = graph.mulScalar(graph.pointwise(Function.TANH, divided), LATENT_MAGNITUDE);
    Node x = convolution(layers, bounded, config.channels());
    x = next(layers).returns(graph.pointwise(Function.RELU, x));
    int last = config.numDecoderBlocks().size() - 1;
    for (int stage = 0; stage <= last; stage++) {
      x = blocks(layers, x, config.numDecoderBlocks().get(stage));
      if (stage < last) {
        Op larger = new LayoutOp.UpsampleNearest(config.upsamplingScalingFactor());
        x = bare(layers, next(layers).returns(graph.add(larger, null, x)), 1);
      }
    }
    x = convolution(layers, x, config.outChannels());
    graph.output("decoded", decoder.returns(graph.addScalar(graph.mulScalar(x, 2), -1)));
    return graph.build();
  }

  private GraphBuilder next(GraphBuilder layers) {
    return layers.in(Integer.toString(position++));
  }

  private Node convolution(GraphBuilder layers, Node x, long channels) {
    return layers.conv2d(Integer.toString(position++), x, channels, 3, 1, 1, 1, null);
  }

  /** A convolution without bias that keeps the number of channels. */
  private Node bare(GraphBuilder layers, Node x, int stride) {
    GraphBuilder module = next(layers);
    Node weight = module.parameter("weight", config.channels(), config.channels(), 3, 3);
    return module.returns(module.add(new LinearOp.Conv2d(stride, 1, 1), null, x, weight));
  }

  private Node blocks(GraphBuilder layers, Node x, int count) {
    Node out = x;
    for (int i = 0; i < count; i++) {
      out = block(next(layers), out);
    }
    return out;
  }

  /** A residual block of three convolutions; rectified after the sum. */
  private Node block(GraphBuilder g, Node x) {
    GraphBuilder conv = g.in("conv");
    long channels = config.channels();
    Node first = graph.pointwise(Function.RELU, conv.conv2d("0", x, channels, 3, 1, 1, 1, null));
    Node second =
        graph.pointwise(Function.RELU, conv.conv2d("2", first, channels, 3, 1, 1, 1, null));
    Node third = conv.returns(conv.conv2d("4", second, channels, 3, 1, 1, 1, null));
    return g.returns(graph.pointwise(Function.RELU, graph.add(third, x)));
  }
}
