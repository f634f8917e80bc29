package org.canbridge.runtime;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apiguardian.api.API;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.detection.DetectionProblem;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.runtime.engine.OnnxModel;
import org.canbridge.runtime.engine.RunningNetwork;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.TextInput;
import org.canbridge.runtime.family.TextModel;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.InputFileException;

/** A text encoder with its tokenizer: from prompts to what a text-conditional model takes. */
@API(status = API.Status.STABLE)
public final class TextEncoder implements AutoCloseable {
  private static final String IDS = "input_ids";

  private final Checkpoint checkpoint;
  private final TextModel model;
  private final TextModel.Tokenizer tokenizer;
  private final RunningNetwork network;
  private final TextInput input;

  private TextEncoder(
      Checkpoint checkpoint,
      TextModel model,
      TextModel.Tokenizer tokenizer,
      RunningNetwork network,
      TextInput input) {
    this.checkpoint = checkpoint;
    this.model = model;
    this.tokenizer = tokenizer;
    this.network = network;
    this.input = input;
  }

  /**
   * Opens the text encoder of a model.
   *
   * @param folder a published CLIP: weights, {@code config.json} and the tokenizer's files; one
   *     that was exported as ONNX runs as it is if the target's engine is ONNX Runtime
   * @param input what the model takes
   * @throws InputFileException if it is no CLIP text encoder, or gives features of another width
   */
  public static TextEncoder open(Path folder, TextInput input, Target target) {
    Checkpoint checkpoint = Checkpoints.open(folder);
    try {
      Optional<TextModel> model =
          RuntimeFamilies.of(checkpoint.config()).textModel().filter(m -> m.gives(input));
      if (model.isEmpty()) {
        throw InputFileException.of(DetectionProblem.UNSUPPORTED_FAMILY, folder)
            .what("this is not the text encoder of the model")
            .expected(
                "a CLIP text encoder of width "
                    + input.width()
                    + " for at least "
                    + input.tokens()
                    + " tokens")
            .actual(checkpoint.config().architecture() + " " + checkpoint.config().arguments())
            .next("give the folder of the CLIP that the model was trained with")
            .build();
      }
      TextModel.Tokenizer tokenizer = model.get().tokenizer(folder);
      RunningNetwork network = network(folder, checkpoint, model.get(), input, target);
      return new TextEncoder(checkpoint, model.get(), tokenizer, network, input);
    } catch (RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  private static RunningNetwork network(
      Path folder, Checkpoint checkpoint, TextModel model, TextInput input, Target target) {
    Optional<OnnxModel> exported = ExportedModel.network(folder, ExportedModel.FILE, target);
    if (exported.isEmpty()) {
      return Session.open(model.graph(input.tokens()), checkpoint.tensors(), target);
    }
    long tokens = exported.get().inputs().get(IDS).get(1);
    if (tokens != input.tokens()) {
      exported.get().close();
      throw new IllegalArgumentException(
          "the text encoder was exported for "
              + tokens
              + " tokens, and the model takes "
              + input.tokens());
    }
    return exported.get();
  }

  /**
   * Encodes prompts.
   *
   * @param prompts at least one
   * @param negative what guidance leads away from; empty for guidance as in its paper
   */
  public TextConditions encode(List<String> prompts, String negative) {
    List<String> texts = new ArrayList<>(prompts);
    texts.add(negative);
    int size = input.tokens() * input.width();
    float[] features = new float[Math.multiplyExact(texts.size(), size)];
    for (int i = 0; i < texts.size(); i++) {
      TensorData ids = tokenizer.encode(texts.get(i), input.tokens());
      Map<String, TensorData> out = network.run(Map.of(IDS, ids), List.of(model.features()));
      System.arraycopy(Tensors.floats(out.get(model.features())), 0, features, i * size, size);
    }
    return new TextConditions(features, input.tokens(), input.width());
  }

  /** The end of a prompt that does not fit and is left out; empty if all of it does. */
  public String lost(String prompt) {
    return tokenizer.lost(prompt, input.tokens());
  }

  @Override
  public void close() {
    network.close();
    tokenizer.close();
    checkpoint.close();
  }
}
