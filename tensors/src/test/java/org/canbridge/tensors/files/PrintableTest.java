package org.canbridge.tensors.files;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PrintableTest {
  private static final String HOSTILE = "a\u001b[2J\nb\u202ec\ud800\ud800d\u00e9\u4e2d";

  @Test
  void namesCannotSteerATerminal() {
    assertEquals("a\uFFFD[2J\uFFFDb\uFFFDc\uFFFD\uFFFDd\u00e9\u4e2d", Printable.replaced(HOSTILE));
    assertEquals("a\\u001b[2J\\u000ab\\u202ec\\ud800\\ud800d\u00e9\u4e2d", Printable.of(HOSTILE));
    assertEquals(
        "\\u007f\\u009b\\u2028\\u2029\\ufeff", Printable.of("\u007f\u009b\u2028\u2029\ufeff"));
    assertEquals("\\udb40\\udc01\ud83d\ude00", Printable.of("\udb40\udc01\ud83d\ude00"));
    assertEquals("a\\u001b[2J\\u000ab", Printable.of("a\u001b[2J\nb"));
    assertEquals("a\\u001b[2J\nb", Printable.lines("a\u001b[2J\nb"));
  }

  @Test
  void namesAreNoMarkup() {
    assertEquals("&lt;b a=&quot;1&#39;&gt;&amp;amp;\n", Printable.markup("<b a=\"1'>&amp;\n"));
    assertEquals("&lt;\uFFFD", Printable.html("<\n"));
  }
}
