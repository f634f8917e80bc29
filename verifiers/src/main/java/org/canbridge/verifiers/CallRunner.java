package org.canbridge.verifiers;

import java.util.List;
import java.util.Map;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;

/** Runs what is to be verified in one way, e.g. one forward pass of a network. */
public interface CallRunner {

  /**
   * Names of everything that {@link #run} can return, in execution order: module paths of the
   * published state dict, and outputs. The order decides which layer a report names as the first
   * that differs.
   */
  List<String> values();

  /**
   * Runs it.
   *
   * @param inputs by name, as the {@link Call} says
   * @param values what to return, all of it from {@link #values()}, in that order
   * @return the values by name
   */
  Map<String, TensorData> run(Map<String, TensorData> inputs, List<String> values);

  /** The arithmetic inside, which chooses the row of {@link Tolerance#of}. */
  default DType arithmetic() {
    return DType.F32;
  }
}
