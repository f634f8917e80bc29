package org.canbridge.runtime.family.clip;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.canbridge.importers.clip.ClipTextConfig;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.family.TextInput;
import org.canbridge.runtime.family.TextModel;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.TensorData;

/**
 * CLIP's text encoder.
 *
 * @param config its arguments
 */
public record ClipTextRuntime(ClipTextConfig config) implements RuntimeFamily, TextModel {

  @Override
  public Graph graph() {
    return graph(config.maxPositionEmbeddings());
  }

  @Override
  public Optional<TextModel> textModel() {
    return Optional.of(this);
  }

  @Override
  public boolean gives(TextInput input) {
    return config.hiddenSize() == input.width() && config.maxPositionEmbeddings() >= input.tokens();
  }

  @Override
  public Graph graph(int tokens) {
    return ClipText.graph(config, ClipText.Padding.SEEN, tokens);
  }

  @Override
  public String features() {
    return "last_hidden_state";
  }

  @Override
  public Tokenizer tokenizer(Path folder) {
    ClipTokenizer tokenizer = ClipTokenizer.open(folder);
    return new Tokenizer() {
      @Override
      public TensorData encode(String text, int tokens) {
        return tokenizer.encode(List.of(text), tokens).inputIds();
      }

      @Override
      public String lost(String text, int tokens) {
        return tokenizer.lost(text, tokens);
      }

      @Override
      public void close() {
        tokenizer.close();
      }
    };
  }
}
