package org.canbridge.experiments;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.List;

/** What training begins with. */
enum Start {
  /** The bundled DiT, which was trained on Fashion-MNIST. */
  TRAINED("trained", 3.5e-5),
  /** The same network with the random weights that its authors begin with. */
  SCRATCH("scratch", 1e-3),
  /** A U-ViT of its width, patches and learning rate with the random weights of its authors. */
  UVIT("uvit", 1e-3);

  /** Learning rates from the checkpoint that are tried beside the usual one. */
  static final List<Double> OTHER_RATES = List.of(1e-5, 1e-4);

  private final String label;
  private final double learningRate;

  Start(String label, double learningRate) {
    this.label = label;
    this.learningRate = learningRate;
  }

  /** The name in results and on the command line. */
  @JsonValue
  String label() {
    return label;
  }

  /** The network as it was published, with which the others of this start are compared. */
  Row base() {
    return this == UVIT ? Row.TOKENS : Row.ADALN;
  }

  /** Networks that begin in this way. */
  List<Row> rows() {
    return this == UVIT
        ? List.of(Row.TOKENS, Row.CAN, Row.CAN_ONLY)
        : Arrays.stream(Row.values())
            .filter(row -> row != Row.TOKENS && (row.isTrained() || this == TRAINED))
            .toList();
  }

  /** Seeds of the main rows, of so many. */
  int seeds(int seeds) {
    return this == UVIT ? 1 : seeds;
  }

  /** The rate after the warm-up, for all rows. */
  double learningRate() {
    return learningRate;
  }
}
