package org.canbridge.runtime.engine.torchscript;

/**
 * How statements say in which type they compute: in one that is known when they are written, or in
 * one that a call tells.
 *
 * @param own the type, as an expression
 * @param wide the type of what must not be rounded to fewer bits than float32 has
 * @param input the type to which inputs are brought; {@code None} if they have it
 * @param result the type in which results are handed out; {@code None} if that is {@code own}
 * @param single whether values that were computed in float32 have the own type
 * @param timestep the type to which timesteps are brought; {@code None} if they have it
 */
record Numbers(
    String own, String wide, String input, String result, boolean single, String timestep) {
  private static final String SINGLE = ScalarType.FLOAT32.toString();

  /** A type that is known. */
  static Numbers of(ScalarType type) {
    String own = type.toString();
    String wide = type.atLeastFloat32().toString();
    boolean narrow = !own.equals(wide);
    return new Numbers(
        own,
        wide,
        // Timesteps must reach the sinusoid unrounded: bfloat16 has 8 bits, so 999 would be 1000.
        narrow ? own : Torch.NONE,
        narrow ? wide : Torch.NONE,
        type == ScalarType.FLOAT32,
        type == ScalarType.FLOAT64 ? SINGLE : Torch.NONE);
  }

  /**
   * A type that stands in a variable when the program runs.
   *
   * @param own the variable
   * @param wide another one, which holds the wider type
   */
  static Numbers variable(String own, String wide) {
    return new Numbers(own, wide, own, Torch.NONE, false, SINGLE);
  }

  /** A value that was computed in float32, as the rest of the network computes. */
  String own(String value) {
    return single ? value : Torch.to(value, own);
  }

  /** A value of the own type in one that does not round to few bits. */
  String wide(String value) {
    return own.equals(wide) ? value : Torch.to(value, wide);
  }

  /** An argument that is no timestep. */
  String input(String value) {
    return cast(value, input);
  }

  /** A timestep as the sinusoid takes it, which is float32 by definition. */
  String timestep(String value) {
    return cast(value, timestep);
  }

  /** A value as it is handed out. */
  String result(String value) {
    return cast(value, result);
  }

  private static String cast(String value, String type) {
    return type.equals(Torch.NONE) ? value : Torch.to(value, type);
  }
}
