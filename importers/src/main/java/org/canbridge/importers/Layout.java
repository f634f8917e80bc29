package org.canbridge.importers;

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
   * The rules for one network.
   *
   * @param known arguments as {@link #infer} found them; those that could not be read off are
   *     absent, and the sizes that depend on them unknown
   */
  KeyMap keyMap(Arguments known);
}
