package org.canbridge.verifiers.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.format.TensorData;
import org.canbridge.runtime.engine.Session;
import org.canbridge.verifiers.CallRunner;

/**
 * One forward pass of a network: every module path and every output can be asked for.
 *
 * @param session the running network; stays the caller's
 */
record NetworkRunner(Session session) implements CallRunner {

  @Override
  public List<String> values() {
    List<String> values = new ArrayList<>(session.graph().modules().keySet());
    values.addAll(session.graph().outputs().keySet());
    return values;
  }

  @Override
  public Map<String, TensorData> run(Map<String, TensorData> inputs, List<String> values) {
    return session.run(inputs, values);
  }
}
