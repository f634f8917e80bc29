package org.canbridge.tensors.formats;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.FileTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Problem;

/**
 * A format as CONTRIBUTING counts it, added in memory: a class, an enum of what can be wrong, and
 * this test; the branch by its first bytes would be {@code TensorFiles}'.
 */
class AddedFormatTest extends TensorFileContract {
  private static final String NAME = "vector";
  private static final int MAGIC = 0x56454331;

  /** What can be wrong with a {@link VectorFile}. */
  private enum VectorProblem implements Problem {
    /** It does not hold the numbers that it announces. */
    LENGTH
  }

  /** Four bytes {@code VEC1}, how many numbers follow (u32, big-endian), the numbers in F32. */
  private record VectorFile(FileSource source, Map<String, TensorData> tensors)
      implements TensorFile {

    static VectorFile open(FileSource source) {
      try {
        int head = 2 * Integer.BYTES;
        ByteBuffer begin = source.read(0, (int) Math.min(head, source.size()));
        begin.order(ByteOrder.BIG_ENDIAN);
        boolean whole = source.size() >= head && begin.getInt(0) == MAGIC;
        long count = whole ? Integer.toUnsignedLong(begin.getInt(4)) : 0;
        if (!whole || source.size() - head != count * Float.BYTES) {
          throw InputFileException.of(VectorProblem.LENGTH, source.path())
              .what("the file is no vector, or does not hold as many numbers as it says")
              .next("write it again")
              .build();
        }
        TensorType type = new TensorType(DType.F32, List.of(count));
        return new VectorFile(source, Map.of(NAME, new FileTensor(source, head, type)));
      } catch (RuntimeException | Error e) {
        source.close();
        throw e;
      }
    }

    @Override
    public Path path() {
      return source.path();
    }

    @Override
    public String format() {
      return NAME;
    }

    @Override
    public void close() {
      source.close();
    }
  }

  @Override
  protected TensorFile open(Path file) {
    return VectorFile.open(FileSource.open(file));
  }

  @Override
  public byte[] sample() {
    return ByteBuffer.allocate(20).putInt(MAGIC).putInt(3).putFloat(1).putFloat(2).array();
  }

  @Override
  protected String contiguousTensor() {
    return NAME;
  }

  @Override
  protected String format() {
    return NAME;
  }
}
