package org.canbridge.runtime.onnx;

import static org.canbridge.runtime.onnx.OnnxBody.integer;
import static org.canbridge.runtime.onnx.OnnxBody.integers;

import java.util.ArrayList;
import java.util.List;
import org.canbridge.runtime.graph.LinearOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Shape;

/**
 * The convolutions of {@link OnnxLowering}. One with a kernel for each sample is no {@code Conv},
 * which has one weight: as one group a sample its number of groups would depend on the batch. It is
 * a batched matrix product over unfolded windows or, depthwise, a {@code Conv} for one sample after
 * the other or a sum of shifted products.
 */
final class OnnxConvolutions {
  private final OnnxBody body;
  private final boolean loops;

  /**
   * @param loops whether there may be loops over the samples
   */
  OnnxConvolutions(OnnxBody body, boolean loops) {
    this.body = body;
    this.loops = loops;
  }

  /**
   * An ordinary convolution.
   *
   * @param w shape of the weight
   * @param operands map, weight and, if there is one, bias
   */
  String conv2d(LinearOp.Conv2d op, Shape w, List<String> operands) {
    return conv2d(body, operands, w.size(2), w.size(3), op.stride(), op.padding(), op.groups());
  }

  private static String conv2d(
      OnnxBody body,
      List<String> operands,
      long height,
      long width,
      int stride,
      int padding,
      int groups) {
    return body.call(
        "Conv",
        operands,
        integers("kernel_shape", List.of((int) height, (int) width)),
        integers("strides", List.of(stride, stride)),
        integers("pads", List.of(padding, padding, padding, padding)),
        integer("group", groups));
  }

  /**
   * A convolution with one kernel for each sample.
   *
   * @param operands map {@code (B, C, H, W)}, kernels {@code (B, O, C/groups, kh, kw)} and, if
   *     there is one, bias {@code (B, O)}
   */
  String sampleConv2d(LinearOp.SampleConv2d op, List<Node> in, List<String> operands) {
    Shape x = in.get(0).shape();
    Shape w = in.get(1).shape();
    Shape value = op.shape(in);
    if (isPatchify(op, x, w)) {
      return patchify(op, x, w, operands);
    }
    if (op.groups() != x.size(1) || w.size(1) != x.size(1)) {
      return windows(op, x, w, value, operands);
    }
    return loops ? eachSample(op, x, w, value, operands) : depthwise(op, w, value, operands);
  }

  /** Whether the kernel tiles the map, so that it sees every pixel once. */
  private static boolean isPatchify(LinearOp.SampleConv2d op, Shape x, Shape w) {
    int stride = op.stride();
    return w.size(3) == stride
        && w.size(4) == stride
        && x.size(2) % stride == 0
        && x.size(3) % stride == 0
        && op.padding() == 0
        && op.groups() == 1;
  }

  private String patchify(LinearOp.SampleConv2d op, Shape x, Shape w, List<String> operands) {
    int patch = op.stride();
    long rows = x.size(2) / patch;
    long columns = x.size(3) / patch;
    long width = x.size(1) * patch * patch;
    String split = body.reshape(operands.get(0), 0, x.size(1), rows, patch, columns, patch);
    String patches =
        body.reshape(body.transpose(split, 0, 2, 4, 1, 3, 5), 0, rows * columns, width);
    String flat = body.reshape(operands.get(1), 0, w.size(1), width);
    String tokens = body.call("MatMul", patches, body.transpose(flat, 0, 2, 1));
    if (operands.size() > 2) {
      tokens = body.call("Add", tokens, body.reshape(operands.get(2), 0, 1, w.size(1)));
    }
    return body.transpose(body.reshape(tokens, 0, rows, columns, w.size(1)), 0, 3, 1, 2);
  }

