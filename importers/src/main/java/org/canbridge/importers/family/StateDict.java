package org.canbridge.importers.family;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.canbridge.importers.keys.KeyMap;
import org.canbridge.tensors.TensorData;

/**
 * One set of weights in a file, with wrappers and prefixes taken off the names.
 *
 * @param wrapper the entry of the file that holds the set, e.g. {@code ema}; empty for the whole
 *     file
 * @param kind {@link Weights#EMA} or {@link Weights#MODEL}
 * @param mixedPrefix a prefix that only some of the names had, which no working program writes
 * @param tensors the tensors under their bare names, in the file's order
 * @param sourceNames the names in the file by bare name
 */
public record StateDict(
    String wrapper,
    Weights kind,
    Optional<String> mixedPrefix,
    Map<String, TensorData> tensors,
    Map<String, String> sourceNames) {
  /** So that products of three sizes fit a long. */
  private static final long MAX_SIZE = 1 << 20;

  /** Copies the maps, keeping their order. */
  public StateDict {
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    sourceNames = Collections.unmodifiableMap(new LinkedHashMap<>(sourceNames));
  }

  /** A set of weights that no file wraps. */
  public static StateDict plain(Map<String, TensorData> tensors) {
    Map<String, String> names = new LinkedHashMap<>();
    tensors.keySet().forEach(name -> names.put(name, name));
    return new StateDict("", Weights.MODEL, Optional.empty(), tensors, names);
  }

  /** What the set is called in messages. */
  public String label() {
    return wrapper.isEmpty() ? "the file's tensors" : wrapper;
  }

  /** What provenance calls the set, so that {@link Weights#of} tells its kind. */
  public String recorded() {
    return kind == Weights.of(wrapper) ? wrapper : "n_averaged";
  }

  /**
   * One size of a tensor; empty if there is no tensor of that name and rank, or the size is none
   * that a network has (0, or more than {@value #MAX_SIZE}). A layout need not report any of these:
   * the key map and the check for incomplete arguments do.
   */
  public OptionalLong size(String name, int rank, int axis) {
    TensorData tensor = tensors.get(name);
    if (tensor == null || tensor.type().shape().size() != rank) {
      return OptionalLong.empty();
    }
    long size = tensor.type().shape().get(axis);
    return size < 1 || size > MAX_SIZE ? OptionalLong.empty() : OptionalLong.of(size);
  }

  /**
   * How many blocks there are: one more than the largest index that stands between {@code prefix}
   * and a dot. A gap does not end the count, so that the missing block is reported as missing; an
   * index beyond the number of tensors does not count, so that a name cannot claim a million
   * blocks.
   */
  public long repeats(String prefix) {
    Pattern index = Pattern.compile(Pattern.quote(prefix) + "(0|[1-9][0-9]{0,8})\\..*");
    long limit = Math.min(tensors.size(), KeyMap.MAX_REPEAT);
    long count = 0;
    for (String name : tensors.keySet()) {
      Matcher matcher = index.matcher(name);
      if (matcher.matches()) {
        long here = Long.parseLong(matcher.group(1)) + 1;
        count = here <= limit ? Math.max(count, here) : count;
      }
    }
    return count;
  }
}
