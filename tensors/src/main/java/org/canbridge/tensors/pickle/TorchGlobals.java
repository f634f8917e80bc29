package org.canbridge.tensors.pickle;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.files.InputFileException;

/**
 * The only names of a pickle that mean something here, and what becomes of them. Whatever is not
 * listed is a record of its name ({@link ForeignObjects}), or refused where it would run something.
 *
 * <p>Allowed: {@code collections.OrderedDict}; {@code torch._utils._rebuild_tensor}, {@code _v2},
 * {@code _v3}, {@code _rebuild_parameter}, {@code _rebuild_parameter_with_state}; {@code
 * torch._tensor._rebuild_from_type_v2} around one of these for {@code torch.Tensor}, {@code
 * Parameter} and {@code Buffer}; {@code torch.*Storage} and {@code torch.storage.UntypedStorage};
 * {@code torch.Size}, {@code torch.device}, dtypes; NumPy scalars; {@code argparse.Namespace},
 * {@code types.SimpleNamespace}. Gradients' flags, hooks and the Python attributes of tensors are
 * dropped.
 *
 * <p>Source: PyTorch 2.7, {@code torch/_utils.py}, {@code torch/_tensor.py}, {@code
 * torch/serialization.py}.
 */
public final class TorchGlobals implements PickleGlobals {

  /** The functions and classes that may be called. */
  enum Function {
    ORDERED_DICT,
    NAMESPACE,
    REBUILD_TENSOR,
    REBUILD_TENSOR_V2,
    REBUILD_TENSOR_V3,
    REBUILD_PARAMETER,
    REBUILD_FROM_TYPE,
    TENSOR_CLASS,
    SIZE,
    DEVICE,
    NUMPY_DTYPE,
    NUMPY_SCALAR,
    ENCODE
  }

  private static final Map<String, Object> ALLOWED = allowed();

  /** Functions that make tensors of kinds that are not read, and what these are called. */
  private static final Map<String, String> SPECIAL_TENSORS =
      Map.ofEntries(
          Map.entry("_rebuild_meta_tensor_no_storage", "a meta tensor, which has no data"),
          Map.entry("_rebuild_sparse_tensor", "a sparse tensor"),
          Map.entry("_rebuild_sparse_csr_tensor", "a sparse tensor"),
          Map.entry("_rebuild_qtensor", "a quantised tensor"),
          Map.entry("_rebuild_nested_tensor", "a nested tensor"),
          Map.entry("_rebuild_wrapper_subclass", "a tensor subclass"),
          Map.entry("_rebuild_device_tensor_from_numpy", "a tensor of a special device"),
          Map.entry("_rebuild_device_tensor_from_cpu_tensor", "a tensor of a special device"));

  /** What the layout of a sparse or dense tensor is saved as: a call that gives a plain name. */
  static final String LAYOUT = "torch.serialization._get_layout";

  /** Storage classes of element types that are not read, and the bytes of an element. */
  private static final Map<String, Integer> UNKNOWN_STORAGES =
      Map.of(
          "ComplexFloatStorage",
          8,
          "ComplexDoubleStorage",
          16,
          "QInt8Storage",
          1,
          "QUInt8Storage",
          1,
          "QInt32Storage",
          4,
          "QUInt4x2Storage",
          1,
          "QUInt2x4Storage",
          1);

  /** Classes of plain data, whose attributes are kept as items. */
  public static final String DISTRIBUTED = "torch.distributed.checkpoint.";

  /** The modules of a TorchScript program, whose attributes are kept too: weights among them. */
  private static final String SCRIPTED = "__torch__.";

  private final Map<String, Pickled.Storage> storages = new LinkedHashMap<>();

  /** Storage classes of unknown element types by their names, as the pickle first has them. */
  private final Map<String, Pickled.ForeignName> unknown = new HashMap<>();

  /** The storages of those classes. */
  private final Map<String, Pickled.ForeignName> unreadable = new HashMap<>();

