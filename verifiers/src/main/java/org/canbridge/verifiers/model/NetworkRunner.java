package org.canbridge.verifiers.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.format.TensorData;
import org.canbridge.runtime.engine.Session;
import org.canbridge.verifiers.CallRunner;

/**
 * One forward pass of a network: every module path and every output can be asked for, and modules
 * under the paths of the layout that the weights came in.
 *
 * @param session the running network; stays the caller's
 * @param publishedPaths the network's module path by the layout's, where they differ
 */
record NetworkRunner(Session session, Map<String, String> publishedPaths) implements CallRunner {

  @Override
  public List<String> values() {
    List<String> values = new ArrayList<>();
    for (String path : session.graph().modules().keySet()) {
      values.add(path);
      publishedPaths.forEach(
          (published, canonical) -> {
            if (canonical.equals(path)) {
              values.add(published);
            }
          });
    }
    values.addAll(session.graph().outputs().keySet());
    return values;
  }

  @Override
  public Map<String, TensorData> run(Map<String, TensorData> inputs, List<String> values) {
    List<String> canonical =
        values.stream().map(name -> publishedPaths.getOrDefault(name, name)).distinct().toList();
    Map<String, TensorData> results = session.run(inputs, canonical);
    Map<String, TensorData> named = new LinkedHashMap<>();
    values.forEach(name -> named.put(name, results.get(publishedPaths.getOrDefault(name, name))));
    return named;
  }
}
