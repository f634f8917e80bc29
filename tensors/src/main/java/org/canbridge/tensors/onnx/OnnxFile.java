package org.canbridge.tensors.onnx;

import ai.onnx.proto.OnnxMl.ModelProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Problem;

/**
 * The initializers of an ONNX model, as a source of weights; the graph is not run.
 *
 * <p>The file is one {@code ModelProto} message (see {@link OnnxMessage}) of less than 2 GiB with
 * {@code ir_version}, {@code opset_import} and one {@code graph}. Of the graph the initializers are
 * read, and nodes and value infos as far as {@link OnnxNames} needs them. An initializer is a
 * {@code TensorProto}:
 *
 * <ul>
 *   <li>{@code name}: not empty, unique;
 *   <li>{@code data_type}: FLOAT, DOUBLE, FLOAT16, BFLOAT16, FLOAT8E4M3FN, FLOAT8E5M2, BOOL, or an
 *       integer of 8 to 64 bits;
 *   <li>{@code dims}: non-negative, at most {@value TensorType#MAX_RANK}; none for a scalar;
 *   <li>elements in exactly one place: {@code raw_data} (row-major, little-endian; mapped), the
 *       typed field of its element type (decoded when asked for; every value must fit the type), or
 *       {@code external_data} (see {@link OnnxExternalData}; mapped);
 *   <li>no {@code segment}. Sparse initializers are refused.
 * </ul>
 *
 * <p>Every departure is refused with its own {@link Problem}. Weights that the exporter renamed and
 * transposed come out under their own names again, or the file is refused; see {@link OnnxNames}.
 * {@link #values()} says so under {@code renamed.<name>}.
 *
 * <p>Source: onnx/onnx, onnx.proto (IR version 10); the schema's field numbers are those of {@code
 * ai.onnx.proto.OnnxMl}.
 */
public final class OnnxFile implements TensorFile {
  /** More than two tags and a number take. */
  private static final int HEAD = 32;

  /** A tag is the field's number times 8, and the wire type: 0 for a varint. */
  private static final int VERSION_TAG = ModelProto.IR_VERSION_FIELD_NUMBER << 3;

  private final FileSource source;
  private final OnnxExternalData external;
  private final Map<String, TensorData> tensors;
  private final Map<String, String> constants;
  private final Map<String, Object> values;
  private final List<String> notes;

  private OnnxFile(FileSource source, OnnxExternalData external) {
    this.source = source;
    this.external = external;
    if (source.size() > Integer.MAX_VALUE) {
      throw InputFileException.of(OnnxProblem.TOO_LARGE, source.path())
          .what("the file is larger than an ONNX model can be")
          .expected("at most " + Integer.MAX_VALUE + " bytes; more goes to external data")
          .actual(source.size() + " bytes")
          .next("check what this file is, then get it again from its source")
          .build();
    }
    OnnxGraph graph = OnnxGraph.read(source, external);
    OnnxNames.Named named = OnnxNames.of(source.path(), graph);
    this.tensors = Collections.unmodifiableMap(named.tensors());
    this.constants =
        named.constants().stream()
            .collect(
                Collectors.toUnmodifiableMap(name -> name, name -> "constant of the ONNX graph"));
    Map<String, Object> all = new LinkedHashMap<>(graph.values());
    named.renamed().forEach((name, inFile) -> all.put("renamed." + name, inFile));
    this.values = Collections.unmodifiableMap(all);
    this.notes = notes(named.renamed());
  }

  private static List<String> notes(Map<String, String> renamed) {
    return renamed.entrySet().stream()
        .findFirst()
        .map(
            example ->
                "weights that the exporter renamed have their names back: "
                    + renamed.size()
                    + " of them, e.g. "
                    + example.getValue()
                    + " is "
                    + example.getKey())
        .stream()
        .toList();
  }

  /**
   * Opens a model.
   *
   * @throws InputFileException if the file departs from the format, or a weight's name is lost
   */
  public static OnnxFile open(Path path) {
    return open(FileSource.open(path));
  }

  /** Takes the source over: it is closed with the file, and at once if the model is refused. */
  public static OnnxFile open(FileSource source) {
    OnnxExternalData external = new OnnxExternalData(source.path());
    try {
      return new OnnxFile(source, external);
    } catch (RuntimeException | Error e) {
      external.close();
      source.close();
      throw e;
    }
  }

  /**
   * Whether a file begins like a serialized {@code ModelProto}: {@code ir_version}, then another of
   * its fields. There is no magic number.
   */
  public static boolean looksLike(FileSource source) {
    CodedInputStream head =
        CodedInputStream.newInstance(source.read(0, (int) Math.min(HEAD, source.size())));
    try {
      boolean version =
          head.readTag() == VERSION_TAG && Long.compareUnsigned(head.readRawVarint64(), 256) < 0;
      int second = version ? head.readTag() : 0;
      int wireType = WireFormat.getTagWireType(second);
      return ModelProto.getDescriptor().findFieldByNumber(WireFormat.getTagFieldNumber(second))
              != null
          && (wireType == WireFormat.WIRETYPE_VARINT
              || wireType == WireFormat.WIRETYPE_LENGTH_DELIMITED);
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public Path path() {
    return source.path();
  }

  /** The model and its external data. */
  @Override
  public List<Path> files() {
    return external.filesWith(source.path());
  }

  @Override
  public String format() {
    return "onnx";
  }

  /** Weights in the file's order, then the constants of the graph. */
  @Override
  public Map<String, TensorData> tensors() {
    return tensors;
  }

  @Override
  public Map<String, String> constants() {
    return constants;
  }

  @Override
  public List<String> notes() {
    return notes;
  }

  @Override
  public Map<String, Object> values() {
    return values;
  }

  @Override
  public void close() {
    external.close();
    source.close();
  }
}
