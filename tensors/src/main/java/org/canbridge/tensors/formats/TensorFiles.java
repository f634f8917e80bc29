package org.canbridge.tensors.formats;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.apiguardian.api.API;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.onnx.OnnxFile;
import org.canbridge.tensors.safetensors.SafetensorsFile;
import org.canbridge.tensors.torch.TorchFile;
import org.canbridge.tensors.torch.TorchLegacyFile;

/** Opens files of named tensors by what they contain, never by their names. */
@API(status = API.Status.STABLE)
public final class TensorFiles {
  private static final int HEAD = 16;
  private static final int ZIP = 0x04034b50;
  private static final int EMPTY_ZIP = 0x06054b50;
  private static final int PICKLE_PROTOCOL = 0x80;
  private static final int FIRST_HEADER_BYTE = 8;

  private TensorFiles() {}

  /**
   * Opens a safetensors file, a torch file of either format, an ONNX model, the JSON index of a set
   * of shards, or the description of a distributed checkpoint; one of several parts that have no
   * index opens all of them.
   *
   * @throws InputFileException if the file is none of these, or departs from its format
   */
  public static TensorFile open(Path path) {
    TensorFile file = openAny(path);
    try {
      requireBounds(file);
      return file;
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** What no network has would only cost time and memory, and make messages that nobody reads. */
  private static void requireBounds(TensorFile file) {
    if (file.tensors().size() > TensorFile.MAX_TENSORS) {
      throw TensorProblem.tooMany(file.path());
    }
    for (String name : file.tensors().keySet()) {
      if (name.length() > TensorFile.MAX_NAME) {
        throw InputFileException.of(TensorProblem.TOO_MUCH, file.path())
            .key(name)
            .what("the name of a tensor is too long")
            .expected("at most " + TensorFile.MAX_NAME + " characters")
            .actual(name.length())
            .next("the file is damaged or forged: get it again from its source")
            .build();
      }
    }
  }

  private static TensorFile openAny(Path path) {
    FileSource source = FileSource.open(path);
    boolean index;
    boolean distributed;
    try {
      index = isJson(source);
      distributed = DistributedFile.looksLike(source);
    } catch (RuntimeException | Error e) {
      source.close();
      throw e;
    }
    if (index) {
      source.close();
      return ShardedFile.open(path);
    }
    if (distributed) {
      return DistributedFile.open(source);
    }
    List<Path> parts = ShardedFile.parts(path);
    if (parts.size() > 1) {
      source.close();
      return ShardedFile.openParts(path, parts);
    }
    return openSingle(source);
  }

  /** Takes the source over. */
  static TensorFile openSingle(FileSource source) {
    try {
      // First, since the length of a safetensors header may begin with any byte, a pickle's too.
      if (isSafetensors(source)) {
        return SafetensorsFile.open(source);
      }
      int start = source.size() < Integer.BYTES ? 0 : source.read(0, Integer.BYTES).getInt();
      if (start == ZIP || start == EMPTY_ZIP) {
        return TorchFile.open(source);
      }
      if ((start & 0xff) == PICKLE_PROTOCOL || TorchLegacyFile.isTar(source)) {
        return TorchLegacyFile.open(source);
      }
      // Last, as it has no magic number.
      if (OnnxFile.looksLike(source)) {
        return OnnxFile.open(source);
      }
      throw unknown(source);
    } catch (RuntimeException | Error e) {
      source.close();
      throw e;
    }
  }

  private static boolean isSafetensors(FileSource source) {
    if (source.size() <= FIRST_HEADER_BYTE) {
      return false;
    }
    ByteBuffer head = source.read(0, FIRST_HEADER_BYTE + 1);
    return head.get(FIRST_HEADER_BYTE) == '{';
  }

  /** A JSON object, and not a safetensors file whose header's length happens to start with '{'. */
  private static boolean isJson(FileSource source) {
    ByteBuffer head = source.read(0, (int) Math.min(HEAD, source.size()));
    String text = StandardCharsets.ISO_8859_1.decode(head).toString();
    return text.indexOf('\0') < 0 && text.strip().startsWith("{");
  }

  private static InputFileException unknown(FileSource source) {
    return InputFileException.of(TensorProblem.NOT_A_CHECKPOINT, source.path())
        .what("the file is in no format that is read here")
        .expected(
            "safetensors, torch.save (zip or legacy), ONNX, or the JSON index of a set of shards")
        .next("convert it to safetensors with the tool that wrote it")
        .build();
  }
}