  /** Of maps with their channels last, as tokens lie: each is turned round while it is in reach. */
  private String eachSample(
      LinearOp.SampleConv2d op, Shape x, Shape w, Shape value, List<String> operands) {
    long channels = x.size(1);
    List<String> inputs = new ArrayList<>(operands);
    inputs.set(0, body.transpose(operands.get(0), 0, 2, 3, 1));
    List<long[]> shapes =
        List.of(
            new long[] {x.size(2), x.size(3), channels},
            new long[] {channels, 1, w.size(3), w.size(4)},
            new long[] {channels});
    String maps =
        body.eachSample(
            inputs,
            shapes,
            (sample, given) -> {
              List<String> one = new ArrayList<>(given);
              String planes = sample.transpose(given.get(0), 2, 0, 1);
              one.set(0, sample.reshape(planes, 1, channels, x.size(2), x.size(3)));
              String map =
                  conv2d(sample, one, w.size(3), w.size(4), op.stride(), op.padding(), op.groups());
              String flat = sample.reshape(map, channels, value.size(2), value.size(3));
              return sample.transpose(flat, 1, 2, 0);
            },
            value.size(2),
            value.size(3),
            channels);
    return body.transpose(maps, 0, 3, 1, 2);
  }

  /** On the map with its channels last, as tokens lie: nothing is moved to another place. */
  private String depthwise(LinearOp.SampleConv2d op, Shape w, Shape value, List<String> operands) {
    long channels = w.size(1);
    long height = w.size(3);
    long width = w.size(4);
    String map = padded(body.transpose(operands.get(0), 0, 2, 3, 1), op.padding(), 1);
    String taps =
        body.transpose(body.reshape(operands.get(1), 0, channels, height * width), 0, 2, 1);
    String sum = null;
    for (int i = 0; i < height * width; i++) {
      String shifted = shifted(map, 1, op, value, i / width, i % width);
      String tap = body.reshape(body.slice(taps, 1, i, i + 1), 0, 1, 1, channels);
      String product = body.call("Mul", shifted, tap);
      sum = sum == null ? product : body.call("Add", sum, product);
    }
    if (operands.size() > 2) {
      sum = body.call("Add", sum, body.reshape(operands.get(2), 0, 1, 1, channels));
    }
    return body.transpose(sum, 0, 3, 1, 2);
  }

  /** Windows {@code (B, groups, C/groups * kh * kw, N)}, multiplied by the kernels. */
  private String windows(
      LinearOp.SampleConv2d op, Shape x, Shape w, Shape value, List<String> operands) {
    long taps = w.size(3) * w.size(4);
    long places = value.size(2) * value.size(3);
    String map = padded(operands.get(0), op.padding(), 2);
    List<String> shifted = new ArrayList<>();
    for (int i = 0; i < taps; i++) {
      shifted.add(
          body.reshape(
              shifted(map, 2, op, value, i / w.size(4), i % w.size(4)), 0, x.size(1), 1, places));
    }
    long depth = w.size(2) * taps;
    String unfolded = body.reshape(body.concat(2, shifted), 0, op.groups(), depth, places);
    String kernels = body.reshape(operands.get(1), 0, op.groups(), w.size(1) / op.groups(), depth);
    String product = body.call("MatMul", kernels, unfolded);
    String maps = body.reshape(product, 0, w.size(1), value.size(2), value.size(3));
    return operands.size() < 3
        ? maps
        : body.call("Add", maps, body.reshape(operands.get(2), 0, w.size(1), 1, 1));
  }

  /** Zeros around a map whose rows are this axis. */
  private String padded(String map, int padding, int rows) {
    if (padding == 0) {
      return map;
    }
    long[] pads = new long[8];
    for (int axis : new int[] {rows, rows + 1, rows + 4, rows + 5}) {
      pads[axis] = padding;
    }
    return body.call("Pad", map, body.longs(pads));
  }

  /** The pixels of a padded map that one element of the kernel meets. */
  private String shifted(
      String map, int rows, LinearOp.SampleConv2d op, Shape value, long top, long left) {
    long stride = op.stride();
    return body.slice(
        map,
        new long[] {top, left},
        new long[] {
          top + stride * (value.size(2) - 1) + 1, left + stride * (value.size(3) - 1) + 1
        },
        new long[] {rows, rows + 1},
        new long[] {stride, stride});
  }
}
