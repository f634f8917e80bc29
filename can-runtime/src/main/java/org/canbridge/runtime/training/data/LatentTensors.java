package org.canbridge.runtime.training.data;

import java.nio.file.Path;
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
 * A safetensors file with {@code latents} or {@code x} (N, C, H, W), F32, F16 or BF16, and perhaps
 * {@code labels} or {@code y} (N), integers. Labels are read at once, latents one example at a
 * time.
 */
final class LatentTensors implements TrainingSet {
  private static final List<String> VALUES = List.of("latents", "x");
  private static final List<String> LABELS = List.of("labels", "y");
  private static final Set<DType> TYPES = Set.of(DType.F32, DType.F16, DType.BF16);

  private final SafetensorsFile file;
  private final TensorData values;
  private final long[] labels;
  private final OptionalInt classes;
  private final ImageShape shape;
  private final StoredLatents latents;

  private LatentTensors(SafetensorsFile file, TrainingSetOptions options) {
    this.file = file;
    this.shape = options.shape();
    this.values =
        find(VALUES)
            .orElseThrow(
                () ->
                    refusal(DataProblem.NOT_A_TRAINING_SET, null)
                        .what("the file holds no latents")
                        .expected("a tensor latents or x (N, C, H, W)")
                        .actual(String.join(", ", file.tensors().keySet()))
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
    this.latents = new StoredLatents(sizes.subList(1, 4), file.path(), options);
    Optional<TensorData> stored = find(LABELS);
    this.labels = stored.map(tensor -> labels(tensor, sizes.get(0))).orElse(new long[0]);
    this.classes =
        stored.isPresent()
            ? OptionalInt.of(Labels.classes(labels, options.classes(), file.path()))
            : OptionalInt.empty();
  }

  /**
   * Opens a file.
   *
   * @throws InputFileException if it is no safetensors file or holds no latents for the network
   */
  static TrainingSet open(Path path, TrainingSetOptions options) {
    SafetensorsFile file = SafetensorsFile.open(path);
    try {
      return new LatentTensors(file, options);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private Optional<TensorData> find(List<String> names) {
    Map<String, TensorData> tensors = file.tensors();
    return names.stream().filter(tensors::containsKey).map(tensors::get).findFirst();
  }

  private InputFileException.Builder refusal(Problem problem, String key) {
    return InputFileException.of(problem, file.path()).key(key);
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
    float[] stored = Tensors.floats(values, index * latents.count(), latents.count());
    return new Example(
        latents.values(stored, random, file.path(), "example " + index),
        classes.isPresent() ? labels[Math.toIntExact(index)] : Example.NO_LABEL);
  }

  @Override
  public Path path() {
    return file.path();
  }

  @Override
  public String kind() {
    return latents.moments() ? "moments in safetensors" : "latents in safetensors";
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
    return latents.flipped();
  }

  @Override
  public void close() {
    file.close();
  }
}
