package org.canbridge.tensors.torch;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.pickle.PickleInput;
import org.canbridge.tensors.pickle.PickleProblem;
import org.canbridge.tensors.pickle.Pickled;
import org.canbridge.tensors.pickle.TorchGlobals;
import org.canbridge.tensors.pickle.Unpickler;

/**
 * A file that {@code torch.save} wrote before PyTorch 1.6, or later on request.
 *
 * <p>The format, as it is read here: five pickles ({@link Unpickler}) one after the other, then the
 * storages up to the end of the file.
 *
 * <ol>
 *   <li>the number 0x1950a86a20f9469cfc6c;
 *   <li>the protocol version, 1001;
 *   <li>a dictionary about the machine, of which {@code little_endian} must be true;
 *   <li>the object. Its storages are {@code ("storage", class, key, location, numel, view)}; {@code
 *       view} is None, or {@code (key, offset, size)} of a part of the storage;
 *   <li>the list of storage keys, as strings;
 *   <li>for each key in that order: the number of elements (8 bytes, little-endian), the same as in
 *       the object, then the elements.
 * </ol>
 *
 * <p>The pickles may name only what {@link TorchGlobals} lists; nested dictionaries are flattened
 * as {@link TorchContent} says. The tar archives of PyTorch 0.1 are refused.
 *
 * <p>Source: PyTorch 2.7, {@code _legacy_save} and {@code _legacy_load} in {@code
 * torch/serialization.py}.
 */
public final class TorchLegacyFile extends PickledFile {
  private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
  private static final long PROTOCOL = 1001;
  private static final String TAR_MAGIC = "ustar";
  private static final int TAR_MAGIC_AT = 257;
  private static final String DAMAGED =
      "the file is damaged or forged: get it again from its source";

  private TorchLegacyFile(FileSource source, TorchContent content) {
    super(source, "torch-legacy", content);
  }

  /**
   * Opens a file and reads its pickles.
   *
   * @throws InputFileException if the file departs from the format
   */
  public static TorchLegacyFile open(Path path) {
    return open(FileSource.open(path));
  }

  /** Takes the source over: it is closed with the file, and at once if the file is refused. */
  public static TorchLegacyFile open(FileSource source) {
    try {
      return new TorchLegacyFile(source, read(source));
    } catch (RuntimeException | Error e) {
      source.close();
      throw e;
    }
  }

  private static TorchContent read(FileSource source) {
    refuseTar(source);
    PickleInput in = new PickleInput(source, null, 0, source.size());
    checkMagic(source, in);
    checkMachine(source, in);
    TorchGlobals globals = new TorchGlobals();
    Object object = Unpickler.load(in, globals);
    long keysAt = in.at();
    Object keys = Unpickler.load(in, new TorchGlobals());
    if (!(keys instanceof Pickled.Sequence list)) {
      throw in.malformed("the storage keys are no list", keysAt);
    }
    Map<String, Long> positions = positions(source, in, list.items(), globals.storages(), keysAt);
    return TorchContent.of(
        object,
        source,
        (storage, tensor) -> {
          Long position = positions.get(storage.key());
          if (position == null) {
            throw InputFileException.of(TorchProblem.STORAGE_MISSING, source.path())
                .key(tensor)
                .what("the data of a tensor are not in the file")
                .expected("storage " + storage.key())
                .next(DAMAGED)
                .build();
          }
          return position;
        });
  }

  private static void refuseTar(FileSource source) {
    if (isTar(source)) {
      throw InputFileException.of(TorchProblem.TAR, source.path())
          .what("this is a tar archive; PyTorch wrote these before version 0.1.10")
          .next(
              "if it is a checkpoint, load it in PyTorch and save it again; if it is a packed"
                  + " folder, unpack it and name the checkpoint inside")
          .build();
    }
  }

  public static boolean isTar(FileSource source) {
    return source.size() >= TAR_MAGIC_AT + TAR_MAGIC.length()
        && StandardCharsets.ISO_8859_1
            .decode(source.read(TAR_MAGIC_AT, TAR_MAGIC.length()))
            .toString()
            .equals(TAR_MAGIC);
  }

  private static void checkMagic(FileSource source, PickleInput in) {
    Object magic = Unpickler.load(in, new TorchGlobals());
    if (!magic.equals(MAGIC)) {
      throw InputFileException.of(TensorProblem.NOT_A_CHECKPOINT, source.path())
          .what("this is a pickle, but not a file of torch.save")
          .expected("the number 0x" + MAGIC.toString(16) + " first")
          .next("load it in Python, if you trust it, and save the tensors with torch.save")
          .build();
    }
  }

  private static void checkMachine(FileSource source, PickleInput in) {
    long at = in.at();
    Object protocol = Unpickler.load(in, new TorchGlobals());
    if (!protocol.equals(PROTOCOL)) {
      throw in.malformed("the version of the legacy format is not " + PROTOCOL, at);
    }
    at = in.at();
    Object machine = Unpickler.load(in, new TorchGlobals());
    if (!(machine instanceof Pickled.Dictionary dictionary)
        || !(dictionary.entries().get("little_endian") instanceof Boolean little)) {
      throw in.malformed("the third pickle does not say the byte order", at);
    }
    if (!little) {
      throw InputFileException.of(TorchProblem.BIG_ENDIAN, source.path())
          .what("the file was written on a machine with another byte order")
          .expected("little_endian True")
          .actual("False")
          .next("load it in PyTorch on a common machine and save it again")
          .build();
    }
  }

  /** Walks over the storages, which tile the rest of the file. */
  private static Map<String, Long> positions(
      FileSource source,
      PickleInput in,
      List<Object> keys,
      Map<String, Pickled.Storage> storages,
      long keysAt) {
    Map<String, Long> positions = new HashMap<>();
    long at = in.at();
    for (Object item : keys) {
      Pickled.Storage storage = item instanceof String key ? storages.get(key) : null;
      if (storage == null) {
        throw in.malformed("the list of storages has one that no tensor uses", keysAt);
      }
      int width = storage.dtype() == null ? 1 : storage.dtype().bytes();
      long left = source.size() - at - Long.BYTES;
      if (left < 0 || storage.bytes() > left) {
        throw InputFileException.of(FileProblem.TRUNCATED, source.path())
            .key("storage " + storage.key())
            .what("the file ends before its last storage")
            .expected(storage.bytes() + " bytes")
            .actual(Math.max(left, 0) + " bytes")
            .next("the download stopped early or was cut: download it again")
            .build();
      }
      long elements = source.read(at, Long.BYTES).getLong();
      if (elements != storage.bytes() / width) {
        throw InputFileException.of(PickleProblem.STORAGE_SIZE, source.path())
            .key("storage " + storage.key())
            .what("a storage has not the size that the pickle says")
            .expected(storage.bytes() / width + " elements")
            .actual(elements + " elements")
            .next(DAMAGED)
            .build();
      }
      if (positions.put(storage.key(), at + Long.BYTES) != null) {
        throw in.malformed("the list of storages has one twice", keysAt);
      }
      at += Long.BYTES + storage.bytes();
    }
    if (at != source.size()) {
      throw InputFileException.of(FileProblem.TRAILING_BYTES, source.path())
          .what("bytes after the last storage belong to none")
          .expected(at + " bytes")
          .actual(source.size() + " bytes")
          .next(DAMAGED)
          .build();
    }
    return positions;
  }
}
