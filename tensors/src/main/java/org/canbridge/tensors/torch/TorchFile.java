package org.canbridge.tensors.torch;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.files.Checksum;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.pickle.PickleInput;
import org.canbridge.tensors.pickle.PickleProblem;
import org.canbridge.tensors.pickle.Pickled;
import org.canbridge.tensors.pickle.TorchGlobals;
import org.canbridge.tensors.pickle.Unpickler;

/**
 * A file that {@code torch.save} wrote (PyTorch 1.6 and later): {@code .pt}, {@code .pth}, {@code
 * .bin}, {@code .ckpt}.
 *
 * <p>The format, as it is read here:
 *
 * <ol>
 *   <li>A zip archive ({@link ZipDirectory}) whose entries are all stored, not compressed. They lie
 *       in one folder of any name, {@code root} here, which holds exactly one {@code data.pkl}.
 *   <li>{@code root/data.pkl}: a pickle of protocol 2 to 5 ({@link Unpickler}) of which only what
 *       {@link TorchGlobals} lists is understood. A tensor is {@code _rebuild_tensor_v2(storage,
 *       offset, size, stride, ...)}; {@code storage} is a persistent object {@code ("storage",
 *       class, key, location, numel)}.
 *   <li>{@code root/data/key}: the bytes of that storage, exactly numel elements of its class.
 *       Storages may be shared by tensors; strides may be any that stay inside ({@link
 *       TensorPlacement}).
 *   <li>{@code root/byteorder}: {@code little}, or absent. Other entries are ignored.
 * </ol>
 *
 * <p>Nested dictionaries are flattened as {@link TorchContent} says. Opening reads the directory,
 * the pickle and the local header of each storage in use; tensors are mapped when asked for.
 *
 * <p>An archive of {@code torch.jit.save} ({@code constants.pkl}, {@code code/}) holds a program
 * and its modules: of these the parameters and buffers are read, under the names of a state dict;
 * the code, which may be compressed, is not looked at. One whose weights are constants of the code
 * is refused.
 *
 * <p>Source: PyTorch 2.7, {@code torch/serialization.py} and {@code caffe2/serialize}.
 */
public final class TorchFile extends PickledFile {
  private static final String PICKLE = "/data.pkl";
  private static final String CODE = "/code/";
  private static final int MAX_BYTE_ORDER = 64;

  private final ZipDirectory zip;
  private final Map<String, String> tensorOf;
  private final boolean program;

  private TorchFile(
      FileSource source,
      ZipDirectory zip,
      TorchContent content,
      Map<String, String> tensorOf,
      boolean program) {
    super(source, program ? "torchscript" : "torch-zip", content);
    this.program = program;
    this.zip = zip;
    this.tensorOf = tensorOf;
  }

  /**
   * Opens a file and reads its pickle.
   *
   * @throws InputFileException if the file departs from the format
   */
  public static TorchFile open(Path path) {
    return open(FileSource.open(path));
  }

  /** Takes the source over: it is closed with the file, and at once if the file is refused. */
  public static TorchFile open(FileSource source) {
    try {
      return read(source);
    } catch (RuntimeException | Error e) {
      source.close();
      throw e;
    }
  }

  private static TorchFile read(FileSource source) {
    ZipDirectory zip = ZipDirectory.read(source);
    String root = root(source, zip);
    boolean program = isProgram(zip, root);
    // Also those that nothing refers to: torch.save compresses none, torch.jit.save its code.
    zip.entries().values().stream()
        .filter(entry -> !program || !entry.name().startsWith(root + CODE))
        .forEach(zip::position);
    checkByteOrder(source, zip, root);
    ZipDirectory.Entry pickle = zip.entries().get(root + PICKLE);
    long begin = zip.position(pickle);
    PickleInput in = new PickleInput(source, pickle.name(), begin, begin + pickle.size());
    Object object = Unpickler.load(in, new TorchGlobals());
    Map<String, String> tensorOf = new HashMap<>();
    TorchContent content =
        TorchContent.of(
            object,
            source,
            (storage, tensor) -> {
              tensorOf.putIfAbsent(root + "/data/" + storage.key(), tensor);
              return position(source, zip, root, storage, tensor);
            });
    if (program && content.tensors().isEmpty()) {
      throw InputFileException.of(TorchProblem.TORCHSCRIPT, source.path())
          .what("this is a TorchScript program without parameters and buffers")
          .next("in Python, save the state dict of the network that it was made of")
          .build();
    }
    return new TorchFile(source, zip, content, tensorOf, program);
  }

  private static boolean isProgram(ZipDirectory zip, String root) {
    return zip.entries().keySet().stream()
        .anyMatch(name -> name.equals(root + "/constants.pkl") || name.startsWith(root + CODE));
  }

  @Override
  public List<String> notes() {
    return program
        ? List.of("the file is a TorchScript program: its weights are read, its code is not")
        : List.of();
  }

  @Override
  public List<Checksum> checksums() {
    return zip.checksums(
        entry ->
            "the checksum of "
                + entry.name()
                + (tensorOf.containsKey(entry.name())
                    ? " (" + tensorOf.get(entry.name()) + ")"
                    : "")
                + " does not fit its bytes");
  }

  private static String root(FileSource source, ZipDirectory zip) {
    List<String> roots =
        zip.entries().keySet().stream()
            .filter(name -> name.endsWith(PICKLE))
            .map(name -> name.substring(0, name.length() - PICKLE.length()))
            .toList();
    if (roots.size() != 1) {
      throw InputFileException.of(TensorProblem.NOT_A_CHECKPOINT, source.path())
          .what("the zip archive is not a file of torch.save")
          .expected("one entry data.pkl in a folder")
          .actual(roots.isEmpty() ? "none" : roots.size() + " of them")
          .next("if it is a packed folder, unpack it and name the checkpoint inside")
          .build();
    }
    String root = roots.get(0);
    return root;
  }

  private static void checkByteOrder(FileSource source, ZipDirectory zip, String root) {
    ZipDirectory.Entry entry = zip.entries().get(root + "/byteorder");
    if (entry == null) {
      return;
    }
    int length = (int) Math.min(MAX_BYTE_ORDER, entry.size());
    String order =
        StandardCharsets.ISO_8859_1.decode(source.read(zip.position(entry), length)).toString();
    if (!order.equals("little")) {
      throw InputFileException.of(TorchProblem.BIG_ENDIAN, source.path())
          .key(entry.name())
          .what("the file was written on a machine with another byte order")
          .expected("little")
          .actual(order)
          .next("load it in PyTorch on a common machine and save it again")
          .build();
    }
  }

  private static long position(
      FileSource source, ZipDirectory zip, String root, Pickled.Storage storage, String tensor) {
    String name = root + "/data/" + storage.key();
    ZipDirectory.Entry entry = zip.entries().get(name);
    if (entry == null) {
      throw InputFileException.of(TorchProblem.STORAGE_MISSING, source.path())
          .key(tensor)
          .what("the data of a tensor are not in the file")
          .expected("an entry " + name)
          .next("the file is damaged or forged: get it again from its source")
          .build();
    }
    if (entry.size() != storage.bytes()) {
      throw InputFileException.of(PickleProblem.STORAGE_SIZE, source.path())
          .key(tensor)
          .what("an entry of the zip archive has not the size that the pickle says")
          .expected(storage.bytes() + " bytes")
          .actual(entry.size() + " bytes in " + name)
          .next("the file is damaged or forged: get it again from its source")
          .build();
    }
    return zip.position(entry);
  }
}
