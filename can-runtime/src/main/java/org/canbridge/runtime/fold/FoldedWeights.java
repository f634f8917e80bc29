package org.canbridge.runtime.fold;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/**
 * The values that go with {@link BatchNormFold}. With {@code s = gamma / sqrt(var + eps)} in each
 * output channel the convolution's weight becomes {@code s W} and its bias {@code beta + s (b -
 * mean)}. Computed in float64 and rounded once to the type that the weight has; the bias to that of
 * the bias that was there, or of the norm's. Source: Jacob et al., CVPR 2018 (arXiv 1712.05877),
 * section 3.2.
 */
public final class FoldedWeights {
  private FoldedWeights() {}

  /**
   * The tensors that the folded network needs in the place of others, by name, each read when it is
   * used.
   *
   * @param tensors all tensors of the network before
   */
  public static Map<String, TensorData> of(
      List<BatchNormFold.Pair> pairs, Map<String, TensorData> tensors) {
    Map<String, TensorData> folded = new LinkedHashMap<>();
    for (BatchNormFold.Pair pair : pairs) {
      double[] scale = scale(pair, tensors);
      TensorData weight = tensors.get(pair.weight());
      folded.put(
          pair.weight(), Tensors.as(Tensors.scaledRows(weight, scale), weight.type().dtype()));
      DType dtype = tensors.get(pair.biased() ? pair.bias() : pair.normBias()).type().dtype();
      folded.put(
          pair.bias(),
          Tensors.as(MemoryTensor.of(bias(pair, scale, tensors), scale.length), dtype));
    }
    return folded;
  }

  private static double[] scale(BatchNormFold.Pair pair, Map<String, TensorData> tensors) {
    double[] scale = Tensors.doubles(tensors.get(pair.normWeight()));
    double[] variance = Tensors.doubles(tensors.get(pair.variance()));
    for (int i = 0; i < scale.length; i++) {
      scale[i] /= Math.sqrt(variance[i] + pair.eps());
    }
    return scale;
  }

  private static double[] bias(
      BatchNormFold.Pair pair, double[] scale, Map<String, TensorData> tensors) {
    double[] bias = Tensors.doubles(tensors.get(pair.normBias()));
    double[] mean = Tensors.doubles(tensors.get(pair.mean()));
    double[] before =
        pair.biased() ? Tensors.doubles(tensors.get(pair.bias())) : new double[bias.length];
    for (int i = 0; i < bias.length; i++) {
      bias[i] += scale[i] * (before[i] - mean[i]);
    }
    return bias;
  }
}
