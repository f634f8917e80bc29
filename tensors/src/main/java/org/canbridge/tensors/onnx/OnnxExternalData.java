package org.canbridge.tensors.onnx;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.canbridge.tensors.FileTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Problem;

/**
 * The files beside an ONNX model that hold tensors. {@code location} names one relative to the
 * model's folder; it may not leave that folder, neither by its text nor through a symbolic link.
 * {@code offset} (0 if absent) and {@code length} (to the end of the file if absent) are decimal
 * numbers of bytes. {@code checksum} is not looked at: its use is not defined.
 *
 * <p>Source: onnx/onnx, docs/ExternalData.md.
 */
final class OnnxExternalData implements AutoCloseable {
  private final Path model;
  private final Map<Path, FileSource> files = new LinkedHashMap<>();

  OnnxExternalData(Path model) {
    this.model = model;
  }

  /** The tensor that these entries place. */
  TensorData tensor(String name, TensorType type, Map<String, String> entries) {
    String location = entries.getOrDefault("location", "");
    FileSource file = open(name, location);
    OptionalLong offset = number(entries.getOrDefault("offset", "0"));
    OptionalLong length =
        entries.containsKey("length")
            ? number(entries.get("length"))
            : OptionalLong.of(Math.max(0, file.size() - offset.orElse(0)));
    if (offset.isEmpty()
        || length.isEmpty()
        || offset.getAsLong() > file.size()
        || length.getAsLong() > file.size() - offset.getAsLong()) {
      throw refuse(OnnxProblem.EXTERNAL_RANGE, name, "a tensor's place leaves its data file")
          .expected("bytes within " + location + ", which has " + file.size())
          .actual("offset " + entries.get("offset") + ", length " + entries.get("length"))
          .next("get the model and its data file again, both from the same source")
          .build();
    }
    if (length.getAsLong() != type.bytes()) {
      throw refuse(
              TensorProblem.SIZE_MISMATCH,
              name,
              "a tensor has not as many bytes as its shape needs")
          .expected(type.elements() + " elements, " + type.bytes() + " bytes for " + type)
          .actual(length.getAsLong() + " bytes in " + location)
          .next("get the model and its data file again, both from the same source")
          .build();
    }
    return new FileTensor(file, offset.getAsLong(), type);
  }

  private static OptionalLong number(String text) {
    boolean digits =
        !text.isEmpty() && text.length() <= 18 && text.chars().allMatch(c -> c >= '0' && c <= '9');
    return digits ? OptionalLong.of(Long.parseLong(text)) : OptionalLong.empty();
  }

  private FileSource open(String name, String location) {
    Path folder = model.toAbsolutePath().getParent();
    Path inside;
    try {
      inside = Path.of(location);
    } catch (InvalidPathException e) {
      throw outside(name, location);
    }
    // A backslash or a drive letter is harmless here and a way out on Windows.
    boolean plain =
        !location.isBlank()
            && !inside.isAbsolute()
            && location.indexOf('\\') < 0
            && location.indexOf(':') < 0;
    for (Path part : inside) {
      plain = plain && !part.toString().equals("..");
    }
    if (!plain) {
      throw outside(name, location);
    }
    Path real;
    try {
      real = folder.resolve(inside).toRealPath();
      if (!real.startsWith(folder.toRealPath())) {
        throw outside(name, location);
      }
    } catch (IOException e) {
      throw refuse(OnnxProblem.EXTERNAL_MISSING, name, "the model's data file is not there")
          .expected(location + " beside the model")
          .next("put it beside the model: the two were written together")
          .cause(e)
          .build();
    }
    return files.computeIfAbsent(real, FileSource::open);
  }

  private InputFileException outside(String name, String location) {
    return refuse(
            OnnxProblem.EXTERNAL_PATH, name, "a tensor's data file is outside the model's folder")
        .expected("a relative path that stays in the model's folder")
        .actual("'" + location + "'")
        .next("copy the model and its data file into one folder, without links")
        .build();
  }

  private InputFileException.Builder refuse(Problem problem, String key, String what) {
    return InputFileException.of(problem, model).key(key).what(what);
  }

  /** The model and the files that were opened for it. */
  List<Path> filesWith(Path model) {
    return Stream.concat(Stream.of(model), files.keySet().stream()).toList();
  }

  @Override
  public void close() {
    files.values().forEach(FileSource::close);
  }
}
