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
  private final Checkpoint checkpoint;
  private final TextModel model;
  private final TextModel.Tokenizer tokenizer;
  private final Session session;
  private final TextInput input;

  private TextEncoder(
      Checkpoint checkpoint,
      TextModel model,
      TextModel.Tokenizer tokenizer,
      Session session,
      TextInput input) {
    this.checkpoint = checkpoint;
    this.model = model;
    this.tokenizer = tokenizer;
    this.session = session;
    this.input = input;
  }

  /**
   * Opens the text encoder of a model.
   *
   * @param folder a published CLIP: weights, {@code config.json} and the tokenizer's files
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
      Session session =
          Session.open(model.get().graph(input.tokens()), checkpoint.tensors(), target);
      return new TextEncoder(checkpoint, model.get(), tokenizer, session, input);
    } catch (RuntimeException e) {
      checkpoint.close();
      throw e;
    }
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
      Map<String, TensorData> out =
          session.run(Map.of("input_ids", ids), List.of(model.features()));
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
    session.close();
    tokenizer.close();
    checkpoint.close();
  }
}
