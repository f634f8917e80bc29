package org.canbridge.importers.family;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The paths between an image and noise that models are trained on, with the parameters that each
 * has in an {@link Objective}. A new path is one constant here and its mathematics in the runtime.
 */
public enum PathKind {
  /**
   * A variance-preserving process in discrete steps (Ho et al. 2020): {@code steps} and the form
   * {@code betas} of the betas from {@code beta_start} to {@code beta_end}.
   */
  VP_DISCRETE("vp-discrete") {
    @Override
    public Arguments usual() {
      return Arguments.none()
          .with("steps", 1000)
          .with("betas", "linear")
          .with("beta_start", 0.0001)
          .with("beta_end", 0.02);
    }

    @Override
    void read(Arguments.Reader reader) {
      reader.integer("steps", 2, MAX_STEPS);
      reader.word("betas", BETAS);
      reader.positive("beta_start");
      reader.positive("beta_end");
    }
  },
  /**
   * The variance-preserving process in continuous time with a beta that rises linearly from {@code
   * beta_min} to {@code beta_max} (Song et al. 2021).
   */
  VP_CONTINUOUS("vp-continuous") {
    @Override
    public Arguments usual() {
      return linearVp();
    }

    @Override
    void read(Arguments.Reader reader) {
      readLinearVp(reader);
    }
  },
  /** The straight path of flow matching, {@code alpha = t, sigma = 1 - t}. */
  FLOW_LINEAR("flow-linear"),
  /** SiT's generalised variance-preserving path, sine and cosine of {@code pi t / 2}. */
  FLOW_GVP("flow-gvp"),
  /** The process of {@link #VP_CONTINUOUS} as SiT passes it: in equal steps of its time. */
  FLOW_VP("flow-vp") {
    @Override
    public Arguments usual() {
      return linearVp();
    }

    @Override
    void read(Arguments.Reader reader) {
      readLinearVp(reader);
    }
  };

  /** Far above any real one (1000). */
  private static final int MAX_STEPS = 100_000;

  /** The forms of betas, under diffusers' names. */
  private static final List<String> BETAS = List.of("linear", "scaled_linear", "squaredcos_cap_v2");

  private final String text;

  PathKind(String text) {
    this.text = text;
  }

  /** The parameters with the values that most models have. */
  public Arguments usual() {
    return Arguments.none();
  }

  /** Checks the parameters. */
  void read(Arguments.Reader reader) {}

  private static Arguments linearVp() {
    return Arguments.none().with("beta_min", 0.1).with("beta_max", 20.0);
  }

  private static void readLinearVp(Arguments.Reader reader) {
    reader.positive("beta_min");
    reader.positive("beta_max");
  }

  /** Whether it is a path of flow matching, with a velocity. */
  public boolean isFlow() {
    return this != VP_DISCRETE && this != VP_CONTINUOUS;
  }

  /** Whether alpha and sigma lie on a circle, so that v-prediction makes sense. */
  boolean preservesVariance() {
    return this != FLOW_LINEAR;
  }

  /** The name in an objective. */
  @Override
  public String toString() {
    return text;
  }

  /** The path of this name. */
  static Optional<PathKind> named(String text) {
    return Arrays.stream(values()).filter(each -> each.text.equals(text)).findFirst();
  }

  /** All names. */
  public static List<String> names() {
    return Arrays.stream(values()).map(PathKind::toString).toList();
  }
}
