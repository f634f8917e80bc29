package org.canbridge.tensors.npy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes .npy files. */
final class NpyBytes {
  private NpyBytes() {}

  /** A file of version 1.0 with this header, padded as NumPy does, and these bytes behind it. */
  static byte[] of(String header, byte[] content) {
    return of(1, header, content);
  }

  static byte[] of(int version, String header, byte[] content) {
    int width = version == 1 ? 2 : 4;
    int used = 8 + width + header.length() + 1;
    String padded = header + " ".repeat((64 - used % 64) % 64) + "\n";
    ByteBuffer length = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
    length.putInt(padded.length());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0});
    out.write(length.array(), 0, width);
    out.writeBytes(padded.getBytes(StandardCharsets.UTF_8));
    out.writeBytes(content);
    return out.toByteArray();
  }

  static String header(String descr, boolean fortran, String shape) {
    return "{'descr': '"
        + descr
        + "', 'fortran_order': "
        + (fortran ? "True" : "False")
        + ", 'shape': "
        + shape
        + ", }";
  }
}
