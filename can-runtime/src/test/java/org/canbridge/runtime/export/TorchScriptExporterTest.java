package org.canbridge.runtime.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.formats.TensorFiles;
import org.junit.jupiter.api.Test;

class TorchScriptExporterTest extends ExporterContract {
  private static final Predicate<String> NORM_STATE =
      Pattern.compile("\\.(running_mean|running_var|num_batches_tracked)$").asPredicate();

  @Override
  Exporter exporter() {
    return new TorchScriptExporter();
  }

  @Override
  Model model() {
    return Model.open(Fixtures.of("training-can").resolve("model"), ImportOptions.defaults());
  }

  /** Element types of which PyTorch has no storages. */
  @Override
  Model refused() {
    Model model = model();
    Map<String, TensorData> tensors = new LinkedHashMap<>(model.checkpoint().tensors());
    tensors.replaceAll((name, tensor) -> Tensors.as(tensor, DType.F8_E4M3));
    return model.withTensors(tensors);
  }

  @Test
  void theReasonIsTheFirstTensorThatItCannotHold() {
    try (Model model = refused()) {
      assertEquals(
          "a TorchScript file cannot hold pos_embed, which is F8_E4M3; import it with --dtype first",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> exporter().prepare(model, ExportOptions.defaults()))
              .getMessage());
    }
  }

  /** Of batch norms, mean, variance and counter are buffers. */
  @Test
  void everyTensorIsInTheFileUnderItsName() throws IOException {
    Path out = folder.resolve("network.pt");
    try (Model model =
        Model.open(
            Fixtures.of("efficientvit-b-tiny").resolve("efficientvit_b_tiny.pt"),
            ImportOptions.defaults())) {
      Map<String, TensorData> tensors = model.checkpoint().tensors();
      long statistics = tensors.keySet().stream().filter(NORM_STATE).count();
      Export export = exporter().prepare(model, ExportOptions.defaults());
      assertEquals(
          tensors.size() - statistics + " parameters and " + statistics + " buffers, TorchScript",
          export.contents());
      export.write(out, () -> false);
      try (TensorFile file = TensorFiles.open(out)) {
        assertEquals(tensors.keySet(), file.tensors().keySet());
        tensors.forEach(
            (name, tensor) ->
                assertTrue(Tensors.sameBytes(tensor, file.tensors().get(name)), name));
      }
    }
  }
}
