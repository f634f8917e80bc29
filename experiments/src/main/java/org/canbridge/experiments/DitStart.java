package org.canbridge.experiments;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/**
 * A DiT with the random weights that its authors begin training with ({@code initialize_weights} in
 * {@code models.py} of facebookresearch/DiT): linear layers, the patch embedding as one of them,
 * uniform after Glorot and Bengio (2010); the embedders' weights normal with deviation 0.02; zero
 * for all biases, for {@code adaLN_modulation} and for the last layer. The position table is no
 * random one and stays.
 */
final class DitStart {
  private static final double EMBEDDER_DEVIATION = 0.02;
  private static final String POSITIONS = "pos_embed";
  private static final Set<String> NORMAL =
      Set.of(
          "y_embedder.embedding_table.weight",
          "t_embedder.mlp.0.weight",
          "t_embedder.mlp.2.weight");

  /** Modulation vectors of a block: shift, scale and gate of attention and of the MLP. */
  private static final int PARTS = 6;

  private DitStart() {}

  /**
   * The network with random weights.
   *
   * @param trained a DiT of the same arguments; nothing of it is used any more afterwards
   */
  static Checkpoint of(Checkpoint trained, long seed) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    trained.tensors().forEach((name, tensor) -> tensors.put(name, value(name, tensor, random)));
    return Checkpoint.generated(trained.config(), tensors);
  }

  private static TensorData value(String name, TensorData like, RandomGenerator random) {
    long[] shape = like.type().shape().stream().mapToLong(Long::longValue).toArray();
    if (name.equals(POSITIONS)) {
      return MemoryTensor.of(Tensors.floats(like), shape);
    }
    float[] values = new float[Math.toIntExact(like.type().elements())];
    if (NORMAL.contains(name)) {
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (EMBEDDER_DEVIATION * random.nextGaussian());
      }
    } else if (shape.length > 1 && !isZero(name)) {
      long fanIn = values.length / shape[0];
      double bound = Math.sqrt(6.0 / (fanIn + shape[0]));
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextDouble(-bound, bound);
      }
    }
    return MemoryTensor.of(values, shape);
  }

  private static boolean isZero(String name) {
    return name.contains("adaLN_modulation") || name.startsWith("final_layer.");
  }

  /**
   * The constants that stand for the adaptive layer norms in a network without them: shifts and
   * scales zero and gates one, which is a transformer with norms in front of its layers. Their mean
   * in a DiT that begins is zero for all three. A zero gate lets no gradient through to its layer,
   * and where adaLN opens it with the sum of a row of weights times the condition, a constant moves
   * by one learning rate a step: hundreds of steps would be lost.
   */
  static Map<String, TensorData> constants(DitConfig config) {
    Map<String, TensorData> constants = new LinkedHashMap<>();
    int width = config.hiddenSize();
    float[] block = new float[PARTS * width];
    for (int gate = 2; gate < PARTS; gate += 3) {
      Arrays.fill(block, gate * width, (gate + 1) * width, 1);
    }
    for (int i = 0; i < config.depth(); i++) {
      constants.put("blocks." + i + ".adaLN_modulation.bias", MemoryTensor.of(block, block.length));
    }
    return constants;
  }
}
