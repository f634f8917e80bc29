package org.canbridge.runtime.training.data;

import static org.canbridge.runtime.training.data.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;

final class LatentTensorsTest extends TrainingSetContract {
  private static final int COUNT = 5;

  @Override
  Path path() throws IOException {
    Path file = folder.resolve("latents.safetensors");
    if (!Files.exists(file)) {
      write(file, latents("latents", 2), "labels", MemoryTensor.of(labels(), COUNT));
    }
    return file;
  }

  private record Named(String name, TensorData tensor) {}

  private static Named latents(String name, int channels) {
    float[] values = Ramps.of(0, COUNT * channels * 12);
    return new Named(name, MemoryTensor.of(values, COUNT, channels, 3, 4));
  }

  private static void write(Path file, Named latents, String name, TensorData labels)
      throws IOException {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    tensors.put(latents.name(), latents.tensor());
    if (labels != null) {
      tensors.put(name, labels);
    }
    SafetensorsWriter.write(file, tensors, Map.of());
  }

  @Override
  String kind() {
    return "latents in safetensors";
  }

  @Override
  ImageShape shape() {
    return new ImageShape(2, 3, 4);
  }

  @Override
  long[] labels() {
    return new long[] {2, 0, 1, 2, 2};
  }

  @Test
  void takesLatentsAsTheyAre() throws IOException {
    try (TrainingSet set = open(options())) {
      assertArrayEquals(
          Arrays.copyOfRange(Ramps.of(0, 120), 72, 96), set.read(3, random(3)).values());
    }
  }

  @Test
  void readsHalfPrecisionOtherNamesAndNoLabels() throws IOException {
    for (DType dtype : new DType[] {DType.F16, DType.BF16}) {
      Path file = folder.resolve(dtype + ".safetensors");
      TensorData narrow = Tensors.as(latents("x", 2).tensor(), dtype);
      write(file, new Named("x", narrow), "y", null);
      float[] rounded = Tensors.floats(narrow);
      try (TrainingSet set = TrainingSets.open(file, options())) {
        assertEquals(OptionalInt.empty(), set.classes());
        assertArrayEquals(Arrays.copyOfRange(rounded, 24, 48), set.read(1, random(1)).values());
      }
    }
  }

  @Test
  void samplesMoments() throws IOException {
    Path file = folder.resolve("moments.safetensors");
    write(file, latents("latents", 4), "y", MemoryTensor.of(labels(), COUNT));
    try (TrainingSet set = TrainingSets.open(file, options().withLatentScale(0.5f))) {
      assertEquals("moments in safetensors", set.kind());
      for (int i = 0; i < COUNT; i++) {
        float[] moments = Arrays.copyOfRange(Ramps.of(0, COUNT * 48), 48 * i, 48 * i + 48);
        Ramps.assertSampled(moments, 0.5, random(i), set.read(i, random(i)).values());
      }
    }
  }

  @Test
  void latentsOfMirroredImagesStandInForHalf() throws IOException {
    Path file = folder.resolve("mirrored.safetensors");
    TensorData values = latents("latents", 2).tensor();
    float[] other = Tensors.floats(values);
    for (int i = 0; i < other.length; i++) {
      other[i] = -1 - other[i];
    }
    TensorData flip = MemoryTensor.of(other, COUNT, 2, 3, 4);
    SafetensorsWriter.write(file, Map.of("latents", values, "latents_flip", flip), Map.of());
    try (TrainingSet set = TrainingSets.open(file, options());
        TrainingSet plain = TrainingSets.open(file, options().withFlip(false))) {
      assertEquals(
          "latents in safetensors, those of mirrored images from latents_flip", set.kind());
      assertEquals(true, set.flipped());
      assertEquals("latents in safetensors", plain.kind());
      for (long epoch = 0; epoch < 8; epoch++) {
        ExampleRandom random = new ExampleRandom(1, epoch, 1);
        float[] expected =
            Arrays.copyOfRange(random.flip() ? other : Tensors.floats(values), 24, 48);
        assertArrayEquals(expected, set.read(1, random).values());
        assertArrayEquals(
            Arrays.copyOfRange(Tensors.floats(values), 24, 48), plain.read(1, random).values());
      }
    }
    SafetensorsWriter.write(
        file, Map.of("latents", values, "latents_flip", Tensors.as(flip, DType.F16)), Map.of());
    assertRefused(
        DataProblem.EXAMPLE_SHAPE,
        file,
        () -> TrainingSets.open(file, options()),
        "the latents of the mirrored images are not like the others",
        "expected: F32[5, 2, 3, 4]",
        "actual: F16[5, 2, 3, 4]",
        "file: FILE",
        "key: latents_flip",
        "next: save them alike, or leave them out with --flip no");
  }