  private static Map<String, Object> allowed() {
    Map<String, Object> names = new HashMap<>();
    function(names, "collections.OrderedDict", Function.ORDERED_DICT);
    function(names, "argparse.Namespace", Function.NAMESPACE);
    function(names, "types.SimpleNamespace", Function.NAMESPACE);
    function(names, "torch._utils._rebuild_tensor", Function.REBUILD_TENSOR);
    function(names, "torch._utils._rebuild_tensor_v2", Function.REBUILD_TENSOR_V2);
    function(names, "torch._utils._rebuild_tensor_v3", Function.REBUILD_TENSOR_V3);
    function(names, "torch._utils._rebuild_parameter", Function.REBUILD_PARAMETER);
    function(names, "torch._utils._rebuild_parameter_with_state", Function.REBUILD_PARAMETER);
    function(names, "torch._tensor._rebuild_from_type_v2", Function.REBUILD_FROM_TYPE);
    function(names, "torch.Tensor", Function.TENSOR_CLASS);
    function(names, "torch.nn.parameter.Parameter", Function.TENSOR_CLASS);
    function(names, "torch.nn.parameter.Buffer", Function.TENSOR_CLASS);
    function(names, "torch.Size", Function.SIZE);
    function(names, "torch.device", Function.DEVICE);
    function(names, "numpy.dtype", Function.NUMPY_DTYPE);
    function(names, "numpy.core.multiarray.scalar", Function.NUMPY_SCALAR);
    function(names, "numpy._core.multiarray.scalar", Function.NUMPY_SCALAR);
    function(names, "_codecs.encode", Function.ENCODE);
    elementType(names, "float64", "DoubleStorage", DType.F64);
    elementType(names, "float32", "FloatStorage", DType.F32);
    elementType(names, "float16", "HalfStorage", DType.F16);
    elementType(names, "bfloat16", "BFloat16Storage", DType.BF16);
    elementType(names, "int64", "LongStorage", DType.I64);
    elementType(names, "int32", "IntStorage", DType.I32);
    elementType(names, "int16", "ShortStorage", DType.I16);
    elementType(names, "int8", "CharStorage", DType.I8);
    elementType(names, "uint8", "ByteStorage", DType.U8);
    elementType(names, "bool", "BoolStorage", DType.BOOL);
    dtype(names, "float8_e4m3fn", DType.F8_E4M3);
    dtype(names, "float8_e5m2", DType.F8_E5M2);
    dtype(names, "uint16", DType.U16);
    dtype(names, "uint32", DType.U32);
    dtype(names, "uint64", DType.U64);
    for (String unknown :
        List.of(
            "complex32",
            "complex64",
            "complex128",
            "float8_e4m3fnuz",
            "float8_e5m2fnuz",
            "float8_e8m0fnu",
            "qint8",
            "quint8",
            "qint32")) {
      dtype(names, unknown, null);
    }
    names.put("torch.storage.UntypedStorage", new Pickled.StorageClass("UntypedStorage", null, 1));
    return names;
  }

  private static void function(Map<String, Object> names, String name, Function function) {
    names.put(name, new Pickled.Callable(function));
  }

  private static void elementType(
      Map<String, Object> names, String dtypeName, String storage, DType dtype) {
    dtype(names, dtypeName, dtype);
    names.put("torch." + storage, new Pickled.StorageClass(storage, dtype, dtype.bytes()));
  }

  private static void dtype(Map<String, Object> names, String name, DType dtype) {
    names.put("torch." + name, new Pickled.ElementType("torch." + name, dtype));
  }

  /** The storages that the pickle has named so far, by their names in the file. */
  public Map<String, Pickled.Storage> storages() {
    return storages;
  }

  /** What a pickle gets for {@code module.name}. */
  @Override
  public Object find(String module, String name, PickleInput in, long at) {
    Object found = ALLOWED.get(module + "." + name);
    if (found != null) {
      return found;
    }
    String full = module + "." + name;
    if (isSpecialTensor(full)) {
      return new Pickled.ForeignName(full, () -> specialTensor(full, in, at));
    }
    if (module.equals("torch") && name.endsWith("Storage")) {
      if (!UNKNOWN_STORAGES.containsKey(name)) {
        throw unknownType(full, in, at);
      }
      unknown.putIfAbsent(full, unknownTypeName(full, in, at));
      return new Pickled.StorageClass(full, null, UNKNOWN_STORAGES.get(name));
    }
    return ForeignObjects.named(module, name, in, at);
  }

