package org.canbridge.tensors.pickle;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.files.InputFileException;

/**
 * Python objects that a pickle may hold, as inert data. The others are Java's: {@link String},
 * {@link Long}, {@link java.math.BigInteger}, {@link Double}, {@link Boolean}, {@code byte[]}.
 */
public sealed interface Pickled {

  /** {@code None}. */
  enum None implements Pickled {
    /** The only value. */
    NONE
  }

  /** A {@code tuple} or {@code torch.Size}. */
  record Tuple(List<Object> items) implements Pickled {}

  /** A {@code list}, filled after it was made. */
  record Sequence(List<Object> items) implements Pickled {
    Sequence() {
      this(new ArrayList<>(0));
    }
  }

  /** A {@code dict} or {@code OrderedDict}, filled after it was made. */
  record Dictionary(Map<Object, Object> entries) implements Pickled {
    Dictionary() {
      this(new LinkedHashMap<>());
    }
  }

  /** An {@code argparse.Namespace}: its attributes. */
  record Namespace(Map<Object, Object> attributes) implements Pickled {
    Namespace() {
      this(new LinkedHashMap<>());
    }
  }

  /** A {@code torch.dtype}; {@code dtype} is null if no reader here knows it. */
  record ElementType(String name, DType dtype) implements Pickled {}

  /** A {@code torch.device}, e.g. {@code cuda:0}. */
  record Device(String name) implements Pickled {}

  /** A {@code numpy.dtype} such as {@code f8}, which {@link NumpyScalars} decodes. */
  record NumpyType(String code) implements Pickled {}

  /** A {@code numpy.ndarray}: made empty, filled when its state is set. */
  final class NumpyArray implements Pickled {
    private List<Long> shape = List.of(0L);
    private String code = "";
    private boolean fortranOrder;
    private Object content = None.NONE;

    /**
     * Sets the state.
     *
     * @param elements the bytes, or for objects ({@code O8}) a {@link Sequence}
     */
    public void fill(List<Long> sizes, String type, boolean fortran, Object elements) {
      shape = List.copyOf(sizes);
      code = type;
      fortranOrder = fortran;
      content = elements;
    }

    public List<Long> shape() {
      return shape;
    }

    /** The type as {@link NumpyType} names it; empty as long as nothing has been set. */
    public String code() {
      return code;
    }

    public boolean fortranOrder() {
      return fortranOrder;
    }

    public Object content() {
      return content;
    }
  }

  /** One of NumPy's functions and classes that are allowed in {@code .npy} files. */
  record NumpyName(NumpyGlobals.Name name) implements Pickled {}

  /**
   * A class or function that is not on the list, or makes tensors of a kind that is not read.
   *
   * @param refuse the message for a place where such an object cannot be left out
   */
  record ForeignName(String name, Supplier<InputFileException> refuse) implements Pickled {

    /** A name that means nothing here, at this place of the pickle. */
    ForeignName(String name, PickleInput in, long at) {
      this(
          name,
          () ->
              in.refusal(PickleProblem.GLOBAL, at)
                  .what("the pickle asks for a Python object that is not allowed")
                  .expected("tensors, dictionaries, lists, numbers, strings, argparse.Namespace")
                  .actual(name)
                  .next(
                      "nothing was run; if you trust the file, load it in PyTorch and save its"
                          + " state dict alone")
                  .build());
    }

    /** The message for a place where such an object cannot be left out. */
    public InputFileException refusal() {
      return refuse.get();
    }
  }

  /**
   * In place of an object that was never made: the name of its class and, for those that are
   * dictionaries, their items; for those of distributed checkpoints and of programs their
   * attributes. As a key of a dictionary it stands for one that is no name.
   */
  final class Foreign implements Pickled {
    private final ForeignName cls;
    private final Map<Object, Object> entries = new LinkedHashMap<>(0);

    Foreign(ForeignName cls) {
      this.cls = cls;
    }

    public ForeignName cls() {
      return cls;
    }

    public Map<Object, Object> entries() {
      return entries;
    }
  }

  /** A function or class from the list of allowed ones, not called yet. */
  record Callable(TorchGlobals.Function function) implements Pickled {}

  /**
   * A storage class, e.g. {@code FloatStorage}.
   *
   * @param dtype type of its elements, null if it is untyped or of a type that no reader here knows
   * @param width bytes of an element
   */
  record StorageClass(String name, DType dtype, int width) implements Pickled {}

  /**
   * Where a tensor's elements are kept.
   *
   * @param key its name in the file
   * @param dtype type of its elements, null if untyped or of an unknown type
   * @param bytes its size
   * @param viewBegin first byte that tensors of this view may use; 0 but for views in legacy files
   * @param viewEnd the byte after the last one
   */
  record Storage(String key, DType dtype, long bytes, long viewBegin, long viewEnd)
      implements Pickled {}

  /**
   * A tensor as the pickle describes it; nothing but the argument types is checked yet.
   *
   * @param offset the first element, in elements from the begin of the storage's view
   * @param strides distance between neighbours, in elements, for each dimension
   */
  record Tensor(
      Storage storage, ElementType elementType, long offset, List<Long> shape, List<Long> strides)
      implements Pickled {}
}
