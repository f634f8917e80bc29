package org.canbridge.runtime.engine.torchscript;

import static org.canbridge.runtime.engine.torchscript.Torch.call;

import java.util.List;
import org.canbridge.runtime.engine.kernels.ConvolutionForm;
import org.canbridge.runtime.engine.kernels.Kernel;
import org.canbridge.runtime.engine.kernels.Kernels;
import org.canbridge.runtime.graph.LinearOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Shape;

/**
 * The convolutions of {@link TorchScriptLowering}, each in the form that was measured to be
 * fastest.
 */
final class Convolutions {
  private final ScriptBody body;
  private final Kernels kernels;
  private final PaddedConvolutions filled;

  /**
   * @param filled parameters whose channels are filled up already
   */
  Convolutions(ScriptBody body, Kernels kernels, PaddedConvolutions filled) {
    this.body = body;
    this.kernels = kernels;
    this.filled = filled;
  }

  /** x {@code (B, N, K)}, w {@code (B, M, K)}, b {@code (B, M)} or {@code None}. */
  static String batchedLinear(String x, String w, String b) {
    String transposed = call("transpose", w, 1, 2);
    return b.equals(Torch.NONE)
        ? call("bmm", x, transposed)
        : call("baddbmm", call("unsqueeze", b, 1), x, transposed);
  }

  /** What a convolution asks the library for. */
  static Kernel kernel(LinearOp.Conv2d op, List<Node> in) {
    Shape x = in.get(0).shape();
    Shape w = in.get(1).shape();
    return isPatchify(x, op.stride(), op.padding(), op.groups(), w.size(2), w.size(3))
        ? Kernel.LINEAR
        : Kernel.ofConvolution(x.size(1), w.size(0), op.stride(), op.groups());
  }

  /** What a convolution with one kernel for each sample asks for, depending on the batch. */
  static List<Kernel> kernels(LinearOp.SampleConv2d op, List<Node> in) {
    Shape x = in.get(0).shape();
    Shape w = in.get(1).shape();
    if (isPatchify(x, op.stride(), op.padding(), op.groups(), w.size(3), w.size(4))) {
      return List.of(Kernel.BATCHED_PRODUCT);
    }
    Kernel alone = Kernel.ofConvolution(x.size(1), w.size(1), op.stride(), op.groups());
    return alone == Kernel.DEPTHWISE_CONVOLUTION
        ? List.of(alone)
        : List.of(alone, Kernel.GROUPED_CONVOLUTION);
  }

  /** The value of a convolution. */
  String conv2d(LinearOp.Conv2d op, List<Node> in) {
    Shape w = in.get(1).shape();
    Kernel kernel = kernel(op, in);
    if (kernel == Kernel.LINEAR) {
      String flat = body.temporary(Torch.reshape(body.name(in, 1), w.size(0), -1));
      String tokens = call("linear", patches(in.get(0), op.stride()), flat, body.name(in, 2));
      return grid(in.get(0), op.stride(), w.size(0), tokens);
    }
    ConvolutionForm form = kernels.form(kernel);
    long fillIn = form.padded() ? Kernel.missing(in.get(0).shape().size(1)) : 0;
    long fillOut = form.padded() ? Kernel.missing(w.size(0)) : 0;
    String value =
        convolution(
            Torch.padded(body.name(in, 0), 0, 0, 0, 0, 0, fillIn),
            filled.contains(in.get(1))
                ? body.name(in, 1)
                : Torch.padded(body.name(in, 1), 0, 0, 0, 0, 0, fillIn, 0, fillOut),
            in.size() < 3 || filled.contains(in.get(2))
                ? body.name(in, 2)
                : Torch.padded(body.name(in, 2), 0, fillOut),
            op.stride(),
            op.padding(),
            Long.toString(op.groups()),
            form.wide());
    return sliced(value, w.size(0), fillOut);
  }

  /** The expression that fills up a parameter of {@code filled}, a weight or a bias. */
  static String filled(String value, Shape shape) {
    return shape.rank() == 1
        ? Torch.padded(value, 0, Kernel.missing(shape.size(0)))
        : Torch.padded(
            value, 0, 0, 0, 0, 0, Kernel.missing(shape.size(1)), 0, Kernel.missing(shape.size(0)));
  }

  /** The channels of a map that are not filling. */
  private static String sliced(String map, long channels, long filling) {
    return filling == 0 ? map : Torch.slice(map, 1, 0, channels);
  }

  /**
   * A kernel that is as large as its stride, on a map that it tiles, sees every pixel once, so the
   * convolution is a linear map of the unfolded patches; that leaves tokens {@code (B, N, O)}
   * contiguous, which is how transformers want them.
   */
  private static boolean isPatchify(
      Shape x, int stride, int padding, int groups, long kernelHeight, long kernelWidth) {
    boolean tiles = x.size(2) % stride == 0 && x.size(3) % stride == 0;
    return tiles && kernelHeight == stride && kernelWidth == stride && padding == 0 && groups == 1;
  }

