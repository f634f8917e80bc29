package org.canbridge.runtime.diffusion;

/** The two ways in which a scale of classifier-free guidance is meant. */
public enum GuidanceForm {
  /** {@code null + s (conditional - null)}: 1 is no guidance. DiT and most others. */
  INTERPOLATED("interpolated") {
    @Override
    public double scale(double s) {
      return s;
    }
  },
  /** {@code conditional + s (conditional - null)}: 0 is no guidance. U-ViT. */
  ADDED("added") {
    @Override
    public double scale(double s) {
      return 1 + s;
    }
  };

  private final String text;

  GuidanceForm(String text) {
    this.text = text;
  }

  /** The scale in the form in which {@link GuidedNetwork} takes it. */
  public abstract double scale(double s);

  /** The name on the command line. */
  @Override
  public String toString() {
    return text;
  }
}
