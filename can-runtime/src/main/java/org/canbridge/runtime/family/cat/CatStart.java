package org.canbridge.runtime.family.cat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.canbridge.importers.cat.CatConfig;
import org.canbridge.importers.efficientvit.EfficientVitConfig;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.runtime.family.Beginning;
import org.canbridge.runtime.graph.Initializer;
import org.canbridge.tensors.TensorData;

/**
 * A CaT to begin training with, since nobody published weights: weights {@code N(0, 1/fan-in)},
 * embeddings {@code N(0, 0.02)}, biases zero, norms one. Modules may start from those of a
 * pretrained EfficientViT: module j of a stage of ours takes the tensors of module j of the first
 * of its stages whose shapes are the same; the rest stays random.
 *
 * @param config arguments of the network
 */
record CatStart(CatConfig config) implements Beginning {
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
    Map<String, TensorData> tensors = Initializer.draw(Cat.graph(config).parameters(), seed);
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
}
