package org.canbridge.runtime.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TargetTest {
  @ParameterizedTest
  @CsvSource({"cpu, cpu", "cuda, cuda:0", "cuda:12, cuda:12", "mps, mps"})
  void devicesHavePyTorchsNames(String text, String name) {
    assertEquals(name, TorchDevice.parse(text).toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpu", "CPU", "cuda:", "cuda:-1", "cuda:1000", "cpu:0", ""})
  void othersAreRefused(String text) {
    assertEquals(
        "no device is called '" + text + "'; it must be cpu, cuda, cuda:N or mps",
        assertThrows(IllegalArgumentException.class, () -> TorchDevice.parse(text)).getMessage());
  }

  @Test
  void whatIsNotThereIsRefusedWithWhatIs() {
    TorchDevice absent = TorchDevice.parse("cuda:999");
    String there =
        String.join(", ", TorchDevice.here().stream().map(TorchDevice::toString).toList());
    assertEquals(
        "there is no device 'cuda:999' here; this machine has " + there,
        assertThrows(
                IllegalArgumentException.class,
                () -> run(new Target(Optional.of(absent), Precision.F32)))
            .getMessage());
  }

  @Test
  void thePlaceCanBeNamed() {
    assertEquals(3, run(new Target(Optional.of(TorchDevice.CPU), Precision.F32)));
  }

  @Test
  void applesGpusHaveNoFloat64() {
    Optional<TorchDevice> mps = Optional.of(TorchDevice.parse("mps"));
    assertEquals(
        "mps has no float64; take f32 or another device",
        assertThrows(IllegalArgumentException.class, () -> new Target(mps, Precision.F64))
            .getMessage());
  }

  private static float run(Target target) {
    GraphBuilder g = new GraphBuilder();
    g.output("output", g.addScalar(g.input("x", Kind.FLOAT, Shape.batched()), 1));
    try (Session session = Session.open(g.build(), Map.of(), target)) {
      Map<String, TensorData> x = Map.of("x", MemoryTensor.of(new float[] {2}, 1));
      return Tensors.floats(session.run(x, List.of("output")).get("output"))[0];
    }
  }
}
