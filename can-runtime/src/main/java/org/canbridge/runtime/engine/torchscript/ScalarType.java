package org.canbridge.runtime.engine.torchscript;

/** Element types as serialized TorchScript has them: the numbers of {@code c10::ScalarType}. */
public enum ScalarType {
  /** 64-bit integers. */
  INT64(4),
  /** IEEE single precision. */
  FLOAT32(6),
  /** IEEE double precision. */
  FLOAT64(7),
  /** The upper half of a single. */
  BFLOAT16(15);

  private final int number;

  ScalarType(int number) {
    this.number = number;
  }

  /** The number, as text. */
  @Override
  public String toString() {
    return Integer.toString(number);
  }

  /** The type of what must not be rounded to 8 bits. */
  ScalarType atLeastFloat32() {
    return this == BFLOAT16 ? FLOAT32 : this;
  }
}
