package org.canbridge.runtime.can;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.family.Control;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.onnx.OnnxOptions;
import org.canbridge.runtime.onnx.OnnxType;
import org.canbridge.runtime.onnx.SameInOnnx;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks made condition-aware in every layer, in all versions and types of ONNX. */
class OnnxTypesTest {

  @ParameterizedTest
  @ValueSource(ints = {18, 19, 20, 21})
  void everyVersion(int opset) {
    for (TinyNetworks network : TinyNetworks.values()) {
      check(network, OnnxOptions.defaults().withOpset(opset), 1e-4);
    }
  }

  @ParameterizedTest
  @EnumSource(TinyNetworks.class)
  void withoutLoops(TinyNetworks network) {
    check(network, OnnxOptions.defaults().withoutLoops(), 1e-4);
  }

  /** Against float32 with the same weights: what is left is the arithmetic. */
  @ParameterizedTest
  @EnumSource(TinyNetworks.class)
  void float16(TinyNetworks network) {
    check(network, OnnxOptions.defaults().with(OnnxType.F16), 1e-2);
    check(network, OnnxOptions.defaults().with(OnnxType.F16).withoutLoops(), 1e-2);
  }

  /** Only weights are narrow. */
  @ParameterizedTest
  @EnumSource(TinyNetworks.class)
  void bfloat16(TinyNetworks network) {
    check(network, OnnxOptions.defaults().with(OnnxType.BF16), 1e-4);
  }

  private static void check(TinyNetworks network, OnnxOptions options, double limit) {
    Graph base = network.graph(Control.KEEP);
    CanPlan plan = network.plan(List.of(CanTarget.values()), CanCondition.ALL);
    Graph can = CanRewriter.rewrite(base, CanPreset.spec(base, plan));
    Map<String, TensorData> weights = new LinkedHashMap<>();
    TinyNetworks.weights(can, 11)
        .forEach(
            (name, weight) ->
                weights.put(
                    name, Tensors.as(Tensors.as(weight, options.type().dtype()), DType.F32)));
    SameInOnnx.check(can, weights, options, limit);
  }
}
