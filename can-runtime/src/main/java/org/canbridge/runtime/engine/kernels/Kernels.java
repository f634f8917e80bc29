package org.canbridge.runtime.engine.kernels;

import java.util.Map;

/**
 * Which kernels of the library the programs of one precision ask for.
 *
 * @param convolutions the kinds of convolution that do not stay as they are
 * @param packedLinears whether linear layers of bfloat16 inference run on {@link
 *     Kernel#PACKED_LINEAR}
 * @param samplesTogether whether depthwise convolutions with a kernel for each sample are one
 *     convolution over the batch folded into channels; else one for each sample
 * @param wrong what must not be asked for
 */
public record Kernels(
    Map<Kernel, ConvolutionForm> convolutions,
    boolean packedLinears,
    boolean samplesTogether,
    Map<Kernel, Measurement> wrong) {
  /** Everything as it stands in the network. */
  public static final Kernels PLAIN = new Kernels(Map.of(), false, false, Map.of());

  /** Keeps its own copies. */
  public Kernels {
    convolutions = Map.copyOf(convolutions);
    wrong = Map.copyOf(wrong);
  }

  /** One sample after another, as CPUs want it. */
  public Kernels(
      Map<Kernel, ConvolutionForm> convolutions,
      boolean packedLinears,
      Map<Kernel, Measurement> wrong) {
    this(convolutions, packedLinears, false, wrong);
  }

  /** The same with all samples together: many small kernels are what GPUs do worst. */
  public Kernels withSamplesTogether() {
    return new Kernels(convolutions, packedLinears, true, wrong);
  }

  /** How a kind of convolution is asked for. */
  public ConvolutionForm form(Kernel convolution) {
    return convolutions.getOrDefault(convolution, ConvolutionForm.PLAIN);
  }

  /**
   * Refuses a kernel that is wrong.
   *
   * @param differentiated whether its gradients are needed too
   * @throws KernelException naming it
   */
  public void require(Kernel kernel, boolean differentiated) {
    Measurement measured = wrong.get(kernel);
    if (measured != null && (differentiated || !measured.isOutputRight())) {
      throw new KernelException(measured);
    }
  }
}
