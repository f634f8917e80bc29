package org.canbridge.runtime.family;

import java.nio.file.Path;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.TensorData;

/** An encoder of texts, with the tokenizer that it was trained with. */
public interface TextModel {

  /** Cuts texts into tokens. */
  interface Tokenizer extends AutoCloseable {
    /** The ids {@code (1, tokens)} of a text, cut or padded to this number of tokens. */
    TensorData encode(String text, int tokens);

    /** The end of a text that does not fit into this number of tokens; empty if all of it does. */
    String lost(String text, int tokens);

    @Override
    void close();
  }

  /** Whether its features are what a model takes. */
  boolean gives(TextInput input);

  /** The graph for texts of one length: {@code input_ids (B, N)} to {@link #features}. */
  Graph graph(int tokens);

  /** Name of the output {@code (B, N, D)} that text-conditional models take. */
  String features();

  /**
   * The tokenizer.
   *
   * @param folder of the published model, with the tokenizer's files
   * @throws org.canbridge.tensors.files.InputFileException if one is missing or wrong
   */
  Tokenizer tokenizer(Path folder);
}
