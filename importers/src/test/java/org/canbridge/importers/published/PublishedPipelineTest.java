package org.canbridge.importers.published;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.FamilyContract;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;
import org.canbridge.tensors.files.Problem;
import org.canbridge.tensors.formats.TensorFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole pipelines, taken over around a network. */
class PublishedPipelineTest {
  private static final Path SOURCE = Fixtures.of("dit-pipeline");
  private static final List<String> WEIGHTS =
      List.of(
          "transformer/diffusion_pytorch_model.safetensors",
          "vae/diffusion_pytorch_model.safetensors");

  @TempDir Path folder;

  private static PublishedPipeline pipeline(Checkpoint checkpoint, Path source) {
    return PublishedPipeline.of(
        checkpoint,
        PublishedExport.ofLibrary(checkpoint, "diffusers"),
        PipelineFolder.at(source).orElseThrow());
  }

  private static ObjectNode json(Path file) throws IOException {
    return (ObjectNode) Json.parse(Files.readAllBytes(file));
  }

  private static List<String> files(Path root) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      return all.filter(Files::isRegularFile)
          .map(path -> root.relativize(path).toString().replace('\\', '/'))
          .filter(name -> !name.startsWith("reference"))
          .sorted()
          .toList();
    }
  }

  private static void assertSameTensors(Path expected, Path actual) {
    try (TensorFile source = TensorFiles.open(expected);
        TensorFile written = TensorFiles.open(actual)) {
      FamilyContract.assertSameTensors(source.tensors(), written.tensors());
    }
  }

  @Test
  void aPipelineComesBackAsItWas() throws IOException {
    Path out = folder.resolve("out");
    try (Checkpoint checkpoint = Checkpoints.open(SOURCE)) {
      PublishedPipeline pipeline = pipeline(checkpoint, SOURCE);
      pipeline.writeFolder(out, Long.MAX_VALUE);
      assertEquals("DiTPipeline", pipeline.name());
      assertEquals(List.of("scheduler", "vae"), pipeline.parts());
    }
    assertEquals(files(SOURCE), files(out));
    assertEquals(json(SOURCE.resolve("model_index.json")), json(out.resolve("model_index.json")));
    for (String name : List.of("scheduler/scheduler_config.json", "vae/config.json")) {
      assertEquals(-1, Files.mismatch(SOURCE.resolve(name), out.resolve(name)), name);
    }
    ObjectNode transformer = json(SOURCE.resolve("transformer/config.json"));
    transformer.remove("_diffusers_version");
    assertEquals(transformer, json(out.resolve("transformer/config.json")));
    for (String name : WEIGHTS) {
      assertSameTensors(SOURCE.resolve(name), out.resolve(name));
    }
  }

  @Test
  void aModelDirectoryGoesBackIntoItsPipelineInShards() throws IOException {
    Path model = folder.resolve("model");
    Path out = folder.resolve("out");
    try (Checkpoint checkpoint = Checkpoints.open(SOURCE)) {
      ModelDirectory.write(
          model,
          checkpoint.withClassNames(Map.of(3, List.of("cat", "kitten"))),
          WriteOptions.defaults());
    }
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      pipeline(checkpoint, SOURCE).writeFolder(out, 100_000);
    }
    assertEquals(
        "{\"3\":\"cat, kitten\"}",
        json(out.resolve("model_index.json")).get("id2label").toString());
    for (String name : WEIGHTS) {
      Path index = out.resolve(name + ".index.json");
      assertTrue(
          new TreeSet<>(json(index).get("weight_map").valueStream().map(v -> v.asText()).toList())
                  .size()
              > 1);
      assertSameTensors(SOURCE.resolve(name), index);
    }
    try (Checkpoint source = Checkpoints.open(SOURCE);
        Checkpoint back = Checkpoints.open(out)) {
      assertEquals(source.config(), back.config());
      assertEquals(source.training(), back.training());
      assertEquals(Map.of(3, List.of("cat", "kitten")), back.classNames());
      FamilyContract.assertSameTensors(source.tensors(), back.tensors());
    }
  }

  @Test
  void namesThatNobodySaidAreNotTakenOver() throws IOException {
    Path out = folder.resolve("out");
    try (Checkpoint checkpoint = Checkpoints.open(SOURCE)) {
      pipeline(checkpoint.withClassNames(Map.of()), SOURCE).writeFolder(out, Long.MAX_VALUE);
    }
    assertFalse(json(out.resolve("model_index.json")).has("id2label"));
  }

  /** As a hub's cache has it: every file is a link to somewhere else. */
  @Test
  void linksAreFollowedAndTokenizersCopied() throws IOException {
    Path source = folder.resolve("linked");
    Path blobs = edited("model_index.json", json -> {});
    for (String name : files(blobs)) {
      Path link = source.resolve(name);
      Files.createDirectories(link.getParent());
      Files.createSymbolicLink(link, blobs.resolve(name));
    }
    Files.delete(source.resolve("model_index.json"));
    ObjectNode index = json(SOURCE.resolve("model_index.json"));
    index.putArray("tokenizer").add("transformers").add("CLIPTokenizer");
    index.putArray("safety_checker").addNull().addNull();
    Files.writeString(source.resolve("model_index.json"), index.toString());
    Files.writeString(
        Files.createDirectory(source.resolve("tokenizer")).resolve("vocab.json"), "{}");
    Path out = folder.resolve("out");
    try (Checkpoint checkpoint = Checkpoints.open(source)) {
      pipeline(checkpoint, source).writeFolder(out, Long.MAX_VALUE);
    }
    try (Stream<Path> all = Files.walk(out)) {
      assertEquals(List.of(), all.filter(Files::isSymbolicLink).toList());
    }
    assertEquals("{}", Files.readString(out.resolve("tokenizer/vocab.json")));
    assertEquals(index, json(out.resolve("model_index.json")));
  }

  private Path edited(String file, Consumer<ObjectNode> change) {
    Path copy = folder.resolve("edited");
    try {
      for (String name : files(SOURCE)) {
        Files.createDirectories(copy.resolve(name).getParent());
        Files.copy(SOURCE.resolve(name), copy.resolve(name));
      }
      ObjectNode json = json(copy.resolve(file));
      change.accept(json);
      Files.writeString(copy.resolve(file), json.toString());
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void assertRefused(Path source, Problem problem, String... lines) {
    try (Checkpoint checkpoint = Checkpoints.open(SOURCE)) {
      InputFileException e =
          assertThrows(InputFileException.class, () -> pipeline(checkpoint, source));
      assertEquals(String.join("\n  ", lines).replace("PIPELINE", source + ""), e.getMessage());
      assertEquals(problem, e.problem());
    }
  }

  @Test
  void refusesPartsThatItDoesNotKnow() {
    assertRefused(
        edited(
            "model_index.json",
            json -> json.putArray("../../movq").add("diffusers").add("VQModel")),
        PipelineProblem.UNKNOWN_PART,
        "the pipeline has a part that cannot be taken over",
        "expected: transformer, scheduler, tokenizer, vae, text_encoder",
        "actual: ../../movq",
        "file: PIPELINE/model_index.json",
        "key: ../../movq",
        "next: take it out of the index, or export the network alone: name its own folder");
  }

  @Test
  void refusesPartsThatAreNotThere() {
    assertRefused(
        edited(
            "model_index.json",
            json -> json.putArray("text_encoder").add("transformers").add("CLIPTextModel")),
        PipelineProblem.MISSING_PART,
        "a part that the pipeline's index names is not there",
        "expected: what was published in PIPELINE/text_encoder",
        "file: PIPELINE/model_index.json",
        "key: text_encoder",
        "next: fetch the whole pipeline, or export the network alone: name its own folder");
  }

  @Test
  void refusesThePipelineOfAnotherNetwork() {
    assertRefused(
        edited(
            "model_index.json",
            json -> json.putArray("transformer").add("diffusers").add("PixArtTransformer2DModel")),
        PipelineProblem.OTHER_NETWORK,
        "the pipeline is one of another network",
        "expected: DiTTransformer2DModel",
        "actual: PixArtTransformer2DModel",
        "file: PIPELINE/model_index.json",
        "key: transformer",
        "next: name the pipeline that the model belongs to");
  }

  @Test
  void refusesTheSchedulerOfAnotherTraining() {
    assertRefused(
        edited(
            "scheduler/scheduler_config.json",
            json -> json.put("prediction_type", "v_prediction").put("beta_end", 0.012)),
        PipelineProblem.OTHER_TRAINING,
        "the pipeline's scheduler is for another training than the model's",
        "expected: {\"beta_end\":0.02,\"prediction\":\"eps\"}",
        "actual: {\"beta_end\":0.012,\"prediction\":\"v\"}",
        "file: PIPELINE/scheduler/scheduler_config.json",
        "next: name a pipeline whose scheduler fits, or export the network alone");
  }

  @Test
  void aLibraryWithoutTheNetworkIsNamedWithWhatItHas() {
    try (Checkpoint dit = Checkpoints.open(SOURCE);
        Checkpoint uvit =
            Checkpoints.open(
                Fixtures.of("uvit-tiny").resolve("nnet_ema.pth"),
                ImportOptions.defaults().withHeads(3))) {
      assertEquals(
          "timm has no DiT (Peebles and Xie, ICCV 2023); of the networks here it has EfficientViT of MIT"
              + " (Cai et al., ICCV 2023)",
          refusal(dit, "timm"));
      assertEquals(
          "diffusers has no U-ViT (Bao et al., CVPR 2023); of the networks here it has DiT (Peebles"
              + " and Xie, ICCV 2023); AutoencoderKL (Rombach et al., CVPR 2022); TAESD (tiny"
              + " autoencoder of madebyollin)",
          refusal(uvit, "diffusers"));
    }
  }

  private static String refusal(Checkpoint checkpoint, String library) {
    return assertThrows(
            IllegalArgumentException.class, () -> PublishedExport.ofLibrary(checkpoint, library))
        .getMessage();
  }
}
