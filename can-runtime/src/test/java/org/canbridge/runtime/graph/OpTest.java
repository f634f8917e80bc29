package org.canbridge.runtime.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What an operation takes: a record in one of the groups, and a method in each lowering. */
class OpTest {

  private static Stream<Class<?>> records(Class<?> type) {
    return type.isRecord()
        ? Stream.of(type)
        : Arrays.stream(type.getPermittedSubclasses()).flatMap(OpTest::records);
  }

  @Test
  void everyOperationHasOneMethodInEachLowering() {
    List<String> operations = records(Op.class).map(Class::getName).sorted().toList();
    assertTrue(operations.size() > 30, operations::toString);
    List<String> visited =
        Arrays.stream(OpVisitor.class.getMethods())
            .map(Method::getParameterTypes)
            .map(parameters -> parameters[0].getName())
            .sorted()
            .toList();
    assertEquals(operations, visited);
  }

  /** Its shape stands in the record itself or, where all are alike, in its group. */
  @Test
  void everyOperationKnowsItsShape() throws NoSuchMethodException {
    TreeSet<String> elsewhere = new TreeSet<>();
    for (Class<?> each : records(Op.class).toList()) {
      Class<?> where = each.getMethod("shape", List.class).getDeclaringClass();
      if (where != each && where != each.getDeclaringClass()) {
        elsewhere.add(each.getName());
      }
    }
    assertEquals(new TreeSet<>(), elsewhere);
  }
}
