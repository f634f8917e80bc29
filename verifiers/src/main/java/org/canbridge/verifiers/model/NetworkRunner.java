package org.canbridge.verifiers.model;

<<<<<<< HEAD
import java.util.Collections;
=======
import java.util.ArrayList;
>>>>>>> h-diffusers
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
<<<<<<< HEAD
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
=======
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
>>>>>>> h-diffusers
  }

  @Override
  public Map<String, TensorData> run(Map<String, TensorData> inputs, List<String> values) {
<<<<<<< HEAD
    Map<String, TensorData> byGraphName =
        session.run(inputs, values.stream().map(names::get).distinct().toList());
    Map<String, TensorData> results = new LinkedHashMap<>();
    values.forEach(value -> results.put(value, byGraphName.get(names.get(value))));
    return results;
=======
    List<String> canonical =
        values.stream().map(name -> publishedPaths.getOrDefault(name, name)).distinct().toList();
    Map<String, TensorData> results = session.run(inputs, canonical);
    Map<String, TensorData> named = new LinkedHashMap<>();
    values.forEach(name -> named.put(name, results.get(publishedPaths.getOrDefault(name, name))));
    return named;
>>>>>>> h-diffusers
  }
}
