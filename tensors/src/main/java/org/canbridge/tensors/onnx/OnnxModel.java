package org.canbridge.tensors.onnx;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;

/**
 * An ONNX model as a graph: its nodes, its arguments and results, and its initializers under the
 * names that they have in the file. Nothing is run. {@link OnnxFile} reads the same file as a
 * source of weights alone, gives them their names back, and says what may be in it.
 */
public final class OnnxModel implements TensorFile {
  private final FileSource source;
  private final OnnxExternalData external;
  private final OnnxGraph graph;

  /**
   * An argument or a result.
   *
   * @param floating whether its elements are floating-point numbers
   * @param sizes of its axes; empty where the size is open
   */
  public record Argument(String name, boolean floating, List<OptionalLong> sizes) {}

  private OnnxModel(FileSource source, OnnxExternalData external) {
    this.source = source;
    this.external = external;
    this.graph = OnnxGraph.read(source, external);
  }

  /**
   * Opens a model.
   *
   * @throws InputFileException if the file departs from the format
   */
  public static OnnxModel open(Path path) {
    FileSource source = FileSource.open(path);
    OnnxExternalData external = new OnnxExternalData(path);
    try {
      return new OnnxModel(source, external);
    } catch (RuntimeException | Error e) {
      external.close();
      source.close();
      throw e;
    }
  }

  /** Whether a file begins like one. */
  public static boolean looksLike(Path path) {
    try (FileSource source = FileSource.open(path)) {
      return OnnxFile.looksLike(source);
    }
  }

  /** In the order of execution. */
  public List<OnnxNode> nodes() {
    return graph.nodes();
  }

  /** What it takes, without initializers. */
  public List<Argument> arguments() {
    return graph.arguments().stream()
        .filter(argument -> !graph.initializers().containsKey(argument.name()))
        .toList();
  }

  /** What it gives. */
  public List<Argument> results() {
    return graph.results();
  }

  /** Whether an initializer bears the name that it had in the state dict. */
  public boolean isNamed(String initializer) {
    return OnnxNames.isKept(initializer, graph);
  }

  @Override
  public Path path() {
    return source.path();
  }

  @Override
  public List<Path> files() {
    return external.filesWith(source.path());
  }

  @Override
  public String format() {
    return "onnx";
  }

  /** The initializers. */
  @Override
  public Map<String, TensorData> tensors() {
    return Collections.unmodifiableMap(graph.initializers());
  }

  @Override
  public Map<String, Object> values() {
    return Collections.unmodifiableMap(graph.values());
  }

  @Override
  public void close() {
    external.close();
    source.close();
  }
}
