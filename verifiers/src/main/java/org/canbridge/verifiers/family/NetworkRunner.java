package org.canbridge.verifiers.family;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.engine.Session;
import org.canbridge.tensors.TensorData;
import org.canbridge.verifiers.CallRunner;

/**
 * One forward pass of a network: every module path and every output can be asked for.
 *
 * @param session the running network; stays the caller's
 * @param names what can be asked for, in execution order, to the graph's names of it
 */
record NetworkRunner(Session session, Map<String, String> names) implements CallRunner {

  /** Keeps the order. */
  NetworkRunner {
    names = Collections.unmodifiableMap(new LinkedHashMap<>(names));
  }

  @Override
  public List<String> values() {
    return List.copyOf(names.keySet());
  }

  @Override
  public Map<String, TensorData> run(Map<String, TensorData> inputs, List<String> values) {
    Map<String, TensorData> byGraphName =
        session.run(inputs, values.stream().map(names::get).distinct().toList());
    Map<String, TensorData> results = new LinkedHashMap<>();
    values.forEach(value -> results.put(value, byGraphName.get(names.get(value))));
    return results;
  }
}
