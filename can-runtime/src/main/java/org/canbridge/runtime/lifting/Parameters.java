package org.canbridge.runtime.lifting;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Initializer.Usual;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.TransposedMatrix;
import org.canbridge.tensors.onnx.OnnxModel;
import org.canbridge.tensors.onnx.OnnxNode;

/**
 * The parameters of the network that is read: which initializer each is, and under which name. A
 * layer's are {@code <layer>.weight} and {@code <layer>.bias}.
 */
final class Parameters {
  private static final List<String> ENDS = List.of(".weight", ".bias", "_weight", "_bias");
  private static final String CONSTANTS = "constants.";

  private final OnnxModel model;
  private final GraphBuilder g;
  private final Map<String, TensorData> tensors = new LinkedHashMap<>();
  private final Map<String, String> origins = new HashMap<>();
  private final Map<String, String> layers = new HashMap<>();

  Parameters(OnnxModel model, GraphBuilder g) {
    this.model = model;
    this.g = g;
  }

  /** What each parameter holds, by its name here. */
  Map<String, TensorData> tensors() {
    return tensors;
  }

  /** The initializer that each parameter comes from, by its name here. */
  Map<String, String> origins() {
    return origins;
  }

  /** The initializer as who uses it sees it. */
  Value.Weight weight(Value value) {
    if (value instanceof Numbers numbers) {
      View.check(!numbers.integer(), "weights of whole numbers");
      float[] floats = new float[numbers.count()];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = (float) numbers.values()[i];
      }
      long[] shape = numbers.shape().stream().mapToLong(s -> s).toArray();
      return new Value.Weight(numbers.name(), MemoryTensor.of(floats, shape));
    }
    View.check(value instanceof Value.Weight, "a weight that is computed");
    return (Value.Weight) value;
  }

  /** A value as a tensor; an initializer becomes a parameter of its own. */
  View view(Value value) {
    if (value instanceof Value.Tensor tensor) {
      return tensor.view();
    }
    if (value instanceof Numbers || value instanceof Value.Weight) {
      Value.Weight weight = weight(value);
      String name =
          model.tensors().containsKey(weight.name()) && model.isNamed(weight.name())
              ? weight.name()
              : CONSTANTS + plain(weight.name());
      return View.of(parameter(name, weight.name(), weight.data()));
    }
    throw new IllegalArgumentException(
        "part of a pattern that is not known here: "
            + value.getClass().getSimpleName().toLowerCase(Locale.ROOT));
  }

  private static String plain(String name) {
    return name.replaceAll("[^A-Za-z0-9_.]+", "_").replaceAll("^_+", "");
  }

  /** A parameter; two of one name are one, or the second has another name. */
  Node parameter(String name, String origin, TensorData data) {
    String free = name;
    for (int i = 2; tensors.containsKey(free) && !same(free, origin, data); i++) {
      free = name + "_" + i;
    }
    tensors.put(free, data);
    origins.put(free, origin);
    long[] sizes = data.type().shape().stream().mapToLong(s -> s).toArray();
    return g.at("").parameter(new Op.Parameter(free, Shape.of(sizes), Usual.FAN_IN));
  }

  private boolean same(String name, String origin, TensorData data) {
    return origins.get(name).equals(origin)
        && tensors.get(name).type().equals(data.type())
        && (tensors.get(name) instanceof TransposedMatrix) == (data instanceof TransposedMatrix);
  }

  /**
   * The path of a layer: by the name of its weight, else of its bias, else of the module that the
   * node belongs to, else the node's own.
   */
  String layer(OnnxNode node, String weight, Optional<String> bias) {
    String path =
        named(weight)
            .or(() -> bias.flatMap(this::named))
            .or(node::module)
            .orElseGet(() -> plain(node.name()));
    String free = path;
    for (int i = 2; layers.containsKey(free) && !layers.get(free).equals(weight); i++) {
      free = path + "_" + i;
    }
    layers.put(free, weight);
    return free;
  }

  private Optional<String> named(String tensor) {
    if (!model.tensors().containsKey(tensor) || !model.isNamed(tensor)) {
      return Optional.empty();
    }
    return Optional.of(
        ENDS.stream()
            .filter(tensor::endsWith)
            .findFirst()
            .map(end -> tensor.substring(0, tensor.length() - end.length()))
            .filter(path -> !path.isEmpty())
            .orElse(tensor));
  }

  /** Whether a value is a constant of one number throughout, as exporters write absent weights. */
  boolean isAll(Value value, double number) {
    if (value instanceof Numbers numbers) {
      return Arrays.stream(numbers.values()).allMatch(v -> v == number);
    }
    return value instanceof Value.Weight weight
        && !model.isNamed(weight.name())
        && weight.data().type().elements() <= Numbers.MOST
        && Arrays.stream(Tensors.doubles(weight.data())).allMatch(v -> v == number);
  }
}
