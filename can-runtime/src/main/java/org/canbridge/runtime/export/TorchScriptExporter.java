package org.canbridge.runtime.export;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.engine.OpenedScript;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.engine.torchscript.ScriptFile;
import org.canbridge.runtime.engine.torchscript.ScriptTensor;
import org.canbridge.runtime.engine.torchscript.ScriptTensor.Use;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.ReductionOp;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.files.AtomicFile;
import org.canbridge.tensors.torch.ZipWriter;

/** The network with its weights as one program of PyTorch. */
final class TorchScriptExporter implements Exporter {

  @Override
  public String name() {
    return "torchscript";
  }

  @Override
  public String holds() {
    return "one file that PyTorch, without our code, and DJL run and train, of any network;"
        + " the weights are parameters under their own names, and train() computes what eval() does"
        + " (conditions are dropped by the loop that trains it)";
  }

  @Override
  public String ending(ExportOptions options) {
    return "pt";
  }

  @Override
  public Set<ExportOption> options() {
    return Set.of();
  }

  @Override
  public Export export(Model model, ExportOptions options) {
    List<ScriptTensor> tensors = tensors(model);
    return new ScriptExport(model, tensors, ScriptFile.of(model.graph(), tensors));
  }

  private static List<ScriptTensor> tensors(Model model) {
    Set<String> fixed = fixed(model);
    Set<String> statistics = statistics(model.graph());
    List<ScriptTensor> tensors = new ArrayList<>();
    model
        .checkpoint()
        .tensors()
        .forEach(
            (name, data) -> {
              boolean buffer = statistics.contains(name) || !data.type().dtype().isFloating();
              Use use = buffer ? Use.BUFFER : fixed.contains(name) ? Use.FIXED : Use.TRAINED;
              tensors.add(new ScriptTensor(name, data, use));
            });
    return tensors;
  }

  private static Set<String> fixed(Model model) {
    try {
      return model.family().training().fixed();
    } catch (IllegalArgumentException e) {
      return Set.of(); // a network that is not trained here fixes nothing
    }
  }

  /** Mean and variance of batch norms: of all tensors of networks, what PyTorch calls buffers. */
  private static Set<String> statistics(Graph graph) {
    Set<String> names = new HashSet<>();
    for (Node node : graph.nodes()) {
      if (node.op() instanceof ReductionOp.BatchNorm) {
        for (Node statistic : node.inputs().subList(3, 5)) {
          names.add(((Op.Parameter) statistic.op()).name());
        }
      }
    }
    return names;
  }

  private record ScriptExport(Model model, List<ScriptTensor> tensors, ScriptFile script)
      implements Export {
    @Override
    public String contents() {
      long buffers = tensors.stream().filter(tensor -> tensor.use() == Use.BUFFER).count();
      return tensors.size()
          - buffers
          + " parameters"
          + (buffers == 0 ? "" : " and " + buffers + " buffers")
          + ", TorchScript";
    }

    @Override
    public List<String> remarks() {
      return List.of();
    }

    @Override
    public List<ExportedNetwork> networks() {
      return List.of(
          new ExportedNetwork(
              "",
              "DJL",
              model.graph(),
              model.checkpoint().tensors(),
              model.objective(),
              this::opened));
    }

    private ExportedNetwork.Running opened(Path written) throws IOException {
      OpenedScript script = OpenedScript.open(written, model.graph(), Target.F32);
      return new Opened(script);
    }

    @Override
    public void writeTo(Path path) throws IOException {
      try (AtomicFile file = AtomicFile.create(path)) {
        script.writeTo(
            new ZipWriter(file),
            Map.of("config.json", ModelDirectory.description(model.checkpoint())));
        file.commit();
      }
    }
  }

  private record Opened(OpenedScript script) implements ExportedNetwork.Running {
    @Override
    public Map<String, TensorData> run(Map<String, TensorData> inputs) {
      return script.run(inputs);
    }

    @Override
    public void close() {
      script.close();
    }
  }
}
