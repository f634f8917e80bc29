package org.canbridge.verifiers.family.efficientvit;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.verifiers.CallRunner;

/**
 * A network that was given a condition which its recorded runs do not know: zero stands for what is
 * missing.
 *
 * @param network runs it
 * @param graph says which inputs it takes
 */
record Conditioned(CallRunner network, Graph graph) implements CallRunner {

  @Override
  public List<String> values() {
    return network.values();
  }

  @Override
  public Map<String, TensorData> run(Map<String, TensorData> inputs, List<String> values) {
    Map<String, TensorData> all = new LinkedHashMap<>(inputs);
    int batch = Math.toIntExact(inputs.get("x").type().shape().get(0));
    for (Op.Input input : graph.inputs()) {
      all.computeIfAbsent(
          input.name(),
          name ->
              input.kind() == Kind.INT
                  ? MemoryTensor.of(new long[batch], batch)
                  : MemoryTensor.of(new float[batch], batch));
    }
    return network.run(all, values);
  }
}
