package org.canbridge.tensors.torch;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes zip archives byte by byte, also wrong ones. */
public final class ZipBytes {
  private final ByteArrayOutputStream content = new ByteArrayOutputStream();
  private final ByteArrayOutputStream directory = new ByteArrayOutputStream();
  private int count;

  public ZipBytes add(String name, byte[] bytes) {
    return add(name, bytes, 0, 0, bytes.length, content.size());
  }

  /** An entry whose local header tells more than the rest, which is in the directory. */
  public ZipBytes addLocal(String name, byte[] bytes, String told, int flags, int crc, long size) {
    int at = content.size();
    add(name, bytes);
    byte[] all = content.toByteArray();
    ByteBuffer local = ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN);
    local.putShort(at + 6, (short) flags).putInt(at + 14, crc);
    local.putInt(at + 18, (int) size).putInt(at + 22, (int) size);
    byte[] other = told.getBytes(StandardCharsets.UTF_8);
    local.putShort(at + 26, (short) other.length);
    System.arraycopy(other, 0, all, at + 30, Math.min(other.length, name.length()));
    content.reset();
    content.writeBytes(all);
    return this;
  }

  /** An entry whose directory record may lie about flags, method, size and position. */
  public ZipBytes add(String name, byte[] bytes, int flags, int method, long size, long header) {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer local = ByteBuffer.allocate(30).order(ByteOrder.LITTLE_ENDIAN);
    // A writer that tells size and checksum in the directory alone.
    local.putInt(0, 0x04034b50).putShort(6, (short) 0x808).putShort(8, (short) method);
    local.putShort(26, (short) utf8.length);
    content.writeBytes(local.array());
    content.writeBytes(utf8);
    content.writeBytes(bytes);
    ByteBuffer central = ByteBuffer.allocate(46).order(ByteOrder.LITTLE_ENDIAN);
    central.putInt(0, 0x02014b50).putShort(8, (short) (flags | 0x800));
    central.putShort(10, (short) method);
    central.putInt(20, (int) size).putInt(24, (int) size).putInt(42, (int) header);
    central.putShort(28, (short) utf8.length);
    directory.writeBytes(central.array());
    directory.writeBytes(utf8);
    count++;
    return this;
  }

  /** A zip64 record: sizes and position stand in the extra field. */
  public ZipBytes add64(String name, byte[] bytes) {
    long header = content.size();
    add(name, bytes);
    byte[] records = directory.toByteArray();
    int length = 46 + name.getBytes(StandardCharsets.UTF_8).length;
    ByteBuffer last =
        ByteBuffer.wrap(records, records.length - length, length)
            .slice()
            .order(ByteOrder.LITTLE_ENDIAN);
    last.putInt(20, -1).putInt(24, -1).putInt(42, -1).putShort(30, (short) 32);
    directory.reset();
    directory.writeBytes(records);
    ByteBuffer extra = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
    // Another field first, as others write it.
    extra.putShort((short) 0x4246).putShort((short) 0);
    extra.putShort((short) 1).putShort((short) 24);
    extra.putLong(bytes.length).putLong(bytes.length).putLong(header);
    directory.writeBytes(extra.array());
    return this;
  }

  public byte[] end() {
    return end(count, directory.size(), content.size(), "");
  }

  public byte[] end(int entries, long size, long begin, String comment) {
    ByteBuffer end = ByteBuffer.allocate(22 + comment.length()).order(ByteOrder.LITTLE_ENDIAN);
    end.putInt(0, 0x06054b50).putShort(8, (short) entries).putShort(10, (short) entries);
    end.putInt(12, (int) size).putInt(16, (int) begin).putShort(20, (short) comment.length());
    end.position(22).put(comment.getBytes(StandardCharsets.US_ASCII));
    return joined(end.array());
  }

  public byte[] end64() {
    long at = (long) content.size() + directory.size();
    ByteBuffer end = ByteBuffer.allocate(56 + 20 + 22).order(ByteOrder.LITTLE_ENDIAN);
    end.putInt(0, 0x06064b50).putLong(4, 44).putLong(24, count).putLong(32, count);
    end.putLong(40, directory.size()).putLong(48, content.size());
    end.putInt(56, 0x07064b50).putLong(64, at).putInt(72, 1);
    end.putInt(76, 0x06054b50).putShort(84, (short) -1).putShort(86, (short) -1);
    end.putInt(88, -1).putInt(92, -1);
    return joined(end.array());
  }

  private byte[] joined(byte[] end) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(content.toByteArray());
    all.writeBytes(directory.toByteArray());
    all.writeBytes(end);
    return all.toByteArray();
  }
}
