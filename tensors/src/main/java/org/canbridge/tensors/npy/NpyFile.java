package org.canbridge.tensors.npy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.FileTensor;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.pickle.NumpyGlobals;
import org.canbridge.tensors.pickle.NumpyScalars;
import org.canbridge.tensors.pickle.PickleInput;
import org.canbridge.tensors.pickle.PickleProblem;
import org.canbridge.tensors.pickle.Pickled;
import org.canbridge.tensors.pickle.Unpickler;

/**
 * A {@code .npy} file, as {@code numpy.save} writes it: the six bytes {@code 93 NUMPY}, the version
 * (1.0, 2.0 or 3.0), the length of the header (2 bytes in version 1, else 4), the header ({@link
 * NpyHeader}), and the elements to the end of the file.
 *
 * <p>An array of numbers is the tensor {@value #ARRAY}, mapped if it lies in row-major order.
 * Fortran order is turned round in memory. An array of objects is a pickle; its elements are the
 * tensors {@code 0}, {@code 1} ... where they are arrays of numbers, and values of these names
 * where they are single numbers. The pickle is read by the same machine as those of PyTorch, with
 * {@link NumpyGlobals} as its list of names, and nothing in it is run.
 *
 * <p>Source: NumPy's documentation of {@code numpy.lib.format}.
 */
public final class NpyFile implements TensorFile {
  /** Name of the tensor in a file that is an array of numbers. */
  public static final String ARRAY = "array";

  private final FileSource source;
  private final boolean objects;
  private final Map<String, TensorData> tensors = new LinkedHashMap<>();
  private final Map<String, Object> values = new LinkedHashMap<>();

  private NpyFile(FileSource source) {
    this.source = source;
    NpyHeader header = NpyHeader.read(source);
    this.objects = header.descr().equals("|O");
    if (objects) {
      readObjects(header);
    } else {
      tensors.put(ARRAY, numbers(header));
    }
  }

  /**
   * Opens a file; an array of objects is read whole.
   *
   * @throws InputFileException if the file departs from the format
   */
  public static NpyFile open(Path path) {
    FileSource source = FileSource.open(path);
    try {
      return new NpyFile(source);
    } catch (RuntimeException | Error e) {
      source.close();
      throw e;
    }
  }

  /** Whether it is an array of objects. */
  public boolean isObjects() {
    return objects;
  }

  private TensorData numbers(NpyHeader header) {
    String descr = header.descr();
    DType dtype =
        descr.startsWith("<") || descr.startsWith("|") || descr.startsWith("=")
            ? NumpyScalars.type(descr.substring(1))
            : null;
    if (dtype == null) {
      throw InputFileException.of(TensorProblem.UNKNOWN_DTYPE, source.path())
          .what("the array has an element type that is not supported")
          .expected("little-endian numbers, such as '<f4', '<i8' or '|u1'")
          .actual("'" + descr + "'")
          .next("convert it in NumPy, e.g. with astype('<f4'), and save it again")
          .build();
    }
    TensorType type = type(dtype, header.shape());
    long present = source.size() - header.end();
    if (present != type.bytes()) {
      boolean less = present < type.bytes();
      throw InputFileException.of(
              less ? FileProblem.TRUNCATED : FileProblem.TRAILING_BYTES, source.path())
          .what(less ? "the file ends inside its array" : "bytes follow the array")
          .expected(type + ", " + type.bytes() + " bytes")
          .actual(present + " bytes")
          .next(less ? "copy the file again" : "save one array a file")
          .build();
    }
    FileTensor stored = new FileTensor(source, header.end(), type);
    return header.fortranOrder() && header.shape().size() > 1
        ? rowMajor(type, wholeOf(stored))
        : stored;
  }

