package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.canbridge.fixtures.Fixtures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A network of no family, from its ONNX graph to what is drawn, trained and exported. */
class GraphCommandsTest {
  private static final String OBJECTIVE =
      "flow-linear,prediction=x0,time_scale.clean=1,time_scale.noise=0,null_class=10,"
          + "guidance.scale=2,image_range=0..1";

  @TempDir private Path folder;

  private static String run(String... arguments) {
    Outcome outcome = Outcome.of(arguments);
    assertEquals(0, outcome.status(), outcome.err());
    return outcome.out();
  }

  private static String model(String name) {
    return Fixtures.of(name).resolve("model.onnx").toString();
  }

  @Test
  void digitsAreDrawnTrainedAndExported() throws IOException {
    String imported = folder.resolve("digits").toString();
    String can = folder.resolve("can").toString();
    Path image = folder.resolve("seven.png");
    run("import", model("graph-digits-vit"), "--objective", OBJECTIVE, "--out", imported);
    String converted = run("convert", imported, "--out", can);
    assertTrue(
        converted.contains("largest difference to the source on random inputs  0.00,"), converted);
    run("sample", can, "--classes", "7", "--steps", "8", "--out", image.toString());
    BufferedImage seven = ImageIO.read(image.toFile());
    int[] pixels = seven.getRaster().getSamples(0, 0, 28, 28, 0, (int[]) null);
    long black = java.util.Arrays.stream(pixels).filter(v -> v < 64).count();
    long white = java.util.Arrays.stream(pixels).filter(v -> v > 192).count();
    assertTrue(black > 500 && white > 30, () -> black + " black, " + white + " white");
    Path trained = folder.resolve("trained");
    run(
        "finetune",
        can,
        "--data",
        Fixtures.data("fashion-mnist").toString(),
        "--steps",
        "2",
        "--batch",
        "4",
        "--out",
        trained.toString());
    run(
        "export",
        trained.resolve("model").toString(),
        "--format",
        "torchscript",
        "--out",
        folder.resolve("digits.pt").toString());
  }

  @Test
  void inspectShowsWhoPlaysWhichRole() {
    String shown = run("inspect", model("graph-unet"), "--role", "stem=patch_embed,up=head");
    assertTrue(shown.contains("role.patch_embed          [\"stem\"]"), shown);
    assertTrue(shown.contains("role.head                 [\"up\",\"last\"]"), shown);
    assertTrue(
        shown.contains(
            "not recognised: the embedding of the label; the whole condition, the sum of both;"
                + " --role NODE=ROLE says it"),
        shown);
    assertTrue(shown.contains("layers without a role: down"), shown);
  }

  @Test
  void rolesAreWords() {
    Outcome outcome = Outcome.of("inspect", model("graph-unet"), "--role", "stem");
    assertEquals(2, outcome.status());
    assertEquals(
        "canbridge: inspect: --role takes NODE=ROLE, not 'stem'; roles are patch_embed, qkv,"
            + " output_projection, mlp_in, mlp_out, depthwise_conv, head, time_embed,"
            + " label_embed, condition\n  next: canbridge inspect --help\n",
        outcome.err());
  }
}
