package org.canbridge.runtime.export;

import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.onnx.OnnxOptions;
import org.canbridge.runtime.onnx.OnnxType;
import org.canbridge.tensors.DType;

/** The network as an ONNX graph. */
final class OnnxExporter implements Exporter {

  @Override
  public String name() {
    return "onnx";
  }

  @Override
  public String holds() {
    return "a folder with model.onnx, whose weights lie in the model.safetensors beside it, and"
        + " config.json: it is a model directory, too; with --inline one file that holds all; of a"
        + " pipeline a folder of such folders, with vae/decoder.onnx and vae/encoder.onnx";
  }

  @Override
  public String ending(ExportOptions options) {
    return options.inline() ? "onnx" : "";
  }

  @Override
  public Set<ExportOption> options() {
    return EnumSet.of(
        ExportOption.OPSET,
        ExportOption.GUIDED,
        ExportOption.INLINE,
        ExportOption.DTYPE,
        ExportOption.NO_LOOPS,
        ExportOption.PIPELINE);
  }

  @Override
  public Export export(Model model, ExportOptions options) {
    Graph graph = model.graph();
    if (options.guided()) {
      graph =
          GuidedGraph.of(
              graph,
              model
                  .objective()
                  .orElseThrow(
                      () -> new IllegalArgumentException("only diffusion models are guided")));
    }
    OnnxType type = OnnxType.of(options.dtype().orElse(DType.F32));
    OnnxOptions onnx =
        new OnnxOptions(options.opset().orElse(OnnxOptions.FIRST_OPSET), type, !options.unrolled());
    OnnxExport export =
        new OnnxExport(model, Map.of(OnnxExport.MODEL, graph), onnx, options.inline());
    export.check();
    if (options.pipeline().isEmpty()) {
      return export;
    }
    if (options.inline()) {
      throw new IllegalArgumentException(
          "--inline makes one file, and a pipeline has several networks; export its parts alone");
    }
    return OnnxPipelineExport.of(options.pipeline().get(), export);
  }
}
