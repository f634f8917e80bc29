package org.canbridge.importers.keys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExpressionTest {
  private static final Dims DIMS = Dims.none().with("D", 48).with("i", 2).with("U", 4);

  @ParameterizedTest
  @CsvSource({"7, 7", "D, 48", "3*D, 144", "D/3 + 1, 17", "U-1-i, 1", "2*D-3*i, 90", "D/2/3, 8"})
  void computes(String text, long value) {
    assertEquals(OptionalLong.of(value), Expression.parse(text).value(DIMS));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "3*", "*D", "D D2)", "D**2", "(D)", "-1"})
  void refusesWhatIsNoExpression(String text) {
    assertThrows(IllegalArgumentException.class, () -> Expression.parse(text));
  }

  @Test
  void refusesQuotientsThatAreNotWhole() {
    Expression expression = Expression.parse("D/5");
    assertEquals(
        "48/5 is not a whole number",
        assertThrows(IllegalArgumentException.class, () -> expression.value(DIMS)).getMessage());
  }

  @Test
  void refusesSymbolsThatAreNotDeclared() {
    Expression expression = Expression.parse("3*E");
    assertEquals(
        "symbol E is not declared; declared are [D, i, U]",
        assertThrows(IllegalArgumentException.class, () -> expression.value(DIMS)).getMessage());
  }

  @Test
  void doesNotOverflowSilently() {
    Expression expression = Expression.parse("D*D");
    Dims huge = Dims.none().with("D", 1L << 40);
    assertThrows(ArithmeticException.class, () -> expression.value(huge));
  }

  @Test
  void fillsNames() {
    assertEquals("up.1.block.2", NameTemplate.fill("up.{U-1-i}.block.{i}", DIMS));
    assertThrows(IllegalArgumentException.class, () -> NameTemplate.check("up.{i" + "+}.block"));
  }

  @Test
  void resolvesShapesAsFarAsSizesAreKnown() {
    Dims partial = DIMS.with("N", OptionalLong.empty());
    SymbolicShape.Resolved shape = SymbolicShape.parse("[1, 2*N, 3*D]").resolve(partial);
    assertEquals("[1, 2*N, 144]", shape.text());
    assertEquals(Optional.empty(), shape.complete());
    assertTrue(shape.accepts(List.of(1L, 99L, 144L)));
    assertFalse(shape.accepts(List.of(1L, 99L, 48L)));
    assertFalse(shape.accepts(List.of(1L, 99L)));
    assertEquals(
        Optional.of(List.<Long>of()), SymbolicShape.parse("[]").resolve(partial).complete());
  }
}
