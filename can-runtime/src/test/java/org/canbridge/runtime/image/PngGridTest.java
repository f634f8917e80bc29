package org.canbridge.runtime.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.stream.ImageInputStream;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.Latents;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class PngGridTest {
  @TempDir private Path folder;

  @Test
  void greyValuesAreRoundedAndCutOff() throws IOException {
    Latents image =
        new Latents(new ImageShape(1, 2, 4), new double[] {-1, 1, 0, -3, 7, -0.5, 0.004, 0.992});
    Path file = folder.resolve("grey.png");
    PngGrid.writeOne(image, 0, file, Map.of());
    IIOImage read = read(file);
    assertEquals(1, read.getRenderedImage().getColorModel().getNumComponents());
    assertArrayEquals(new int[] {0, 255, 128, 0, 255, 64, 128, 254}, samples(read, 0));
  }

  @Test
  void coloursKeepTheirChannels() throws IOException {
    Latents images =
        new Latents(
            new ImageShape(3, 1, 2),
            new double[] {0, 0, 0, 0, 0, 0, /* second image */ 1, -1, -1, 1, 0.2, -0.2});
    Path file = folder.resolve("colour.png");
    PngGrid.writeOne(images, 1, file, Map.of());
    IIOImage read = read(file);
    assertEquals(3, read.getRenderedImage().getColorModel().getNumComponents());
    assertArrayEquals(new int[] {255, 0}, samples(read, 0));
    assertArrayEquals(new int[] {0, 255}, samples(read, 1));
    assertArrayEquals(new int[] {153, 102}, samples(read, 2));
  }

  @Test
  void imagesAreLaidOutRowByRow() throws IOException {
    // Image k is filled with the level 50 (k + 1).
    Latents images = levels(50, 100, 150, 200, 250);
    Path file = folder.resolve("grid.png");
    new PngGrid(3, 1).write(images, file, Map.of());
    IIOImage read = read(file);
    assertEquals(3 * 2 + 2, read.getRenderedImage().getWidth());
    assertEquals(2 * 1 + 1, read.getRenderedImage().getHeight());
    assertArrayEquals(
        new int[] {
          50, 50, 0, 100, 100, 0, 150, 150, //
          0, 0, 0, 0, 0, 0, 0, 0, //
          200, 200, 0, 250, 250, 0, 0, 0
        },
        samples(read, 0));
  }

  @Test
  void fewerImagesThanColumnsMakeANarrowPicture() throws IOException {
    Path file = folder.resolve("narrow.png");
    PngGrid.ofColumns(8).write(levels(1, 2), file, Map.of());
    assertEquals(2 * 2 + 2, read(file).getRenderedImage().getWidth());
  }

  @Test
  void settingsTravelInTextChunks() throws IOException {
    Map<String, String> text = new LinkedHashMap<>();
    text.put("sampler", "ddim");
    text.put("seed", "-7");
    text.put("class", "Bügeleisen");
    text.put("prompt", "ein Käfer 甲虫");
    Path file = folder.resolve("text.png");
    PngGrid.ofColumns(1).write(levels(9), file, text);
    IIOMetadata metadata = read(file).getMetadata();
    Element root = (Element) metadata.getAsTree(metadata.getNativeMetadataFormatName());
    Map<String, String> found = new LinkedHashMap<>();
    collect(root.getElementsByTagName("tEXtEntry"), "value", found);
    assertEquals(List.of("sampler", "seed", "class"), List.copyOf(found.keySet()));
    collect(root.getElementsByTagName("iTXtEntry"), "text", found);
    assertEquals(text, found);
  }

  @Test
  void refusesWhatIsNoPicture() throws IOException {
    Path file = folder.resolve("kept.png");
    PngGrid.writeOne(levels(9), 0, file, Map.of());
    byte[] before = Files.readAllBytes(file);
    ImageShape grey = new ImageShape(1, 1, 1);
    for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      refuses(new Latents(grey, new double[] {0, bad}), file, Map.of());
    }
    refuses(new Latents(new ImageShape(4, 1, 1), new double[4]), file, Map.of());
    refuses(levels(1), file, Map.of("", "no keyword"));
    refuses(levels(1), file, Map.of("k".repeat(80), "long keyword"));
    refuses(levels(1), file, Map.of("甲", "keyword that is not Latin-1"));
    assertArrayEquals(before, Files.readAllBytes(file));
    assertEquals(List.of("kept.png"), names());
    assertThrows(IllegalArgumentException.class, () -> new PngGrid(0, 1));
    assertThrows(IllegalArgumentException.class, () -> new PngGrid(1, -1));
  }

  @Test
  void aFailureLeavesNothingBehind() throws IOException {
    Path blocked = Files.createDirectories(folder.resolve("taken.png/full"));
    assertThrows(
        IOException.class, () -> PngGrid.writeOne(levels(9), 0, blocked.getParent(), Map.of()));
    assertEquals(List.of("taken.png"), names());
  }

  @Test
  void foldersAreMadeAndTheSamePictureHasTheSameBytes() throws IOException {
    Path one = folder.resolve("a/b/one.png");
    Path two = folder.resolve("two.png");
    PngGrid.writeOne(levels(9), 0, one, Map.of("seed", "1"));
    PngGrid.writeOne(levels(9), 0, two, Map.of("seed", "1"));
    assertArrayEquals(Files.readAllBytes(one), Files.readAllBytes(two));
  }

  @Test
  void showsOneOrThreeChannels() {
    assertTrue(PngGrid.canShow(new ImageShape(1, 8, 8)));
    assertTrue(PngGrid.canShow(new ImageShape(3, 8, 8)));
    assertFalse(PngGrid.canShow(new ImageShape(4, 8, 8)));
  }

  private static void refuses(Latents images, Path file, Map<String, String> text) {
    assertThrows(
        IllegalArgumentException.class, () -> PngGrid.ofColumns(2).write(images, file, text));
  }

  /** Grey images of 1x2 pixels, one for each level 0..255. */
  private static Latents levels(int... levels) {
    double[] values = new double[2 * levels.length];
    Arrays.setAll(values, i -> levels[i / 2] / 127.5 - 1);
    return new Latents(new ImageShape(1, 1, 2), values);
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(Path::toFile).map(File::getName).sorted().toList();
    }
  }

  private static int[] samples(IIOImage image, int channel) {
    var raster = image.getRenderedImage().getData();
    return raster.getSamples(0, 0, raster.getWidth(), raster.getHeight(), channel, (int[]) null);
  }

  private static void collect(NodeList entries, String attribute, Map<String, String> into) {
    for (int i = 0; i < entries.getLength(); i++) {
      Element entry = (Element) entries.item(i);
      into.put(entry.getAttribute("keyword"), entry.getAttribute(attribute));
    }
  }

  private static IIOImage read(Path file) throws IOException {
    ImageReader reader = ImageIO.getImageReadersByFormatName("png").next();
    try (ImageInputStream stream = ImageIO.createImageInputStream(file.toFile())) {
      reader.setInput(stream);
      return reader.readAll(0, null);
    } finally {
      reader.dispose();
    }
  }
}
