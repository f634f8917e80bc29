package org.canbridge.importers.autoencoder;

import java.util.List;
import java.util.OptionalLong;
import org.canbridge.importers.keys.Dims;
import org.canbridge.importers.keys.KeyMap;
import org.canbridge.importers.keys.KeyRule;
import org.canbridge.importers.keys.Slot;
import org.canbridge.importers.keys.Transform;

/**
 * Writes the rules of one layout of AutoencoderKL. Symbols in shapes: K channels going in, C coming
 * out; in names as {@link KlNames} says. Sizes that are unknown are empty.
 */
final class KlRules {
  private static final KlNames CANONICAL = KlNames.DIFFUSERS;

  /** Channels going into a layer and coming out of it. */
  private record Channels(OptionalLong in, OptionalLong out) {
    /** Unknown ones do not count: the tensors that would tell are reported as missing already. */
    boolean change() {
      return in.isPresent() && out.isPresent() && in.getAsLong() != out.getAsLong();
    }
  }

  private final KlNames names;
  private final List<OptionalLong> stages;
  private final KeyMap.Builder map = KeyMap.builder();

  /**
   * Begins without rules.
   *
   * @param stages channels of each stage, full resolution first; at least one
   */
  KlRules(KlNames names, List<OptionalLong> stages) {
    this.names = names;
    this.stages = stages;
  }

  KeyMap.Builder map() {
    return map;
  }

  /** The encoder, from {@code image} channels to {@code moments}. */
  void encoder(OptionalLong image, OptionalLong moments, long blocks) {
    convolution("encoder.conv_in", new Channels(image, stages.get(0)));
    for (int s = 0; s < stages.size(); s++) {
      OptionalLong before = stages.get(Math.max(s - 1, 0));
      residuals(
          names.encoderResidual(),
          CANONICAL.encoderResidual(),
          s,
          blocks,
          new Channels(before, stages.get(s)));
      if (s < stages.size() - 1) {
        resampling(names.downsample(), CANONICAL.downsample(), s, stages.get(s));
      }
    }
    end("encoder.", stages.get(stages.size() - 1), moments);
  }

  /** The decoder, from {@code latent} channels to {@code image}. */
  void decoder(OptionalLong latent, OptionalLong image, long blocks) {
    int last = stages.size() - 1;
    convolution("decoder.conv_in", new Channels(latent, stages.get(last)));
    for (int s = 0; s <= last; s++) {
      OptionalLong before = stages.get(Math.min(last - s + 1, last));
      OptionalLong width = stages.get(last - s);
      residuals(
          names.decoderResidual(),
          CANONICAL.decoderResidual(),
          s,
          blocks + 1,
          new Channels(before, width));
      if (s < last) {
        resampling(names.upsample(), CANONICAL.upsample(), s, width);
      }
    }
    end("decoder.", stages.get(0), image);
  }

  /** The 1x1 convolution between encoder or decoder and the latent. */
  void quantConv(String name, OptionalLong size) {
    module(name, name, "[C, K, 1, 1]", "[C]", dims(new Channels(size, size)));
  }

  private void residuals(String from, String to, int s, long blocks, Channels first) {
    for (long j = 0; j < blocks; j++) {
      Channels channels = j == 0 ? first : new Channels(first.out(), first.out());
      residual(from, to, channels, dims(channels).with("s", s).with("j", j));
    }
  }

  private void resampling(String from, String to, int s, OptionalLong width) {
    module(from, to, "[C, K, 3, 3]", "[C]", dims(new Channels(width, width)).with("s", s));
  }

  /** Middle blocks, last norm and last convolution; {@code width} is what goes into these. */
  private void end(String side, OptionalLong width, OptionalLong out) {
    OptionalLong deepest = stages.get(stages.size() - 1);
    Channels same = new Channels(deepest, deepest);
    residual(side + names.middle().get(0), side + CANONICAL.middle().get(0), same, dims(same));
    attention(side + names.attention() + ".", side + CANONICAL.attention() + ".", dims(same));
    residual(side + names.middle().get(1), side + CANONICAL.middle().get(1), same, dims(same));
    Channels leaving = new Channels(width, out);
    norm(side + names.lastNorm(), side + CANONICAL.lastNorm(), "[K]", dims(leaving));
    convolution(side + "conv_out", leaving);
  }

  private void attention(String from, String to, Dims dims) {
    norm(from + names.attentionParts().get(0), to + CANONICAL.attentionParts().get(0), "[C]", dims);
    for (int i = 1; i < CANONICAL.attentionParts().size(); i++) {
      String source = from + names.attentionParts().get(i);
      String target = to + CANONICAL.attentionParts().get(i);
      Slot kernel = Slot.of(names.prefix() + source + ".weight", names.matrix());
      Slot matrix = Slot.of(target + ".weight", CANONICAL.matrix());
      Transform transform =
          names.matrix().equals(CANONICAL.matrix())
              ? new Transform.Copy()
              : new Transform.Reshape();
      add(new KeyRule(List.of(kernel), List.of(matrix), transform), dims);
      add(rename(source + ".bias", target + ".bias", "[C]"), dims);
    }
  }

  private void residual(String from, String to, Channels channels, Dims dims) {
    norm(from + ".norm1", to + ".norm1", "[K]", dims);
    module(from + ".conv1", to + ".conv1", "[C, K, 3, 3]", "[C]", dims);
    norm(from + ".norm2", to + ".norm2", "[C]", dims);
    module(from + ".conv2", to + ".conv2", "[C, C, 3, 3]", "[C]", dims);
    if (channels.change()) {
      String shortcut = to + "." + CANONICAL.shortcut();
      module(from + "." + names.shortcut(), shortcut, "[C, K, 1, 1]", "[C]", dims);
    }
  }

  private void convolution(String name, Channels channels) {
    module(name, name, "[C, K, 3, 3]", "[C]", dims(channels));
  }

  private void norm(String from, String to, String shape, Dims dims) {
    module(from, to, shape, shape, dims);
  }

  private void module(String from, String to, String weight, String bias, Dims dims) {
    add(rename(from + ".weight", to + ".weight", weight), dims);
    add(rename(from + ".bias", to + ".bias", bias), dims);
  }

  private KeyRule rename(String from, String to, String shape) {
    return KeyRule.rename(names.prefix() + from, to, shape);
  }

  private void add(KeyRule rule, Dims dims) {
    map.rules(List.of(rule), dims);
  }

  private Dims dims(Channels channels) {
    return Dims.none().with("K", channels.in()).with("C", channels.out()).with("S", stages.size());
  }
}
