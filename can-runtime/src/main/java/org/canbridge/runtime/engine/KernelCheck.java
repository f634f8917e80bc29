package org.canbridge.runtime.engine;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.canbridge.runtime.engine.kernels.Kernel;
import org.canbridge.runtime.engine.kernels.Measurement;
import org.canbridge.runtime.engine.torchscript.KernelCase;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.DType;

/**
 * Runs the kernels that programs ask for, forwards and backwards, and compares them with the same
 * in float64, computed by the same library: its float64 paths are plain loops and MKL, which no
 * machine was found to compute wrongly. What is wrong may be wrong at random, so each case is run
 * several times, over memory filled with NaN.
 */
final class KernelCheck {
  private static final int BATCH = 2;

  /** Times that each case is run; bfloat16 is slow on CPUs without instructions for it. */
  private static final Map<Precision, Integer> REPEATS =
      new EnumMap<>(Map.of(Precision.F32, 3, Precision.BF16, 2));

  private final TorchDevice device;
  private final Random random = new Random(11);

  private KernelCheck(TorchDevice device) {
    this.device = device;
  }

  /** Looks at every kernel of a device in every precision. */
  static List<Measurement> all(TorchDevice device) {
    KernelCheck check = new KernelCheck(device);
    Map<Precision, Worst> worst = check.compare(KernelCases.all(), REPEATS);
    check.adamW(worst.get(Precision.F32));
    List<Measurement> all = new ArrayList<>();
    worst.forEach((precision, errors) -> all.addAll(errors.measurements(precision.type())));
    all.add(check.packed());
    return all;
  }

  /** Looks at these cases on the processor in float32, each this many times. */
  static List<Measurement> of(List<KernelCase> cases, int repeats) {
    return new KernelCheck(TorchDevice.CPU)
        .compare(cases, Map.of(Precision.F32, repeats))
        .get(Precision.F32)
        .measurements(DType.F32);
  }

  /** The largest error of a kernel so far; NaN stays. */
  private static final class Worst {
    private final Map<Kernel, double[]> errors = new EnumMap<>(Kernel.class);

    void add(Kernel kernel, double output, double gradients) {
      double[] worst = errors.computeIfAbsent(kernel, k -> new double[2]);
      worst[0] = Math.max(worst[0], output);
      worst[1] = Math.max(worst[1], gradients);
    }

    List<Measurement> measurements(DType type) {
      List<Measurement> list = new ArrayList<>();
      errors.forEach(
          (kernel, worst) -> list.add(new Measurement(kernel, type, worst[0], worst[1], true)));
      return list;
    }
  }

  private Target target(Precision precision) {
    return new Target(Optional.of(device), precision);
  }

  private Map<Precision, Worst> compare(List<KernelCase> cases, Map<Precision, Integer> repeats) {
    Map<Precision, Worst> worst = new EnumMap<>(Precision.class);
    Map<Precision, KernelProgram> programs = new EnumMap<>(Precision.class);
    try (NDManager manager = TorchEngine.newManager(device);
        KernelProgram exact = new KernelProgram(cases, target(Precision.F64))) {
      for (Precision precision : repeats.keySet()) {
        worst.put(precision, new Worst());
        programs.put(precision, new KernelProgram(cases, target(precision)));
      }
      for (int i = 0; i < cases.size(); i++) {
        try (NDManager scope = manager.newSubManager()) {
          Operands operands = operands(scope, cases.get(i));
          List<double[]> expected = operands.run(scope, exact, i, DataType.FLOAT64);
          for (Precision precision : repeats.keySet()) {
            for (int repeat = 0; repeat < repeats.get(precision); repeat++) {
              compare(
                  worst.get(precision),
                  cases.get(i).kernel(),
                  expected,
                  operands.run(scope, programs.get(precision), i, DataType.FLOAT32));
            }
          }
        }
      }
      return worst;
    } finally {
      programs.values().forEach(KernelProgram::close);
    }
  }

  private static void compare(
      Worst worst, Kernel kernel, List<double[]> expected, List<double[]> actual) {
    double gradients = 0;
    for (int i = 1; i < expected.size(); i++) {
      gradients = Math.max(gradients, error(expected.get(i), actual.get(i)));
    }
    worst.add(kernel, error(expected.get(0), actual.get(0)), gradients);
  }

