package org.canbridge.tensors.formats;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.Checksum;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.pickle.PickleInput;
import org.canbridge.tensors.pickle.Pickled;
import org.canbridge.tensors.pickle.TorchGlobals;
import org.canbridge.tensors.pickle.Unpickler;

/**
 * A distributed checkpoint of PyTorch, as FSDP writes one: a folder of {@code __0_0.distcp} files
 * and {@value #METADATA}, by which it is opened.
 *
 * <p>The format, as it is read here: {@value #METADATA} is a pickle of {@code
 * torch.distributed.checkpoint.metadata.Metadata}, of which nothing is made. Its {@code
 * state_dict_metadata} maps each name to the size of a tensor, or to something else; its {@code
 * storage_data} maps name and offset of each piece to a file of the folder, a position and a length
 * there, at which a whole file of {@code torch.save} lies (or of safetensors). A tensor is in one
 * piece, or in pieces of whole rows. What is no tensor becomes {@link #values()}.
 *
 * <p>Source: PyTorch 2.13, {@code torch/distributed/checkpoint/metadata.py} and {@code
 * filesystem.py}.
 */
public final class DistributedFile implements TensorFile {
  /** The name of the file that says what lies where. */
  public static final String METADATA = ".metadata";

  private static final String ROOT = TorchGlobals.DISTRIBUTED + "metadata.Metadata";
  private static final int HEAD = 128;

  /** A stretch of a file that holds one tensor, or one other object. */
  private record Piece(List<Long> offset, TensorFile content) {
    TensorData tensor() {
      return content.tensors().values().iterator().next();
    }

    long row() {
      return offset.isEmpty() ? 0 : offset.get(0);
    }
  }

  private final Path path;
  private final Map<String, FileSource> sources = new LinkedHashMap<>();
  private final Map<String, List<Piece>> pieces = new LinkedHashMap<>();
  private final Map<String, TensorData> tensors = new LinkedHashMap<>();
  private final Map<String, Object> values = new LinkedHashMap<>();
  private final Map<String, String> objects = new LinkedHashMap<>();
  private final Set<String> containers = new LinkedHashSet<>();

  private DistributedFile(Path path) {
    this.path = path;
  }

  /** Whether a file is a {@value #METADATA}, by its first bytes. */
  static boolean looksLike(FileSource source) {
    ByteBuffer head = source.read(0, (int) Math.min(HEAD, source.size()));
    String text = StandardCharsets.ISO_8859_1.decode(head).toString();
    return text.startsWith("\u0080") && text.contains(TorchGlobals.DISTRIBUTED + "metadata");
  }

