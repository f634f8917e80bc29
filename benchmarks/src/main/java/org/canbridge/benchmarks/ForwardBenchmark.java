package org.canbridge.benchmarks;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.canbridge.importers.Families;
import org.canbridge.importers.format.MemoryTensor;
import org.canbridge.importers.format.TensorData;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanRewriter;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.runtime.network.Networks;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One forward pass of a published network with random weights, inputs handed in from Java and the
 * output read back: what a sampling step costs. {@code benchmarks/pytorch/dit_forward.py} times the
 * same network in PyTorch.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 3)
@Measurement(iterations = 3, time = 6)
@Fork(1)
public class ForwardBenchmark {

  /** Published name. */
  @Param("DiT-S/2")
  public String model;

  /** Images in a batch. */
  @Param("4")
  public int batch;

  /** Arithmetic. */
  @Param({"F32", "BF16"})
  public Precision precision;

  /** Whether the network is condition-aware, in the paper's arrangement. */
  @Param({"false", "true"})
  public boolean can;

  private final Random random = new Random(0);
  private final Map<String, TensorData> inputs = new HashMap<>();
  private Session session;

  /** Opens the network. */
  @Setup(Level.Trial)
  public void open() {
    Graph published =
        Networks.graph(
            Families.byPublishedName(model)
                .orElseThrow()
                .config(Families.published(model).arguments()));
    Graph graph =
        can
            ? CanRewriter.rewrite(
                published, CanPreset.paper(published, CanTarget.PAPER, CanCondition.ALL))
            : published;
    Map<String, TensorData> weights = new HashMap<>();
    for (Op.Parameter parameter : graph.parameters()) {
      Shape shape = parameter.shape();
      double fanIn = shape.rank() < 2 ? 4 : (double) shape.elements() / shape.size(0);
      weights.put(parameter.name(), normal(1 / Math.sqrt(fanIn), shape.resolve(1)));
    }
    session = Session.open(graph, weights, precision);
    for (Op.Input input : graph.inputs()) {
      long[] shape = input.shape().resolve(batch);
      // Timesteps and labels are below 1000 in every published network.
      inputs.put(
          input.name(),
          shape.length == 1
              ? MemoryTensor.of(random.longs(batch, 0, 1000).toArray(), shape)
              : normal(1, shape));
    }
  }

  /** One pass. */
  @Benchmark
  public Map<String, TensorData> forward() {
    return session.run(inputs, List.of("output"));
  }

  /** Frees the network. */
  @TearDown(Level.Trial)
  public void close() {
    session.close();
  }

  private TensorData normal(double deviation, long... shape) {
    int elements = 1;
    for (long size : shape) {
      elements = Math.multiplyExact(elements, Math.toIntExact(size));
    }
    float[] values = new float[elements];
    for (int i = 0; i < elements; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return MemoryTensor.of(values, shape);
  }
}
