package org.canbridge.tensors.pickle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.canbridge.tensors.torch.TorchFile;
import org.junit.jupiter.api.Test;

/** What a pickle may hold beside weights, and what not. */
class ForeignObjectsTest extends PickleFiles {
  private static PickleBytes besideTheWeights() {
    return dict().str("w").tensor("FloatStorage", "0", 6);
  }

  @Test
  void leavesObjectsOutByName() throws IOException {
    PickleBytes pickle = besideTheWeights();
    pickle.str("path").global("pathlib", "PosixPath").str("/").str("a").op(0x86, 'R');
    pickle.str("set").global("__builtin__", "set").op(']', 0x85, 'R');
    pickle.str("counter").global("collections", "Counter").op('}').str("a").num(2);
    pickle.op('s', 0x85, 'R').str("gelu").global("torch.nn.functional", "gelu");
    pickle.str("made").global("my.module", "Settings").op(')', 0x81, '}').str("a").num(1);
    pickle.op('s', 'b').str("items").global("addict", "Dict").op(')', 0x81).str("lr").num(3);
    pickle.op('s').str("array").global("numpy._core.multiarray", "_reconstruct");
    pickle.global("numpy", "ndarray").nums(0).op('C', 1, 'b', 0x87, 'R');
    pickle.op('(').num(1).nums(1).global("numpy", "dtype").str("O8").op(0x89, 0x88, 0x87, 'R');
    pickle.op(0x89, ']', 't', 'b').str("a").num(1).op(0x86).num(3);
    pickle.str("last").num(4).op('u');
    try (TorchFile file = TorchFile.open(file(pickle.stop()))) {
      assertEquals(
          Map.of(
              "path", "pathlib.PosixPath",
              "set", "__builtin__.set",
              "counter", "collections.Counter",
              "gelu", "torch.nn.functional.gelu",
              "made", "my.module.Settings",
              "array", "numpy.ndarray",
              "(a key that is no name)", "tuple"),
          file.objects());
      assertEquals(Map.of("items.lr", 3L, "last", 4L), file.values());
      assertEquals(Set.of("w"), file.tensors().keySet());
    }
  }

  @Test
  void leavesSetsOfProtocol4Out() throws IOException {
    PickleBytes pickle = new PickleBytes().op(0x80, 4, '}', '(');
    pickle.str("set").op(0x8f, '(').num(1).op(0x90).str("frozen").op('(').num(1).op(0x91);
    pickle.str("named").global("a.b", "Named").op(')', '}').str("x").num(1).op('s', 0x92);
    pickle.str("bytes").op(0x96).i8(1).op(7).str("n").num(1);
    try (TorchFile file = TorchFile.open(file(pickle.op('u').stop()))) {
      assertEquals(
          Map.of("set", "builtins.set", "frozen", "builtins.frozenset", "named", "a.b.Named"),
          file.objects());
      assertEquals(Map.of("n", 1L), file.values());
    }
  }

  @Test
  void leavesTensorsOfOtherKindsOutByName() throws IOException {
    PickleBytes pickle = besideTheWeights();
    pickle.str("sparse").global("torch._utils", "_rebuild_sparse_tensor");
    pickle.op('N', 'N', 0x86, 'R');
    pickle.str("complex").tensor("ComplexFloatStorage", "1", 3);
    pickle.str("inside").global("torch._tensor", "_rebuild_from_type_v2").op('(');
    pickle.global("torch._utils", "_rebuild_wrapper_subclass");
    pickle.global("torch.nn.parameter", "Parameter").op(')', '}', 't', 'R');
    try (TorchFile file = TorchFile.open(file(pickle.op('u').stop()))) {
      assertEquals(
          Map.of(
              "sparse", "torch._utils._rebuild_sparse_tensor",
              "complex", "torch.ComplexFloatStorage",
              "inside", "torch._utils._rebuild_wrapper_subclass"),
          file.objects());
      assertEquals(Set.of("w"), file.tensors().keySet());
    }
  }

  @Test
  void leavesWhatRestoresPlainDataOut() throws IOException {
    PickleBytes pickle = besideTheWeights();
    pickle.str("inner").global("__builtin__", "getattr").global("my.module", "Outer").str("Inner");
    pickle.op(0x86, 'R', ')', 'R');
    pickle.str("seed").global("numpy.random.bit_generator", "__pyx_unpickle_SeedSequence");
    pickle.op(')', 'R').str("dots").global("__builtin__", "Ellipsis");
    pickle.str("none").global("__builtin__", "type").op('N', 0x85, 'R');
    pickle.str("zone").global("zoneinfo", "ZoneInfo._unpickle").str("UTC").op(0x85, 'R');
    try (TorchFile file = TorchFile.open(file(pickle.op('u').stop()))) {
      assertEquals(
          Map.of(
              "inner", "my.module.Outer.Inner",
              "seed", "numpy.random.bit_generator.__pyx_unpickle_SeedSequence",
              "dots", "__builtin__.Ellipsis",
              "none", "__builtin__.type",
              "zone", "zoneinfo.ZoneInfo._unpickle"),
          file.objects());
    }
  }

  @Test
  void refusesWhatWouldRunSomethingBesideTheWeightsToo() throws IOException {
    for (String name :
        List.of(
            "os.system",
            "posix.system",
            "subprocess.Popen",
            "builtins.eval",
            "builtins.getattr",
            "importlib._bootstrap.Module",
            "torch.load",
            "torch.hub.load",
            "my.module.function",
            "numpy.load")) {
      int dot = name.lastIndexOf('.');
      PickleBytes pickle = besideTheWeights().str("x");
      int at = pickle.bytes().length;
      pickle.global(name.substring(0, dot), name.substring(dot + 1)).str("id").op(0x85, 'R', 'u');
      refused(
          PickleProblem.GLOBAL,
          pickle.op('.'),
          "the pickle asks for a Python object that is not allowed",
          "expected: tensors, dictionaries, lists, numbers, strings, argparse.Namespace",
          "actual: " + name,
          "file: FILE",
          "key: byte " + at + " of m/data.pkl",
          "next: nothing was run; if you trust the file, load it in PyTorch and save its state"
              + " dict alone");
    }
  }
}
