package org.canbridge.tensors.torch;

import java.math.BigInteger;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.pickle.PickleProblem;
import org.canbridge.tensors.pickle.Pickled;

/**
 * What a torch file holds, by dotted names: the keys of nested dictionaries and the attributes of
 * namespaces joined by dots, integers in decimal, list and tuple items by their index. A lone
 * tensor gets the name "tensor". None, raw bytes and integers past 64 bits are left out. Objects of
 * classes that are not read are left out by name, with the items of those that are dictionaries
 * read like any others; a file that holds nothing else is refused.
 *
 * @param tensors in the file's order
 * @param containers top-level entries that are dictionaries
 * @param values strings, numbers and Booleans; dtypes and devices as strings
 * @param objects what is left out, and its class
 */
record TorchContent(
    Map<String, TensorData> tensors,
    Set<String> containers,
    Map<String, Object> values,
    Map<String, String> objects) {

  /** Most entries, counted along every path: a pickle may refer to one object many times. */
  static final int MAX_ENTRIES = 1_000_000;

  /** Most characters in all names together. */
  static final int MAX_NAME_CHARACTERS = 1 << 26;

  /** Deepest nesting. */
  static final int MAX_DEPTH = 64;

  /** Where storages lie in the file. */
  interface StorageLocator {
    /**
     * First byte of a storage in the file.
     *
     * @param tensor name of a tensor that needs it, for messages
     * @throws InputFileException if the file does not hold it, or not with this size
     */
    long position(Pickled.Storage storage, String tensor);
  }

  TorchContent {
    tensors = Collections.unmodifiableMap(tensors);
    containers = Collections.unmodifiableSet(containers);
    values = Collections.unmodifiableMap(values);
    objects = Collections.unmodifiableMap(objects);
  }

  /** Names everything below the pickle's object and checks each tensor. */
  static TorchContent of(Object root, FileSource source, StorageLocator storages) {
    Collector collector = new Collector(source, storages);
    if (root instanceof Pickled.Tensor) {
      collector.visit("tensor", root, 0);
    } else {
      collector.visit("", root, 0);
    }
    Set<String> containers = new LinkedHashSet<>();
    if (root instanceof Pickled.Dictionary dictionary) {
      dictionary
          .entries()
          .forEach(
              (key, value) -> {
                boolean items =
                    value instanceof Pickled.Foreign foreign && !foreign.entries().isEmpty();
                if ((items || value instanceof Pickled.Dictionary)
                    && !(key instanceof Pickled.Foreign)) {
                  containers.add(name(key));
                }
              });
    }
    if (collector.tensors.isEmpty() && collector.values.isEmpty() && collector.first != null) {
      throw collector.first.refusal();
    }
    return new TorchContent(collector.tensors, containers, collector.values, collector.objects);
  }

  private static String name(Object key) {
    return key == Pickled.None.NONE ? "None" : key.toString();
  }

  private static final class Collector {
    private final FileSource source;
    private final TensorPlacement placement;
    private final Map<String, TensorData> tensors = new LinkedHashMap<>();
    private final Map<String, Object> values = new LinkedHashMap<>();
    private final Map<String, String> objects = new LinkedHashMap<>();
    private Pickled.ForeignName first;
    private int entries;
    private long nameCharacters;

    Collector(FileSource source, StorageLocator storages) {
      this.source = source;
      this.placement = new TensorPlacement(source, storages);
    }

    void visit(String name, Object value, int depth) {
      entries++;
      nameCharacters += name.length();
      if (entries > MAX_ENTRIES || nameCharacters > MAX_NAME_CHARACTERS || depth > MAX_DEPTH) {
        throw InputFileException.of(PickleProblem.LIMIT, source.path())
            .what("the file has more entries, or deeper ones, than any checkpoint")
            .expected("at most " + MAX_ENTRIES + " entries, " + MAX_DEPTH + " levels")
            .next("load the file in PyTorch, if you trust it, and save its state dict alone")
            .build();
      }
      if (value instanceof Pickled.Tensor tensor) {
        unique(name, tensors.put(name, placement.place(name, tensor)));
      } else if (value instanceof Pickled.Dictionary dictionary) {
        visitAll(name, dictionary.entries(), depth);
      } else if (value instanceof Pickled.Namespace namespace) {
        visitAll(name, namespace.attributes(), depth);
      } else if (value instanceof Pickled.Sequence list) {
        visitAll(name, list.items(), depth);
      } else if (value instanceof Pickled.Tuple tuple) {
        visitAll(name, tuple.items(), depth);
      } else if (value instanceof Pickled.Foreign object) {
        if (object.entries().isEmpty()) {
          leaveOut(name, object.cls());
        }
        visitAll(name, object.entries(), depth);
      } else if (value instanceof Pickled.ForeignName cls) {
        leaveOut(name, cls);
      } else if (value instanceof Pickled.ElementType type) {
        unique(name, values.put(name, type.name()));
      } else if (value instanceof Pickled.Device device) {
        unique(name, values.put(name, device.name()));
      } else if (value instanceof String
          || value instanceof Boolean
          || (value instanceof Number && !(value instanceof BigInteger))) {
        unique(name, values.put(name, value));
      }
    }

    private void visitAll(String name, Map<Object, Object> items, int depth) {
      items.forEach(
          (key, value) -> {
            if (key instanceof Pickled.Foreign opaque) {
              objects.put(join(name, "(a key that is no name)"), opaque.cls().name());
            } else {
              visit(join(name, name(key)), value, depth + 1);
            }
          });
    }

    private void leaveOut(String name, Pickled.ForeignName cls) {
      first = first == null ? cls : first;
      objects.put(name, cls.name());
    }

    private void visitAll(String name, List<Object> items, int depth) {
      for (int i = 0; i < items.size(); i++) {
        visit(join(name, Integer.toString(i)), items.get(i), depth + 1);
      }
    }

    private static String join(String parent, String key) {
      return parent.isEmpty() ? key : parent + "." + key;
    }

    private void unique(String name, Object previous) {
      if (previous != null) {
        throw InputFileException.of(TensorProblem.DUPLICATE_KEY, source.path())
            .key(name)
            .what("two entries have the same name when nested keys are joined by dots")
            .next("rename one of them in PyTorch and save again")
            .build();
      }
    }
  }
}
