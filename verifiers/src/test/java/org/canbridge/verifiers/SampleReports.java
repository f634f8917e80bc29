package org.canbridge.verifiers;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;

/** Reports with known content for the tests of their views. */
public final class SampleReports {
  /** A digest of the right form. */
  public static final String DIGEST = "0123456789abcdef".repeat(4);

  private static final Tolerance TOLERANCE = new Tolerance(0.5, 0.25, "a test");

  private SampleReports() {}

  /** Every outcome, and a name that would do harm if it were not cleaned. */
  public static ParityReport failed() {
    List<Comparison> forward =
        List.of(
            compare("activation.stem", new double[] {2, 4}, new double[] {2, 4.5}),
            compare("activation.layer.0", new double[] {4, 2}, new double[] {4, -1}),
            compare("activation.layer.1", new double[] {4, 2}, new double[] {4, Double.NaN}),
            Comparison.of(
                "activation.shape", vector(1, 2), MemoryTensor.of(new double[2], 1, 2), TOLERANCE),
            Comparison.of(
                "activation.type", vector(1, 2), MemoryTensor.of(new long[2], 2), TOLERANCE),
            Comparison.missing(
                "activation.<b>\u001b[31m&\"'",
                TensorType.of(DType.F32, 3),
                "the model has no value 'x'"),
            Comparison.notChecked(
                "output", TensorType.of(DType.F32, 2), "the file has no such weights"));
    List<Comparison> cfg = List.of(Comparison.unexpected("surprise", TensorType.of(DType.F32)));
    return report(
        List.of(new CallReport("forward", 0.25, forward), new CallReport("cfg", 1.5, cfg)));
  }

  /** One equal tensor. */
  public static ParityReport passed() {
    return report(
        List.of(
            new CallReport(
                "forward",
                0.5,
                List.of(compare("output", new double[] {2, 4}, new double[] {2, 4.5})))));
  }

  /** Nothing was compared. */
  public static ParityReport empty() {
    return report(
        List.of(
            new CallReport(
                "forward",
                0,
                List.of(Comparison.notChecked("output", TensorType.of(DType.F32), "why not")))));
  }

  private static ParityReport report(List<CallReport> calls) {
    Map<String, String> environment = new LinkedHashMap<>();
    environment.put("precision", "f32");
    environment.put("engine", "none");
    return new ParityReport(
        "model.pt", Optional.of(DIGEST), Optional.of("model.pt"), "tiny.case", environment, calls);
  }

  private static Comparison compare(String name, double[] expected, double[] actual) {
    return Comparison.of(name, vector(expected), vector(actual), TOLERANCE);
  }

  private static TensorData vector(double... values) {
    return MemoryTensor.of(values, values.length);
  }
}
