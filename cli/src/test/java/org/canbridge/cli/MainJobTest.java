package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.imageio.ImageIO;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.safetensors.SafetensorsFile;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The main job through the command line: import, verify, convert, verify, sample. */
class MainJobTest {
  @TempDir private Path folder;

  private static String fixture(String name) {
    return Fixtures.of(name).toString();
  }

  private String at(String name) {
    return folder.resolve(name).toString();
  }

  private static Outcome ok(String... args) {
    Outcome outcome = Outcome.of(args);
    assertEquals(0, outcome.status(), outcome.out() + outcome.err());
    return outcome;
  }

  @Test
  void publishedFileBecomesAVerifiedConditionAwareModelThatSamples() throws IOException {
    String bundle = fixture("dit-tiny-nosigma-p4");
    ok("import", bundle + "/checkpoint.pt", "--heads", "3", "--out", at("model"));
    assertTrue(
        ok("verify", at("model"), "--reference", bundle)
            .out()
            .contains("PASSED: 15 equal, 0 different"));
    Outcome converted = ok("convert", at("model"), "--out", at("can"));
    assertTrue(converted.out().contains("inserted   blocks.1.mlp.dwconv"), converted.out());
    assertTrue(
        converted.out().contains("largest difference to the source on random inputs"),
        converted.out());
    ok("verify", at("can"), "--reference", bundle, "--report", at("report"));
    assertTrue(Files.exists(folder.resolve("report/junit.xml")));
    assertTrue(Files.exists(folder.resolve("report/report.json")));

    String[] how = {
      "--steps",
      "4",
      "--sampler",
      "ddim",
      "--cfg",
      "1.5",
      "--classes",
      "3,1",
      "--count",
      "3",
      "--seed",
      "5"
    };
    ok(
        with(
            how,
            "sample",
            at("model"),
            "--out",
            at("model.png"),
            "--save-latents",
            at("model.safetensors")));
    ok(with(how, "sample", at("can"), "--save-latents", at("can.safetensors")));
    ok(with(how, "sample", at("model"), "--save-latents", at("again.safetensors"), "--batch", "1"));
    BufferedImage grid = ImageIO.read(folder.resolve("model.png").toFile());
    assertTrue(grid.getWidth() >= 3 * 16 && grid.getHeight() >= 16);
    assertEquals(
        0,
        largestDifference("model.safetensors", "can.safetensors"),
        1e-4,
        "the conversion changes no picture");
    assertEquals(
        0,
        largestDifference("model.safetensors", "again.safetensors"),
        1e-4,
        "nor does the batch size");
  }

  private static String[] with(String[] options, String... command) {
    String[] all = Arrays.copyOf(command, command.length + options.length);
    System.arraycopy(options, 0, all, command.length, options.length);
    return all;
  }

  private double largestDifference(String a, String b) {
    try (SafetensorsFile first = SafetensorsFile.open(folder.resolve(a));
        SafetensorsFile second = SafetensorsFile.open(folder.resolve(b))) {
      double[] x = Tensors.doubles(first.tensors().get("latents"));
      double[] y = Tensors.doubles(second.tensors().get("latents"));
      assertEquals(x.length, y.length);
      double largest = 0;
      double scale = 0;
      for (int i = 0; i < x.length; i++) {
        largest = Math.max(largest, Math.abs(x[i] - y[i]));
        scale = Math.max(scale, Math.abs(x[i]));
      }
      return largest / scale;
    }
  }

  @Test
  void aDifferenceIsExitStatusOneAndNamesTheLayer() throws IOException {
    Path bundle = Fixtures.of("dit-tiny-legacy");
    Path changed = folder.resolve("bundle");
    Files.createDirectory(changed);
    Files.copy(bundle.resolve("reference.json"), changed.resolve("reference.json"));
    try (SafetensorsFile file = SafetensorsFile.open(bundle.resolve("reference.safetensors"))) {
      Map<String, TensorData> tensors = new LinkedHashMap<>(file.tensors());
      float[] values = Tensors.floats(tensors.get("activation.blocks.0.attn"));
      values[7] += 0.01f;
      tensors.put("activation.blocks.0.attn", MemoryTensor.of(values, 3, 16, 48));
      SafetensorsWriter.write(changed.resolve("reference.safetensors"), tensors, Map.of());
    }
    Outcome outcome =
        Outcome.of("verify", bundle + "/checkpoint.pt", "--reference", changed.toString());
    assertEquals(1, outcome.status());
    assertEquals("", outcome.err(), "the bundle says that it is a DiT");
    assertTrue(outcome.out().contains("activation.blocks.0.attn"), outcome.out());
    assertTrue(outcome.out().contains("FAILED"), outcome.out());
    // The same difference within a tolerance that is given, with a reason, passes.
    ok(
        "verify",
        bundle + "/checkpoint.pt",
        "--reference",
        changed.toString(),
        "--rtol",
        "0",
        "--atol",
        "0.02",
        "--why",
        "test");
  }

  /** A bundle that does not name its family: the network that is run is an assumption. */
  @Test
  void verifySaysWhatItTakesTheTensorsFor() throws IOException {
    Path bundle = Fixtures.of("canbridge-1").resolve("recorded").resolve("dit");
    Path nameless = Files.createDirectory(folder.resolve("nameless"));
    Files.copy(bundle.resolve("reference.safetensors"), nameless.resolve("reference.safetensors"));
    Files.writeString(nameless.resolve("reference.json"), "{\"dtype\": \"float32\"}");
    String model = Fixtures.of("canbridge-1").resolve("dit").toString();
    String[] verify = {"verify", model, "--reference", nameless.toString()};
    assertEquals(
        "canbridge: objective assumed, as of published models of dit: eps on vp-discrete, null"
            + " class 10; --objective says otherwise, --family sit reads the same tensors as that\n",
        ok(verify).err());
    String[] named = Arrays.copyOf(verify, 6);
    named[4] = "--family";
    named[5] = "dit";
    assertEquals("", ok(named).err());
  }

