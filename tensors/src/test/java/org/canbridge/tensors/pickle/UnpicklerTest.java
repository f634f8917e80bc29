package org.canbridge.tensors.pickle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.torch.TorchFile;
import org.junit.jupiter.api.Test;

/** Pickles built instruction by instruction, read through {@link TorchFile}. */
public final class UnpicklerTest extends PickleFiles {
  private static final String DAMAGED =
      "next: the file is damaged or forged: get it again from its source";
  private static final String SAVE_AGAIN =
      "next: load the file in PyTorch, if you trust it, and save its state dict again";

  private Map<String, Object> values(PickleBytes pickle) throws IOException {
    try (TorchFile file = TorchFile.open(file(pickle.stop()))) {
      return file.values();
    }
  }

  private float[] x(PickleBytes pickle) throws IOException {
    try (TorchFile file = TorchFile.open(file(pickle.stop()))) {
      assertEquals(Set.of("x"), file.tensors().keySet());
      return Tensors.floats(file.tensors().get("x"));
    }
  }

  private void malformed(String what, int at, PickleBytes pickle) throws IOException {
    refused(
        PickleProblem.MALFORMED,
        pickle.op('.'),
        what,
        "file: FILE",
        "key: byte " + at + " of m/data.pkl",
        DAMAGED);
  }

  @Test
  void readsEveryConstant() throws IOException {
    PickleBytes pickle = dict();
    pickle.str("none").op('N');
    pickle.str("true").op(0x88).str("false").op(0x89);
    pickle.str("int1").op('K', 200).str("int2").op('M', 1, 2).str("int4").op('J').u4(-2);
    pickle.str("long0").op(0x8a, 0).str("long1").op(0x8a, 2, 0xff, 0xfe);
    pickle.str("long4").op(0x8b).u4(3).op(1, 0, 1);
    pickle.str("huge").op(0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1);
    pickle.str("double").op('G', 0x3f, 0xf8, 0, 0, 0, 0, 0, 0);
    pickle.str("short").op(0x8c, 2, 0xc3, 0xa9);
    pickle.str("wide").op(0x8d).i8(1).op('w');
    pickle.str("python2").op('U', 1, 'u').str("python2 long").op('T').u4(1).op('t');
    pickle.str("bytes").op('C', 1, 7).str("bytes4").op('B').u4(1).op(7);
    pickle.str("bytes8").op(0x8e).i8(1).op(7);
    assertEquals(
        Map.ofEntries(
            Map.entry("true", true),
            Map.entry("false", false),
            Map.entry("int1", 200L),
            Map.entry("int2", 513L),
            Map.entry("int4", -2L),
            Map.entry("long0", 0L),
            Map.entry("long1", -257L),
            Map.entry("long4", 65537L),
            Map.entry("double", 1.5),
            Map.entry("short", "\u00e9"),
            Map.entry("wide", "w"),
            Map.entry("python2", "u"),
            Map.entry("python2 long", "t")),
        values(pickle.op('u')));
  }

  @Test
  void readsEveryContainer() throws IOException {
    PickleBytes pickle = dict();
    pickle.str("list").op(']', '(').num(1).num(2).op('e').num(3).op('a');
    pickle.str("t0").op(')').str("t1").num(1).op(0x85).str("t2").num(1).num(2).op(0x86);
    pickle.str("t3").num(1).num(2).num(3).op(0x87).str("t").nums(1);
    pickle.str("keys").op('}', '(').num(5).num(1).op(0x88).num(2).op('N').num(3);
    pickle.op('G', 0x3f, 0xf8, 0, 0, 0, 0, 0, 0).num(4).op('u');
    assertEquals(
        Map.ofEntries(
            Map.entry("list.0", 1L),
            Map.entry("list.1", 2L),
            Map.entry("list.2", 3L),
            Map.entry("t1.0", 1L),
            Map.entry("t2.0", 1L),
            Map.entry("t2.1", 2L),
            Map.entry("t3.0", 1L),
            Map.entry("t3.1", 2L),
            Map.entry("t3.2", 3L),
            Map.entry("t.0", 1L),
            Map.entry("keys.5", 1L),
            Map.entry("keys.true", 2L),
            Map.entry("keys.None", 3L),
            Map.entry("keys.1.5", 4L)),
        values(pickle.op('u')));
  }

