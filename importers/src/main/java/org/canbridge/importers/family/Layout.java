package org.canbridge.importers.family;

import java.util.Optional;
import org.canbridge.importers.keys.KeyMap;

/**
 * One way in which the weights of a family are published: the authors' own state dict, that of a
 * library, an older one. A layout knows names and shapes, no file format, and it never reads data
 * unless {@link #infer} must compare tensors.
 */
public interface Layout {

  /** The name in messages and provenance, e.g. {@code official}. */
  String name();

  /** How its tensors are recognised. */
  Signature signature();

  /** Reads the arguments off the shapes; must take damaged files. */
  Inference infer(StateDict weights);

  /**
   * Adds the arguments that follow from the shapes only once every question is answered.
   *
   * @param known what {@link #infer} found, with the answers
   * @throws IllegalArgumentException if the answers and the shapes contradict each other
   */
  default Arguments complete(Arguments known, StateDict weights) {
    return known;
  }

  /** What a user must know about networks of this layout, in one sentence. */
  default Optional<String> remark() {
    return Optional.empty();
  }

  /** The library's own {@code config.json}, for a layout that is published with one. */
  default Optional<PublishedConfiguration> configuration() {
    return Optional.empty();
  }

  /**
   * What this layout calls a module of the canonical layout; reference outputs of one library name
   * the modules as that library does.
   *
   * @param canonical module path, e.g. {@code blocks.0.attn}
   * @param arguments all arguments of the network
   */
  default String publishedModule(String canonical, Arguments arguments) {
    return canonical;
  }

  /**
   * The rules for one network.
   *
   * @param known arguments as {@link #infer} found them; those that could not be read off are
   *     absent, and the sizes that depend on them unknown
   */
  KeyMap keyMap(Arguments known);
}