  /** Whether a name makes tensors of a kind that is not read. */
  static boolean isSpecialTensor(String name) {
    return name.startsWith("torch.")
        && SPECIAL_TENSORS.containsKey(name.substring(name.lastIndexOf('.') + 1));
  }

  private static InputFileException specialTensor(String name, PickleInput in, long at) {
    return in.refusal(PickleProblem.UNSUPPORTED_TENSOR, at)
        .what("the file holds " + SPECIAL_TENSORS.get(name.substring(name.lastIndexOf('.') + 1)))
        .expected("dense tensors")
        .actual(name)
        .next("in PyTorch, make it a dense CPU tensor and save again")
        .build();
  }

  @Override
  public String writer() {
    return "PyTorch";
  }

  @Override
  public String advice() {
    return "load the file in PyTorch, if you trust it, and save its state dict again";
  }

  private static Pickled.ForeignName unknownTypeName(String name, PickleInput in, long at) {
    return new Pickled.ForeignName(name, () -> unknownType(name, in, at));
  }

  private static InputFileException unknownType(String name, PickleInput in, long at) {
    return in.refusal(TensorProblem.UNKNOWN_DTYPE, at)
        .what("a tensor has an element type that is not supported")
        .expected("one of " + List.of(DType.values()))
        .actual(name)
        .next("convert the tensor in PyTorch and save again")
        .build();
  }

  /** The result of a call, as inert data. */
  @Override
  public Object call(Object callee, List<Object> arguments, PickleInput in, long at) {
    if (callee instanceof Pickled.ForeignName foreign) {
      return ForeignObjects.called(foreign, arguments, in, at);
    }
    if (!(callee instanceof Pickled.Callable callable)) {
      throw in.malformed("the pickle calls something that is no function", at);
    }
    return switch (callable.function()) {
      case ORDERED_DICT -> orderedDict(arguments, in, at);
      case NAMESPACE -> construct(callee, arguments, in, at);
      case REBUILD_TENSOR, REBUILD_TENSOR_V2, REBUILD_TENSOR_V3 ->
          tensor(callable.function(), arguments, in, at);
      case REBUILD_PARAMETER -> parameter(arguments, in, at);
      case REBUILD_FROM_TYPE -> fromType(arguments, in, at);
      case TENSOR_CLASS -> throw in.malformed("the pickle calls a tensor class", at);
      case SIZE -> size(arguments, in, at);
      case DEVICE -> device(arguments, in, at);
      case NUMPY_DTYPE ->
          NumpyScalars.isNumber(arguments)
              ? NumpyScalars.dtype(arguments, in, at)
              : new Pickled.Foreign(new Pickled.ForeignName("numpy.dtype", in, at));
      case NUMPY_SCALAR ->
          !arguments.isEmpty() && arguments.get(0) instanceof Pickled.Foreign
              ? new Pickled.Foreign(new Pickled.ForeignName("numpy.generic", in, at))
              : NumpyScalars.scalar(arguments, in, at);
      case ENCODE -> NumpyScalars.encode(arguments, in, at);
    };
  }

  /** {@code cls.__new__(cls, *arguments)}; only of a namespace, without arguments. */
  @Override
  public Object construct(Object cls, List<Object> arguments, PickleInput in, long at) {
    if (cls instanceof Pickled.Callable callable && arguments.isEmpty()) {
      if (callable.function() == Function.NAMESPACE) {
        return new Pickled.Namespace();
      }
      if (callable.function() == Function.ORDERED_DICT) {
        return new Pickled.Dictionary();
      }
    }
    if (cls instanceof Pickled.ForeignName foreign) {
      return new Pickled.Foreign(foreign);
    }
    throw in.malformed("the pickle makes an object of a class without instances", at);
  }

