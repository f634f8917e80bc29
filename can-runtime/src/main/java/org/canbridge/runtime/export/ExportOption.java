package org.canbridge.runtime.export;

import org.apiguardian.api.API;

/** What may be said of an export. A form takes some of them; the others mean nothing to it. */
@API(status = API.Status.STABLE)
public enum ExportOption {
  /** The version of the operators that ONNX is written in. */
  OPSET("--opset"),
  /** One graph that does classifier-free guidance. */
  GUIDED("--guided"),
  /** Weights inside the file rather than beside it. */
  INLINE("--inline"),
  /** No loop over the samples. */
  NO_LOOPS("--no-loops"),
  /** The element type of the weights. */
  DTYPE("--dtype"),
  /** The largest file of weights. */
  MAX_SHARD_SIZE("--max-shard-size"),
  /** A pipeline whose other parts go with the network. */
  PIPELINE("--pipeline"),
  /** A page about the model. */
  MODEL_CARD("--model-card");

  private final String typed;

  ExportOption(String typed) {
    this.typed = typed;
  }

  /** As it is typed. */
  @Override
  public String toString() {
    return typed;
  }
}
