package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.canbridge.fixtures.Fixtures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ablations of CAN through the command line. */
class CanCommandsTest {
  @TempDir private Path folder;

  private String at(String name) {
    return folder.resolve(name).toString();
  }

  private static Outcome ok(String... args) {
    Outcome outcome = Outcome.of(args);
    assertEquals(0, outcome.status(), outcome.out() + outcome.err());
    return outcome;
  }

  @Test
  void theSizesOfThePaperAreInTheirBands() throws IOException {
    assertFalse(ok("profile", "--paper").out().contains("out of its band"));
    JsonNode json = new ObjectMapper().readTree(ok("profile", "--paper", "--json").out());
    assertTrue(json.get("in_band").asBoolean());
    assertEquals(15, json.get("networks").size());
    assertEquals(2, Outcome.of("profile", "--paper", "--arch", "DiT-XL/2").status());
  }

  @Test
  void withoutItsOwnControlTheLossIsSaidAndTheModelIsReadBack() {
    String source = Fixtures.of("uvit-tiny").resolve("nnet_ema.pth").toString();
    Outcome converted =
        ok("convert", source, "--heads", "3", "--control", "can-only", "--out", at("can"));
    assertTrue(converted.out().contains("its own control is gone"), converted.out());
    ok("profile", at("can"));
    assertEquals(2, Outcome.of("convert", at("can"), "--out", at("twice")).status());
  }

  @Test
  void aNetworkWithoutConditionGetsOneAndKeepsItsFunction() {
    String source = Fixtures.of("efficientvit-b-tiny").resolve("efficientvit_b_tiny.pt").toString();
    Outcome converted =
        ok(
            "convert",
            source,
            "--targets",
            "dwconv,patch_embed,out_proj",
            "--embed-classes",
            "10",
            "--out",
            at("can"));
    assertTrue(converted.out().contains("the function is preserved"), converted.out());
    ok("profile", at("can"));
  }

  @Test
  void aModelByClassIsFrozenAtOneClass() {
    String source = Fixtures.of("dit-tiny").resolve("checkpoint.pt").toString();
    ok("convert", source, "--heads", "3", "--condition", "class", "--out", at("can"));
    assertEquals(2, Outcome.of("bake", at("can"), "--out", at("none")).status());
    ok("bake", at("can"), "--class", "3", "--out", at("frozen"));
    assertTrue(Files.exists(folder.resolve("frozen/config.json")));
    assertEquals(2, Outcome.of("bake", at("can"), "--class", "4000", "--out", at("x")).status());
  }

  @Test
  void theCostIsSaidBeforeAnythingIsBuilt() {
    String source = Fixtures.of("dit-tiny").resolve("checkpoint.pt").toString();
    Outcome outcome =
        ok("convert", source, "--heads", "3", "--targets", "qkv,mlp", "--rank", "4", "--dry-run");
    assertTrue(outcome.out().contains("generators for"), outcome.out());
    assertTrue(ok("convert", "--arch", "CaT-B0", "--dry-run").out().contains("GiB"));
    assertEquals(2, Outcome.of("convert", "--arch", "DiT-S/2", "--dry-run").status());
  }

  @Test
  void everyCommandRefusesASectionThatDoesNotFit() throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));
    Path good = Fixtures.of("training-can").resolve("model");
    Files.copy(good.resolve("model.safetensors"), model.resolve("model.safetensors"));
    String config = Files.readString(good.resolve("config.json"));
    Files.writeString(
        model.resolve("config.json"),
        config.replace("\"inserted\"", "\"removed\": [\"pos_embed\"], \"inserted\""));
    String message =
        "the 'can' section does not describe a network that can be built\n"
            + "  expected: the fields of docs/can-format.md, naming layers of this network\n"
            + "  actual: 'removed' names pos_embed, which is none of the 0 tensors that the network"
            + " does without\n"
            + "  file: "
            + model.resolve("config.json")
            + "\n  key: can\n"
            + "  next: convert the source model again, or mend the section\n";
    for (String[] command :
        new String[][] {
          {"import", model.toString(), "--out", at("new")},
          {"bake", model.toString(), "--class", "1", "--out", at("new")},
          {"export", model.toString(), "--format", "published", "--out", at("new")},
          {"sample", model.toString(), "--save-latents", at("new")},
          {"profile", model.toString()}
        }) {
      Outcome outcome = Outcome.of(command);
      assertEquals(3, outcome.status(), command[0]);
      assertEquals("canbridge: " + message, outcome.err(), command[0]);
    }
    Outcome inspected = Outcome.of("inspect", model.toString());
    assertEquals(3, inspected.status());
    assertTrue(
        inspected.out().contains(message.lines().findFirst().orElseThrow()), inspected.out());
    assertFalse(Files.exists(folder.resolve("new")));
  }
}
