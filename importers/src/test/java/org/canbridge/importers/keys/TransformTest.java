package org.canbridge.importers.keys;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.canbridge.importers.TestTensors;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class TransformTest {
  private static final List<List<Long>> THREE_MATRICES =
      List.of(List.of(2L, 3L), List.of(2L, 3L), List.of(2L, 3L));

  /** Transform, shapes of the inputs, shapes of the outputs. */
  static Stream<Arguments> cases() {
    return Stream.of(
        Arguments.of(new Transform.Copy(), List.of(List.of(3L, 5L)), List.of(List.of(3L, 5L))),
        Arguments.of(new Transform.Copy(), List.of(List.of()), List.of(List.of())),
        Arguments.of(
            new Transform.Transpose(List.of(1, 0)),
            List.of(List.of(3L, 5L)),
            List.of(List.of(5L, 3L))),
        Arguments.of(
            new Transform.Transpose(List.of(2, 0, 3, 1)),
            List.of(List.of(2L, 3L, 4L, 5L)),
            List.of(List.of(4L, 2L, 5L, 3L))),
        Arguments.of(
            new Transform.Reshape(), List.of(List.of(6L, 4L)), List.of(List.of(2L, 3L, 2L, 2L))),
        Arguments.of(new Transform.Concat(0), THREE_MATRICES, List.of(List.of(6L, 3L))),
        Arguments.of(new Transform.Concat(1), THREE_MATRICES, List.of(List.of(2L, 9L))),
        Arguments.of(
            new Transform.Concat(1),
            List.of(List.of(3L, 1L, 2L), List.of(3L, 4L, 2L), List.of(3L, 2L, 2L)),
            List.of(List.of(3L, 7L, 2L))),
        Arguments.of(
            new Transform.Split(0), List.of(List.of(7L)), List.of(List.of(2L), List.of(5L))),
        Arguments.of(
            new Transform.Split(2),
            List.of(List.of(2L, 3L, 5L)),
            List.of(List.of(2L, 3L, 1L), List.of(2L, 3L, 4L))),
        Arguments.of(
            new Transform.Repeat(),
            List.of(List.of(2L, 2L)),
            List.of(List.of(2L, 2L), List.of(2L, 2L))));
  }

  private static List<TensorData> inputs(DType dtype, List<List<Long>> shapes) {
    List<TensorData> tensors = new ArrayList<>();
    for (List<Long> shape : shapes) {
      tensors.add(TestTensors.random(tensors.size() + 7, dtype, shape));
    }
    return tensors;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void givesTheDeclaredShapes(Transform transform, List<List<Long>> from, List<List<Long>> to) {
    List<TensorData> outputs = transform.apply(inputs(DType.BF16, from), to);
    assertEquals(to, outputs.stream().map(tensor -> tensor.type().shape()).toList());
    outputs.forEach(output -> assertEquals(DType.BF16, output.type().dtype()));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void inverseGivesTheInputsBack(Transform transform, List<List<Long>> from, List<List<Long>> to) {
    for (DType dtype : List.of(DType.F32, DType.F16, DType.I64, DType.U8)) {
      List<TensorData> inputs = inputs(dtype, from);
      List<TensorData> back = transform.inverse().apply(transform.apply(inputs, to), from);
      assertEquals(inputs.size(), back.size());
      for (int i = 0; i < back.size(); i++) {
        assertEquals(inputs.get(i).type(), back.get(i).type());
        assertArrayEquals(TestTensors.bytes(inputs.get(i)), TestTensors.bytes(back.get(i)));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyRangeIsARangeOfTheWhole(
      Transform transform, List<List<Long>> from, List<List<Long>> to) {
    for (TensorData output : transform.apply(inputs(DType.F16, from), to)) {
      byte[] whole = TestTensors.bytes(output);
      for (int start = 0; start <= whole.length; start++) {
        for (int end = start; end <= whole.length; end++) {
          ByteBuffer range = output.bytes(start, end - start);
          byte[] bytes = new byte[range.remaining()];
          range.get(bytes);
          assertArrayEquals(Arrays.copyOfRange(whole, start, end), bytes);
        }
      }
      assertThrows(IndexOutOfBoundsException.class, () -> output.bytes(whole.length, 1));
      assertThrows(IndexOutOfBoundsException.class, () -> output.bytes(-1, 1));
    }
  }

  @Test
  void copyHandsTheMappingOn() {
    List<TensorData> inputs = inputs(DType.F32, List.of(List.of(2L, 2L)));
    assertSame(inputs.get(0), new Transform.Copy().apply(inputs, List.of(List.of(2L, 2L))).get(0));
  }

  @Test
  void transposeMovesElements() {
    TensorData source = TestTensors.random(1, DType.U8, List.of(2L, 3L));
    byte[] a = TestTensors.bytes(source);
    TensorData turned =
        new Transform.Transpose(List.of(1, 0))
            .apply(List.of(source), List.of(List.of(3L, 2L)))
            .get(0);
    assertArrayEquals(new byte[] {a[0], a[3], a[1], a[4], a[2], a[5]}, TestTensors.bytes(turned));
  }

  @Test
  void concatInterleavesRows() {
    TensorData left = TestTensors.random(1, DType.U8, List.of(2L, 1L));
    TensorData right = TestTensors.random(2, DType.U8, List.of(2L, 2L));
    byte[] a = TestTensors.bytes(left);
    byte[] b = TestTensors.bytes(right);
    TensorData joined =
        new Transform.Concat(1).apply(List.of(left, right), List.of(List.of(2L, 3L))).get(0);
    assertArrayEquals(new byte[] {a[0], b[0], b[1], a[1], b[2], b[3]}, TestTensors.bytes(joined));
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void emptyTensorsPassThrough(DType dtype) {
    List<TensorData> inputs = inputs(dtype, List.of(List.of(0L, 2L), List.of(0L, 2L)));
    TensorData joined = new Transform.Concat(0).apply(inputs, List.of(List.of(0L, 2L))).get(0);
    assertEquals(0, TestTensors.bytes(joined).length);
    assertEquals(0, joined.bytes(0, 0).remaining());
  }

  @Test
  void mergeFindsTheCopyThatDiffers() {
    TensorData one = TestTensors.random(1, DType.F32, List.of(4L));
    TensorData same = TestTensors.random(1, DType.F32, List.of(4L));
    TensorData other = TestTensors.random(2, DType.F32, List.of(4L));
    Transform.Merge merge = new Transform.Merge();
    assertEquals(Optional.empty(), merge.findFault(List.of(one, same)));
    assertEquals(
        Optional.of("copy 2 differs from copy 0"), merge.findFault(List.of(one, same, other)));
    assertSame(one, merge.apply(List.of(one, same), List.of(List.of(4L))).get(0));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void refusesShapesThatDoNotBelongTogether(
      Transform transform, List<List<Long>> from, List<List<Long>> to) {
    List<List<Long>> wrong = new ArrayList<>(to);
    List<Long> longer = new ArrayList<>(to.get(0));
    longer.add(13L);
    wrong.set(0, longer);
    List<TensorData> inputs = inputs(DType.F32, from);
    assertThrows(IllegalArgumentException.class, () -> transform.apply(inputs, wrong));
  }

  @Test
  void refusesOrdersThatAreNoPermutation() {
    assertThrows(IllegalArgumentException.class, () -> new Transform.Transpose(List.of(0, 2)));
    assertThrows(IllegalArgumentException.class, () -> new Transform.Transpose(List.of(1, 1)));
  }

  @Test
  void refusesNumbersOfTensorsThatItDoesNotHave() {
    Slot slot = Slot.of("a", "[]");
    assertThrows(
        IllegalArgumentException.class,
        () -> new KeyRule(List.of(slot, slot), List.of(slot), new Transform.Copy()));
    assertThrows(IllegalArgumentException.class, () -> KeyRule.concat(0, slot, slot));
    assertThrows(IllegalArgumentException.class, () -> KeyRule.split(0, slot, slot));
  }
}
