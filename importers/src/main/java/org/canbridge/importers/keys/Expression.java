package org.canbridge.importers.keys;

import java.util.OptionalLong;

/**
 * Integer arithmetic over symbols: {@code 3*D}, {@code K+1}, {@code U-1-i}, {@code D/H}; products
 * bind more tightly than sums, both associate to the left, there are no parentheses.
 */
sealed interface Expression {

  /**
   * The value, or empty if a symbol in it is unknown.
   *
   * @throws IllegalArgumentException if a symbol is undeclared or a quotient is not whole
   * @throws ArithmeticException on overflow
   */
  OptionalLong value(Dims dims);

  /** Parses the whole text. */
  static Expression parse(String text) {
    Parser parser = new Parser(text.replace(" ", ""));
    Expression expression = parser.sum();
    parser.end();
    return expression;
  }

  /** A whole number. */
  record Literal(long number) implements Expression {
    @Override
    public OptionalLong value(Dims dims) {
      return OptionalLong.of(number);
    }
  }

  /** A symbol. */
  record Symbol(String name) implements Expression {
    @Override
    public OptionalLong value(Dims dims) {
      return dims.get(name);
    }
  }

  /** Two operands and one of {@code + - * /}. */
  record Binary(char operator, Expression left, Expression right) implements Expression {
    @Override
    public OptionalLong value(Dims dims) {
      OptionalLong a = left.value(dims);
      OptionalLong b = right.value(dims);
      if (a.isEmpty() || b.isEmpty()) {
        return OptionalLong.empty();
      }
      return OptionalLong.of(compute(a.getAsLong(), b.getAsLong()));
    }

    private long compute(long a, long b) {
      return switch (operator) {
        case '+' -> Math.addExact(a, b);
        case '-' -> Math.subtractExact(a, b);
        case '*' -> Math.multiplyExact(a, b);
        case '/' -> {
          if (b == 0 || a % b != 0) {
            throw new IllegalArgumentException(a + "/" + b + " is not a whole number");
          }
          yield a / b;
        }
        default -> throw new IllegalStateException("operator " + operator);
      };
    }
  }

  /** Recursive descent. */
  final class Parser {
    private final String text;
    private int at;

    private Parser(String text) {
      this.text = text;
    }

    private Expression sum() {
      Expression left = product();
      while (at < text.length() && (text.charAt(at) == '+' || text.charAt(at) == '-')) {
        char operator = text.charAt(at++);
        left = new Binary(operator, left, product());
      }
      return left;
    }

    private Expression product() {
      Expression left = operand();
      while (at < text.length() && (text.charAt(at) == '*' || text.charAt(at) == '/')) {
        char operator = text.charAt(at++);
        left = new Binary(operator, left, operand());
      }
      return left;
    }

    private Expression operand() {
      int start = at;
      while (at < text.length() && Character.isLetterOrDigit(text.charAt(at))) {
        at++;
      }
      if (start == at) {
        throw new IllegalArgumentException(
            "a number or symbol is missing at " + at + " in \"" + text + "\"");
      }
      String word = text.substring(start, at);
      return Character.isDigit(word.charAt(0))
          ? new Literal(Long.parseLong(word))
          : new Symbol(word);
    }

    private void end() {
      if (at < text.length()) {
        throw new IllegalArgumentException(
            "unexpected " + text.charAt(at) + " at " + at + " in \"" + text + "\"");
      }
    }
  }
}
