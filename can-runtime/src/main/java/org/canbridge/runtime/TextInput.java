package org.canbridge.runtime;

import java.util.Optional;
import org.canbridge.importers.ModelConfig;
import org.canbridge.importers.cat.CatCondition;
import org.canbridge.importers.cat.CatConfig;
import org.canbridge.importers.uvit.UvitCondition;
import org.canbridge.importers.uvit.UvitConfig;

/**
 * The features of a text that a text-conditional model takes, {@code (tokens, width)}.
 *
 * @param tokens number of tokens
 * @param width width of one token's features
 */
public record TextInput(int tokens, int width) {

  /** What a model takes; empty if it is not conditioned on text. */
  public static Optional<TextInput> of(ModelConfig config) {
    if (config instanceof UvitConfig uvit && uvit.condition() instanceof UvitCondition.Text text) {
      return Optional.of(new TextInput(text.numClipToken(), text.clipDim()));
    }
    if (config instanceof CatConfig cat && cat.condition() instanceof CatCondition.Text text) {
      return Optional.of(new TextInput(text.numClipToken(), text.clipDim()));
    }
    return Optional.empty();
  }

  @Override
  public String toString() {
    return tokens + "x" + width;
  }
}
