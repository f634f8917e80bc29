package org.canbridge.importers.keys;

import java.util.List;

/**
 * How one tensor of the canonical layout comes out of a published layout, or several at once. Rules
 * are data: a layout lists them in the checkpoint's order.
 *
 * <pre>{@code
 * KeyRule.copy("blocks.{i}.attn.qkv.weight", "[3*D, D]")
 * KeyRule.rename("proj_out_2.bias", "final_layer.linear.bias", "[O]")
 * KeyRule.concat(0, Slot.of("blocks.{i}.attn.qkv.bias", "[3*D]"),
 *     Slot.of("transformer_blocks.{i}.attn1.to_q.bias", "[D]"), ...)
 * }</pre>
 *
 * @param sources the published tensors that the rule uses up
 * @param targets the canonical tensors that the rule fills
 * @param transform what happens on the way
 */
public record KeyRule(List<Slot> sources, List<Slot> targets, Transform transform) {

  /** Checks that the transform takes and gives that many tensors. */
  public KeyRule {
    sources = List.copyOf(sources);
    targets = List.copyOf(targets);
    transform.checkArity(sources.size(), targets.size());
  }

  /** The tensor keeps name, shape and bytes. */
  public static KeyRule copy(String name, String shape) {
    return rename(name, name, shape);
  }

  /** The tensor keeps shape and bytes. */
  public static KeyRule rename(String source, String target, String shape) {
    return new KeyRule(
        List.of(Slot.of(source, shape)), List.of(Slot.of(target, shape)), new Transform.Copy());
  }

  /** A tensor of any type that keeps shape and bytes, such as the counter of a batch norm. */
  public static KeyRule counter(String source, String target, String shape) {
    return new KeyRule(
        List.of(new Slot(source, shape, Slot.Elements.ANY)),
        List.of(new Slot(target, shape, Slot.Elements.ANY)),
        new Transform.Copy());
  }

  /** An integer tensor that keeps shape and bytes, such as a table of positions. */
  public static KeyRule integers(String source, String target, String shape) {
    return new KeyRule(
        List.of(new Slot(source, shape, Slot.Elements.INTEGER)),
        List.of(new Slot(target, shape, Slot.Elements.INTEGER)),
        new Transform.Copy());
  }

  /** Axis {@code a} of the target is axis {@code order.get(a)} of the source. */
  public static KeyRule transpose(Slot source, Slot target, List<Integer> order) {
    return new KeyRule(List.of(source), List.of(target), new Transform.Transpose(order));
  }

  /** The same elements in the same order under another shape. */
  public static KeyRule reshape(Slot source, Slot target) {
    return new KeyRule(List.of(source), List.of(target), new Transform.Reshape());
  }

  /** The sources side by side along {@code axis}. */
  public static KeyRule concat(int axis, Slot target, Slot... sources) {
    return new KeyRule(List.of(sources), List.of(target), new Transform.Concat(axis));
  }

  /** The source cut along {@code axis}. */
  public static KeyRule split(int axis, Slot source, Slot... targets) {
    return new KeyRule(List.of(source), List.of(targets), new Transform.Split(axis));
  }

  /** Sources that all hold the same bytes: one tensor that the published layout repeats. */
  public static KeyRule merge(Slot target, List<Slot> sources) {
    return new KeyRule(sources, List.of(target), new Transform.Merge());
  }

  /** A tensor that the published layout leaves out because its sizes tell its values. */
  public static KeyRule computed(Slot target, Formula formula) {
    return new KeyRule(List.of(), List.of(target), new Transform.Compute(formula));
  }
}
