package org.canbridge.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.GuidedChannels;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.diffusion.Denoiser;
import org.canbridge.runtime.diffusion.DenoisingNetwork;
import org.canbridge.runtime.diffusion.GuidanceForm;
import org.canbridge.runtime.diffusion.GuidedNetwork;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.diffusion.NetworkDenoiser;
import org.canbridge.runtime.diffusion.Prediction;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.SolverName;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.TextInput;
import org.canbridge.runtime.objective.NoiseLevel;
import org.canbridge.runtime.objective.Parameterization;
import org.canbridge.runtime.objective.Respacing;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From prompts to latents. */
class TextSamplingTest {
  private static final TextInput CONDITION = new TextInput(7, 32);
  private static final SamplingSettings SETTINGS =
      SamplingSettings.of(SolverName.DPM_SOLVER, Respacing.even(5)).withGuidance(2);

  /** Of the case, in U-ViT's form. */
  private static final double CFG_SCALE = 1.0;

  @TempDir private Path clip;

  private void writeClip() throws IOException {
    Path source = Fixtures.of("clip-text-tiny");
    Files.copy(source.resolve("config.json"), clip.resolve("config.json"));
    Files.copy(source.resolve("model.safetensors"), clip.resolve("model.safetensors"));
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode ids = mapper.createObjectNode();
    List.of("a", "c", "t", "a</w>", "c</w>", "t</w>", "<|startoftext|>", "<|endoftext|>")
        .forEach(token -> ids.put(token, ids.size()));
    mapper.writeValue(clip.resolve("vocab.json").toFile(), ids);
    Files.writeString(clip.resolve("merges.txt"), "#version: 0.2\n");
  }

  @Test
  void promptsDecideWhatIsDrawn() throws IOException {
    writeClip();
    try (Model model = model();
        Session session = model.session(Target.F32);
        TextEncoder encoder = TextEncoder.open(clip, CONDITION, Target.F32)) {
      TextConditions two = encoder.encode(List.of("a cat", "tact"), "");
      assertEquals(2, two.texts());
      ModelSampler sampler = ModelSampler.of(model, session, two);
      assertEquals(2, sampler.classes());
      Latents first = sampler.draw(SETTINGS, 0);
      assertFalse(Arrays.equals(first.values(), sampler.draw(SETTINGS, 1).values()));
      ModelSampler again = ModelSampler.of(model, session, encoder.encode(List.of("A  cat"), ""));
      assertArrayEquals(first.values(), again.draw(SETTINGS, 0).values(), 1e-6);
      ModelSampler away = ModelSampler.of(model, session, encoder.encode(List.of("a cat"), "tact"));
      assertFalse(Arrays.equals(first.values(), away.draw(SETTINGS, 0).values()));
      assertThrows(IllegalArgumentException.class, () -> ModelSampler.of(model, session));
    }
    TextInput wider = new TextInput(7, 64);
    assertThrows(InputFileException.class, () -> TextEncoder.open(clip, wider, Target.F32));
  }

  /** The recorded features of the case; the guided output is the recorded one. */
  @Test
  void theNetworkIsGuidedAsRecorded() {
    try (Model model = model();
        Session session = model.session(Target.F32);
        SafetensorsFile file =
            SafetensorsFile.open(Fixtures.of("uvit-t2i-tiny").resolve("reference.safetensors"))) {
      float[] context = Tensors.floats(file.tensors().get("input.context"));
      float[] empty = Tensors.floats(file.tensors().get("input.empty_context"));
      float[] all = Arrays.copyOf(context, context.length + empty.length);
      System.arraycopy(empty, 0, all, context.length, empty.length);
      TextConditions texts = new TextConditions(all, 7, 32);
      assertEquals(3, texts.texts());
      assertArrayEquals(empty, Tensors.floats(texts.rows(new long[] {3})));
      assertEquals(3, ModelSampler.of(model, session, texts).draw(SETTINGS, 0, 1, 2).batch());
      ImageShape shape = new ImageShape(4, 8, 8);
      Latents x = new Latents(shape, Tensors.doubles(file.tensors().get("input.x")));
      Latents expected = new Latents(shape, Tensors.doubles(file.tensors().get("output.cfg")));
      double[] t = Tensors.doubles(file.tensors().get("input.t"));
      for (int row = 0; row < 3; row++) {
        DenoisingNetwork network =
            SessionNetwork.bind(session, 2, "context", texts.rows(new long[] {row, 3}));
        Denoiser guided =
            new NetworkDenoiser(
                new GuidedNetwork(network, GuidanceForm.ADDED.scale(CFG_SCALE), GuidedChannels.ALL),
                Parameterization.EPSILON);
        Prediction prediction =
            guided.predict(x.rows(row, row + 1), NoiseLevel.ofAlphaCumprod(t[row], 0.64));
        assertArrayEquals(expected.rows(row, row + 1).values(), prediction.noise().values(), 1e-4);
      }
      assertThrows(
          IllegalArgumentException.class,
          () -> ModelSampler.of(model, session, new TextConditions(new float[20], 2, 5)));
      assertThrows(IllegalArgumentException.class, () -> new TextConditions(new float[9], 2, 5));
    }
  }

  private static Model model() {
    return Model.open(
        Fixtures.of("uvit-t2i-tiny").resolve("nnet_ema.pth"),
        ImportOptions.defaults()
            .withHeads(2)
            .withArguments(Arguments.none().with("num_clip_token", 7).toJson(), "the case"));
  }
}
