package org.canbridge.importers.keys;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.Tensors;

/**
 * What a rule does to the tensors on the way from a published layout to the canonical one. All are
 * pure and lazy: they give tensors whose bytes are taken from the inputs when asked for. Each has
 * an inverse that gives the inputs back byte for byte.
 */
public sealed interface Transform {

  /**
   * The outputs.
   *
   * @param inputs tensors whose shapes are those of the rule's sources
   * @param shapes the shapes of the outputs
   * @throws IllegalArgumentException if the shapes of inputs and outputs do not belong together,
   *     which is a mistake in the rule
   */
  List<TensorData> apply(List<TensorData> inputs, List<List<Long>> shapes);

  /** The transform that undoes this one. */
  Transform inverse();

  /** Refuses numbers of tensors that the transform does not have. */
  void checkArity(int inputs, int outputs);

  /** One word for tables of keys, e.g. {@code concat}. */
  String label();

  /**
   * What is wrong with the inputs' values, for a transform that relies on them; this reads the
   * data, all others do not.
   */
  default Optional<String> findFault(List<TensorData> inputs) {
    return Optional.empty();
  }

  /** Nothing: the mapping of the file stays the mapping. */
  record Copy() implements Transform {
    @Override
    public List<TensorData> apply(List<TensorData> inputs, List<List<Long>> shapes) {
      TransformCheck.shapes(
          inputs.get(0).type().shape().equals(shapes.get(0)), this, inputs, shapes);
      return inputs;
    }

    @Override
    public Transform inverse() {
      return this;
    }

    @Override
    public void checkArity(int inputs, int outputs) {
      TransformCheck.arity(inputs == 1 && outputs == 1, this, inputs, outputs);
    }

    @Override
    public String label() {
      return "copy";
    }
  }

  /**
   * Axes in another order.
   *
   * @param order axis {@code a} of the output is axis {@code order.get(a)} of the input
   */
  record Transpose(List<Integer> order) implements Transform {

    /** Checks that {@code order} is a permutation. */
    public Transpose {
      order = List.copyOf(order);
      List<Integer> sorted = new ArrayList<>(order);
      Collections.sort(sorted);
      for (int axis = 0; axis < sorted.size(); axis++) {
        if (sorted.get(axis) != axis) {
          throw new IllegalArgumentException("not a permutation: " + order);
        }
      }
    }

    @Override
    public List<TensorData> apply(List<TensorData> inputs, List<List<Long>> shapes) {
      List<Long> from = inputs.get(0).type().shape();
      boolean fits = from.size() == order.size();
      List<Long> to = fits ? order.stream().map(from::get).toList() : from;
      TransformCheck.shapes(fits && to.equals(shapes.get(0)), this, inputs, shapes);
      return List.of(new TransposedTensor(inputs.get(0), order));
    }

    @Override
    public Transform inverse() {
      Integer[] back = new Integer[order.size()];
      for (int axis = 0; axis < back.length; axis++) {
        back[order.get(axis)] = axis;
      }
      return new Transpose(List.of(back));
    }

    @Override
    public void checkArity(int inputs, int outputs) {
      TransformCheck.arity(inputs == 1 && outputs == 1, this, inputs, outputs);
    }

    @Override
    public String label() {
      return "transpose";
    }
  }

  /** Another shape for the same elements in the same order. */
  record Reshape() implements Transform {
    @Override
    public List<TensorData> apply(List<TensorData> inputs, List<List<Long>> shapes) {
      TensorData input = inputs.get(0);
      TensorType type = new TensorType(input.type().dtype(), shapes.get(0));
      TransformCheck.shapes(type.elements() == input.type().elements(), this, inputs, shapes);
      return List.of(new ReshapedTensor(input, type));
    }

    @Override
    public Transform inverse() {
      return this;
    }

    @Override
    public void checkArity(int inputs, int outputs) {
      TransformCheck.arity(inputs == 1 && outputs == 1, this, inputs, outputs);
    }

    @Override
    public String label() {
      return "reshape";
    }
  }

  /**
   * Inputs side by side along an axis.
   *
   * @param axis counted from the outermost
   */
  record Concat(int axis) implements Transform {
    @Override
    public List<TensorData> apply(List<TensorData> inputs, List<List<Long>> shapes) {
      List<List<Long>> parts = inputs.stream().map(input -> input.type().shape()).toList();
      TransformCheck.shapes(
          TransformCheck.partsMakeWhole(axis, parts, shapes.get(0)), this, inputs, shapes);
      return List.of(
          new ConcatTensor(
              new TensorType(inputs.get(0).type().dtype(), shapes.get(0)), inputs, axis));
    }

