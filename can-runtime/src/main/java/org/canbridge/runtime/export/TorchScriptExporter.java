package org.canbridge.runtime.export;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.engine.OpenedScript;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.engine.torchscript.ScriptFile;
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
    return new ScriptExport(
        model, ScriptFile.of(model.graph(), model.checkpoint().tensors(), fixed(model)));
  }

  private static Set<String> fixed(Model model) {
    try {
      return model.family().training().fixed();
    } catch (IllegalArgumentException e) {
      return Set.of(); // a network that is not trained here fixes nothing
    }
  }

  private record ScriptExport(Model model, ScriptFile script) implements Export {
    @Override
    public String contents() {
      return script.parameters()
          + " parameters"
          + (script.buffers() == 0 ? "" : " and " + script.buffers() + " buffers")
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