  /**
   * {@code __setstate__}: attributes of dictionaries, tensors and foreign objects are dropped, but
   * for those that say where the pieces of a distributed checkpoint lie, and modules of programs.
   */
  @Override
  public void build(Object target, Object state, PickleInput in, long at) {
    if (target instanceof Pickled.NumpyType) {
      NumpyScalars.checkState(state, in, at);
    } else if (target instanceof Pickled.Foreign object
        && state instanceof Pickled.Dictionary attributes
        && keepsAttributes(object.cls().name())) {
      object.entries().putAll(attributes.entries());
    } else if (!(target instanceof Pickled.Dictionary
        || target instanceof Pickled.Tensor
        || target instanceof Pickled.Foreign
        || target instanceof Pickled.ForeignName)) {
      throw in.malformed("the pickle sets the state of something that has none", at);
    }
  }

  private static boolean keepsAttributes(String cls) {
    return cls.startsWith(DISTRIBUTED) || cls.startsWith(SCRIPTED);
  }

  /**
   * {@code ("storage", class, key, location, numel)}, in legacy files with a sixth item: None or
   * {@code (view key, offset, size)} of a part of the storage, in elements.
   */
  @Override
  public Object persistent(Object id, PickleInput in, long at) {
    if (!(id instanceof Pickled.Tuple tuple)
        || tuple.items().size() < 5
        || tuple.items().size() > 6
        || !"storage".equals(tuple.items().get(0))
        || !(tuple.items().get(1) instanceof Pickled.StorageClass type)
        || !(tuple.items().get(2) instanceof String key)
        || !(tuple.items().get(4) instanceof Long elements)) {
      throw in.malformed("a persistent object that is no storage", at);
    }
    int width = type.width();
    if (elements < 0 || elements > Long.MAX_VALUE / width) {
      throw in.malformed("a storage of " + elements + " elements", at);
    }
    long bytes = elements * width;
    Pickled.Storage known =
        storages.putIfAbsent(key, new Pickled.Storage(key, type.dtype(), bytes, 0, bytes));
    if (known != null && known.bytes() != bytes) {
      throw in.refusal(PickleProblem.STORAGE_SIZE, at)
          .what("storage " + key + " has two sizes")
          .expected(known.bytes() + " bytes")
          .actual(bytes + " bytes")
          .next("the file is damaged or forged: get it again from its source")
          .build();
    }
    long begin = 0;
    long end = bytes;
    if (tuple.items().size() == 6 && tuple.items().get(5) != Pickled.None.NONE) {
      if (!(tuple.items().get(5) instanceof Pickled.Tuple view)
          || view.items().size() != 3
          || !(view.items().get(1) instanceof Long offset)
          || !(view.items().get(2) instanceof Long size)
          || offset < 0
          || offset > elements
          || size < 0
          || size > elements - offset) {
        throw in.malformed("a view that is no part of its storage", at);
      }
      begin = offset * width;
      end = begin + size * width;
    }
    if (unknown.containsKey(type.name())) {
      unreadable.put(key, unknown.get(type.name()));
    }
    return new Pickled.Storage(key, type.dtype(), bytes, begin, end);
  }

  /** {@code OrderedDict()}, or {@code OrderedDict([[key, value], ...])} as Python 2 writes it. */
  private static Object orderedDict(List<Object> arguments, PickleInput in, long at) {
    Pickled.Dictionary dictionary = new Pickled.Dictionary();
    if (arguments.isEmpty()) {
      return dictionary;
    }
    if (arguments.size() != 1 || !(arguments.get(0) instanceof Pickled.Sequence pairs)) {
      throw in.malformed("an OrderedDict of something that is no list of pairs", at);
    }
    for (Object item : pairs.items()) {
      List<Object> pair =
          item instanceof Pickled.Sequence list
              ? list.items()
              : item instanceof Pickled.Tuple tuple ? tuple.items() : List.of();
      if (pair.size() != 2 || !(pair.get(0) instanceof String key)) {
        throw in.malformed("an OrderedDict of something that is no list of pairs", at);
      }
      if (dictionary.entries().put(key, pair.get(1)) != null) {
        throw in.refusal(TensorProblem.DUPLICATE_KEY, at)
            .what("a dictionary has the key '" + key + "' twice")
            .next("the file is ambiguous: get it again from its source")
            .build();
      }
    }
    return dictionary;
  }

