package org.canbridge.runtime.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.IntNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.published.PipelineFolder;
import org.canbridge.runtime.ExportedModel;
import org.canbridge.runtime.LatentDecoder;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.ModelSampler;
import org.canbridge.runtime.SampledModel;
import org.canbridge.runtime.TextEncoder;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.SolverName;
import org.canbridge.runtime.engine.EngineName;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.TextInput;
import org.canbridge.runtime.objective.Respacing;
import org.junit.jupiter.api.Test;

class OnnxPipelineExportTest extends ExporterContract {
  private static final Target TARGET = Target.F32.on(EngineName.ONNXRUNTIME);
  private static final TextInput TEXTS = new TextInput(7, 32);
  private static final SamplingSettings SETTINGS =
      SamplingSettings.of(SolverName.UNIPC, Respacing.even(5)).withGuidance(2);

  @Override
  Exporter exporter() {
    return new OnnxExporter();
  }

  @Override
  ExportOptions options() {
    return ExportOptions.defaults()
        .withPipeline(PipelineFolder.at(Fixtures.of("dit-pipeline")).orElseThrow());
  }

  @Override
  Model model() {
    return Model.open(Fixtures.of("dit-pipeline"), ImportOptions.defaults());
  }

  /** Its images have one channel. */
  @Override
  Model refused() {
    return Model.open(
        Fixtures.of("dit-fmnist").resolve("checkpoint.pt"), ImportOptions.defaults().withHeads(4));
  }

  private static void assertClose(Latents expected, Latents actual) {
    double largest = Arrays.stream(expected.values()).map(Math::abs).max().orElseThrow();
    assertEquals(expected.shape(), actual.shape());
    assertArrayEquals(expected.values(), actual.values(), 1e-4 * largest);
  }

  /** From noise to pixels, by ONNX Runtime alone, from what was written. */
  @Test
  void wholePicturesAreThoseOfPyTorch() throws IOException {
    Path out = folder.resolve("out");
    Latents latents;
    Latents pictures;
    try (Model model = model();
        Session session = model.session(Target.F32);
        Export export = exporter().prepare(model, options());
        LatentDecoder decoder =
            LatentDecoder.open(
                Fixtures.of("dit-pipeline").resolve("vae"), ImportOptions.defaults(), Target.F32)) {
      export.write(out);
      latents = ModelSampler.of(model, session).draw(SETTINGS, 1, 5);
      pictures = decoder.decode(latents);
    }
    try (ExportedModel model =
            ExportedModel.open(out, ImportOptions.defaults(), TARGET).orElseThrow();
        LatentDecoder decoder =
            LatentDecoder.open(out.resolve("vae"), ImportOptions.defaults(), TARGET)) {
      Latents drawn = ModelSampler.of(model.sampled()).draw(SETTINGS, 1, 5);
      assertClose(latents, drawn);
      assertClose(pictures, decoder.decode(drawn));
      ImageShape wide = new ImageShape(4, 8, 16);
      assertEquals(
          "the decoder was exported for latents of 8x8, not of " + wide,
          assertThrows(
                  IllegalArgumentException.class,
                  () -> decoder.decode(new Latents(wide, new double[wide.size()])))
              .getMessage());
    }
    try (Model again = Model.open(out, ImportOptions.defaults());
        Session session = again.session(Target.F32)) {
      assertClose(latents, ModelSampler.of(again, session).draw(SETTINGS, 1, 5));
    }
  }

  private Path textPipeline() throws IOException {
    Path pipeline = Files.createDirectory(folder.resolve("pipeline"));
    Files.writeString(pipeline.resolve("model_index.json"), "{}");
    Path encoder = Files.createDirectory(pipeline.resolve("text_encoder"));
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.copy(Fixtures.of("clip-text-tiny").resolve(name), encoder.resolve(name));
    }
    Path tokenizer = Files.createDirectory(pipeline.resolve("tokenizer"));
    Files.writeString(
        tokenizer.resolve("vocab.json"),
        """
        {"a": 0, "c": 1, "t": 2, "a</w>": 3, "c</w>": 4, "t</w>": 5,
         "<|startoftext|>": 6, "<|endoftext|>": 7}\
        """);
    Files.writeString(tokenizer.resolve("merges.txt"), "#version: 0.2\n");
    return pipeline;
  }

  private static Model textModel() {
    return Model.open(
        Fixtures.of("uvit-t2i-tiny").resolve("nnet_ema.pth"),
        ImportOptions.defaults()
            .withHeads(2)
            .withArgument("num_clip_token", IntNode.valueOf(7), "the test"));
  }

  private static Latents drawn(SampledModel model, Path encoder, Target target) {
    try (TextEncoder texts = TextEncoder.open(encoder, TEXTS, target)) {
      return ModelSampler.of(model, texts.encode(List.of("a cat", "tact"), ""))
          .draw(SETTINGS, 0, 1);
    }
  }

  @Test
  void textsAreEncodedByTheExportToo() throws IOException {
    Path pipeline = textPipeline();
    Path out = folder.resolve("out");
    Latents expected;
    try (Model model = textModel();
        Session session = model.session(Target.F32);
        Export export =
            exporter()
                .prepare(
                    model,
                    ExportOptions.defaults()
                        .withPipeline(PipelineFolder.at(pipeline).orElseThrow()))) {
      assertEquals(
          List.of("transformer", "transformer", "text_encoder", "text_encoder"),
          export.write(out).stream().map(check -> check.network().name()).toList());
      expected =
          drawn(SampledModel.of(model, session), pipeline.resolve("text_encoder"), Target.F32);
    }
    try (ExportedModel model =
        ExportedModel.open(out, ImportOptions.defaults(), TARGET).orElseThrow()) {
      assertEquals(Optional.of(TEXTS), model.sampled().text());
      Path encoder = out.resolve("text_encoder");
      assertClose(expected, drawn(model.sampled(), encoder, TARGET));
      assertEquals(
          "the text encoder was exported for 7 tokens, and the model takes 5",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> TextEncoder.open(encoder, new TextInput(5, 32), TARGET))
              .getMessage());
    }
  }

  private String refusal(Model model, ExportOptions options) {
    return assertThrows(IllegalArgumentException.class, () -> exporter().prepare(model, options))
        .getMessage();
  }

  @Test
  void whatDoesNotGoTogetherIsRefused() throws IOException {
    try (Model model = model()) {
      assertEquals(
          "--inline makes one file, and a pipeline has several networks; export its parts alone",
          refusal(model, options().inlined()));
    }
    try (Model model = refused()) {
      assertEquals(
          "the pipeline's vae decodes no latents of " + model.family().image(),
          refusal(model, options()));
    }
    Path pipeline = textPipeline();
    Files.move(pipeline.resolve("text_encoder"), pipeline.resolve("no"));
    Path encoder = Files.createDirectory(pipeline.resolve("text_encoder"));
    try (Model model = model()) {
      exporter().prepare(model, options()).writeTo(folder.resolve("other"));
    }
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.copy(folder.resolve("other/transformer").resolve(name), encoder.resolve(name));
    }
    try (Model model = textModel()) {
      assertEquals(
          "the pipeline's text_encoder gives no features of 7x32",
          refusal(
              model,
              ExportOptions.defaults().withPipeline(PipelineFolder.at(pipeline).orElseThrow())));
    }
  }
}
