package org.canbridge.runtime.training.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Problem;
import org.canbridge.tensors.safetensors.SafetensorsFile;

/**
 * One safetensors file, or several of a folder one after another, with {@code latents} or {@code x}
 * (N, C, H, W), F32, F16 or BF16, and perhaps {@code labels} or {@code y} (N), integers. Latents of
 * the mirrored images, {@code latents_flip} of the same type, stand in for half of the examples at
 * random. Labels are read at once, latents one example at a time.
 */
final class LatentTensors implements TrainingSet {
  private static final List<String> VALUES = List.of("latents", "x");
  private static final String MIRRORED = "latents_flip";
  private static final List<String> LABELS = List.of("labels", "y");
  private static final Set<DType> TYPES = Set.of(DType.F32, DType.F16, DType.BF16);

  private static final String STATISTICS = "latents_stats.pt";

  private final Path path;
  private final List<SafetensorsFile> files;
  private final Map<String, TensorData> tensors;
  private final TensorData values;
  private final Optional<TensorData> mirrored;
  private final long[] labels;
  private final OptionalInt classes;
  private final ImageShape shape;
  private final StoredLatents latents;

  private LatentTensors(Path path, List<SafetensorsFile> files, TrainingSetOptions options) {
    this.path = path;
    this.files = List.copyOf(files);
    this.tensors = joined();
    this.shape = options.shape();
    this.values =
        find(VALUES)
            .orElseThrow(
                () ->
                    refusal(DataProblem.NOT_A_TRAINING_SET, null)
                        .what("the file holds no latents")
                        .expected("a tensor latents or x (N, C, H, W)")
                        .actual(String.join(", ", tensors.keySet()))
                        .next("name the tensor so")
                        .build());
    List<Long> sizes = values.type().shape();
    if (!TYPES.contains(values.type().dtype()) || sizes.size() != 4 || sizes.get(0) == 0) {
      throw refusal(DataProblem.EXAMPLE_SHAPE, null)
          .what("the latents have another form than is read")
          .expected("F32, F16 or BF16 (N, C, H, W), N at least 1")
          .actual(values.type())
          .next("save them so")
          .build();
    }
    this.mirrored = find(List.of(MIRRORED)).filter(flip -> options.flip().orElse(true));
    if (mirrored.isPresent() && !mirrored.get().type().equals(values.type())) {
      throw refusal(DataProblem.EXAMPLE_SHAPE, MIRRORED)
          .what("the latents of the mirrored images are not like the others")
          .expected(values.type())
          .actual(mirrored.get().type())
          .next("save them alike, or leave them out with --flip no")
          .build();
    }
    // Those are mirrored already.
    this.latents =
        new StoredLatents(
            sizes.subList(1, 4), path, mirrored.isPresent() ? options.withFlip(false) : options);
    Optional<TensorData> stored = find(LABELS);
    this.labels = stored.map(tensor -> labels(tensor, sizes.get(0))).orElse(new long[0]);
    this.classes =
        stored.isPresent()
            ? OptionalInt.of(Labels.classes(labels, options.classes(), path))
            : OptionalInt.empty();
  }

  /**
   * Opens a file.
   *
   * @throws InputFileException if it is no safetensors file or holds no latents for the network
   */
  static TrainingSet open(Path path, TrainingSetOptions options) {
    return open(path, List.of(path), options);
  }

  /**
   * Opens the files of a folder in the order of their names.
   *
   * @throws InputFileException if one is no safetensors file or holds no latents for the network,
   *     or they are not alike
   */
  static TrainingSet open(Path folder, List<Path> paths, TrainingSetOptions options) {
    List<SafetensorsFile> files = new ArrayList<>();
    try {
      paths.stream().sorted().map(SafetensorsFile::open).forEach(files::add);
      return new LatentTensors(folder, files, options);
    } catch (RuntimeException | Error e) {
      files.forEach(SafetensorsFile::close);
      throw e;
    }
  }

  /** The tensors of all files by name, each below those of the files before. */
  private Map<String, TensorData> joined() {
    Map<String, TensorData> joined = new LinkedHashMap<>();
    SafetensorsFile first = files.get(0);
    for (String name : first.tensors().keySet()) {
      List<TensorData> parts = new ArrayList<>();
      for (SafetensorsFile file : files) {
        TensorData part = file.tensors().get(name);
        try {
          parts.add(part);
          Tensors.joinedRows(parts);
        } catch (IllegalArgumentException | NullPointerException e) {
          throw InputFileException.of(DataProblem.EXAMPLE_SHAPE, file.path())
              .what("the file is not like the first one beside it")
              .expected(first.tensors().get(name).type())
              .actual(part == null ? "no such tensor" : part.type())
              .key(name)
              .next("give a folder whose safetensors files hold latents of one kind")
              .build();
        }
      }
      joined.put(name, Tensors.joinedRows(parts));
    }
    return joined;
  }

  private Optional<TensorData> find(List<String> names) {
    return names.stream().filter(tensors::containsKey).map(tensors::get).findFirst();
  }

  private InputFileException.Builder refusal(Problem problem, String key) {
    return InputFileException.of(problem, path).key(key);
  }

  private long[] labels(TensorData tensor, long count) {
    if (tensor.type().dtype().isFloating() || !tensor.type().shape().equals(List.of(count))) {
      throw refusal(DataProblem.TRAINING_SET_INCOMPLETE, "labels")
          .what("there is not one label for each latent")
          .expected("integers [" + count + "]")
          .actual(tensor.type())
          .next("save one class number for each latent")
          .build();
    }
    try {
      return Tensors.longs(tensor);
    } catch (ArithmeticException e) {
      throw refusal(DataProblem.EXAMPLE_LABEL, "labels")
          .what("a label is too large")
          .actual(e.getMessage())
          .next("save one class number for each latent")
          .cause(e)
          .build();
    }
  }

  @Override
  public Example read(long index, ExampleRandom random) {
    TensorData from = mirrored.isPresent() && random.flip() ? mirrored.get() : values;
    float[] stored = Tensors.floats(from, index * latents.count(), latents.count());
    return new Example(
        latents.values(stored, random, path, "example " + index),
        classes.isPresent() ? labels[Math.toIntExact(index)] : Example.NO_LABEL);
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public String kind() {
    return (latents.moments() ? "moments in safetensors" : "latents in safetensors")
        + (mirrored.isPresent() ? ", those of mirrored images from " + MIRRORED : "")
        + (Files.exists(files.get(0).path().resolveSibling(STATISTICS))
            ? ", as stored: " + STATISTICS + " is not applied"
            : "");
  }

  @Override
  public ImageShape shape() {
    return shape;
  }

  @Override
  public long size() {
    return values.type().shape().get(0);
  }

  @Override
  public OptionalInt classes() {
    return classes;
  }

  @Override
  public boolean flipped() {
    return mirrored.isPresent() || latents.flipped();
  }

  @Override
  public void close() {
    files.forEach(SafetensorsFile::close);
  }
}
