package org.canbridge.verifiers;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;

/** A runner that returns given values and remembers what it was asked. */
public final class Replay implements CallRunner {
  final Map<String, TensorData> values = new LinkedHashMap<>();
  public Map<String, TensorData> inputs;
  List<String> asked;
  DType arithmetic = DType.F32;
  public int runs;

  @Override
  public List<String> values() {
    return new ArrayList<>(values.keySet());
  }

  @Override
  public Map<String, TensorData> run(Map<String, TensorData> given, List<String> names) {
    runs++;
    inputs = given;
    asked = names;
    Map<String, TensorData> results = new LinkedHashMap<>();
    names.forEach(n -> results.put(n, values.get(n)));
    return results;
  }

  @Override
  public DType arithmetic() {
    return arithmetic;
  }

  /** The subject that answers each call with the bundle's own tensors. */
  public static Map<String, CallRunner> runners(ReferenceBundle bundle, CallPlan plan) {
    Map<String, CallRunner> runners = new LinkedHashMap<>();
    for (Call call : plan.calls()) {
      Replay replay = new Replay();
      bundle
          .activations()
          .forEach((path, t) -> call.pathOf(path).ifPresent(p -> replay.values.put(p, t)));
      bundle
          .outputs()
          .forEach(
              (key, t) -> {
                if (plan.callFor(key).filter(call::equals).isPresent()) {
                  replay.values.put(call.valueOf(key), t);
                }
              });
      runners.put(call.name(), replay);
    }
    return runners;
  }

  public static Subject subject(Map<String, CallRunner> runners) {
    return new Subject("replay", Optional.empty(), Map.of(), runners);
  }
}
