package org.canbridge.tensors.torch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.files.AtomicFile;

/**
 * Writes a zip archive as PyTorch does: entries stored, not compressed, each beginning at a
 * multiple of {@value #ALIGNMENT} bytes (an extra field fills up), sizes and checksums in the local
 * headers too, zip64 where sizes or positions need it. Tensors are streamed. The same entries give
 * the same bytes; all bear the first day that zip knows.
 *
 * <p>Source: PKWARE, APPNOTE.TXT 6.3.10, as {@link ZipDirectory}; PyTorch 2.7, {@code
 * caffe2/serialize/inline_container.cc} for the alignment.
 */
public final class ZipWriter {
  private static final int ALIGNMENT = 64;
  private static final short FILLING = 0x4246;
  private static final int FIELD = 4;
  private static final int SIZES64 = 16;
  private static final short PLAIN_VERSION = 10;
  private static final short ZIP64_VERSION = 45;

  /** 1 January 1980. */
  private static final short DAY = 1 << 5 | 1;

  private static final int CRC_AT = 14;

  private final AtomicFile file;
  private final List<Written> entries = new ArrayList<>();

  private record Written(String name, long size, int crc, long header) {}

  /** What writes an entry's bytes. */
  private interface Content {
    void writeTo(WritableByteChannel channel) throws IOException;
  }

  /**
   * An archive without entries.
   *
   * @param file is written from its beginning; whoever made it commits it
   */
  public ZipWriter(AtomicFile file) {
    this.file = file;
  }

  /**
   * Adds an entry.
   *
   * @throws IOException if it cannot be written
   */
  public void add(String name, byte[] content) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(content);
    add(
        name,
        content.length,
        channel -> {
          while (bytes.hasRemaining()) {
            channel.write(bytes);
          }
        });
  }

  /**
   * Adds a tensor's elements, row-major and little-endian.
   *
   * @throws IOException if they cannot be written
   */
  public void add(String name, TensorData tensor) throws IOException {
    add(name, tensor.type().bytes(), tensor::writeTo);
  }

  private void add(String name, long size, Content content) throws IOException {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    long header = file.position();
    file.write(local(utf8, size, header));
    long begin = file.position();
    Summing summing = new Summing();
    content.writeTo(summing);
    if (file.position() - begin != size) {
      throw new IllegalStateException(
          name + " wrote " + (file.position() - begin) + " of " + size + " bytes");
    }
    int crc = (int) summing.crc.getValue();
    file.overwrite(header + CRC_AT, little(Integer.BYTES).putInt(crc).flip());
    entries.add(new Written(name, size, crc, header));
  }

  private static ByteBuffer local(byte[] name, long size, long at) {
    boolean wide = size >= ZipDirectory.ALL_ONES;
    int fixed = ZipDirectory.LOCAL_SIZE + name.length + (wide ? FIELD + SIZES64 : 0) + FIELD;
    int filling = (int) Math.floorMod(-(at + fixed), (long) ALIGNMENT);
    ByteBuffer header = little(fixed + filling);
    header.putInt(ZipDirectory.LOCAL);
    common(header, wide, 0, size, size, name.length);
    header.putShort((short) (fixed + filling - ZipDirectory.LOCAL_SIZE - name.length)).put(name);
    if (wide) {
      header.putShort((short) ZipDirectory.EXTRA64).putShort((short) SIZES64);
      header.putLong(size).putLong(size);
    }
    header.putShort(FILLING).putShort((short) filling);
    return header.position(0);
  }

  /** What both headers of an entry have in common, from the version to the name's length. */
  private static void common(
      ByteBuffer header, boolean wide, int crc, long packed, long size, int nameLength) {
    header.putShort(wide ? ZIP64_VERSION : PLAIN_VERSION);
    header.putShort((short) ZipDirectory.UTF8_NAME).putShort((short) 0);
    header.putShort((short) 0).putShort(DAY).putInt(crc);
    header.putInt(limited(packed)).putInt(limited(size)).putShort((short) nameLength);
  }

  /** A size or position, or all ones where only a zip64 field can hold it. */
  private static int limited(long value) {
    return (int) Math.min(value, ZipDirectory.ALL_ONES);
  }

  /**
   * Writes the directory, after the last entry.
   *
   * @throws IOException if it cannot be written
   */
  public void finish() throws IOException {
    long begin = file.position();
    for (Written entry : entries) {
      file.write(central(entry));
    }
    long end = file.position();
    boolean wide = end > ZipDirectory.ALL_ONES || entries.size() > ZipDirectory.ALL_ONES_16;
    ByteBuffer last =
        little(ZipDirectory.END64_SIZE + ZipDirectory.LOCATOR64_SIZE + ZipDirectory.END_SIZE);
    if (wide) {
      last.putInt(ZipDirectory.END64).putLong(ZipDirectory.END64_SIZE - 12L);
      last.putShort(ZIP64_VERSION).putShort(ZIP64_VERSION).putInt(0).putInt(0);
      last.putLong(entries.size()).putLong(entries.size()).putLong(end - begin).putLong(begin);
      last.putInt(ZipDirectory.LOCATOR64).putInt(0).putLong(end).putInt(1);
    }
    short count = (short) Math.min(entries.size(), ZipDirectory.ALL_ONES_16);
    last.putInt(ZipDirectory.END).putInt(0).putShort(count).putShort(count);
    last.putInt(limited(end - begin)).putInt(limited(begin)).putShort((short) 0);
    file.write(last.flip());
  }

  private static ByteBuffer central(Written entry) {
    byte[] name = entry.name.getBytes(StandardCharsets.UTF_8);
    boolean wideSize = entry.size >= ZipDirectory.ALL_ONES;
    boolean wideHeader = entry.header >= ZipDirectory.ALL_ONES;
    int values = (wideSize ? SIZES64 : 0) + (wideHeader ? Long.BYTES : 0);
    int extra = values == 0 ? 0 : FIELD + values;
    ByteBuffer record = little(ZipDirectory.CENTRAL_SIZE + name.length + extra);
    record.putInt(ZipDirectory.CENTRAL).putShort(ZIP64_VERSION);
    common(record, values > 0, entry.crc, entry.size, entry.size, name.length);
    record.putShort((short) extra).putShort((short) 0).putShort((short) 0).putShort((short) 0);
    record.putInt(0).putInt(limited(entry.header)).put(name);
    if (values > 0) {
      record.putShort((short) ZipDirectory.EXTRA64).putShort((short) values);
      if (wideSize) {
        record.putLong(entry.size).putLong(entry.size);
      }
      if (wideHeader) {
        record.putLong(entry.header);
      }
    }
    return record.flip();
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Hands on what is written, and sums it up. */
  private final class Summing implements WritableByteChannel {
    private final CRC32 crc = new CRC32();
    private final WritableByteChannel channel = file.channel();

    @Override
    public int write(ByteBuffer bytes) throws IOException {
      ByteBuffer before = bytes.duplicate();
      int written = channel.write(bytes);
      crc.update(before.limit(before.position() + written));
      return written;
    }

    @Override
    public boolean isOpen() {
      return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
