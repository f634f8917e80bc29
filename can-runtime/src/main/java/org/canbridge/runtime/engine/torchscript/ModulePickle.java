package org.canbridge.runtime.engine.torchscript;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes modules as {@code torch.jit.save} does: a pickle of protocol 2 in which a module is an
 * object of its class with a dictionary of attributes, and a tensor is {@code
 * _rebuild_tensor_v2(storage, 0, sizes, strides, requires_grad, OrderedDict())} of a storage
 * outside of the pickle, {@code ("storage", class, key, "cpu", elements)}. Keys are numbers in the
 * order of the tensors.
 */
final class ModulePickle {
  private static final int PROTOCOL = 2;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final List<ScriptTensor> storages = new ArrayList<>();

  private ModulePickle() {}

  /** The pickle of a network. */
  static ModulePickle of(ModuleTree network) {
    ModulePickle pickle = new ModulePickle();
    pickle.code(0x80);
    pickle.code(PROTOCOL);
    pickle.module(network);
    pickle.code('.');
    return pickle;
  }

  /** An empty tuple. */
  static byte[] nothing() {
    return new byte[] {(byte) 0x80, PROTOCOL, ')', '.'};
  }

  /** The bytes. */
  byte[] bytes() {
    return bytes.toByteArray();
  }

  /** The tensors in the order of their keys. */
  List<ScriptTensor> storages() {
    return storages;
  }

  private void module(ModuleTree module) {
    global("__torch__", module.type());
    code(')'); // arguments
    code(0x81); // a new object
    code('}');
    code('(');
    text("training");
    code(0x88); // true: as a module is made
    module
        .tensors()
        .forEach(
            (name, tensor) -> {
              text(name);
              tensor(tensor);
            });
    module
        .modules()
        .forEach(
            (name, child) -> {
              text(name);
              module(child);
            });
    code('u');
    code('b');
  }

  private void tensor(ScriptTensor tensor) {
    List<Long> shape = tensor.data().type().shape();
    global("torch._utils", "_rebuild_tensor_v2");
    code('(');
    code('(');
    text("storage");
    global("torch", tensor.storage());
    text(Integer.toString(storages.size()));
    text("cpu");
    integer(tensor.data().type().elements());
    code('t');
    code('Q'); // the storage of this description
    integer(0);
    tuple(shape);
    tuple(strides(shape));
    code(tensor.use() == ScriptTensor.Use.TRAINED ? 0x88 : 0x89);
    global("collections", "OrderedDict");
    code(')');
    code('R');
    code('t');
    code('R');
    storages.add(tensor);
  }

  /** Of elements in row-major order without holes. */
  private static List<Long> strides(List<Long> shape) {
    Long[] strides = new Long[shape.size()];
    long stride = 1;
    for (int i = strides.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= Math.max(1, shape.get(i));
    }
    return List.of(strides);
  }

  private void code(int opcode) {
    bytes.write(opcode);
  }

  private void global(String module, String name) {
    code('c');
    bytes.writeBytes((module + '\n' + name + '\n').getBytes(StandardCharsets.UTF_8));
  }

  private void text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    code('X');
    bytes.writeBytes(little(Integer.BYTES).putInt(utf8.length).array());
    bytes.writeBytes(utf8);
  }

  private void tuple(List<Long> values) {
    code('(');
    values.forEach(this::integer);
    code('t');
  }

  private void integer(long value) {
    if (value <= Integer.MAX_VALUE) {
      code('J');
      bytes.writeBytes(little(Integer.BYTES).putInt((int) value).array());
    } else {
      code(0x8a);
      code(Long.BYTES);
      bytes.writeBytes(little(Long.BYTES).putLong(value).array());
    }
  }

  private static ByteBuffer little(int length) {
    return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
  }
}
