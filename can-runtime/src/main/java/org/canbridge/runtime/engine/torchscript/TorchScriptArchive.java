package org.canbridge.runtime.engine.torchscript;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A TorchScript archive without tensors, as {@code torch.jit.load} reads it: an ordinary zip with
 *
 * <ul>
 *   <li>{@code k/data.pkl}: the module object, {@code __torch__.K} with the one attribute {@code
 *       training};
 *   <li>{@code k/constants.pkl}: an empty tuple;
 *   <li>{@code k/version}: 10, since older numbers refuse the newer signatures of operators (gelu's
 *       {@code approximate});
 *   <li>{@code k/code/__torch__.py}: the source.
 * </ul>
 */
public final class TorchScriptArchive {
  private TorchScriptArchive() {}

  /** The archive around {@code source}, which defines the class {@code K}. */
  public static byte[] of(String source) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.setMethod(ZipOutputStream.STORED);
      // Pickle protocol 2: GLOBAL __torch__ K, EMPTY_TUPLE, NEWOBJ, EMPTY_DICT, MARK, "training",
      // NEWFALSE, SETITEMS, BUILD, STOP.
      entry(
          zip,
          "k/data.pkl",
          "\u0080\u0002c__torch__\nK\n)\u0081}(X\u0008\0\0\0training\u0089ub."
              .getBytes(StandardCharsets.ISO_8859_1));
      entry(zip, "k/constants.pkl", "\u0080\u0002).".getBytes(StandardCharsets.ISO_8859_1));
      entry(zip, "k/version", "10\n".getBytes(StandardCharsets.US_ASCII));
      entry(zip, "k/code/__torch__.py", source.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void entry(ZipOutputStream zip, String name, byte[] content) throws IOException {
    ZipEntry entry = new ZipEntry(name);
    CRC32 crc = new CRC32();
    crc.update(content);
    entry.setSize(content.length);
    entry.setCompressedSize(content.length);
    entry.setCrc(crc.getValue());
    entry.setTime(0);
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