  /** {@code (B, C, H, W)} to {@code (B, N, C*p*p)}. */
  private String patches(Node x, int patch) {
    long channels = x.shape().size(1);
    long rows = x.shape().size(2) / patch;
    long columns = x.shape().size(3) / patch;
    String split = Torch.reshape(body.name(x), -1, channels, rows, patch, columns, patch);
    return body.temporary(
        Torch.reshape(
            call("permute", split, List.of(0, 2, 4, 1, 3, 5)),
            -1,
            rows * columns,
            channels * patch * patch));
  }

  /** Tokens {@code (B, N, O)} as a map {@code (B, O, H/p, W/p)}, without moving them. */
  private static String grid(Node x, int patch, long channels, String tokens) {
    long rows = x.shape().size(2) / patch;
    long columns = x.shape().size(3) / patch;
    return call("permute", Torch.reshape(tokens, -1, rows, columns, channels), List.of(0, 3, 1, 2));
  }

  /** The value of a convolution with one kernel for each sample. */
  String sampleConv2d(LinearOp.SampleConv2d op, List<Node> in) {
    Shape x = in.get(0).shape();
    Shape w = in.get(1).shape();
    long out = w.size(1);
    if (isPatchify(x, op.stride(), op.padding(), op.groups(), w.size(3), w.size(4))) {
      String flat =
          body.temporary(
              Torch.reshape(body.name(in, 1), -1, out, w.size(2) * w.size(3) * w.size(4)));
      String tokens = batchedLinear(patches(in.get(0), op.stride()), flat, body.name(in, 2));
      return grid(in.get(0), op.stride(), out, tokens);
    }
    if (op.groups() == x.size(1) && !kernels.samplesTogether()) {
      return sampleBySample(op, in);
    }
    // The samples side by side as channels of one map, one group (or set of groups) each: CAN,
    // section 3.2. A batch of one is an ordinary convolution.
    ConvolutionForm form =
        kernels.form(Kernel.ofConvolution(x.size(1), out, op.stride(), op.groups()));
    long fillIn = form.padded() ? Kernel.missing(x.size(1)) : 0;
    long fillOut = form.padded() ? Kernel.missing(out) : 0;
    String batch = body.temporary(call("size", body.name(in, 0), 0));
    String channels = body.temporary(call("mul", batch, x.size(1) + fillIn));
    String groups = body.temporary(call("mul", batch, op.groups()));
    String map = Torch.padded(body.name(in, 0), 0, 0, 0, 0, 0, fillIn);
    String kernel = Torch.padded(body.name(in, 1), 0, 0, 0, 0, 0, fillIn, 0, fillOut);
    String bias = in.size() < 3 ? Torch.NONE : Torch.padded(body.name(in, 2), 0, fillOut);
    String folded =
        body.temporary(
            convolution(
                Torch.reshape(map, 1, channels, x.size(2), x.size(3)),
                Torch.reshape(kernel, -1, w.size(2) + fillIn, w.size(3), w.size(4)),
                in.size() < 3 ? bias : Torch.reshape(bias, -1),
                op.stride(),
                op.padding(),
                groups,
                form.wide()));
    String apart =
        Torch.reshape(
            folded, batch, out + fillOut, call("size", folded, 2), call("size", folded, 3));
    return sliced(apart, out, fillOut);
  }

  /**
   * A depthwise convolution one sample at a time. Folding the batch into channels, as CAN does,
   * forces the channels-last maps that tokens are into NCHW, which costs more than the arithmetic:
   * 2 to 2.5 times on CPU (docs/decisions.md). Samples, kernels and biases are taken apart before
   * the loop: the gradient of a slice inside it would be a whole batch, mostly zeros, each time.
   */
  private String sampleBySample(LinearOp.SampleConv2d op, List<Node> in) {
    String samples = body.temporary(call("split", body.name(in, 0), 1, 0));
    String weights = body.temporary(call("unbind", body.name(in, 1), 0));
    String biases = in.size() < 3 ? "" : body.temporary(call("unbind", body.name(in, 2), 0));
    String maps = body.temporary(Torch.NO_TENSORS);
    String i = body.fresh("i");
    String element = "[" + i + "]";
    String one =
        convolution(
            samples + element,
            weights + element,
            biases.isEmpty() ? Torch.NONE : biases + element,
            op.stride(),
            op.padding(),
            Integer.toString(op.groups()),
            kernels.form(Kernel.DEPTHWISE_CONVOLUTION).wide());
    body.line("for " + i + " in range(" + call("len", samples) + "):");
    body.line("  " + maps + "_ = " + call("append", maps, one));
    return call("cat", maps, 0);
  }

  private static String convolution(
      String x, String w, String b, int stride, int padding, String groups, boolean wide) {
    String value =
        call(
            "conv2d",
            wide ? Torch.to(x, ScalarType.FLOAT32) : x,
            wide ? Torch.to(w, ScalarType.FLOAT32) : w,
            wide ? Torch.to(b, ScalarType.FLOAT32) : b,
            List.of(stride, stride),
            List.of(padding, padding),
            List.of(1, 1),
            groups);
    return wide ? Torch.to(value, ScalarType.BFLOAT16) : value;
  }
}
