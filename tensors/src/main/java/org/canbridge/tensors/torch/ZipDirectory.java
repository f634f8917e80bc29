package org.canbridge.tensors.torch;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.files.Checksum;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;

/**
 * The directory of a zip archive: names, sizes and positions of its entries, read without unpacking
 * anything. Zip64 is understood; archives in several parts are not.
 *
 * <p>Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 to 4.3.16 and 4.5.3.
 */
final class ZipDirectory {
  static final int END = 0x06054b50;
  static final int END_SIZE = 22;
  private static final int MAX_COMMENT = 0xffff;
  static final int LOCATOR64 = 0x07064b50;
  static final int LOCATOR64_SIZE = 20;
  static final int END64 = 0x06064b50;
  static final int END64_SIZE = 56;
  static final int CENTRAL = 0x02014b50;
  static final int CENTRAL_SIZE = 46;
  static final int LOCAL = 0x04034b50;
  static final int LOCAL_SIZE = 30;
  static final int EXTRA64 = 1;
  static final long ALL_ONES = 0xffffffffL;
  static final int ALL_ONES_16 = 0xffff;
  private static final int ENCRYPTED = 1;
  private static final int SIZES_FOLLOW = 1 << 3;
  static final int UTF8_NAME = 1 << 11;

  /** Longest directory that is read. */
  private static final int MAX_BYTES = 100_000_000;

  /**
   * An entry.
   *
   * @param size its size when unpacked
   * @param header position of its local header
   * @param stored whether its bytes lie in the archive as they are
   * @param crc its checksum; 0 where the writer left it out
   * @param nameBytes length of its name
   */
  record Entry(String name, long size, long header, boolean stored, int crc, int nameBytes) {}

  private final FileSource source;
  private final long begin;
  private final Map<String, Entry> entries;

  private ZipDirectory(FileSource source, long begin, Map<String, Entry> entries) {
    this.source = source;
    this.begin = begin;
    this.entries = entries;
  }

  /** Where the directory lies. */
  private record Location(long begin, long size, long entries) {}

  /**
   * Reads the directory.
   *
   * @throws InputFileException if there is none, or it is inconsistent
   */
  static ZipDirectory read(FileSource source) {
    Location location = locate(source);
    if (location.size > MAX_BYTES) {
      throw damaged(source, "its directory has " + location.size + " bytes");
    }
    ByteBuffer bytes = source.read(location.begin, (int) location.size);
    Map<String, Entry> entries = new LinkedHashMap<>();
    long count = 0;
    while (bytes.hasRemaining()) {
      Entry entry = entry(source, bytes);
      count++;
      if (entries.put(entry.name, entry) != null) {
        throw InputFileException.of(TensorProblem.DUPLICATE_KEY, source.path())
            .key(entry.name)
            .what("the zip archive has two entries of one name")
            .next("the file is ambiguous: get it again from its source")
            .build();
      }
    }
    if (count != location.entries) {
      throw damaged(source, "its directory has " + count + " of " + location.entries + " entries");
    }
    return new ZipDirectory(source, location.begin, entries);
  }

  private static Location locate(FileSource source) {
    int length = (int) Math.min(source.size(), END_SIZE + MAX_COMMENT);
    long base = source.size() - length;
    ByteBuffer tail = source.read(base, length);
    for (int at = length - END_SIZE; at >= 0; at--) {
      // The record is the one whose comment ends with the file.
      if (tail.getInt(at) == END && unsigned(tail, at + 20) == length - END_SIZE - at) {
        return location(source, tail.slice(at, END_SIZE).order(tail.order()), base + at);
      }
    }
    throw InputFileException.of(FileProblem.TRUNCATED, source.path())
        .what("the zip archive has no directory at its end")
        .next("the download stopped early or was cut: download it again")
        .build();
  }

  private static Location location(FileSource source, ByteBuffer end, long endAt) {
    long entries = unsigned(end, 10);
    long size = end.getInt(12) & ALL_ONES;
    long begin = end.getInt(16) & ALL_ONES;
    boolean oneDisk = unsigned(end, 4) == 0 && unsigned(end, 6) == 0;
    long limit = endAt;
    if (endAt >= LOCATOR64_SIZE) {
      ByteBuffer locator = source.read(endAt - LOCATOR64_SIZE, LOCATOR64_SIZE);
      if (locator.getInt(0) == LOCATOR64) {
        limit = locator.getLong(8);
        if (limit < 0 || limit > endAt - LOCATOR64_SIZE - END64_SIZE) {
          throw damaged(source, "its zip64 end record lies at " + limit);
        }
        ByteBuffer end64 = source.read(limit, END64_SIZE);
        if (end64.getInt(0) != END64) {
          throw damaged(source, "there is no zip64 end record at " + limit);
        }
        oneDisk = end64.getInt(16) == 0 && end64.getInt(20) == 0;
        entries = end64.getLong(32);
        size = end64.getLong(40);
        begin = end64.getLong(48);
      }
    }
    if (!oneDisk) {
      throw damaged(source, "it is one of several parts");
    }
    if (begin < 0 || size < 0 || begin > limit || size > limit - begin) {
      throw damaged(source, "its directory lies at " + begin + " and has " + size + " bytes");
    }
    return new Location(begin, size, entries);
  }