  /**
   * {@code _rebuild_tensor(storage, offset, size, stride)}; version 2 adds requires_grad, hooks and
   * optional metadata, version 3 the dtype before the metadata.
   */
  private Object tensor(Function function, List<Object> arguments, PickleInput in, long at) {
    if (arguments.size() < 4
        || !(arguments.get(0) instanceof Pickled.Storage storage)
        || !(arguments.get(1) instanceof Long offset)
        || !(arguments.get(2) instanceof Pickled.Tuple size)
        || !(arguments.get(3) instanceof Pickled.Tuple stride)) {
      throw in.malformed("a tensor without storage, offset, size and stride", at);
    }
    Pickled.ElementType type;
    if (function == Function.REBUILD_TENSOR_V3) {
      if (arguments.size() < 7 || !(arguments.get(6) instanceof Pickled.ElementType named)) {
        throw in.malformed("a tensor without an element type", at);
      }
      type = named;
    } else {
      type = new Pickled.ElementType("an untyped storage", storage.dtype());
    }
    if (type.dtype() == null) {
      Pickled.ForeignName named = unreadable.get(storage.key());
      return new Pickled.Foreign(named == null ? unknownTypeName(type.name(), in, at) : named);
    }
    return new Pickled.Tensor(
        storage, type, offset, integers(size, in, at), integers(stride, in, at));
  }

  private static List<Long> integers(Pickled.Tuple tuple, PickleInput in, long at) {
    List<Long> numbers = new ArrayList<>(tuple.items().size());
    for (Object item : tuple.items()) {
      if (!(item instanceof Long number)) {
        throw in.malformed("a tensor's size or stride is no integer", at);
      }
      numbers.add(number);
    }
    return List.copyOf(numbers);
  }

  /** {@code _rebuild_parameter(tensor, requires_grad, hooks[, state])}. */
  private static Object parameter(List<Object> arguments, PickleInput in, long at) {
    if (arguments.isEmpty()
        || !(arguments.get(0) instanceof Pickled.Tensor
            || arguments.get(0) instanceof Pickled.Foreign)) {
      throw in.malformed("a parameter without a tensor", at);
    }
    return arguments.get(0);
  }

  /** {@code _rebuild_from_type_v2(function, class, arguments, state)}: the call, without state. */
  private Object fromType(List<Object> arguments, PickleInput in, long at) {
    for (Object named : arguments.subList(0, Math.min(2, arguments.size()))) {
      if (named instanceof Pickled.ForeignName foreign) {
        return new Pickled.Foreign(foreign);
      }
    }
    if (arguments.size() != 4
        || !(arguments.get(0) instanceof Pickled.Callable rebuild)
        || !(arguments.get(1) instanceof Pickled.Callable cls)
        || !(arguments.get(2) instanceof Pickled.Tuple inner)
        || cls.function() != Function.TENSOR_CLASS) {
      throw in.malformed("a tensor of a class that is not allowed", at);
    }
    return switch (rebuild.function()) {
      case REBUILD_TENSOR, REBUILD_TENSOR_V2, REBUILD_TENSOR_V3 ->
          tensor(rebuild.function(), inner.items(), in, at);
      case REBUILD_PARAMETER -> parameter(inner.items(), in, at);
      default -> throw in.malformed("a tensor that is made by no tensor function", at);
    };
  }

  private static Object size(List<Object> arguments, PickleInput in, long at) {
    if (arguments.size() != 1 || !(arguments.get(0) instanceof Pickled.Tuple tuple)) {
      throw in.malformed("a torch.Size that is made of no tuple", at);
    }
    return tuple;
  }

  private static Object device(List<Object> arguments, PickleInput in, long at) {
    if (arguments.isEmpty() || !(arguments.get(0) instanceof String kind)) {
      throw in.malformed("a torch.device without a name", at);
    }
    boolean numbered = arguments.size() > 1 && arguments.get(1) instanceof Long;
    return new Pickled.Device(numbered ? kind + ":" + arguments.get(1) : kind);
  }
}