  @Test
  void filesOfAFolderFollowEachOther() throws IOException {
    for (String name : List.of("b", "a")) {
      Path file = folder.resolve(name + ".safetensors");
      long[] labels = {name.equals("a") ? 1 : 2, 0, 0, 0, 0};
      write(file, latents("latents", 2), "labels", MemoryTensor.of(labels, COUNT));
    }
    Files.write(folder.resolve("latents_stats.pt"), new byte[1]);
    try (TrainingSet set = TrainingSets.open(folder, options())) {
      assertEquals(folder, set.path());
      assertEquals(2 * COUNT, set.size());
      assertEquals(1, set.read(0, random(0)).label());
      assertEquals(2, set.read(COUNT, random(COUNT)).label());
      assertArrayEquals(
          set.read(3, random(3)).values(), set.read(COUNT + 3, random(COUNT + 3)).values());
      assertEquals(
          "latents in safetensors, as stored: latents_stats.pt is not applied", set.kind());
    }
    Path other = folder.resolve("c.safetensors");
    write(other, latents("latents", 4), "labels", MemoryTensor.of(labels(), COUNT));
    assertRefused(
        DataProblem.EXAMPLE_SHAPE,
        other,
        () -> TrainingSets.open(folder, options()),
        "the file is not like the first one beside it",
        "expected: F32[5, 2, 3, 4]",
        "actual: F32[5, 4, 3, 4]",
        "file: FILE",
        "key: latents",
        "next: give a folder whose safetensors files hold latents of one kind");
  }

  @Test
  void opensAFolderThatHoldsOneFile() throws IOException {
    path();
    try (TrainingSet set = TrainingSets.open(folder, options())) {
      assertEquals(COUNT, set.size());
    }
  }

  @Test
  void refusesAnotherShape() throws IOException {
    Path file = path();
    assertRefused(
        DataProblem.EXAMPLE_SHAPE,
        file,
        () -> open(TrainingSetOptions.of(new ImageShape(4, 3, 4))),
        "the latents have another shape than the network takes",
        "expected: latents [4, 3, 4], or moments [8, 3, 4]",
        "actual: [2, 3, 4]",
        "file: FILE",
        "next: give latents of that shape, or a network for these");
  }

  @Test
  void refusesOtherTensors() throws IOException {
    Path file = folder.resolve("other.safetensors");
    write(file, latents("weights", 2), "y", null);
    assertRefused(
        DataProblem.NOT_A_TRAINING_SET,
        file,
        () -> TrainingSets.open(file, options()),
        "the file holds no latents",
        "expected: a tensor latents or x (N, C, H, W)",
        "actual: weights",
        "file: FILE",
        "next: name the tensor so");
    write(file, new Named("x", MemoryTensor.of(new float[24], 2, 3, 4)), "y", null);
    assertRefused(
        DataProblem.EXAMPLE_SHAPE,
        file,
        () -> TrainingSets.open(file, options()),
        "the latents have another form than is read",
        "expected: F32, F16 or BF16 (N, C, H, W), N at least 1",
        "actual: F32[2, 3, 4]",
        "file: FILE",
        "next: save them so");
  }

  @Test
  void refusesLabelsThatDoNotFit() throws IOException {
    Path file = folder.resolve("labels.safetensors");
    write(file, latents("x", 2), "y", MemoryTensor.of(new long[4], 4));
    assertRefused(
        DataProblem.TRAINING_SET_INCOMPLETE,
        file,
        () -> TrainingSets.open(file, options()),
        "there is not one label for each latent",
        "expected: integers [5]",
        "actual: I64[4]",
        "file: FILE",
        "key: labels",
        "next: save one class number for each latent");
    write(file, latents("x", 2), "y", MemoryTensor.of(new long[] {0, 0, -1, 0, 0}, 5));
    assertRefused(
        DataProblem.EXAMPLE_LABEL,
        file,
        () -> TrainingSets.open(file, options().withClasses(3)),
        "a label is none of the network's classes",
        "expected: 0 to 2",
        "actual: -1",
        "file: FILE",
        "key: label 2",
        "next: import the network with as many classes as the data set has");
  }

  @Test
  void refusesAValueThatIsNotFinite() throws IOException {
    Path file = folder.resolve("nan.safetensors");
    float[] values = Ramps.of(0, 120);
    values[24 + 7] = Float.NaN;
    write(file, new Named("x", MemoryTensor.of(values, COUNT, 2, 3, 4)), "y", null);
    try (TrainingSet set = TrainingSets.open(file, options())) {
      assertEquals(24, set.read(0, random(0)).values().length);
      assertRefused(
          DataProblem.EXAMPLE_NOT_FINITE,
          file,
          () -> set.read(1, random(1)),
          "a value is not finite",
          "actual: NaN at 7",
          "file: FILE",
          "key: example 1",
          "next: encode the example again, in float32");
    }
  }
}
