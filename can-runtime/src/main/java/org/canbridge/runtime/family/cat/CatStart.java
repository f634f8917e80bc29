package org.canbridge.runtime.family.cat;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.canbridge.importers.cat.CatConfig;
import org.canbridge.importers.efficientvit.EfficientVitConfig;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.runtime.family.Beginning;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.ConstantTensor;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;

/**
 * A CaT to begin training with, since nobody published weights: weights {@code N(0, 1/fan-in)},
 * embeddings {@code N(0, 0.02)}, biases zero, norms one. Modules may start from those of a
 * pretrained EfficientViT: module j of a stage of ours takes the tensors of module j of the first
 * of its stages whose shapes are the same; the rest stays random.
 *
 * @param config arguments of the network
 */
record CatStart(CatConfig config) implements Beginning {
  private static final double EMBEDDING_DEVIATION = 0.02;
  private static final Pattern OURS =
      Pattern.compile("(?:(encoder|decoder)\\.(\\d+)|middle)\\.blocks\\.(\\d+)\\.(.*)");
  private static final Pattern THEIRS =
      Pattern.compile(
          "(.*stages\\.\\d+)\\.op_list\\.(\\d+)\\.((?:context|local)_module\\.main\\..*)");

  @Override
  public Start begin(Optional<Checkpoint> pretrained, long seed) {
    if (pretrained.isPresent() && !(pretrained.get().config() instanceof EfficientVitConfig)) {
      throw new IllegalArgumentException("must be an EfficientViT");
    }
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    for (Op.Parameter parameter : Cat.graph(config).parameters()) {
      tensors.put(parameter.name(), value(parameter.name(), parameter.shape(), random));
    }
    Map<String, String> taken = new LinkedHashMap<>();
    pretrained.ifPresent(
        source ->
            tensors.replaceAll(
                (name, start) -> {
                  Optional<String> match = match(name, start, source.tensors());
                  match.ifPresent(theirs -> taken.put(name, theirs));
                  return match.map(source.tensors()::get).orElse(start);
                }));
    return new Start(Checkpoint.generated(config, tensors), taken);
  }

  private static Optional<String> match(
      String name, TensorData ours, Map<String, TensorData> theirs) {
    Matcher our = OURS.matcher(name);
    if (!our.matches()) {
      return Optional.empty();
    }
    // Block 0 of a stage of theirs halves the map and has no attention.
    String block = Integer.toString(Integer.parseInt(our.group(3)) + 1);
    List<Long> shape = ours.type().shape();
    return theirs.keySet().stream()
        .filter(
            other -> {
              Matcher their = THEIRS.matcher(other);
              return their.matches()
                  && their.group(2).equals(block)
                  && their.group(3).equals(our.group(4))
                  && theirs.get(other).type().shape().equals(shape);
            })
        .findFirst();
  }

  private static TensorData value(String name, Shape shape, RandomGenerator random) {
    long[] sizes = shape.resolve(1);
    if (name.endsWith("norm.weight")) {
      return filled(1, sizes);
    }
    if (shape.rank() == 1) {
      return ConstantTensor.zeros(TensorType.of(DType.F32, sizes));
    }
    double deviation =
        name.startsWith("y_embedder.")
            ? EMBEDDING_DEVIATION
            : 1 / Math.sqrt(shape.elements() / (double) shape.size(0));
    float[] values = new float[Math.toIntExact(shape.elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return MemoryTensor.of(values, sizes);
  }

  private static TensorData filled(float value, long... sizes) {
    float[] values = new float[Math.toIntExact(sizes[0])];
    Arrays.fill(values, value);
    return MemoryTensor.of(values, sizes);
  }
}