  /** Largest difference over largest value; NaN if there is one. */
  private static double error(double[] expected, double[] actual) {
    double difference = 0;
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      difference = Math.max(difference, Math.abs(expected[i] - actual[i]));
      largest = Math.max(largest, Math.abs(expected[i]));
    }
    return difference / largest;
  }

  /**
   * What a case is given, the same in every precision.
   *
   * @param inputs integers as int64, others as float32
   */
  private record Operands(NDList inputs, NDArray seed, NDList weights) {
    List<double[]> run(NDManager scope, KernelProgram program, int number, DataType type) {
      NDList results =
          program.run(scope, number, as(inputs, type), seed.toType(type, true), as(weights, type));
      return results.stream().map(NDArray::toDoubleArray).toList();
    }

    private static NDList as(NDList list, DataType type) {
      NDList cast = new NDList();
      list.forEach(
          each -> cast.add(each.getDataType() == DataType.INT64 ? each : each.toType(type, true)));
      return cast;
    }
  }

  private Operands operands(NDManager scope, KernelCase each) {
    NDList inputs = new NDList();
    for (Op.Input input : each.graph().inputs()) {
      long[] shape = input.shape().resolve(BATCH);
      inputs.add(
          input.kind() == Kind.INT
              ? scope.create(random.longs(count(shape), 0, 11).toArray(), shape(shape))
              : numbers(scope, 2, shape));
    }
    return new Operands(
        inputs,
        numbers(scope, 2, each.graph().value("output").shape().resolve(BATCH)),
        weights(scope, each));
  }

  private NDList weights(NDManager scope, KernelCase each) {
    NDList weights = new NDList();
    for (Op.Parameter parameter : each.graph().parameters()) {
      NDArray numbers = numbers(scope, 0.5, parameter.shape().resolve(1));
      weights.add(parameter.name().endsWith("running_var") ? numbers.abs().add(1) : numbers);
    }
    return weights;
  }

  /** Numbers up to {@code most} to either side. */
  private NDArray numbers(NDManager scope, double most, long... shape) {
    float[] values = new float[count(shape)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (most * (2 * random.nextDouble() - 1));
    }
    return scope.create(values, shape(shape));
  }

  private static int count(long... shape) {
    long product = 1;
    for (long size : shape) {
      product *= size;
    }
    return Math.toIntExact(product);
  }

  private static ai.djl.ndarray.types.Shape shape(long... sizes) {
    return new ai.djl.ndarray.types.Shape(sizes);
  }

  /** Three steps over tensors of awkward sizes. */
  private void adamW(Worst worst) {
    try (NDManager scope = TorchEngine.newManager(device);
        KernelProgram program = new KernelProgram(List.of(), target(Precision.F32))) {
      NDList start = new NDList();
      NDList gradients = new NDList();
      for (int size : new int[] {1, 7, 33, 1000}) {
        start.add(numbers(scope, 2, size));
        gradients.add(numbers(scope, 2, size));
      }
      List<double[]> expected = steps(scope, program, start, gradients, DataType.FLOAT64);
      for (int repeat = 0; repeat < REPEATS.get(Precision.F32); repeat++) {
        List<double[]> actual = steps(scope, program, start, gradients, DataType.FLOAT32);
        for (int i = 0; i < expected.size(); i++) {
          worst.add(Kernel.ADAMW, error(expected.get(i), actual.get(i)), 0);
        }
      }
    }
  }

  private static List<double[]> steps(
      NDManager scope, KernelProgram program, NDList start, NDList gradients, DataType type) {
    NDList weights = copies(start, type);
    NDList average = copies(start, type);
    NDList first = new NDList();
    NDList second = new NDList();
    NDList counts = new NDList();
    for (NDArray each : weights) {
      first.add(scope.zeros(each.getShape(), type));
      second.add(scope.zeros(each.getShape(), type));
      counts.add(scope.create(0f));
    }
    List<NDList> lists = List.of(weights, copies(gradients, type), first, second, counts, average);
    for (int step = 0; step < 3; step++) {
      program.update(scope, new double[] {0.1, 0.9, 0.99, 1e-6, 0.01, 1, 0.1}, lists);
    }
    List<double[]> results = new ArrayList<>();
    for (NDList list : List.of(weights, first, second, average)) {
      list.forEach(each -> results.add(each.toType(DataType.FLOAT64, true).toDoubleArray()));
    }
    return results;
  }

  /** {@code toType} gives the same memory where nothing is to be converted. */
  private static NDList copies(NDList list, DataType type) {
    NDList copies = new NDList();
    list.forEach(each -> copies.add(each.toType(type, true).duplicate()));
    return copies;
  }

  /** Inference alone has these, in bfloat16, on some CPUs and on no GPU. */
  private Measurement packed() {
    KernelCase each = KernelCases.packed();
    if (!device.isCpu()) {
      return absent(each.kernel());
    }
    Worst worst = new Worst();
    try (NDManager scope = TorchEngine.newManager(device)) {
      NDList x = new NDList(numbers(scope, 2, BATCH, 17, 20));
      NDList weights = weights(scope, each);
      double[] expected =
          forward(
              each,
              Precision.F64,
              Operands.as(x, DataType.FLOAT64),
              Operands.as(weights, DataType.FLOAT64));
      for (int repeat = 0; repeat < REPEATS.get(Precision.BF16); repeat++) {
        double[] actual = forward(each, Precision.BF16, x, weights);
        worst.add(each.kernel(), error(expected, actual), 0);
      }
      return worst.measurements(DType.BF16).get(0);
    } catch (EngineException | IllegalStateException e) {
      return absent(each.kernel());
    }
  }

  private double[] forward(KernelCase each, Precision precision, NDList inputs, NDList weights) {
    Arithmetic arithmetic = new Arithmetic(target(precision), each.kernels());
    try (Program program =
        Program.compile(
            each.graph(), List.of(each.graph().value("output")), List.of(), arithmetic)) {
      NDList prepared = program.prepare(weights);
      return program
          .forward(inputs, prepared)
          .get(0)
          .toType(DataType.FLOAT64, true)
          .toDoubleArray();
    }
  }

  private static Measurement absent(Kernel kernel) {
    return new Measurement(kernel, DType.BF16, Double.NaN, 0, false);
  }
}
