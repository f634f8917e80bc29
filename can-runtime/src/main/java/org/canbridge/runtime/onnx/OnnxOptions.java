package org.canbridge.runtime.onnx;

/**
 * How a graph becomes ONNX.
 *
 * @param opset version of the operators, {@value #FIRST_OPSET} to {@value #LAST_OPSET}
 * @param type of weights; inputs and outputs are float32 in any case, and so are norms, means, ReLU
 *     linear attention and the sinusoid of the timestep
 * @param loops whether depthwise convolutions with a kernel for each sample are a loop over the
 *     samples, which is what ONNX Runtime is fastest with and TensorRT does not compile
 */
public record OnnxOptions(int opset, OnnxType type, boolean loops) {
  /** The first version with layer norm. */
  public static final int FIRST_OPSET = 17;

  /** The last version that was tried. */
  public static final int LAST_OPSET = 21;

  /**
   * Checks the version.
   *
   * @throws IllegalArgumentException if it is none of these
   */
  public OnnxOptions {
    if (opset < FIRST_OPSET || opset > LAST_OPSET) {
      throw new IllegalArgumentException(
          "opset must be " + FIRST_OPSET + " to " + LAST_OPSET + ", not " + opset);
    }
  }

  /** Opset 17, float32, loops. */
  public static OnnxOptions defaults() {
    return new OnnxOptions(FIRST_OPSET, OnnxType.F32, true);
  }

  /** The same in another version. */
  public OnnxOptions withOpset(int value) {
    return new OnnxOptions(value, type, loops);
  }

  /** The same with other numbers. */
  public OnnxOptions with(OnnxType value) {
    return new OnnxOptions(opset, value, loops);
  }

  /** The same without loops. */
  public OnnxOptions withoutLoops() {
    return new OnnxOptions(opset, type, false);
  }

  /** The version of the file format that came with the operators. */
  int irVersion() {
    return opset < 19 ? 8 : opset < 21 ? 9 : 10;
  }
}