  /**
   * Opens the description and the header of every piece. Takes the source over.
   *
   * @throws InputFileException if it departs from the format, or tensors are cut otherwise than by
   *     rows
   */
  static DistributedFile open(FileSource metadata) {
    DistributedFile file = new DistributedFile(metadata.path());
    try (metadata) {
      Object root =
          Unpickler.load(new PickleInput(metadata, null, 0, metadata.size()), new TorchGlobals());
      file.read(root);
      return file;
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private void read(Object root) {
    if (!(root instanceof Pickled.Foreign metadata) || !metadata.cls().name().equals(ROOT)) {
      throw malformed("the file describes no distributed checkpoint", null);
    }
    if (metadata.entries().get("planner_data") instanceof Pickled.Dictionary paths) {
      paths.entries().values().forEach(this::noteContainer);
    }
    dictionary(metadata, "storage_data").forEach((key, value) -> addPiece(key, value));
    dictionary(metadata, "state_dict_metadata").forEach((key, value) -> addEntry(key, value));
  }

  /** The way to an entry, whose first part is a dictionary if there are more. */
  private void noteContainer(Object way) {
    if (way instanceof Pickled.Tuple tuple
        && tuple.items().size() > 1
        && tuple.items().get(0) instanceof String first) {
      containers.add(first);
    }
  }

  private void addPiece(Object key, Object value) {
    if (!(key instanceof Pickled.Foreign index)
        || !(index.entries().get("fqn") instanceof String name)
        || !(value instanceof Pickled.Foreign info)
        || !(info.entries().get("relative_path") instanceof String file)
        || !(info.entries().get("offset") instanceof Long offset)
        || !(info.entries().get("length") instanceof Long length)) {
      throw malformed("a piece of a tensor is described in another way than is known", null);
    }
    if (!ShardedFile.isPlainName(file)) {
      throw InputFileException.of(ShardProblem.NAME, path)
          .key(name)
          .what("the description names a file outside its own folder")
          .expected("the name of a file beside it")
          .actual(file)
          .next("nothing was opened; get the checkpoint again from its source")
          .build();
    }
    Object transforms = info.entries().get("transform_descriptors");
    if (transforms != null && transforms != Pickled.None.NONE) {
      throw malformed("the pieces are compressed", name);
    }
    FileSource source =
        sources.computeIfAbsent(file, other -> FileSource.open(path.resolveSibling(other)));
    if (offset < 0 || length <= 0 || offset > source.size() || length > source.size() - offset) {
      throw malformed(
          "a piece lies outside its file, at " + offset + " of " + source.size() + " bytes", name);
    }
    TensorFile content = TensorFiles.openSingle(source.part(offset, length));
    pieces
        .computeIfAbsent(name, other -> new ArrayList<>())
        .add(new Piece(sizes(index.entries().get("offset")), content));
  }

  private void addEntry(Object key, Object value) {
    if (!(key instanceof String name) || !(value instanceof Pickled.Foreign entry)) {
      throw malformed("an entry is described in another way than is known", null);
    }
    List<Piece> parts = pieces.getOrDefault(name, List.of());
    if (entry.entries().containsKey("size")) {
      tensors.put(name, joined(name, sizes(entry.entries().get("size")), parts));
      return;
    }
    for (Piece part : parts) {
      part.content()
          .values()
          .forEach(
              (inside, what) -> values.put(inside.isEmpty() ? name : name + "." + inside, what));
      part.content().objects().forEach((inside, what) -> objects.put(name + "." + inside, what));
    }
  }

  private TensorData joined(String name, List<Long> size, List<Piece> parts) {
    List<Piece> sorted = parts.stream().sorted(Comparator.comparingLong(Piece::row)).toList();
    boolean rows = !sorted.isEmpty();
    long next = 0;
    for (Piece part : sorted) {
      boolean single = part.content().tensors().size() == 1;
      List<Long> shape = single ? part.tensor().type().shape() : List.of();
      rows &= single && part.row() == next && shape.size() == size.size();
      rows &= part.offset().stream().skip(1).allMatch(other -> other == 0);
      next += rows && !shape.isEmpty() ? shape.get(0) : 0;
    }
    Optional<TensorData> whole = rows ? joined(sorted) : Optional.empty();
    return whole
        .filter(tensor -> tensor.type().shape().equals(size))
        .orElseThrow(
            () ->
                malformed(
                    "the "
                        + sorted.size()
                        + " pieces of a tensor "
                        + size
                        + " are no rows one below the other",
                    name));
  }

  /** Pieces of other types or widths make no tensor. */
  private static Optional<TensorData> joined(List<Piece> rows) {
    try {
      return Optional.of(Tensors.joinedRows(rows.stream().map(Piece::tensor).toList()));
    } catch (IllegalArgumentException | ArithmeticException e) {
      return Optional.empty();
    }
  }

  private Map<Object, Object> dictionary(Pickled.Foreign metadata, String name) {
    if (metadata.entries().get(name) instanceof Pickled.Dictionary dictionary) {
      return dictionary.entries();
    }
    throw malformed("the description has no " + name, null);
  }

  private static List<Long> sizes(Object value) {
    return value instanceof Pickled.Tuple tuple
        ? tuple.items().stream().filter(Long.class::isInstance).map(Long.class::cast).toList()
        : List.of();
  }

  private InputFileException malformed(String actual, String key) {
    return InputFileException.of(ShardProblem.DISTRIBUTED, path)
        .what("the distributed checkpoint (FSDP) is laid out in a way that is not read here")
        .expected("whole tensors, or pieces of whole rows")
        .actual(actual)
        .key(key)
        .next(joining(path.toAbsolutePath().getParent()))
        .build();
  }

  /** How to make one file of a distributed checkpoint. */
  public static String joining(Path folder) {
    return "make one file of it: python -m torch.distributed.checkpoint.format_utils dcp_to_torch "
        + folder
        + " weights.pt";
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public List<Path> files() {
    List<Path> files = new ArrayList<>(List.of(path));
    sources.values().forEach(source -> files.add(source.path()));
    return List.copyOf(files);
  }

  @Override
  public String format() {
    return "torch-distributed";
  }

  @Override
  public Map<String, TensorData> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public Set<String> containers() {
    return Collections.unmodifiableSet(containers);
  }

  @Override
  public Map<String, Object> values() {
    return Collections.unmodifiableMap(values);
  }

  @Override
  public Map<String, String> objects() {
    return Collections.unmodifiableMap(objects);
  }

  @Override
  public List<Checksum> checksums() {
    return pieces.entrySet().stream()
        .flatMap(
            entry ->
                entry.getValue().stream()
                    .flatMap(piece -> piece.content().checksums().stream())
                    .map(sum -> sum.withDamage(sum.damage() + " in " + entry.getKey())))
        .toList();
  }

  @Override
  public void close() {
    sources.values().forEach(FileSource::close);
  }
}