  @Test
  void remembersInEveryWay() throws IOException {
    PickleBytes pickle = dict();
    pickle.str("a").num(1).op(0x94).str("b").num(2).op('q', 9).str("c").num(3).op('r').u4(-1);
    pickle.str("d").op('h', 0).str("e").op('h', 9).str("f").op('j').u4(-1);
    assertEquals(
        Map.of("a", 1L, "b", 2L, "c", 3L, "d", 1L, "e", 2L, "f", 3L), values(pickle.op('u')));
  }

  @Test
  void readsFramesAndStackGlobals() throws IOException {
    PickleBytes pickle = new PickleBytes().op(0x80, 4, 0x95).i8(100).op('}').str("x");
    pickle.str("torch._utils").str("_rebuild_tensor_v2").op(0x93, '(');
    pickle.storage("FloatStorage", "0", 6).num(1).nums(2).nums(1).endTensor();
    assertArrayEquals(new float[] {1, 2}, x(pickle.op('s')));
  }

  @Test
  void readsTheFirstVersionOfTensors() throws IOException {
    PickleBytes pickle = new PickleBytes().op('}').str("x");
    pickle.global("torch._utils", "_rebuild_tensor").op('(').storage("FloatStorage", "0", 6);
    assertArrayEquals(new float[] {4, 5}, x(pickle.num(4).nums(2).nums(1).op('t', 'R', 's')));
  }

  @Test
  void readsUntypedStorages() throws IOException {
    PickleBytes pickle = new PickleBytes().op('}').str("x");
    pickle.global("torch._utils", "_rebuild_tensor_v3").op('(', '(').str("storage");
    pickle.global("torch.storage", "UntypedStorage").str("0").str("cpu").num(24).op('t', 'Q');
    pickle.num(2).nums(2).nums(1).op(0x89).global("collections", "OrderedDict").op(')', 'R');
    pickle.global("torch", "uint16").op('t', 'R', 's');
    assertArrayEquals(new float[] {0, 0x3f80}, x(pickle));
  }

