package org.canbridge.tensors.pickle;

import java.util.List;
import java.util.Set;

/**
 * What becomes of names in the pickle of a checkpoint that are not on the list of {@link
 * TorchGlobals}: training programs put paths, counters, random states and their own settings beside
 * the weights. A class, and an object of one, becomes a record of its name and nothing else: it is
 * not looked up, no argument or state is kept but the items of a dictionary, and whoever reads the
 * file leaves it out by name. Whatever would run something is refused at once: every name of the
 * modules below, and every call of a function that is not known to make plain data.
 */
final class ForeignObjects {
  /** Modules whose names have no place in a checkpoint; with everything below them. */
  private static final Set<String> REFUSED_MODULES =
      Set.of(
          "os",
          "posix",
          "nt",
          "subprocess",
          "commands",
          "popen2",
          "sys",
          "builtins",
          "__builtin__",
          "importlib",
          "imp",
          "runpy",
          "shutil",
          "socket",
          "ctypes",
          "_ctypes",
          "pty",
          "pickle",
          "_pickle",
          "cPickle",
          "marshal",
          "shelve",
          "code",
          "codeop",
          "types",
          "operator",
          "_operator",
          "asyncio",
          "multiprocessing",
          "threading",
          "_thread",
          "webbrowser",
          "pip",
          "pdb",
          "bdb",
          "timeit",
          "profile",
          "cProfile",
          "trace",
          "pydoc",
          "tempfile",
          "urllib",
          "http",
          "requests",
          "dill",
          "cloudpickle",
          "site",
          "signal",
          "inspect",
          "gc",
          "platform");

  /** Names of refused modules that are plain types, and what names a class inside of another. */
  private static final Set<String> PLAIN_TYPES =
      Set.of(
          "set",
          "frozenset",
          "list",
          "tuple",
          "dict",
          "bytearray",
          "bytes",
          "complex",
          "slice",
          "range",
          "xrange",
          "object",
          "int",
          "float",
          "str",
          "bool",
          "Ellipsis",
          "NotImplemented",
          "type",
          "getattr");

  /** Functions, and classes that are spelled like functions, that make plain data. */
  private static final Set<String> PLAIN_FUNCTIONS =
      Set.of(
          "copyreg._reconstructor",
          "copy_reg._reconstructor",
          "copyreg.__newobj__",
          "copyreg.__newobj_ex__",
          "collections.defaultdict",
          "collections.deque",
          "datetime.date",
          "datetime.datetime",
          "datetime.time",
          "datetime.timedelta",
          "datetime.timezone",
          "functools.partial",
          "itertools.count",
          "itertools.repeat",
          "array._array_reconstructor",
          "array.array",
          "zoneinfo.ZoneInfo._unpickle",
          "pandas._libs.internals._unpickle_block",
          "pandas.core.indexes.base._new_Index",
          "pandas.core.indexes.datetimes._new_DatetimeIndex",
          "numpy.ma.core._mareconstruct",
          "numpy.core.multiarray._reconstruct",
          "numpy._core.multiarray._reconstruct",
          "numpy.core.numeric._frombuffer",
          "numpy._core.numeric._frombuffer",
          "numpy.random._pickle.__randomstate_ctor",
          "numpy.random._pickle.__generator_ctor",
          "numpy.random._pickle.__bit_generator_ctor",
          "re._compile",
          TorchGlobals.LAYOUT);

  /** How Cython spells what restores an object of its classes, NumPy's random states for one. */
  private static final String CYTHON = "__pyx_unpickle_";

  private static final String GETATTR = "getattr";

  private ForeignObjects() {}

  /** The name as a record, unless it belongs to what runs programs. */
  static Pickled.ForeignName named(String module, String name, PickleInput in, long at) {
    Pickled.ForeignName foreign = new Pickled.ForeignName(module + "." + name, in, at);
    String outermost = module.contains(".") ? module.substring(0, module.indexOf('.')) : module;
    boolean plain =
        (module.equals("builtins") || module.equals("__builtin__")) && PLAIN_TYPES.contains(name);
    if (REFUSED_MODULES.contains(outermost) && !plain) {
      throw foreign.refusal();
    }
    return foreign;
  }

  /**
   * The result of calling a name, as a record: of the class that the function is given where that
   * is its purpose. Refused if it is a function that is not known.
   */
  static Pickled called(
      Pickled.ForeignName callee, List<Object> arguments, PickleInput in, long at) {
    String name = callee.name().substring(callee.name().lastIndexOf('.') + 1);
    if (name.equals(GETATTR) && callee.name().contains("builtin")) {
      return attribute(callee, arguments, in, at);
    }
    boolean spelledLikeAClass =
        name.codePoints().filter(Character::isLetter).findFirst().stream()
            .anyMatch(Character::isUpperCase);
    boolean plain =
        spelledLikeAClass
            || PLAIN_FUNCTIONS.contains(callee.name())
            || name.startsWith(CYTHON)
            || TorchGlobals.isSpecialTensor(callee.name())
            || callee.name().startsWith("builtins.")
            || callee.name().startsWith("__builtin__.");
    if (!plain) {
      throw callee.refusal();
    }
    boolean makes = name.startsWith("_") && !arguments.isEmpty();
    return new Pickled.Foreign(
        makes && arguments.get(0) instanceof Pickled.ForeignName cls ? cls : callee);
  }

  /** {@code getattr(cls, name)}: how protocols before 4 name a class inside of another. */
  private static Pickled attribute(
      Pickled.ForeignName getattr, List<Object> arguments, PickleInput in, long at) {
    if (arguments.size() != 2
        || !(arguments.get(0) instanceof Pickled.ForeignName outer)
        || !(arguments.get(1) instanceof String inner)) {
      throw getattr.refusal();
    }
    return new Pickled.ForeignName(outer.name() + "." + inner, in, at);
  }
}
