package org.canbridge.runtime.engine.kernels;

import java.util.Map;

/**
 * Which kernels of the library the programs of one precision ask for.
 *
 * @param convolutions the kinds of convolution that do not stay as they are
 * @param packedLinears whether linear layers of bfloat16 inference run on {@link
 *     Kernel#PACKED_LINEAR}
 */
public record Kernels(Map<Kernel, ConvolutionForm> convolutions, boolean packedLinears) {
  /** Everything as it stands in the network. */
  public static final Kernels PLAIN = new Kernels(Map.of(), false);

  /** Keeps its own copy. */
  public Kernels {
    convolutions = Map.copyOf(convolutions);
  }

  /** How a kind of convolution is asked for. */
  public ConvolutionForm form(Kernel convolution) {
    return convolutions.getOrDefault(convolution, ConvolutionForm.PLAIN);
  }
}
