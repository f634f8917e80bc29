package org.canbridge.benchmarks;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanRewriter;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.TensorData;
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

  private Map<String, TensorData> inputs;
  private Session session;

  /** Opens the network. */
  @Setup(Level.Trial)
  public void open() {
    RandomNetwork random = new RandomNetwork(model, 0);
    Graph published = random.graph();
    Graph graph =
        can
            ? CanRewriter.rewrite(
                published, CanPreset.paper(published, CanTarget.PAPER, CanCondition.ALL))
            : published;
    session = Session.open(graph, random.weights(graph), Target.of(precision));
    inputs = random.inputs(graph, batch);
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
}