  @Test
  void profileCountsPublishedModelsAndModelDirectories() throws IOException {
    JsonNode xl =
        new ObjectMapper()
            .readTree(ok("profile", "--arch", "DiT-XL/2", "--image-size", "512", "--json").out());
    assertEquals(676_014_368L, xl.path("parameters").asLong());
    assertEquals(524_538_298_368L, xl.path("macs").asLong());
    String text = ok("profile", "--arch", "DiT-XL/2").out();
    assertTrue(text.contains("(675.1M)") && text.contains("(118.6G)"), text);
    ok(
        "convert",
        fixture("dit-tiny") + "/checkpoint.pt",
        "--heads",
        "3",
        "--targets",
        "dwconv",
        "--condition",
        "time",
        "--out",
        at("can"));
    String can = ok("profile", at("can")).out();
    assertTrue(can.contains("can.blocks.{i}.mlp.dwconv"), can);
    assertTrue(
        ok("inspect", at("can")).out().contains("can"), "a converted model can be inspected");
  }

  @Test
  void aConfigurationFileTellsWhatTheTensorsCannot() throws IOException {
    String file = fixture("vae-compvis-tiny") + "/autoencoder_kl.pth";
    Outcome asked = Outcome.of("import", file, "--out", at("x"));
    assertEquals(3, asked.status());
    assertTrue(asked.err().contains("next: add --config FILE"), asked.err());
    Path config = Files.writeString(folder.resolve("told.json"), "{\"norm_num_groups\": 4}");
    ok("import", file, "--out", at("x"), "--config", config.toString());
    ok("verify", at("x"), "--reference", fixture("vae-compvis-tiny"));
    Files.writeString(config, "[4]");
    Outcome refused = Outcome.of("import", file, "--out", at("y"), "--config", config.toString());
    assertEquals(3, refused.status());
    assertTrue(refused.err().contains("the file does not hold a JSON object"), refused.err());
    assertEquals(3, Outcome.of("import", file, "--out", at("y"), "--config", at("none")).status());
  }

  @Test
  void aPipelineIsVerifiedFromItsFolderAndAfterImport() {
    String pipeline = fixture("dit-pipeline");
    String whole = ok("verify", pipeline, "--reference", pipeline).out();
    assertTrue(whole.contains("PASSED: 6 equal, 0 different or missing, 0 not checked"), whole);
    String said = ok("import", pipeline, "--out", at("x")).err();
    assertTrue(said.contains("the pipeline's autoencoder is not imported"), said);
    assertTrue(
        said.contains(
            "of the pipeline's scheduler what it tells of training is imported, its solver is not:"
                + " sample --scheduler "),
        said);
    assertFalse(said.contains("assumed"), said);
    String latents = ok("verify", at("x"), "--reference", pipeline).out();
    assertTrue(latents.contains("PASSED: 3 equal, 0 different or missing, 3 not checked"), latents);
    String images =
        ok("verify", at("x"), "--reference", pipeline, "--vae", pipeline + "/vae").out();
    assertTrue(images.contains("PASSED: 6 equal, 0 different or missing, 0 not checked"), images);
  }

  /** The other part of the tolerance stays the table's. */
  @Test
  void onePartOfTheToleranceCanBeGiven() {
    String[] verify = {
      "verify", fixture("dit-tiny") + "/checkpoint.pt", "--reference", fixture("dit-tiny")
    };
    for (String[] part : new String[][] {{"--rtol", "1e-2"}, {"--atol", "1e-3"}}) {
      String[] args = Arrays.copyOf(verify, verify.length + 2);
      System.arraycopy(part, 0, args, verify.length, 2);
      String report = ok(args).out();
      String numbers = part[0].equals("--rtol") ? "1.0E-5 + 0.01 *" : "0.001 + 1.0E-4 *";
      assertTrue(report.contains(numbers), report);
    }
  }

  @Test
  void wrongUseIsExitStatusTwo() {
    String tiny = fixture("dit-tiny") + "/checkpoint.pt";
    usage(
        "--targets: unknown target 'conv'", "convert", tiny, "--out", at("x"), "--targets", "conv");
    usage(
        "--targets names 'dwconv' twice",
        "convert",
        tiny,
        "--out",
        at("x"),
        "--targets",
        "dwconv,dwconv");
    usage("--condition is 'weather'", "convert", tiny, "--out", at("x"), "--condition", "weather");
    usage("needs --out FILE.png, --out DIR or --save-latents FILE", "sample", tiny, "--heads", "3");
    usage("which a PNG cannot show", "sample", tiny, "--heads", "3", "--out", at("x.png"));
    usage(
        "there is no sampler 'magic'",
        "sample",
        tiny,
        "--heads",
        "3",
        "--out",
        at("x.png"),
        "--sampler",
        "magic");
    usage(
        "of which this reference has none",
        "verify",
        tiny,
        "--reference",
        fixture("dit-tiny"),
        "--vae",
        fixture("vae-tiny"));
    usage("num_heads is", "verify", tiny, "--reference", fixture("dit-tiny"), "--heads", "4");
    usage("takes a MODEL or --arch NAME", "profile");
    assertFalse(Files.exists(folder.resolve("x")));
    assertFalse(Files.exists(folder.resolve("x.png")));
  }

  private static void usage(String message, String... args) {
    Outcome outcome = Outcome.of(args);
    assertEquals(2, outcome.status(), outcome.err());
    assertTrue(outcome.err().contains(message), outcome.err());
  }
}
