package org.canbridge.experiments;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.runtime.CanConversion;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.RuntimeFamilies;
import org.canbridge.runtime.can.CanPlan;
import org.canbridge.runtime.can.CanRewriter;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.Control;
import org.canbridge.runtime.graph.Initializer;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.files.Json;

/**
 * The networks as they are before training.
 *
 * @param trained the bundled DiT
 * @param work where converted networks are written
 */
record Networks(Path trained, Path work) {
  static final int HEADS = 4;

  /** The network of a run; to be closed. */
  Model open(Job job) throws IOException {
    Model dit = Model.open(trained, ImportOptions.defaults().withHeads(HEADS));
    if (job.start() == Start.TRAINED && job.row().plan().isEmpty()) {
      return dit;
    }
    try (dit) {
      Model start =
          switch (job.start()) {
            case TRAINED -> dit;
            case SCRATCH -> random(dit.checkpoint().config(), job.seed());
            case UVIT -> random(uvit(), job.seed());
          };
      if (job.row().plan().isEmpty()) {
        return start;
      }
      Path directory = work.resolve(job.fileName());
      ModelDirectory.write(
          directory,
          converted(start, job, job.row().plan().get()),
          WriteOptions.defaults().overwriting());
      return Model.open(directory, ImportOptions.defaults());
    }
  }

  /** As wide as the DiT, five blocks; the last row of labels is the null class. */
  private static ModelConfig uvit() throws IOException {
    try (InputStream json = Networks.class.getResourceAsStream("uvit.json")) {
      return Families.byName("uvit")
          .orElseThrow()
          .config(Arguments.of((ObjectNode) Json.parse(json.readAllBytes())));
    }
  }

  /** The network as its authors begin. */
  private static Model random(ModelConfig config, long seed) {
    return Model.generated(
        Checkpoint.generated(
            config, Initializer.draw(RuntimeFamilies.of(config).graph().parameters(), seed)));
  }

  private static Checkpoint converted(Model start, Job job, CanPlan plan) {
    CanConversion conversion =
        CanConversion.convert(
            start, CanConversion.estimate(start, plan).spec(), job.seed(), Target.F32);
    if (!conversion.passed()) {
      throw new IllegalStateException(job + ": the conversion fails: " + conversion.check());
    }
    Checkpoint checkpoint = conversion.checkpoint();
    if (plan.control() != Control.CAN_ONLY || job.start() == Start.TRAINED) {
      return checkpoint;
    }
    Map<String, TensorData> tensors = new LinkedHashMap<>(checkpoint.tensors());
    // What they stand for is zero in a network that begins: no gradient would pass the gates.
    tensors.putAll(
        Initializer.draw(
            CanRewriter.added(start.source(), start.family().graph(Control.CAN_ONLY)), job.seed()));
    return checkpoint.withTensors(tensors);
  }
}
