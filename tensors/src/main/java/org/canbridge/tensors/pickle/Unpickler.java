package org.canbridge.tensors.pickle;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.canbridge.tensors.TensorProblem;

/**
 * The machine that a pickle is a program for, with only those instructions that PyTorch and the
 * {@code pickle} module of Python 2.7 and 3 emit for protocols 2 to 5. It runs nothing: every
 * function or class a pickle names goes through {@link PickleGlobals}, which know a fixed list and
 * make inert data of it. Sets, and dictionary keys that are no names, are such data too.
 *
 * <p>The number of instructions, the stack and the memo are limited; what a pickle claims as a
 * length is never allocated before it is compared with what is left. Nothing here recurses.
 *
 * <p>Source: the documentation of the instructions in Python's {@code pickletools}.
 */
public final class Unpickler {
  /** Most instructions; a training checkpoint of DiT-XL/2 has some 100 000. */
  static final int MAX_INSTRUCTIONS = 4_000_000;

  /** Most values on the stack; Python's pickler writes batches of 1000. */
  static final int MAX_STACK = 100_000;

  /** The protocol that brought sets. */
  private static final int SETS = 4;

  /** Longest integer in bytes. */
  private static final int MAX_INTEGER_BYTES = 256;

  private final PickleInput in;
  private final PickleGlobals globals;
  private final List<Object> stack = new ArrayList<>();
  private final List<Integer> marks = new ArrayList<>();
  private final Map<Long, Object> memo = new HashMap<>();
  private long instruction;
  private int protocol;

  private Unpickler(PickleInput in, PickleGlobals globals) {
    this.in = in;
    this.globals = globals;
  }

  /**
   * Reads one pickle; the input stands after its last instruction then.
   *
   * @return the object, see {@link Pickled}
   * @throws org.canbridge.tensors.files.InputFileException if anything is not allowed or makes no
   *     sense
   */
  public static Object load(PickleInput in, PickleGlobals globals) {
    return new Unpickler(in, globals).run();
  }

  private Object run() {
    instruction = in.at();
    if (in.u1() != 0x80) {
      throw in.malformed("this is not a pickle of protocol 2 or later", instruction);
    }
    protocol();
    for (int count = 0; count < MAX_INSTRUCTIONS; count++) {
      instruction = in.at();
      int opcode = in.u1();
      if (opcode == '.') {
        Object result = pop();
        if (!stack.isEmpty() || !marks.isEmpty()) {
          throw malformed("values are left over at the end of the pickle");
        }
        return result;
      }
      execute(opcode);
      if (stack.size() > MAX_STACK) {
        throw tooMany("values on the stack", MAX_STACK);
      }
    }
    throw tooMany("instructions", MAX_INSTRUCTIONS);
  }

  private void execute(int opcode) {
    if (protocol < SETS && isNewer(opcode)) {
      throw unknown(opcode);
    }
    switch (opcode) {
      case 0x80 -> protocol();
      case 0x95 -> frame();
      // constants
      case 'N' -> stack.add(Pickled.None.NONE);
      case 0x88 -> stack.add(true);
      case 0x89 -> stack.add(false);
      case 'J' -> stack.add((long) in.i4());
      case 'K' -> stack.add((long) in.u1());
      case 'M' -> stack.add((long) in.u2());
      case 0x8a -> stack.add(integer(in.u1()));
      case 0x8b -> stack.add(integer(in.u4()));
      case 'G' -> stack.add(in.f8());
      // strings; those of Python 2 ('U', 'T') are taken for UTF-8, as torch.load does
      case 0x8c, 'U' -> stack.add(in.text(in.u1()));
      case 'X', 'T' -> stack.add(in.text(in.u4()));
      case 0x8d -> stack.add(in.text(in.i8()));
      case 'C' -> stack.add(in.bytes(in.u1()));
      case 'B' -> stack.add(in.bytes(in.u4()));
      case 0x8e, 0x96 -> stack.add(in.bytes(in.i8()));
      // containers
      case '(' -> marks.add(stack.size());
      case ')' -> stack.add(new Pickled.Tuple(List.of()));
      case 't' -> stack.add(new Pickled.Tuple(popToMark()));
      case 0x85 -> stack.add(new Pickled.Tuple(popLast(1)));
      case 0x86 -> stack.add(new Pickled.Tuple(popLast(2)));
      case 0x87 -> stack.add(new Pickled.Tuple(popLast(3)));
      case ']' -> stack.add(new Pickled.Sequence());
      case 'a' -> append(popLast(1));
      case 'e' -> append(popToMark());
      case '}' -> stack.add(new Pickled.Dictionary());
      case 's' -> setItems(popLast(2));
      case 'u' -> setItems(popToMark());
      case 0x8f -> stack.add(foreign("builtins.set"));
      case 0x90 -> addItems(popToMark());
      case 0x91 -> {
        popToMark();
        stack.add(foreign("builtins.frozenset"));
      }
      // memo
      case 'q' -> remember(in.u1());
      case 'r' -> remember(in.u4());
      case 0x94 -> remember(memo.size());
      case 'h' -> recall(in.u1());
      case 'j' -> recall(in.u4());
      // objects
      case 'c' -> stack.add(globals.find(in.line(), in.line(), in, instruction));
      case 0x93 -> stackGlobal();
      case 'R' -> call();
      case 0x81 -> construct();
      case 0x92 -> constructWithNames();
      case 'b' -> build();
      case 'Q' -> stack.add(globals.persistent(pop(), in, instruction));
      default -> throw unknown(opcode);
    }
  }

