package org.canbridge.runtime.export;

import java.util.LinkedHashMap;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

class TorchScriptExporterTest extends ExporterContract {

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
}