  @Test
  void readsParametersAndBuffers() throws IOException {
    PickleBytes parameter = new PickleBytes().op('}').str("x");
    parameter.global("torch._utils", "_rebuild_parameter").op('(');
    parameter.tensor("FloatStorage", "0", 6).op(0x88).global("collections", "OrderedDict");
    assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5}, x(parameter.op(')', 'R', 't', 'R', 's')));

    PickleBytes buffer = new PickleBytes().op('}').str("x");
    buffer.global("torch._tensor", "_rebuild_from_type_v2").op('(');
    buffer.global("torch._utils", "_rebuild_tensor_v2").global("torch", "Tensor").op('(');
    buffer.storage("FloatStorage", "0", 6).num(5).nums(1).nums(1).op(0x89);
    buffer.global("collections", "OrderedDict").op(')', 'R', 't', '}');
    buffer.str("_is_buffer").op(0x88, 's', 't', 'R', 's');
    assertArrayEquals(new float[] {5}, x(buffer));
  }

  @Test
  void namesALoneTensor() throws IOException {
    byte[] pickle = new PickleBytes().tensor("FloatStorage", "0", 6).stop();
    try (TorchFile file = TorchFile.open(file(pickle))) {
      assertEquals(Set.of("tensor"), file.tensors().keySet());
    }
  }

  @Test
  void readsOrderedDictionariesWithAttributes() throws IOException {
    PickleBytes pickle = new PickleBytes().global("collections", "OrderedDict").op(')', 'R');
    pickle.str("a").num(1).op('s', '}').str("_metadata").op('}', 's', 'b');
    assertEquals(Map.of("a", 1L), values(pickle));
  }

  @Test
  void readsOrderedDictionariesOfPython2() throws IOException {
    PickleBytes pickle = new PickleBytes().global("collections", "OrderedDict").op(']');
    pickle.op(']').str("a").op('a').num(1).op('a', 'a').str("b").num(2).op(0x86, 'a');
    assertEquals(Map.of("a", 1L, "b", 2L), values(pickle.op(0x85, 'R')));
  }

  @Test
  void readsNamespacesAsData() throws IOException {
    PickleBytes pickle = new PickleBytes().op('}').str("args");
    pickle.global("argparse", "Namespace").op(')', 0x81, '}', '(').str("image_size").num(256);
    pickle.str("model").str("DiT-XL/2").op('u', 'b', 's');
    assertEquals(Map.of("args.image_size", 256L, "args.model", "DiT-XL/2"), values(pickle));
  }

  @Test
  void readsTorchValues() throws IOException {
    PickleBytes pickle = dict();
    pickle.str("size").global("torch", "Size").nums(2, 3).op(0x85, 'R');
    pickle.str("device").global("torch", "device").str("cuda").num(0).op(0x86, 'R');
    pickle.str("cpu").global("torch", "device").str("cpu").op(0x85, 'R');
    pickle.str("dtype").global("torch", "complex64");
    assertEquals(
        Map.of(
            "size.0",
            2L,
            "size.1",
            3L,
            "device",
            "cuda:0",
            "cpu",
            "cpu",
            "dtype",
            "torch.complex64"),
        values(pickle.op('u')));
  }

  private static PickleBytes numpy(PickleBytes pickle, String module, String code, String text) {
    pickle.global(module, "scalar").global("numpy", "dtype").str(code).op(0x89, 0x88, 0x87, 'R');
    pickle.op('(').num(3).str("<").op('N', 'N', 'N').num(-1).num(-1).num(0).op('t', 'b');
    pickle.global("_codecs", "encode").str(text).str("latin1").op(0x86, 'R');
    return pickle.op(0x86, 'R');
  }

  @Test
  void readsNumpyScalars() throws IOException {
    PickleBytes pickle = dict();
    numpy(pickle.str("f8"), "numpy.core.multiarray", "f8", "\0\0\0\0\0\0\u00f8?");
    numpy(pickle.str("i2"), "numpy._core.multiarray", "i2", "\u00ff\u00ff");
    numpy(pickle.str("b1"), "numpy._core.multiarray", "b1", "\1");
    assertEquals(Map.of("f8", 1.5, "i2", -1L, "b1", true), values(pickle.op('u')));
  }

  @Test
  void refusesOtherNumpyObjects() throws IOException {
    malformed(
        "a NumPy type that is not little-endian",
        36,
        new PickleBytes()
            .global("numpy", "dtype")
            .str("f8")
            .op(0x89, 0x88, 0x87, 'R', '(')
            .num(3)
            .str(">")
            .op('t', 'b'));
    malformed(
        "bytes that are not written as latin1 text",
        35,
        new PickleBytes().global("_codecs", "encode").str("x").str("rot13").op(0x86, 'R'));
    malformed(
        "a NumPy scalar that does not fit its type",
        132,
        numpy(new PickleBytes(), "numpy.core.multiarray", "f8", "short"));
    malformed(
        "a NumPy integer past 63 bits",
        143,
        numpy(new PickleBytes(), "numpy.core.multiarray", "u8", "\u00ff".repeat(8)));
  }

  @Test
  void refusesDictionariesAndTensorsOfOtherParts() throws IOException {
    malformed(
        "an OrderedDict of something that is no list of pairs",
        32,
        new PickleBytes().global("collections", "OrderedDict").op(']').num(1).op('a', 0x85, 'R'));
    PickleBytes twice = new PickleBytes().global("collections", "OrderedDict").op(']');
    for (int i = 0; i < 2; i++) {
      twice.str("a").num(1).op(0x86, 'a');
    }
    refused(
        TensorProblem.DUPLICATE_KEY,
        twice.op(0x85, 'R', '.'),
        "a dictionary has the key 'a' twice",
        "file: FILE",
        "key: byte 49 of m/data.pkl",
        "next: the file is ambiguous: get it again from its source");
    PickleBytes untyped = new PickleBytes().global("torch._utils", "_rebuild_tensor_v3").op('(');
    untyped.storage("FloatStorage", "0", 6).num(0).nums(6).nums(1).endTensor();
    malformed("a tensor without an element type", 126, untyped);
    PickleBytes sizeless = new PickleBytes().global("torch._utils", "_rebuild_tensor_v2").op('(');
    sizeless.storage("FloatStorage", "0", 6).num(0).op('(', 'N', 't').nums(1).endTensor();
    malformed("a tensor's size or stride is no integer", 125, sizeless);
    malformed(
        "a tensor of a class that is not allowed",
        40,
        new PickleBytes().global("torch._tensor", "_rebuild_from_type_v2").op(')', 'R'));
  }

  @Test
  void refusesEveryOtherGlobal() throws IOException {
    for (String[] name :
        List.of(
            new String[] {"os", "system"},
            new String[] {"posix", "system"},
            new String[] {"builtins", "eval"},
            new String[] {"__builtin__", "getattr"},
            new String[] {"torch", "load"},
            new String[] {"torch.storage", "_load_from_bytes"},
            new String[] {"torch.nn.modules.linear", "Linear"},
            new String[] {"collections", "defaultdict"},
            new String[] {"numpy.core.multiarray", "_reconstruct"})) {
      refused(
          PickleProblem.GLOBAL,
          new PickleBytes().global(name[0], name[1]).str("rm -rf /").op(0x85, 'R', '.'),
          "the pickle asks for a Python object that is not allowed",
          "expected: tensors, dictionaries, lists, numbers, strings, argparse.Namespace",
          "actual: " + name[0] + "." + name[1],
          "file: FILE",
          "key: byte 2 of m/data.pkl",
          "next: nothing was run; if you trust the file, load it in PyTorch and save its state"
              + " dict alone");
    }
  }

  @Test
  void refusesSpecialTensors() throws IOException {
    Map<String, String> kinds =
        Map.of(
            "_rebuild_qtensor", "a quantised tensor",
            "_rebuild_sparse_tensor", "a sparse tensor",
            "_rebuild_meta_tensor_no_storage", "a meta tensor, which has no data",
            "_rebuild_nested_tensor", "a nested tensor");
    for (Map.Entry<String, String> kind : kinds.entrySet()) {
      refused(
          PickleProblem.UNSUPPORTED_TENSOR,
          new PickleBytes().global("torch._utils", kind.getKey()).op('.'),
          "the file holds " + kind.getValue(),
          "expected: dense tensors",
          "actual: torch._utils." + kind.getKey(),
          "file: FILE",
          "key: byte 2 of m/data.pkl",
          "next: in PyTorch, make it a dense CPU tensor and save again");
    }
  }

  @Test
  void refusesUnknownElementTypes() throws IOException {
    refused(
        TensorProblem.UNKNOWN_DTYPE,
        new PickleBytes().op('}').str("x").tensor("ComplexFloatStorage", "0", 3).op('s', '.'),
        "a tensor has an element type that is not supported",
        "expected: one of " + Arrays.toString(DType.values()),
        "actual: torch.ComplexFloatStorage",
        "file: FILE",
        "key: byte 56 of m/data.pkl",
        "next: convert the tensor in PyTorch and save again");
  }

  @Test
  void refusesUnknownInstructions() throws IOException {
    // INST, OBJ, REDUCE's relatives, text forms, extensions, DUP, POP, sets, out-of-band buffers.
    for (int opcode :
        new int[] {
          'i', 'o', 'P', 'I', 'L', 'F', 'S', 'V', 'g', 'p', 'd', 'l', '0', '1', '2', 0x82, 0x83,
          0x84, 0x8f, 0x90, 0x91, 0x92, 0x96, 0x97, 0x98, 0, 0xff
        }) {
      refused(
          PickleProblem.OPCODE,
          new PickleBytes().op(opcode),
          "the pickle has an instruction that PyTorch does not write",
          "actual: opcode 0x%02x".formatted(opcode),
          "file: FILE",
          "key: byte 2 of m/data.pkl",
          SAVE_AGAIN);
    }
  }

  @Test
  void refusesOtherProtocols() throws IOException {
    for (int protocol : new int[] {0, 1, 6, 255}) {
      refused(
          PickleProblem.OPCODE,
          new PickleBytes().op(0x80, protocol),
          "the pickle has a protocol that is not supported",
          "expected: 2 to 5",
          "actual: " + protocol,
          "file: FILE",
          "key: byte 2 of m/data.pkl",
          SAVE_AGAIN);
    }
  }

  @Test
  void refusesNonsense() throws IOException {
    malformed("the stack is empty", 2, new PickleBytes().op('.'));
    malformed("the stack is empty", 3, new PickleBytes().op('('));
    malformed("the stack is empty", 5, new PickleBytes().num(1).op('(', 0x85));
    malformed("a mark is missing", 2, new PickleBytes().op('t'));
    malformed("values are left over at the end of the pickle", 4, new PickleBytes().op('N', 'N'));
    malformed(
        "items are appended to something that is no list", 4, new PickleBytes().op('}', 'N', 'a'));
    malformed(
        "items are set in something that is no dictionary",
        5,
        new PickleBytes().op(']', 'N', 'N', 's'));
    malformed(
        "a dictionary gets a key without a value", 5, new PickleBytes().op('}', '(', 'N', 'u'));
    malformed(
        "a dictionary's key is neither a string nor a number",
        5,
        new PickleBytes().op('}', ']', 'N', 's'));
    malformed("the memo has no entry 3", 2, new PickleBytes().op('h', 3));
    malformed(
        "a global is named by something that is no string",
        4,
        new PickleBytes().op('N', 'N', 0x93));
    malformed("the arguments of a call are no tuple", 4, new PickleBytes().op('N', 'N', 'R'));
    malformed(
        "the pickle calls something that is no function", 4, new PickleBytes().op('N', ')', 'R'));
    malformed(
        "the pickle makes an object of a class without instances",
        4,
        new PickleBytes().op('N', ')', 0x81));
    malformed(
        "the pickle sets the state of something that has none",
        4,
        new PickleBytes().op('N', 'N', 'b'));
    malformed("a persistent object that is no storage", 3, new PickleBytes().op('N', 'Q'));
    malformed("an integer of 4294967295 bytes", 2, new PickleBytes().op(0x8b).u4(-1));
    malformed("a string is not UTF-8", 4, new PickleBytes().op(0x8c, 1, 0xff));
  }

  @Test
  void refusesIllFormedTorchObjects() throws IOException {
    malformed("a storage of -1 elements", 60, new PickleBytes().storage("FloatStorage", "0", -1));
    malformed(
        "a tensor without storage, offset, size and stride",
        36,
        new PickleBytes().global("torch._utils", "_rebuild_tensor_v2").op(')', 'R'));
    malformed(
        "a parameter without a tensor",
        36,
        new PickleBytes().global("torch._utils", "_rebuild_parameter").op(')', 'R'));
    malformed(
        "a torch.Size that is made of no tuple",
        15,
        new PickleBytes().global("torch", "Size").op(')', 'R'));
    malformed(
        "a torch.device without a name",
        17,
        new PickleBytes().global("torch", "device").op(')', 'R'));
    malformed(
        "the pickle calls a tensor class",
        17,
        new PickleBytes().global("torch", "Tensor").op(')', 'R'));
    malformed(
        "an OrderedDict of something that is no list of pairs",
        30,
        new PickleBytes().global("collections", "OrderedDict").num(1).op(0x85, 'R'));
  }

  @Test
  void refusesAKeyGivenTwice() throws IOException {
    refused(
        TensorProblem.DUPLICATE_KEY,
        new PickleBytes().op('}', '(').str("a").num(1).str("a").num(2).op('u', '.'),
        "a dictionary has the key 'a' twice",
        "file: FILE",
        "key: byte 20 of m/data.pkl",
        "next: the file is ambiguous: get it again from its source");
  }

  @Test
  void refusesLengthsPastTheEnd() throws IOException {
    for (PickleBytes pickle :
        List.of(
            new PickleBytes().op('X').u4(0xfffffff0L),
            new PickleBytes().op('B').u4(0x7fffffffL),
            new PickleBytes().op(0x8e).i8(Long.MIN_VALUE),
            new PickleBytes().op(0x8d).i8(Long.MAX_VALUE))) {
      refused(
          FileProblem.TRUNCATED,
          pickle,
          "the pickle ends in the middle of a value",
          "file: FILE",
          "key: byte " + pickle.bytes().length + " of m/data.pkl",
          "next: download the file again");
    }
  }

  @Test
  void refusesTooDeepAStack() throws IOException {
    refused(
        PickleProblem.LIMIT,
        new PickleBytes().raw("N".repeat(100_001).getBytes(StandardCharsets.US_ASCII)),
        "the pickle has more values on the stack than any checkpoint",
        "expected: at most 100000",
        "file: FILE",
        "key: byte 100002 of m/data.pkl",
        SAVE_AGAIN);
  }

  @Test
  void refusesTooManyInstructions() throws IOException {
    refused(
        PickleProblem.LIMIT,
        new PickleBytes().op(']').raw("Na".repeat(2_000_000).getBytes(StandardCharsets.US_ASCII)),
        "the pickle has more instructions than any checkpoint",
        "expected: at most 4000000",
        "file: FILE",
        "key: byte 4000001 of m/data.pkl",
        SAVE_AGAIN);
  }
}
