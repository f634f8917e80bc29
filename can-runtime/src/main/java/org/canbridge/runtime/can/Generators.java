package org.canbridge.runtime.can;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.graph.Dim;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Initializer.Usual;
import org.canbridge.runtime.graph.LayoutOp;
import org.canbridge.runtime.graph.LinearOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.ReductionOp;
import org.canbridge.runtime.graph.Role;
import org.canbridge.runtime.graph.Shape;

/**
 * Writes generators into a graph. What a generator gives is one row for each sample, {@code (B,
 * numel(W) [+ numel(b)])}, in row-major order; it is the value of the module {@code can.<name>} and
 * has the role {@link Role#GENERATED}.
 *
 * <p>Generators and base kernels begin at zero, so that the network computes what it computed
 * before. What stands in front of or beside those (projections, selections, outer factors of
 * low-rank generators) begins at random: with zeros on both sides no gradient would ever reach
 * either.
 */
final class Generators {
  private final GraphBuilder builder;
  private final GraphBuilder can;
  private final Map<String, Made> made = new HashMap<>();
  private final Map<Integer, Node> projections = new HashMap<>();

  /** The rows of a generator and the shapes that they hold. */
  private record Made(Node rows, Shape weight, long biases) {}

  Generators(GraphBuilder builder) {
    this.builder = builder;
    this.can = builder.in("can");
  }

  /** Whether a generator of this form makes biases too. */
  static boolean makesBias(CanSpec.Form form) {
    return form instanceof CanSpec.Linear linear
        ? linear.bias()
        : form instanceof CanSpec.LowRank low && low.bias();
  }

  /**
   * The rows for one layer; made once, however many layers share them.
   *
   * @param condition {@code (B, D)}
   * @param weight shape of the layer's weight
   * @param biases elements of the layer's bias, 0 if that stays static
   * @throws IllegalArgumentException if another layer of the generator has another shape
   */
  Node rows(CanSpec.Generator generator, Node condition, Shape weight, long biases) {
    Made known =
        made.computeIfAbsent(
            generator.name(),
            name -> new Made(make(generator, condition, weight, biases), weight, biases));
    if (!known.weight().equals(weight) || known.biases() != biases) {
      throw new IllegalArgumentException(
          "generator "
              + generator.name()
              + " serves layers of different shapes: "
              + generator.layers());
    }
    return known.rows();
  }

  private Node make(CanSpec.Generator generator, Node condition, Shape weight, long biases) {
    GraphBuilder at = builder.at("can." + generator.name());
    Node rows;
    if (generator.form() instanceof CanSpec.Select select) {
      rows = mixture(at, select.kernels(), condition, weight);
    } else if (generator.form() instanceof CanSpec.LowRank low) {
      Node input = projected(low.inputWidth(), condition);
      rows = lowRank(at, input, low.rank(), weight, biases);
    } else {
      CanSpec.Linear linear = (CanSpec.Linear) generator.form();
      Node input = projected(linear.inputWidth(), condition);
      rows = linear(at, input, weight.elements() + biases, Role.GENERATED);
    }
    return at.returns(rows);
  }

  /** {@code P c + p}, one for each width, or c where it is as wide. */
  private Node projected(int width, Node condition) {
    long widest = condition.shape().size(-1);
    if (width > widest) {
      throw new IllegalArgumentException(
          "input_width " + width + " is more than the " + widest + " of the condition");
    }
    return widest == width
        ? condition
        : projections.computeIfAbsent(
            width, w -> can.in("project").linear(Integer.toString(w), condition, w, null));
  }

  private static Node linear(GraphBuilder at, Node input, long rows, Role role) {
    return at.add(
        new LinearOp.Linear(),
        role,
        input,
        at.parameter("weight", Usual.ZEROS, rows, input.shape().size(-1)));
  }

  /** Base kernels mixed by a softmax over the condition. */
  private static Node mixture(GraphBuilder at, int kernels, Node condition, Shape weight) {
    List<Dim> dims = new ArrayList<>(weight.dims());
    dims.add(0, Dim.of(kernels));
    Node base = at.parameter("kernels", Usual.ZEROS, dims.stream().mapToLong(Dim::size).toArray());
    Node shares =
        at.add(new ReductionOp.Softmax(), null, at.linear("select", condition, kernels, null));
    Node matrix = at.permute(at.reshape(base, Shape.of(kernels, weight.elements())), 1, 0);
    return at.add(new LinearOp.Linear(), Role.GENERATED, shares, matrix);
  }

  /** {@code U M_c V}, then the biases. */
  private static Node lowRank(GraphBuilder at, Node input, int rank, Shape weight, long biases) {
    long outputs = weight.size(0);
    long columns = weight.elements() / outputs;
    long core = (long) rank * rank;
    Node all = linear(at, input, core + biases, null);
    Node middle =
        at.reshape(biases == 0 ? all : at.slice(all, 1, 0, core), Shape.batched(rank, rank));
    Node right = at.permute(at.parameter("right", rank, columns), 1, 0);
    Node product = at.permute(at.add(new LinearOp.Linear(), null, middle, right), 0, 2, 1);
    Node transposed =
        at.add(new LinearOp.Linear(), null, product, at.parameter("left", outputs, rank));
    Node rows = at.reshape(at.permute(transposed, 0, 2, 1), Shape.batched(outputs * columns));
    Node whole = biases == 0 ? rows : at.concat(1, rows, at.slice(all, 1, core, core + biases));
    return at.add(new LayoutOp.Reshape(whole.shape()), Role.GENERATED, whole);
  }
}
