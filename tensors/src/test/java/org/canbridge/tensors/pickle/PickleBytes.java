package org.canbridge.tensors.pickle;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes pickles instruction by instruction. */
public final class PickleBytes {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  public PickleBytes() {
    op(0x80, 2);
  }

  /** Raw instructions; a character stands for its code. */
  public PickleBytes op(int... bytes) {
    for (int b : bytes) {
      out.write(b);
    }
    return this;
  }

  public PickleBytes raw(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  private static byte[] le(int width, long value) {
    ByteBuffer buffer = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value);
    return java.util.Arrays.copyOf(buffer.array(), width);
  }

  public PickleBytes u4(long value) {
    return raw(le(4, value));
  }

  public PickleBytes i8(long value) {
    return raw(le(8, value));
  }

  public PickleBytes str(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return op('X').u4(utf8.length).raw(utf8);
  }

  /** BININT1 where it fits, else an integer of eight bytes. */
  public PickleBytes num(long value) {
    if (value >= 0 && value < 256) {
      return op('K', (int) value);
    }
    return op(0x8a, 8).i8(value);
  }

  public PickleBytes nums(long... values) {
    op('(');
    for (long value : values) {
      num(value);
    }
    return op('t');
  }

  public PickleBytes global(String module, String name) {
    return op('c').raw((module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
  }

  public PickleBytes storage(String type, String key, long elements) {
    op('(').str("storage").global("torch", type).str(key).str("cpu").num(elements);
    return op('t', 'Q');
  }

  /** The last three arguments of version 2, then the call. */
  public PickleBytes endTensor() {
    return op(0x89).global("collections", "OrderedDict").op(')', 'R', 't', 'R');
  }

  public PickleBytes tensor(
      String type, String key, long elements, long offset, long[] shape, long[] strides) {
    global("torch._utils", "_rebuild_tensor_v2").op('(');
    storage(type, key, elements).num(offset).nums(shape).nums(strides);
    return endTensor();
  }

  public PickleBytes tensor(String type, String key, long elements) {
    return tensor(type, key, elements, 0, new long[] {elements}, new long[] {1});
  }

  public byte[] stop() {
    return op('.').bytes();
  }

  public byte[] bytes() {
    return out.toByteArray();
  }
}