  private static Entry entry(FileSource source, ByteBuffer bytes) {
    int at = bytes.position();
    if (bytes.remaining() < CENTRAL_SIZE || bytes.getInt(at) != CENTRAL) {
      throw damaged(source, "its directory has no entry at byte " + at);
    }
    int flags = unsigned(bytes, at + 8);
    int method = unsigned(bytes, at + 10);
    long packed = bytes.getInt(at + 20) & ALL_ONES;
    long size = bytes.getInt(at + 24) & ALL_ONES;
    int nameLength = unsigned(bytes, at + 28);
    int extraLength = unsigned(bytes, at + 30);
    int commentLength = unsigned(bytes, at + 32);
    int disk = unsigned(bytes, at + 34);
    long header = bytes.getInt(at + 42) & ALL_ONES;
    int total = CENTRAL_SIZE + nameLength + extraLength + commentLength;
    if (bytes.remaining() < total) {
      throw damaged(source, "its directory ends inside an entry");
    }
    String name = name(bytes, at + CENTRAL_SIZE, nameLength, flags);
    ByteBuffer wide =
        extra64(bytes.slice(at + CENTRAL_SIZE + nameLength, extraLength).order(bytes.order()));
    // The zip64 field holds, in this order, those values that are all ones above.
    if (size == ALL_ONES && wide.remaining() >= 8) {
      size = wide.getLong();
    }
    if (packed == ALL_ONES && wide.remaining() >= 8) {
      packed = wide.getLong();
    }
    if (header == ALL_ONES && wide.remaining() >= 8) {
      header = wide.getLong();
    }
    if (disk != 0 && disk != ALL_ONES_16) {
      throw damaged(source, "it is one of several parts");
    }
    boolean stored = method == 0 && (flags & ENCRYPTED) == 0;
    if (size < 0 || header < 0 || (stored && packed != size)) {
      throw damaged(source, "the sizes of " + name + " contradict each other");
    }
    bytes.position(at + total);
    return new Entry(name, size, header, stored, bytes.getInt(at + 16), nameLength);
  }

  private static String name(ByteBuffer bytes, int at, int length, int flags) {
    byte[] name = new byte[length];
    bytes.get(at, name);
    return new String(
        name, (flags & UTF8_NAME) != 0 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
  }

  /** The content of the zip64 extra field; empty if there is none. */
  private static ByteBuffer extra64(ByteBuffer extra) {
    while (extra.remaining() >= 4) {
      int id = extra.getShort() & ALL_ONES_16;
      int length = Math.min(extra.getShort() & ALL_ONES_16, extra.remaining());
      if (id == EXTRA64) {
        return extra.slice(extra.position(), length).order(extra.order());
      }
      extra.position(extra.position() + length);
    }
    return extra.limit(extra.position());
  }

  private static int unsigned(ByteBuffer bytes, int at) {
    return bytes.getShort(at) & ALL_ONES_16;
  }

  /** All entries by name, in the directory's order. */
  Map<String, Entry> entries() {
    return Collections.unmodifiableMap(entries);
  }

  /**
   * The first byte of an entry's content, which lies inside the archive whole.
   *
   * @throws InputFileException if the entry is compressed, or its local header contradicts the
   *     directory
   */
  long position(Entry entry) {
    if (!entry.stored) {
      throw InputFileException.of(TorchProblem.ZIP_ENTRY_NOT_STORED, source.path())
          .key(entry.name)
          .what("an entry of the zip archive is compressed or encrypted")
          .expected("stored entries only, as torch.save writes them")
          .next("unpack the archive and pack it again without compression (zip -0)")
          .build();
    }
    if (entry.header > begin - LOCAL_SIZE) {
      throw damaged(source, entry.name + " lies at " + entry.header + ", past the directory");
    }
    ByteBuffer header = source.read(entry.header, LOCAL_SIZE + entry.nameBytes);
    long content = entry.header + LOCAL_SIZE + unsigned(header, 26) + unsigned(header, 28);
    if (header.getInt(0) != LOCAL || unsigned(header, 8) != 0) {
      throw damaged(source, "there is no header of " + entry.name + " at " + entry.header);
    }
    requireSame(entry, header);
    if (content > begin || entry.size > begin - content) {
      throw damaged(
          source, entry.name + " has " + entry.size + " bytes at " + content + ", past its end");
    }
    return content;
  }

  /** A writer that did not know size and checksum yet left them out, and says so in a flag. */
  private void requireSame(Entry entry, ByteBuffer header) {
    int flags = unsigned(header, 6);
    String name =
        unsigned(header, 26) == entry.nameBytes
            ? name(header, LOCAL_SIZE, entry.nameBytes, flags)
            : "";
    int crc = header.getInt(14);
    long size = header.getInt(22) & ALL_ONES;
    boolean later = (flags & SIZES_FOLLOW) != 0;
    String found =
        !name.equals(entry.name)
            ? "another name"
            : (flags & ENCRYPTED) != 0
                ? "an encrypted entry"
                : size != entry.size && size != ALL_ONES && !(later && size == 0)
                    ? size + " bytes"
                    : crc != entry.crc && !(later && crc == 0) ? "another checksum" : "";
    if (!found.isEmpty()) {
      throw damaged(
          source, "the header of " + entry.name + " at " + entry.header + " tells " + found);
    }
  }

  /**
   * The checksums of all stored entries but those whose writer left it out.
   *
   * @param damage what is to be said of an entry that it does not fit
   */
  List<Checksum> checksums(Function<Entry, String> damage) {
    return entries.values().stream()
        .filter(entry -> entry.stored && entry.crc != 0)
        .map(entry -> source.checksum(position(entry), entry.size, entry.crc, damage.apply(entry)))
        .toList();
  }

  private static InputFileException damaged(FileSource source, String actual) {
    return InputFileException.of(TorchProblem.ZIP_DAMAGED, source.path())
        .what("the zip archive contradicts itself")
        .actual(actual)
        .next("the file is damaged or forged: get it again from its source")
        .build();
  }
}
