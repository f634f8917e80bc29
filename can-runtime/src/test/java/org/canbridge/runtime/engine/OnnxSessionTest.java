package org.canbridge.runtime.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.runtime.onnx.OnnxLowering;
import org.canbridge.runtime.onnx.OnnxOptions;
import org.canbridge.tensors.ConstantTensor;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.safetensors.SafetensorsFile;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OnnxSessionTest {
  private static final Target TARGET = Target.F32.on(EngineName.ONNXRUNTIME);

  /** {@code output = x + w + 1}, the first sum being a module. */
  private static Graph sum(long width) {
    GraphBuilder g = new GraphBuilder();
    GraphBuilder inner = g.in("inner");
    g.output(
        "output",
        g.addScalar(
            inner.returns(
                inner.add(
                    g.input("x", Kind.FLOAT, Shape.batched(width)), inner.parameter("w", width))),
            1));
    return g.build();
  }

  @Test
  void outputsAndModulesHaveTheirNames() {
    Map<String, TensorData> weights = Map.of("inner.w", MemoryTensor.of(new float[] {1, 2}, 2));
    try (Session session = Session.open(sum(2), weights, TARGET)) {
      Map<String, TensorData> found =
          session.run(
              Map.of("x", MemoryTensor.of(new long[] {10, 20, 30, 40}, 2, 2)),
              List.of("output", "inner"));
      assertEquals(List.of("output", "inner"), List.copyOf(found.keySet()));
      assertEquals(List.of(2L, 2L), found.get("inner").type().shape());
      assertArrayEquals(new float[] {11, 22, 31, 42}, Tensors.floats(found.get("inner")));
      assertArrayEquals(new float[] {12, 23, 32, 43}, Tensors.floats(found.get("output")));
    }
  }

  /** Of a condition-aware network too; and the same bits from another session. */
  @Test
  void everyModuleIsWhatItIsInPyTorch() {
    try (Model model =
            Model.open(Fixtures.of("training-can").resolve("model"), ImportOptions.defaults());
        Session pytorch = model.session(Target.F32);
        Session one = model.session(TARGET);
        Session other = model.session(TARGET)) {
      List<String> values = new ArrayList<>(model.graph().modules().keySet());
      values.addAll(model.graph().outputs().keySet());
      Map<String, TensorData> inputs = new RandomTensors(3).inputs(model.graph(), 3, 4);
      Map<String, TensorData> expected = pytorch.run(inputs, values);
      Map<String, TensorData> found = one.run(inputs, values);
      Map<String, TensorData> again = other.run(inputs, values);
      assertEquals(values, List.copyOf(found.keySet()));
      assertTrue(values.size() > 10, values.toString());
      for (String value : values) {
        float[] right = Tensors.floats(expected.get(value));
        float[] ours = Tensors.floats(found.get(value));
        assertEquals(expected.get(value).type(), found.get(value).type(), value);
        float largest = 0;
        for (float each : right) {
          largest = Math.max(largest, Math.abs(each));
        }
        assertArrayEquals(right, ours, 1e-4f * largest, value);
        assertArrayEquals(ours, Tensors.floats(again.get(value)), value);
      }
    }
  }

  @Test
  void whatDoesNotFitIsRefusedAsByPyTorch() {
    Graph graph = sum(2);
    assertEquals(
        "the weights do not fit the network: inner.w [2] is [3]",
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    Session.open(
                        graph, Map.of("inner.w", MemoryTensor.of(new float[3], 3)), TARGET))
            .getMessage());
    Map<String, TensorData> weights = Map.of("inner.w", MemoryTensor.of(new float[2], 2));
    try (Session session = Session.open(graph, weights, TARGET)) {
      assertEquals(
          "input 'x' (B, 2) is missing",
          assertThrows(
                  IllegalArgumentException.class, () -> session.run(Map.of(), List.of("output")))
              .getMessage());
      Map<String, TensorData> x = Map.of("x", MemoryTensor.of(new float[2], 1, 2));
      assertThrows(IllegalArgumentException.class, () -> session.run(x, List.of("outer")));
    }
  }

  @Test
  void weightsThatAreNotFiniteAreRefused(@TempDir Path folder) throws IOException {
    Path path = folder.resolve("w.safetensors");
    TensorData w = MemoryTensor.of(new float[] {0, Float.NaN}, 2);
    SafetensorsWriter.write(path, Map.of("inner.w", w), Map.of());
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertEquals(
          "the weights are not finite, so nothing can be computed with them\n"
              + "  expected: numbers\n"
              + "  actual: 1 of its 2 values is not finite, at element 1\n"
              + "  file: "
              + path
              + "\n  key: inner.w\n"
              + "  next: get a sound copy of the file, or an earlier checkpoint of the training",
          assertThrows(InputFileException.class, () -> Session.open(sum(2), file.tensors(), TARGET))
              .getMessage());
    }
  }

  @Test
  void aTensorThatIsTooLargeIsRefused() {
    long width = 1L << 29;
    TensorData zeros = ConstantTensor.zeros(TensorType.of(DType.F32, width));
    try (Session session = Session.open(sum(width), Map.of("inner.w", zeros), TARGET)) {
      // One sample of such a width cannot be made either: the weight is looked at first.
      Map<String, TensorData> x =
          Map.of("x", ConstantTensor.zeros(TensorType.of(DType.F32, 1, width)));
      assertEquals(
          "'inner.w' has 2147483648 bytes; onnxruntime takes tensors of 2 GiB at most, pytorch any",
          assertThrows(IllegalArgumentException.class, () -> session.run(x, List.of("output")))
              .getMessage());
    }
  }

  @ParameterizedTest
  @CsvSource({"cpu, BF16", "cpu, F64", "mps, F32"})
  void whatItDoesNotComputeIsRefused(String device, Precision precision) {
    assertEquals(
        "onnxruntime computes in f32, on cpu or cuda; take these or pytorch",
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    new Target(
                        EngineName.ONNXRUNTIME, Optional.of(TorchDevice.parse(device)), precision))
            .getMessage());
  }

  @Test
  void aGpuNeedsAnotherBuildOfTheLibrary() {
    Target cuda =
        new Target(EngineName.ONNXRUNTIME, Optional.of(TorchDevice.parse("cuda:1")), Precision.F32);
    assertEquals(
        "the ONNX Runtime here runs on cpu alone; for 'cuda:1' put"
            + " com.microsoft.onnxruntime:onnxruntime_gpu "
            + OnnxRuntime.version()
            + " in the place of onnxruntime, with the CUDA and cuDNN that it names",
        assertThrows(IllegalArgumentException.class, () -> Session.open(sum(2), Map.of(), cuda))
            .getMessage());
  }

  @Test
  void onlyPyTorchTrains() {
    assertEquals(
        "onnxruntime does not do this; take pytorch",
        assertThrows(IllegalArgumentException.class, () -> Arithmetic.here(TARGET)).getMessage());
  }

  @Test
  void aModelRunsFromItsFile(@TempDir Path folder) throws IOException {
    TensorData w = MemoryTensor.of(new float[] {1, 2}, 2);
    Path file = folder.resolve("model.onnx");
    Files.write(
        file,
        OnnxLowering.of(sum(2), List.of("output"), OnnxOptions.defaults())
            .model(weight -> weight.inside(w), Map.of("key", "value"))
            .toByteArray());
    try (OnnxModel model = OnnxModel.open(file, Optional.empty())) {
      assertEquals(Map.of("key", "value"), model.metadata());
      assertEquals(Map.of("x", List.of(-1L, 2L)), model.inputs());
      assertEquals(List.of("output"), model.outputs());
      TensorData x = MemoryTensor.of(new long[] {10, 20}, 1, 2);
      assertArrayEquals(
          new float[] {12, 23},
          Tensors.floats(model.run(Map.of("x", x), List.of("output")).get("output")));
      assertEquals(
          "input 'x' [-1, 2] is missing",
          assertThrows(IllegalArgumentException.class, () -> model.run(Map.of(), List.of("output")))
              .getMessage());
    }
    Files.write(file, new byte[] {1, 2, 3});
    assertEquals(
        "ONNX Runtime does not open this model\n"
            + "  expected: an ONNX model, with the file of its weights where it says\n"
            + "  actual: Error code - ORT_INVALID_PROTOBUF - message: Load model from "
            + file
            + " failed:Protobuf parsing failed.\n  file: "
            + file
            + "\n  next: check that all of its files are there, or export it again",
        assertThrows(InputFileException.class, () -> OnnxModel.open(file, Optional.empty()))
            .getMessage());
  }

  @Test
  void whatTheRuntimeRefusesIsSaid() {
    assertEquals(
        "ONNX Runtime cannot open this network\n"
            + "  actual: Error code - ORT_INVALID_PROTOBUF - message: Failed to load model because"
            + " protobuf parsing failed.\n"
            + "  next: --engine pytorch runs the model",
        assertThrows(
                OnnxRuntimeException.class,
                () -> OnnxModel.open(new byte[] {1, 2, 3}, Map.of(), Optional.empty()))
            .getMessage());
  }

  @Test
  void whatCannotBeLoadedIsSaid() {
    Throwable cause =
        new ExceptionInInitializerError(new IllegalStateException(new IOException("disk full")));
    assertEquals(
        "ONNX Runtime's native library cannot be loaded\n"
            + "  actual: java.io.IOException: disk full ("
            + System.getProperty("os.name")
            + " "
            + System.getProperty("os.arch")
            + ")\n  next: it is there for Linux and macOS on ARM, Linux and Windows on x86-64, and"
            + " needs a writable "
            + System.getProperty("java.io.tmpdir")
            + "; --engine pytorch does without it",
        OnnxRuntimeException.notLoaded(cause).getMessage());
  }
}