  private ByteBuffer wholeOf(FileTensor stored) {
    if (stored.type().bytes() > TensorData.MAX_PIECE) {
      throw InputFileException.of(NpyProblem.HEADER, source.path())
          .what("an array in Fortran order is too large to be turned round in memory")
          .expected("at most " + TensorData.MAX_PIECE + " bytes, or row-major order")
          .actual(stored.type() + ", " + stored.type().bytes() + " bytes")
          .next("save numpy.ascontiguousarray of it")
          .build();
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) stored.type().bytes());
    stored.read(0, bytes);
    return bytes.flip();
  }

  private TensorType type(DType dtype, List<Long> shape) {
    try {
      return new TensorType(dtype, shape);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw InputFileException.of(TensorProblem.BAD_SHAPE, source.path())
          .what("the array's shape is impossible")
          .actual(shape)
          .next("the file is damaged or forged: get it again from its source")
          .cause(e)
          .build();
    }
  }

  /** The elements, stored with the first index fastest, with the last one fastest. */
  private static MemoryTensor rowMajor(TensorType type, ByteBuffer stored) {
    int width = type.dtype().bytes();
    int rank = type.shape().size();
    long[] strides = new long[rank];
    long[] index = new long[rank];
    long stride = 1;
    for (int d = 0; d < rank; d++) {
      strides[d] = stride;
      stride *= type.shape().get(d);
    }
    ByteBuffer turned = ByteBuffer.allocate((int) type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    long element = 0;
    for (int i = 0; i < type.elements(); i++) {
      turned.put(i * width, stored, (int) element * width, width);
      for (int d = rank - 1; d >= 0; d--) {
        index[d]++;
        element += strides[d];
        if (index[d] < type.shape().get(d)) {
          break;
        }
        element -= index[d] * strides[d];
        index[d] = 0;
      }
    }
    return MemoryTensor.of(type, turned);
  }

  private void readObjects(NpyHeader header) {
    if (source.size() - header.end() > PickleInput.MAX_BYTES) {
      throw InputFileException.of(PickleProblem.LIMIT, source.path())
          .what("the array of objects is too large")
          .expected("at most " + PickleInput.MAX_BYTES + " bytes")
          .actual(source.size() - header.end() + " bytes")
          .next("load it in NumPy, if you trust it, and save its arrays of numbers alone")
          .build();
    }
    PickleInput in = new PickleInput(source, null, header.end(), source.size());
    Object object = Unpickler.load(in, new NumpyGlobals());
    long end = in.at();
    if (header.end() + end != source.size()) {
      throw in.malformed("bytes follow the pickle", end);
    }
    if (!(object instanceof Pickled.NumpyArray array)
        || !array.code().equals(NumpyGlobals.OBJECTS)
        || !(array.content() instanceof Pickled.Sequence sequence)
        || !array.shape().equals(header.shape())
        || sequence.items().size() != type(DType.U8, array.shape()).elements()) {
      throw in.malformed("the pickle is not the array that the header announces", end);
    }
    List<Object> items = new ArrayList<>(sequence.items());
    for (int i = 0; i < items.size(); i++) {
      add(Integer.toString(i), items.get(i), in, end);
    }
  }

  private void add(String name, Object item, PickleInput in, long end) {
    if (item instanceof Pickled.NumpyArray array && array.content() instanceof byte[] bytes) {
      TensorType type = type(NumpyScalars.type(array.code()), array.shape());
      if (bytes.length != type.bytes()) {
        throw in.malformed("an array has not as many bytes as its shape needs", end);
      }
      ByteBuffer stored = ByteBuffer.wrap(bytes);
      tensors.put(
          name,
          array.fortranOrder() && type.shape().size() > 1
              ? rowMajor(type, stored)
              : MemoryTensor.of(type, stored));
    } else if (item instanceof Long || item instanceof Double || item instanceof Boolean) {
      values.put(name, item);
    } else {
      throw in.refusal(NpyProblem.OBJECTS, end)
          .what("element " + name + " of the array is neither an array of numbers nor a number")
          .next(new NumpyGlobals().advice())
          .build();
    }
  }

  @Override
  public Path path() {
    return source.path();
  }

  @Override
  public String format() {
    return "npy";
  }

  @Override
  public Map<String, TensorData> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  /** The single numbers of an array of objects. */
  @Override
  public Map<String, Object> values() {
    return Collections.unmodifiableMap(values);
  }

  @Override
  public void close() {
    source.close();
  }
}
