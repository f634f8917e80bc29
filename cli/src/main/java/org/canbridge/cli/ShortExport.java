package org.canbridge.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.ExportedModel;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.ModelSampler;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.engine.EngineName;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.export.ExportCheck;
import org.canbridge.runtime.export.ExportOptions;
import org.canbridge.runtime.export.Exporter;
import org.canbridge.runtime.export.Exporters;
import org.canbridge.runtime.image.PngGrid;
import org.canbridge.tensors.files.AtomicDirectory;

/**
 * The quickstart's export to ONNX, and one image that ONNX Runtime draws from it, beside the one
 * that PyTorch drew from the model.
 *
 * @param check how far the exported network is from the model's, in the worst of its batches
 * @param apart the largest difference between both images, of values in -1..1
 */
record ShortExport(ExportCheck check, double apart) {
  private static final String FORM = "onnx";

  /**
   * Exports a model; what is there from an earlier quickstart is replaced.
   *
   * @param picture gets both images, PyTorch's first
   * @param here the first image of the settings' seed and of class 0, by PyTorch
   */
  static ShortExport run(
      Path source, Path exported, Path picture, Latents here, SamplingSettings settings)
      throws IOException {
    AtomicDirectory.delete(exported);
    Exporter exporter =
        Exporters.all().stream().filter(e -> e.name().equals(FORM)).findFirst().orElseThrow();
    try (Model model = Model.open(source, ImportOptions.defaults())) {
      ExportCheck check =
          exporter.prepare(model, ExportOptions.defaults()).write(exported).stream()
              .max(Comparator.comparingDouble(each -> each.difference().share()))
              .orElseThrow();
      Latents there = drawn(exported, settings);
      PngGrid.ofColumns(2).write(beside(here, there), picture, Map.of());
      return new ShortExport(check, largestDifference(here, there));
    }
  }

  /** On the processor, wherever the rest runs. */
  private static Latents drawn(Path exported, SamplingSettings settings) {
    Target target = Target.F32.on(EngineName.ONNXRUNTIME);
    try (ExportedModel model =
        ExportedModel.open(exported, ImportOptions.defaults(), target).orElseThrow()) {
      return ModelSampler.of(model.sampled()).draw(settings, 0);
    }
  }

  private static Latents beside(Latents left, Latents right) {
    double[] both =
        DoubleStream.concat(Arrays.stream(left.values()), Arrays.stream(right.values())).toArray();
    return new Latents(left.shape(), both);
  }

  /** The largest absolute difference between the values of two images. */
  static double largestDifference(Latents a, Latents b) {
    double largest = 0;
    for (int i = 0; i < a.values().length; i++) {
      largest = Math.max(largest, Math.abs(a.get(i) - b.get(i))); // NaN stays
    }
    return largest;
  }
}