  /** Sets, objects made with named arguments, bytes that can change: of protocol 4 and later. */
  private static boolean isNewer(int opcode) {
    return opcode == 0x8f || opcode == 0x90 || opcode == 0x91 || opcode == 0x92 || opcode == 0x96;
  }

  private RuntimeException unknown(int opcode) {
    return in.refusal(PickleProblem.OPCODE, instruction)
        .what("the pickle has an instruction that " + globals.writer() + " does not write")
        .actual(String.format(Locale.ROOT, "opcode 0x%02x", opcode))
        .next(globals.advice())
        .build();
  }

  private void protocol() {
    protocol = in.u1();
    if (protocol < 2 || protocol > 5) {
      throw in.refusal(PickleProblem.OPCODE, instruction)
          .what("the pickle has a protocol that is not supported")
          .expected("2 to 5")
          .actual(protocol)
          .next(globals.advice())
          .build();
    }
  }

  /** A frame is a hint for readers that buffer; its length has no meaning here. */
  private void frame() {
    in.i8();
  }

  private Object integer(long length) {
    if (length == 0) {
      return 0L;
    }
    if (length > MAX_INTEGER_BYTES) {
      throw malformed("an integer of " + length + " bytes");
    }
    byte[] bytes = in.bytes(length);
    for (int i = 0, j = bytes.length - 1; i < j; i++, j--) {
      byte swapped = bytes[i];
      bytes[i] = bytes[j];
      bytes[j] = swapped;
    }
    BigInteger value = new BigInteger(bytes);
    return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
  }

  /** An object of a class that is left out. */
  private Pickled.Foreign foreign(String cls) {
    return new Pickled.Foreign(new Pickled.ForeignName(cls, in, instruction));
  }

  private void addItems(List<Object> items) {
    if (!(top() instanceof Pickled.Foreign)) {
      throw malformed(items.size() + " items are added to something that is no set");
    }
  }

  private void append(List<Object> items) {
    if (top() instanceof Pickled.Foreign) {
      return;
    }
    if (!(top() instanceof Pickled.Sequence list)) {
      throw malformed("items are appended to something that is no list");
    }
    list.items().addAll(items);
  }

  private void setItems(List<Object> items) {
    Map<Object, Object> entries;
    if (top() instanceof Pickled.Dictionary dictionary) {
      entries = dictionary.entries();
    } else if (top() instanceof Pickled.Foreign foreign) {
      entries = foreign.entries();
    } else {
      throw malformed("items are set in something that is no dictionary");
    }
    if (items.size() % 2 != 0) {
      throw malformed("a dictionary gets a key without a value");
    }
    for (int i = 0; i < items.size(); i += 2) {
      put(entries, items.get(i), items.get(i + 1));
    }
  }

