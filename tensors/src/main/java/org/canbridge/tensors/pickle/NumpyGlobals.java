package org.canbridge.tensors.pickle;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The only names that the pickle of an array of objects may use: {@code _reconstruct} and {@code
 * scalar} of {@code numpy.core.multiarray} (NumPy 2: {@code numpy._core.multiarray}), {@code
 * numpy.ndarray}, {@code numpy.dtype}, {@code _codecs.encode}. Arrays of numbers, of objects, and
 * NumPy's scalars come out of them, and nothing else.
 *
 * <p>Source: {@code array_reduce} and {@code array_setstate} in {@code
 * numpy/core/src/multiarray/methods.c}.
 */
public final class NumpyGlobals implements PickleGlobals {
  /** Code of the elements of an array of objects. */
  public static final String OBJECTS = "O8";

  /** The functions and classes. */
  enum Name {
    RECONSTRUCT,
    ARRAY,
    TYPE,
    SCALAR,
    ENCODE
  }

  private static final Map<String, Name> ALLOWED = allowed();

  private static Map<String, Name> allowed() {
    Map<String, Name> names = new HashMap<>();
    for (String module : List.of("numpy.core.multiarray.", "numpy._core.multiarray.")) {
      names.put(module + "_reconstruct", Name.RECONSTRUCT);
      names.put(module + "scalar", Name.SCALAR);
    }
    names.put("numpy.ndarray", Name.ARRAY);
    names.put("numpy.dtype", Name.TYPE);
    names.put("_codecs.encode", Name.ENCODE);
    return Map.copyOf(names);
  }

  @Override
  public Object find(String module, String name, PickleInput in, long at) {
    Name found = ALLOWED.get(module + "." + name);
    if (found == null) {
      throw in.refusal(PickleProblem.GLOBAL, at)
          .what("the pickle asks for a Python object that is not allowed")
          .expected("arrays and numbers of NumPy")
          .actual(module + "." + name)
          .next("nothing was run; " + advice())
          .build();
    }
    return new Pickled.NumpyName(found);
  }

  @Override
  public Object call(Object callee, List<Object> arguments, PickleInput in, long at) {
    if (!(callee instanceof Pickled.NumpyName named)) {
      throw in.malformed("the pickle calls something that is no function", at);
    }
    return switch (named.name()) {
      // (ndarray, (0,), b'b'): always an empty array, whose state follows.
      case RECONSTRUCT -> new Pickled.NumpyArray();
      case TYPE -> type(arguments, in, at);
      case SCALAR -> NumpyScalars.scalar(arguments, in, at);
      case ENCODE -> NumpyScalars.encode(arguments, in, at);
      case ARRAY -> throw in.malformed("the pickle calls the class of arrays", at);
    };
  }

  private static Object type(List<Object> arguments, PickleInput in, long at) {
    boolean objects = !arguments.isEmpty() && OBJECTS.equals(arguments.get(0));
    return objects ? new Pickled.NumpyType(OBJECTS) : NumpyScalars.dtype(arguments, in, at);
  }

  @Override
  public Object construct(Object cls, List<Object> arguments, PickleInput in, long at) {
    throw in.malformed("the pickle makes an object of a class without instances", at);
  }

  /** An array's state is {@code (1, shape, dtype, Fortran order, bytes or list)}. */
  @Override
  public void build(Object target, Object state, PickleInput in, long at) {
    if (target instanceof Pickled.NumpyType) {
      NumpyScalars.checkState(state, in, at);
      return;
    }
    if (!(target instanceof Pickled.NumpyArray array)
        || !(state instanceof Pickled.Tuple tuple)
        || tuple.items().size() != 5
        || !(tuple.items().get(1) instanceof Pickled.Tuple shape)
        || !shape.items().stream().allMatch(Long.class::isInstance)
        || !(tuple.items().get(2) instanceof Pickled.NumpyType type)
        || !(tuple.items().get(3) instanceof Boolean fortran)) {
      throw in.malformed("the state of an array is not what NumPy writes", at);
    }
    Object content = tuple.items().get(4);
    boolean objects = type.code().equals(OBJECTS);
    if (objects ? !(content instanceof Pickled.Sequence) : !(content instanceof byte[])) {
      throw in.malformed("the elements of an array are not what its type needs", at);
    }
    List<Long> sizes = shape.items().stream().map(Long.class::cast).toList();
    array.fill(sizes, type.code(), fortran, content);
  }

  @Override
  public Object persistent(Object id, PickleInput in, long at) {
    throw in.malformed("the pickle refers to an object outside of it", at);
  }

  @Override
  public String writer() {
    return "NumPy";
  }

  @Override
  public String advice() {
    return "if you trust the file, load it in NumPy and save its arrays of numbers alone";
  }
}