    @Override
    public Transform inverse() {
      return new Split(axis);
    }

    @Override
    public void checkArity(int inputs, int outputs) {
      TransformCheck.arity(inputs > 1 && outputs == 1, this, inputs, outputs);
    }

    @Override
    public String label() {
      return "concat";
    }
  }

  /**
   * The input cut along an axis, into pieces as long as the rule's targets say.
   *
   * @param axis counted from the outermost
   */
  record Split(int axis) implements Transform {
    @Override
    public List<TensorData> apply(List<TensorData> inputs, List<List<Long>> shapes) {
      TensorData whole = inputs.get(0);
      TransformCheck.shapes(
          TransformCheck.partsMakeWhole(axis, shapes, whole.type().shape()), this, inputs, shapes);
      List<TensorData> parts = new ArrayList<>();
      long start = 0;
      for (List<Long> shape : shapes) {
        parts.add(new SliceTensor(whole, new TensorType(whole.type().dtype(), shape), axis, start));
        start += shape.get(axis);
      }
      return parts;
    }

    @Override
    public Transform inverse() {
      return new Concat(axis);
    }

    @Override
    public void checkArity(int inputs, int outputs) {
      TransformCheck.arity(inputs == 1 && outputs > 1, this, inputs, outputs);
    }

    @Override
    public String label() {
      return "split";
    }
  }

  /** Inputs that repeat one tensor: the first stands for all, once they are known to be equal. */
  record Merge() implements Transform {
    @Override
    public List<TensorData> apply(List<TensorData> inputs, List<List<Long>> shapes) {
      TransformCheck.shapes(
          inputs.stream().allMatch(input -> input.type().shape().equals(shapes.get(0))),
          this,
          inputs,
          shapes);
      return List.of(inputs.get(0));
    }

    @Override
    public Optional<String> findFault(List<TensorData> inputs) {
      for (int i = 1; i < inputs.size(); i++) {
        if (!Tensors.sameBytes(inputs.get(0), inputs.get(i))) {
          return Optional.of("copy " + i + " differs from copy 0");
        }
      }
      return Optional.empty();
    }

    @Override
    public Transform inverse() {
      return new Repeat();
    }

    @Override
    public void checkArity(int inputs, int outputs) {
      TransformCheck.arity(inputs > 0 && outputs == 1, this, inputs, outputs);
    }

    @Override
    public String label() {
      return "merge";
    }
  }

  /** One tensor under several names. */
  record Repeat() implements Transform {
    @Override
    public List<TensorData> apply(List<TensorData> inputs, List<List<Long>> shapes) {
      List<Long> shape = inputs.get(0).type().shape();
      TransformCheck.shapes(shapes.stream().allMatch(shape::equals), this, inputs, shapes);
      return Collections.nCopies(shapes.size(), inputs.get(0));
    }

    @Override
    public Transform inverse() {
      return new Merge();
    }

    @Override
    public void checkArity(int inputs, int outputs) {
      TransformCheck.arity(inputs == 1 && outputs > 0, this, inputs, outputs);
    }

    @Override
    public String label() {
      return "repeat";
    }
  }

  /**
   * A tensor that follows from its shape alone, so that the layout does not store it.
   *
   * @param formula its values
   */
  record Compute(Formula formula) implements Transform {
    @Override
    public List<TensorData> apply(List<TensorData> inputs, List<List<Long>> shapes) {
      return List.of(formula.tensor(shapes.get(0)));
    }

    @Override
    public Transform inverse() {
      return new Imply(formula);
    }

    @Override
    public void checkArity(int inputs, int outputs) {
      TransformCheck.arity(inputs == 0 && outputs == 1, this, inputs, outputs);
    }

    @Override
    public String label() {
      return "compute";
    }
  }

  /**
   * A tensor left out because its shape tells its values, once it is known that it does.
   *
   * @param formula its values
   */
  record Imply(Formula formula) implements Transform {
    @Override
    public List<TensorData> apply(List<TensorData> inputs, List<List<Long>> shapes) {
      return List.of();
    }

    @Override
    public Optional<String> findFault(List<TensorData> inputs) {
      return formula.findFault(inputs.get(0));
    }

    @Override
    public Transform inverse() {
      return new Compute(formula);
    }

    @Override
    public void checkArity(int inputs, int outputs) {
      TransformCheck.arity(inputs == 1 && outputs == 0, this, inputs, outputs);
    }

    @Override
    public String label() {
      return "imply";
    }
  }
}