  private void put(Map<Object, Object> entries, Object key, Object value) {
    // Only keys whose hash does not depend on other objects, which may contain themselves.
    boolean simple =
        key instanceof String
            || key instanceof Long
            || key instanceof BigInteger
            || key instanceof Double
            || key instanceof Boolean
            || key == Pickled.None.NONE;
    if (!simple) {
      entries.put(opaqueKey(key), value);
      return;
    }
    if (entries.put(key, value) != null) {
      throw in.refusal(TensorProblem.DUPLICATE_KEY, instruction)
          .what("a dictionary has the key '" + key + "' twice")
          .next("the file is ambiguous: get it again from its source")
          .build();
    }
  }

  /** A key that may be one in Python and is no name here. */
  private Pickled.Foreign opaqueKey(Object key) {
    if (key instanceof Pickled.Foreign foreign) {
      return foreign;
    }
    if (key instanceof Pickled.Sequence
        || key instanceof Pickled.Dictionary
        || key instanceof Pickled.Namespace) {
      throw malformed("a dictionary's key is neither a string nor a number");
    }
    return foreign(key instanceof Pickled.Tuple ? "tuple" : "object");
  }

  private void remember(long index) {
    memo.put(index, top());
  }

  private void recall(long index) {
    Object value = memo.get(index);
    if (value == null) {
      throw malformed("the memo has no entry " + index);
    }
    stack.add(value);
  }

  private void stackGlobal() {
    List<Object> names = popLast(2);
    if (!(names.get(0) instanceof String module) || !(names.get(1) instanceof String name)) {
      throw malformed("a global is named by something that is no string");
    }
    stack.add(globals.find(module, name, in, instruction));
  }

  private void call() {
    List<Object> operands = popLast(2);
    stack.add(globals.call(operands.get(0), arguments(operands.get(1)), in, instruction));
  }

  private void construct() {
    List<Object> operands = popLast(2);
    stack.add(globals.construct(operands.get(0), arguments(operands.get(1)), in, instruction));
  }

  /**
   * {@code cls.__new__(cls, *arguments, **named)}; the named ones are for foreign classes alone.
   */
  private void constructWithNames() {
    List<Object> operands = popLast(3);
    if (!(operands.get(0) instanceof Pickled.ForeignName)) {
      throw malformed("the pickle makes an object of a class without instances");
    }
    arguments(operands.get(1));
    stack.add(globals.construct(operands.get(0), List.of(), in, instruction));
  }

  private List<Object> arguments(Object operand) {
    if (!(operand instanceof Pickled.Tuple arguments)) {
      throw malformed("the arguments of a call are no tuple");
    }
    return arguments.items();
  }

  private void build() {
    Object state = pop();
    if (top() instanceof Pickled.Namespace namespace
        && state instanceof Pickled.Dictionary dictionary) {
      dictionary.entries().forEach((key, value) -> put(namespace.attributes(), key, value));
    } else {
      globals.build(top(), state, in, instruction);
    }
  }

  private int floor() {
    return marks.isEmpty() ? 0 : marks.get(marks.size() - 1);
  }

  private Object top() {
    if (stack.size() <= floor()) {
      throw malformed("the stack is empty");
    }
    return stack.get(stack.size() - 1);
  }

  private Object pop() {
    Object value = top();
    stack.remove(stack.size() - 1);
    return value;
  }

  private List<Object> popLast(int count) {
    if (stack.size() - count < floor()) {
      throw malformed("the stack is empty");
    }
    return popFrom(stack.size() - count);
  }

  private List<Object> popToMark() {
    if (marks.isEmpty()) {
      throw malformed("a mark is missing");
    }
    return popFrom(marks.remove(marks.size() - 1));
  }

  private List<Object> popFrom(int begin) {
    List<Object> tail = stack.subList(begin, stack.size());
    List<Object> items = List.copyOf(tail);
    tail.clear();
    return items;
  }

  private RuntimeException malformed(String what) {
    return in.malformed(what, instruction);
  }

  private RuntimeException tooMany(String what, int limit) {
    return in.refusal(PickleProblem.LIMIT, instruction)
        .what("the pickle has more " + what + " than any checkpoint")
        .expected("at most " + limit)
        .next(globals.advice())
        .build();
  }
}
